//! The reading half alone: heads, then bodies, of one connection.

use core::ops::Range;

use crate::ascii::is_token_byte;
use crate::chunked::ChunkedBody;
use crate::engine::Engine;
use crate::error::Refusal;
use crate::fault::{self, Fault};
use crate::framing::request_head;
use crate::head::{BodyLength, Facts, HeadReader, RequestHead};
use crate::limits::{Limits, MAX_LEADING_EMPTY_LINES};
use crate::milo::HeadState;

/// One thing found in the bytes of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decoded {
    /// All bytes are used and nothing is complete.
    NeedMore,
    /// A head is complete; its text is in [`Engine::head`].
    Head(RequestHead),
    /// Bytes of the body: this range of the given input.
    Data(Range<usize>),
    /// The message is over; its trailers are in [`Engine::trailers`].
    End,
}

/// Decodes the requests of one connection, however their bytes are split.
///
/// ```
/// use http1::{Decoded, Engine, Limits, RequestDecoder};
///
/// let (mut engine, limits) = (Engine::new(), Limits::default());
/// let mut decoder = RequestDecoder::new();
/// let input = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
/// let (used, found) = decoder.decode(&mut engine, &limits, input).unwrap();
/// assert_eq!(used, input.len());
/// assert!(matches!(found, Decoded::Head(_)));
/// assert_eq!(engine.head(), b"GET /\nhost:a\n");
/// assert_eq!(decoder.decode(&mut engine, &limits, b"").unwrap(), (0, Decoded::End));
/// ```
#[derive(Default)]
pub struct RequestDecoder {
    phase: Phase,
    /// Bytes of the stream used so far.
    offset: u64,
    empty_lines: u8,
}

#[derive(Default)]
enum Phase {
    /// Between messages, empty lines aside.
    #[default]
    Start,
    /// Some bytes of a head have come.
    Head(Box<PartialHead>),
    /// Bytes of the body still to come; 0: the end of the message is still to be said.
    Length(u64),
    Chunked(Box<ChunkedBody>),
    /// Something was refused.
    Failed,
}

/// What a connection keeps of a head that is not complete.
struct PartialHead {
    state: HeadState,
    facts: Facts,
    /// Bytes of the whole lines, empty ones included.
    size: usize,
    /// The start of a line whose end has not come.
    tail: Vec<u8>,
    packed: Vec<u8>,
}

impl PartialHead {
    fn too_large(&self) -> &'static Fault {
        if self.state.before_request_line() {
            &fault::TARGET_TOO_LONG
        } else {
            &fault::HEADERS_TOO_LARGE
        }
    }

    fn is_of_head(&self) -> bool {
        is_of_head(if self.state.before_request_line() { &self.tail } else { &self.packed })
    }
}

impl RequestDecoder {
    /// A decoder before its first message.
    pub fn new() -> Self {
        Self::default()
    }

    /// Decodes at most one thing from `input`, starting at its first byte, and returns how many
    /// bytes it used. `NeedMore` has used all. After an error nothing is decoded any more.
    pub fn decode(
        &mut self,
        engine: &mut Engine,
        limits: &Limits,
        input: &[u8],
    ) -> Result<(usize, Decoded), Refusal> {
        let found = match &mut self.phase {
            Phase::Start | Phase::Head(_) => self.decode_head(engine, limits, input),
            Phase::Length(0) => {
                self.phase = Phase::Start;
                engine.trailers.clear();
                Ok((0, Decoded::End))
            }
            Phase::Length(_) if input.is_empty() => Ok((0, Decoded::NeedMore)),
            Phase::Length(remaining) => {
                let len = (*remaining).min(input.len() as u64) as usize;
                *remaining -= len as u64;
                Ok((len, Decoded::Data(0..len)))
            }
            Phase::Chunked(body) => body.decode(engine, limits, input, self.offset),
            Phase::Failed => Err(fault::ALREADY_FAILED.at(self.offset)),
        };
        match &found {
            Ok((used, what)) => {
                self.offset += *used as u64;
                if *what == Decoded::End {
                    self.phase = Phase::Start;
                }
            }
            Err(_) => self.phase = Phase::Failed,
        }
        found
    }

    /// No message is under way.
    pub fn is_between_messages(&self) -> bool {
        matches!(self.phase, Phase::Start)
    }

    /// Some bytes of a head have come, but not all.
    pub fn has_partial_head(&self) -> bool {
        matches!(self.phase, Phase::Head(_))
    }

    /// A head was complete, and its message is not over.
    #[cfg(debug_assertions)]
    pub(crate) fn is_in_body(&self) -> bool {
        matches!(self.phase, Phase::Length(_) | Phase::Chunked(_))
    }

    /// The end of the stream: an error inside a message.
    pub fn finish(&mut self) -> Result<(), Refusal> {
        match self.phase {
            Phase::Start | Phase::Length(0) | Phase::Failed => Ok(()),
            Phase::Head(_) | Phase::Length(_) | Phase::Chunked(_) => {
                let refusal =
                    fault::UNEXPECTED_END.in_head(self.offset, self.has_partial_head_of_head());
                self.phase = Phase::Failed;
                Err(refusal)
            }
        }
    }

    /// The same, and it is that of a HEAD.
    pub(crate) fn has_partial_head_of_head(&self) -> bool {
        matches!(&self.phase, Phase::Head(partial) if partial.is_of_head())
    }

    /// Bytes of the stream used so far.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// What is still to come of a body with a declared length; `None` if only its end will tell.
    pub(crate) fn remaining_length(&self) -> Option<u64> {
        match self.phase {
            Phase::Length(remaining) => Some(remaining),
            _ => None,
        }
    }

    /// Takes so many bytes of a body for decoded, if they are all its own and it has as many.
    pub(crate) fn skip_data(&mut self, length: usize) -> bool {
        let Phase::Length(remaining) = &mut self.phase else { return false };
        let Some(left) = remaining.checked_sub(length as u64) else { return false };
        *remaining = left;
        self.offset += length as u64;
        true
    }

    fn decode_head(
        &mut self,
        engine: &mut Engine,
        limits: &Limits,
        input: &[u8],
    ) -> Result<(usize, Decoded), Refusal> {
        let start = self.skip_empty_lines(input)?;
        let rest = &input[start..];
        let Some(&first) = rest.first() else { return Ok((start, Decoded::NeedMore)) };
        let max = limits.max_header_size as usize;
        if let Phase::Head(_) = self.phase {
            return self.resume_head(engine, limits, input, start);
        }
        // Something else than HTTP, a TLS handshake for instance, should not wait for a line end.
        if !is_token_byte(first) && first != b'\r' {
            return Err(fault::INVALID_METHOD.at(self.offset + start as u64));
        }
        let size = usize::from(self.empty_lines) * 2;
        let window = &rest[..rest.len().min(max.saturating_sub(size))];
        let whole = whole_lines(window);
        let (mut state, mut facts) = (HeadState::START, Facts::default());
        engine.head.clear();
        let mut reader = HeadReader {
            milo: &mut engine.milo,
            packed: &mut engine.head,
            state: &mut state,
            facts: &mut facts,
            limits,
        };
        let read = reader.read(&window[..whole]);
        let base = self.offset + start as u64;
        let read = read.map_err(|(fault, at)| fault.in_head(base + at as u64, is_of_head(rest)))?;
        if let Some(used) = read {
            return self.complete(engine, &facts, limits, start + used);
        }
        let partial = PartialHead {
            state,
            facts,
            size: size + whole,
            tail: window[whole..].to_vec(),
            packed: engine.head.clone(),
        };
        self.keep(partial.into(), limits, start + window.len())
    }

    /// Goes on with a head of which something is kept.
    fn resume_head(
        &mut self,
        engine: &mut Engine,
        limits: &Limits,
        input: &[u8],
        start: usize,
    ) -> Result<(usize, Decoded), Refusal> {
        let Phase::Head(mut partial) = core::mem::take(&mut self.phase) else {
            return Ok((start, Decoded::NeedMore));
        };
        let rest = &input[start..];
        let kept = partial.size + partial.tail.len();
        let left = (limits.max_header_size as usize).saturating_sub(kept);
        let window = &rest[..rest.len().min(left)];
        let Some(first) = memchr::memchr(b'\n', window).map(|first| first + 1) else {
            partial.tail.extend_from_slice(window);
            return self.keep(partial, limits, start + window.len());
        };
        let whole = whole_lines(window);
        // The line that came in pieces is put together; what follows it is read where it lies.
        engine.scratch.clear();
        engine.scratch.extend_from_slice(&partial.tail);
        engine.scratch.extend_from_slice(&window[..first]);
        let tail_len = partial.tail.len();
        let to_head = is_of_head(&partial.packed)
            || (partial.packed.is_empty() && is_of_head(&engine.scratch));
        partial.tail.clear();
        partial.size += tail_len + whole;
        let mut reader = HeadReader {
            milo: &mut engine.milo,
            packed: &mut partial.packed,
            state: &mut partial.state,
            facts: &mut partial.facts,
            limits,
        };
        let base = self.offset + start as u64;
        let read = reader.read(&engine.scratch);
        let refuse = |fault: &Fault, offset: u64| fault.in_head(offset, to_head);
        let end = read.map_err(|(fault, at)| refuse(fault, base + at as u64 - tail_len as u64))?;
        let used = match end {
            Some(_) => Some(first),
            None => {
                let read = reader.read(&window[first..whole]);
                let read = read.map_err(|(fault, at)| refuse(fault, base + (first + at) as u64))?;
                read.map(|used| first + used)
            }
        };
        if let Some(used) = used {
            engine.head.clear();
            engine.head.extend_from_slice(&partial.packed);
            return self.complete(engine, &partial.facts, limits, start + used);
        }
        partial.tail.extend_from_slice(&window[whole..]);
        self.keep(partial, limits, start + window.len())
    }

    /// Keeps an incomplete head, unless it can no longer become complete within the limit.
    fn keep(
        &mut self,
        partial: Box<PartialHead>,
        limits: &Limits,
        used: usize,
    ) -> Result<(usize, Decoded), Refusal> {
        let size = partial.size + partial.tail.len();
        if size >= limits.max_header_size as usize {
            let offset = self.offset + used as u64;
            return Err(partial.too_large().in_head(offset, partial.is_of_head()));
        }
        self.phase = Phase::Head(partial);
        Ok((used, Decoded::NeedMore))
    }

    /// RFC 9112 section 2.2. Returns how many bytes of `input` the empty lines took.
    fn skip_empty_lines(&mut self, input: &[u8]) -> Result<usize, Refusal> {
        let mut at = 0;
        if let Phase::Head(partial) = &self.phase {
            let is_cut = partial.size == usize::from(self.empty_lines) * 2
                && partial.tail == b"\r"
                && input.first() == Some(&b'\n');
            if !is_cut {
                return Ok(0);
            }
            self.phase = Phase::Start;
            self.count_empty_line(self.offset - 1)?;
            at = 1;
        }
        while input[at..].starts_with(b"\r\n") {
            self.count_empty_line(self.offset + at as u64)?;
            at += 2;
        }
        Ok(at)
    }

    fn count_empty_line(&mut self, offset: u64) -> Result<(), Refusal> {
        self.empty_lines += 1;
        if self.empty_lines > MAX_LEADING_EMPTY_LINES {
            return Err(fault::TOO_MANY_EMPTY_LINES.at(offset));
        }
        Ok(())
    }

    fn complete(
        &mut self,
        engine: &Engine,
        facts: &Facts,
        limits: &Limits,
        used: usize,
    ) -> Result<(usize, Decoded), Refusal> {
        let head = request_head(facts, &engine.head, limits);
        let offset = self.offset + used as u64;
        let head = head.map_err(|fault| fault.in_head(offset, is_of_head(&engine.head)))?;
        self.empty_lines = 0;
        self.phase = match head.body {
            BodyLength::None => Phase::Length(0),
            BodyLength::Length(length) => Phase::Length(length),
            BodyLength::Chunked => Phase::Chunked(Box::new(ChunkedBody::new())),
        };
        Ok((used, Decoded::Head(head)))
    }
}

/// Whether a request line, packed or as sent, is that of a HEAD.
fn is_of_head(line: &[u8]) -> bool {
    line.starts_with(b"HEAD ")
}

/// How many bytes of the window are whole lines.
fn whole_lines(window: &[u8]) -> usize {
    // As a rule a read ends where a head does.
    match window.last() {
        Some(b'\n') => window.len(),
        _ => memchr::memrchr(b'\n', window).map_or(0, |last| last + 1),
    }
}

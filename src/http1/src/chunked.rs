//! Chunked bodies of requests (RFC 9112 section 7.1).
//!
//! Milo reads the lines, one at a time; the data between them we count ourselves, so nothing of
//! a body is ever scanned or copied here.

use std::borrow::Cow;

use crate::decode::Decoded;
use crate::engine::Engine;
use crate::error::Refusal;
use crate::fault::{self, Fault};
use crate::head::push_field;
use crate::limits::{EXTENSION_SHARE, Limits, MAX_CHUNK_LINE, MAX_EXTENSION_BYTES};
use crate::milo::{ChunkState, Pair};

/// A chunked body under way.
pub(crate) struct ChunkedBody {
    state: ChunkState,
    /// Of the current chunk.
    remaining: u64,
    /// Of the whole message.
    received: u64,
    extension_bytes: u64,
    trailer_bytes: u32,
    trailer_lines: u32,
    /// The start of a line whose end has not come.
    tail: Vec<u8>,
    trailers: Vec<u8>,
}

impl ChunkedBody {
    pub(crate) fn new() -> Self {
        Self {
            state: ChunkState::Size,
            remaining: 0,
            received: 0,
            extension_bytes: 0,
            trailer_bytes: 0,
            trailer_lines: 0,
            tail: Vec::new(),
            trailers: Vec::new(),
        }
    }

    /// Decodes one thing. `offset` is where in the stream `input` starts.
    pub(crate) fn decode(
        &mut self,
        engine: &mut Engine,
        limits: &Limits,
        input: &[u8],
        offset: u64,
    ) -> Result<(usize, Decoded), Refusal> {
        let mut at = 0;
        loop {
            if self.remaining > 0 {
                let len = self.remaining.min((input.len() - at) as u64) as usize;
                if len == 0 {
                    return Ok((at, Decoded::NeedMore));
                }
                self.remaining -= len as u64;
                self.received += len as u64;
                return Ok((at + len, Decoded::Data(at..at + len)));
            }
            let line_start = offset + at as u64 - self.tail.len() as u64;
            let used = self.next_line(engine, limits, &input[at..]);
            match used.map_err(|fault| fault.at(line_start))? {
                Some(used) => at += used,
                None => return Ok((input.len(), Decoded::NeedMore)),
            }
            if self.state == ChunkState::Over {
                engine.trailers.clear();
                engine.trailers.append(&mut self.trailers);
                return Ok((at, Decoded::End));
            }
        }
    }

    /// Reads one line if its end is there, and says how much of `input` it took.
    fn next_line(
        &mut self,
        engine: &mut Engine,
        limits: &Limits,
        input: &[u8],
    ) -> Result<Option<usize>, &'static Fault> {
        let (bound, too_long) = match self.state {
            ChunkState::Size => (MAX_CHUNK_LINE, &fault::CHUNK_LINE_TOO_LONG),
            ChunkState::DataEnd => (2, &fault::INVALID_CHUNK_END),
            ChunkState::Trailer | ChunkState::Over => {
                ((limits.max_header_size - self.trailer_bytes) as usize, &fault::TRAILERS_TOO_LARGE)
            }
        };
        let window = &input[..input.len().min(bound - self.tail.len())];
        let Some(end) = memchr::memchr(b'\n', window) else {
            self.tail.extend_from_slice(window);
            return if self.tail.len() == bound { Err(too_long) } else { Ok(None) };
        };
        let line = &window[..=end];
        if self.tail.is_empty() {
            self.read_line(engine, limits, line)?;
        } else {
            let mut whole = core::mem::take(&mut self.tail);
            whole.extend_from_slice(line);
            self.read_line(engine, limits, &whole)?;
        }
        Ok(Some(end + 1))
    }

    fn read_line(
        &mut self,
        engine: &mut Engine,
        limits: &Limits,
        line: &[u8],
    ) -> Result<(), &'static Fault> {
        match self.state {
            ChunkState::Size => self.read_size(engine, limits, line),
            ChunkState::DataEnd => {
                let read = engine.milo.chunk_line(&mut self.state, line);
                read.map(|_| ()).ok_or(&fault::INVALID_CHUNK_END)
            }
            ChunkState::Trailer | ChunkState::Over => self.read_trailer(engine, limits, line),
        }
    }

    fn read_size(
        &mut self,
        engine: &mut Engine,
        limits: &Limits,
        line: &[u8],
    ) -> Result<(), &'static Fault> {
        let text = line.strip_suffix(b"\r\n").ok_or(&fault::INVALID_LINE_END)?;
        // White space there is no part of the grammar, and Milo takes it for a value's start.
        if matches!(text.last(), Some(b' ' | b'\t')) {
            return Err(&fault::INVALID_CHUNK_SIZE);
        }
        let digits = text.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
        self.extension_bytes += (text.len() - digits) as u64;
        if self.extension_bytes > MAX_EXTENSION_BYTES + self.received / EXTENSION_SHARE {
            return Err(&fault::TOO_MANY_CHUNK_EXTENSIONS);
        }
        let line = without_white_space_at(digits, line);
        let size = engine.milo.chunk_line(&mut self.state, &line);
        let size = size.ok_or(&fault::INVALID_CHUNK_SIZE)?;
        let total = self.received.checked_add(size).ok_or(&fault::BODY_TOO_LARGE)?;
        if total > limits.max_request_body_size {
            return Err(&fault::BODY_TOO_LARGE);
        }
        self.remaining = size;
        Ok(())
    }

    /// RFC 9112 section 7.1.2.
    fn read_trailer(
        &mut self,
        engine: &mut Engine,
        limits: &Limits,
        line: &[u8],
    ) -> Result<(), &'static Fault> {
        // The window was cut to what is left of the limit.
        self.trailer_bytes += line.len() as u32;
        let read = engine.milo.chunk_line(&mut self.state, line);
        read.ok_or(&fault::INVALID_TRAILER)?;
        for pair in engine.milo.events() {
            let Pair::Field(name, value) = pair else { continue };
            self.trailer_lines += 1;
            if !is_forbidden_trailer(&line[name.clone()].to_ascii_lowercase()) {
                push_field(&mut self.trailers, line, name.len(), &line[value]);
            }
        }
        if self.trailer_lines > limits.max_headers_count {
            return Err(&fault::TOO_MANY_TRAILERS);
        }
        Ok(())
    }
}

/// Takes off the white space that may stand before the first semicolon (BWS: RFC 9110 section
/// 5.6.3), where Milo does not expect it.
fn without_white_space_at(start: usize, line: &[u8]) -> Cow<'_, [u8]> {
    let rest = &line[start..];
    let len = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    if len == 0 || start == 0 || rest.get(len) != Some(&b';') {
        return line.into();
    }
    [&line[..start], &rest[len..]].concat().into()
}

/// Fields that frame, route, authenticate, or steer the reading of a message must not come when
/// the message has been read (RFC 9110 section 6.5.1): they are dropped.
pub(crate) fn is_forbidden_trailer(name: &[u8]) -> bool {
    const FORBIDDEN: [&[u8]; 37] = [
        b"age",
        b"authorization",
        b"cache-control",
        b"connection",
        b"content-encoding",
        b"content-length",
        b"content-location",
        b"content-range",
        b"content-type",
        b"cookie",
        b"date",
        b"expect",
        b"expires",
        b"forwarded",
        b"host",
        b"http2-settings",
        b"if-match",
        b"if-modified-since",
        b"if-none-match",
        b"if-range",
        b"if-unmodified-since",
        b"keep-alive",
        b"location",
        b"max-forwards",
        b"pragma",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"range",
        b"retry-after",
        b"set-cookie",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
        b"vary",
        b"www-authenticate",
    ];
    FORBIDDEN.binary_search(&name).is_ok() || name.starts_with(b"x-forwarded-")
}

#[cfg(test)]
mod tests {
    #[test]
    fn forbidden_trailers() {
        for name in ["age", "host", "content-length", "www-authenticate", "x-forwarded-for", "te"] {
            assert!(super::is_forbidden_trailer(name.as_bytes()), "{name}");
        }
        assert!(!super::is_forbidden_trailer(b"x-checksum"));
        assert!(!super::is_forbidden_trailer(b"server-timing"));
    }
}

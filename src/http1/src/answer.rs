//! One server connection, the answering side: calls in, bytes out.

use crate::connection::Connection;
use crate::encode::{self, BodyPlan, KeptHeaders, Lines, OutgoingBody, Persistence, Section};
use crate::engine::Engine;
use crate::error::{CloseReason, SendError};
use crate::framing::{Framing, answer_body};
use crate::head::Version;
use crate::state::{Reading, Step, Writing};

impl Connection {
    /// Validates and encodes the status line and headers of the answer.
    ///
    /// `reason`: empty for the registered phrase. `headers`: `name: value CR LF` for each line,
    /// latin1; `count`: how many lines that should be. `date`, the length and `connection` are
    /// ours; hop-by-hop lines are dropped, `connection: close` is honoured. On an error nothing
    /// is written, and another answer may be tried.
    #[allow(clippy::too_many_arguments)]
    pub fn send_head(
        &mut self,
        engine: &Engine,
        status: u16,
        reason: &[u8],
        headers: &[u8],
        count: u32,
        body: OutgoingBody,
        out: &mut Vec<u8>,
        now: u64,
    ) -> Result<BodyPlan, SendError> {
        self.send_lines(engine, status, reason, Lines::Given(headers, count), body, out, now)
    }

    /// The same with the registered phrase and lines that were checked before.
    pub fn send_kept_head(
        &mut self,
        engine: &Engine,
        status: u16,
        headers: &KeptHeaders,
        body: OutgoingBody,
        out: &mut Vec<u8>,
        now: u64,
    ) -> Result<BodyPlan, SendError> {
        self.send_lines(engine, status, b"", Lines::Kept(headers), body, out, now)
    }

    #[allow(clippy::too_many_arguments)]
    fn send_lines(
        &mut self,
        engine: &Engine,
        status: u16,
        reason: &[u8],
        lines: Lines<'_>,
        body: OutgoingBody,
        out: &mut Vec<u8>,
        now: u64,
    ) -> Result<BodyPlan, SendError> {
        self.check();
        self.check_owed()?;
        if !(200..=599).contains(&status) {
            return Err(SendError::InvalidStatus);
        }
        let start = out.len();
        let written = self.write_head(engine, status, reason, lines, body, out);
        let framing = written.inspect_err(|_| out.truncate(start))?;
        self.go_on_from_beginning(start, out);
        self.state.take(Step::StartAnswer(framing.writing));
        self.left = framing.declared;
        if framing.writing == Writing::Complete {
            self.end_answer(now);
        }
        let has_none = self.request.is_head || matches!(status, 204 | 205 | 304);
        let omit = has_none || body == OutgoingBody::None;
        Ok(if omit { BodyPlan::Omit } else { BodyPlan::Send })
    }

    #[allow(clippy::too_many_arguments)]
    fn write_head(
        &mut self,
        engine: &Engine,
        status: u16,
        reason: &[u8],
        lines: Lines<'_>,
        body: OutgoingBody,
        out: &mut Vec<u8>,
    ) -> Result<Framing, SendError> {
        encode::status_line(out, status, reason)?;
        let section = if status == 426 { Section::UpgradeRequired } else { Section::Final };
        let seen = lines.write(out, section)?;
        if seen.upgrade {
            out.extend_from_slice(b"connection: upgrade\r\n");
        }
        let framing = answer_body(&self.request, status, body, seen.content_length)?;
        self.close_after = self.reason_to_close(framing.writing, seen.close);
        let persistence = match (self.close_after, self.request.version) {
            (Some(_), _) => Persistence::Close,
            (None, Version::Http11) => Persistence::Implied,
            (None, Version::Http10) => Persistence::KeepAlive,
        };
        let date = (!seen.date).then_some(&engine.date);
        encode::own_lines(out, framing.field, persistence, date);
        Ok(framing)
    }

    /// Whether, as far as is known, the connection ends with this answer (RFC 9112 section 9.6).
    fn reason_to_close(&self, writing: Writing, says_close: bool) -> Option<CloseReason> {
        let max = self.config.limits.max_requests_per_connection;
        // While a streamed answer is under way the application may still read the body; but a
        // client that waits for 100 Continue will not be told to send it any more.
        let may_read_on = writing.is_streaming() && !self.expecting;
        if !self.request.keep_alive {
            Some(CloseReason::ClientAsked)
        } else if says_close {
            Some(CloseReason::AppAsked)
        } else if writing == Writing::UntilClose {
            Some(CloseReason::CloseDelimited)
        } else if max > 0 && self.served >= max {
            Some(CloseReason::RequestLimit)
        } else if self.retiring {
            Some(CloseReason::Shutdown)
        } else if self.at_eof() && !self.has_kept() {
            Some(CloseReason::ClientClosed)
        } else if !self.can_drain() && !may_read_on {
            Some(CloseReason::UnreadBody)
        } else {
            None
        }
    }

    /// Begins a piece of `len` bytes, which the caller appends to `out` behind this, unless the
    /// plan says [`BodyPlan::Omit`].
    pub fn send_data_start(
        &mut self,
        len: usize,
        out: &mut Vec<u8>,
    ) -> Result<BodyPlan, SendError> {
        self.check();
        self.check_streaming()?;
        match self.state.writing {
            // An empty chunk would be the last.
            _ if len == 0 => Ok(BodyPlan::Omit),
            Writing::Chunked => {
                self.chunk_open = true;
                encode::chunk_start(out, len);
                Ok(BodyPlan::Send)
            }
            Writing::Declared => match self.left.checked_sub(len as u64) {
                Some(left) => {
                    self.left = left;
                    Ok(BodyPlan::Send)
                }
                None => {
                    self.close(CloseReason::AnswerFailed, true);
                    Err(SendError::BodyTooLong)
                }
            },
            Writing::Omitted => Ok(BodyPlan::Omit),
            _ => Ok(BodyPlan::Send),
        }
    }

    /// Gives the answer up: its body cannot be completed. The client can tell by a chunked body
    /// without an end, or by bytes that are missing. True: it could not, because the end of the
    /// connection is the end of the body; then only a reset tells.
    pub fn break_off(&mut self) -> bool {
        self.check();
        let ends_with_connection = self.state.writing == Writing::UntilClose;
        self.close(CloseReason::AnswerFailed, true);
        ends_with_connection
    }

    /// Ends the piece.
    pub fn send_data_end(&mut self, out: &mut Vec<u8>) {
        self.check();
        if self.chunk_open {
            self.chunk_open = false;
            out.extend_from_slice(b"\r\n");
        }
    }

    /// Ends the answer. Trailers go out where the body is chunked.
    pub fn send_end(
        &mut self,
        trailers: &[u8],
        trailer_count: u32,
        out: &mut Vec<u8>,
        now: u64,
    ) -> Result<(), SendError> {
        self.check();
        self.check_streaming()?;
        match self.state.writing {
            Writing::Declared if self.left > 0 => {
                self.close(CloseReason::AnswerFailed, true);
                return Err(SendError::BodyTooShort);
            }
            Writing::Chunked => {
                let start = out.len();
                self.send_data_end(out);
                out.extend_from_slice(b"0\r\n");
                let lines = encode::header_lines(out, trailers, trailer_count, Section::Trailers);
                lines.inspect_err(|_| out.truncate(start))?;
                out.extend_from_slice(b"\r\n");
            }
            _ => {}
        }
        self.state.take(Step::EndAnswer);
        self.end_answer(now);
        Ok(())
    }

    /// Sends an informational answer, 101 excepted (RFC 9110 section 15.2). `Ok(false)`, and
    /// nothing, where the client speaks HTTP/1.0.
    pub fn send_informational(
        &mut self,
        status: u16,
        headers: &[u8],
        count: u32,
        out: &mut Vec<u8>,
    ) -> Result<bool, SendError> {
        self.check();
        self.check_owed()?;
        if !(100..=199).contains(&status) || status == 101 {
            return Err(SendError::InvalidStatus);
        }
        if self.request.version == Version::Http10 {
            return Ok(false);
        }
        let start = out.len();
        encode::status_line(out, status, b"")?;
        let lines = encode::header_lines(out, headers, count, Section::Informational);
        lines.inspect_err(|_| out.truncate(start))?;
        out.extend_from_slice(b"\r\n");
        self.go_on_from_beginning(start, out);
        self.expecting &= status != 100;
        Ok(true)
    }

    /// A client that has gone and one that has only ended its side look the same until something
    /// is sent to them. So the beginning of what comes next goes out ahead of it, where that is
    /// known: whoever is still there waits for the rest. True: there is something to send.
    pub fn begin_next(&mut self, out: &mut Vec<u8>) -> bool {
        self.check();
        if !self.eof || self.begun || !self.exchange_open() || self.refusal_waits() {
            return false;
        }
        match self.state.writing {
            Writing::Owed => out.extend_from_slice(encode::BEGINNING),
            // A chunk's size may have leading zeros, and so may the last one's.
            Writing::Chunked => out.push(b'0'),
            _ => return false,
        }
        self.begun = true;
        true
    }

    /// Takes what is out already off the answer that starts at `start`.
    pub(crate) fn go_on_from_beginning(&mut self, start: usize, out: &mut Vec<u8>) {
        if core::mem::take(&mut self.begun) {
            out.drain(start..start + encode::BEGINNING.len());
        }
    }

    /// The head of the answer is out.
    pub fn response_started(&self) -> bool {
        !matches!(self.state.writing, Writing::Idle | Writing::Owed)
    }

    fn check_owed(&self) -> Result<(), SendError> {
        match self.state.writing {
            _ if self.refusal_waits() => Err(SendError::Closed),
            Writing::Owed if self.exchange_open() => Ok(()),
            Writing::Idle | Writing::Owed | Writing::Complete => Err(SendError::NoRequest),
            Writing::Ended => Err(SendError::Closed),
            _ => Err(SendError::AlreadyStarted),
        }
    }

    fn check_streaming(&self) -> Result<(), SendError> {
        match self.state.writing {
            _ if self.refusal_waits() => Err(SendError::Closed),
            Writing::Owed => Err(SendError::NotStarted),
            Writing::Idle | Writing::Complete => Err(SendError::NoRequest),
            Writing::Ended => Err(SendError::Closed),
            _ => Ok(()),
        }
    }

    /// The answer is complete: what becomes of the connection.
    fn end_answer(&mut self, now: u64) {
        self.begun = false;
        let is_whole = self.state.reading == Reading::Complete;
        match self.close_after {
            // Whatever the client still sends, even behind its own `close`, must not reset the
            // connection before the answer is read (RFC 9112 section 9.6).
            Some(reason) => self.close(reason, !self.at_eof()),
            None if !self.can_drain() => self.close(CloseReason::UnreadBody, true),
            // The shutdown began behind the head, so the client does not know of it either.
            None if is_whole && self.shutdown && !self.has_kept() => {
                self.close(CloseReason::Shutdown, true);
            }
            None if is_whole => {}
            None => {
                self.since = now;
                self.discard_body();
                self.clock_stale = false;
            }
        }
    }
}

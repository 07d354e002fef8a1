//! One server connection: the request's body, pulled by the application.

use crate::connection::Connection;
use crate::limits::DRAIN_LIMIT;
use crate::state::{Reading, Step, Writing};

impl Connection {
    /// What has come of the request's body and was not taken.
    pub fn body(&self) -> &[u8] {
        self.inbox.as_ref().map_or(&[], |inbox| &inbox.body)
    }

    /// The packed trailer lines of the current request, once its body is complete.
    pub fn trailers(&self) -> &[u8] {
        self.inbox.as_ref().map_or(&[], |inbox| &inbox.trailers)
    }

    /// Everything has been received into [`Connection::body`].
    pub fn body_complete(&self) -> bool {
        self.state.reading == Reading::Complete
    }

    /// Takes what has come of the body: nothing before the request was handed out. What is left
    /// when the exchange is over is dropped.
    pub fn take_body(&mut self) -> Vec<u8> {
        self.check();
        if self.unsaid {
            return Vec::new();
        }
        self.news = false;
        let Some(inbox) = &mut self.inbox else { return Vec::new() };
        // Reading was paused by us, so the time it took is not the client's.
        self.clock_stale |= inbox.body.len() >= self.config.high_water_mark;
        core::mem::take(&mut inbox.body)
    }

    /// The application has taken what the caller kept by itself.
    pub fn took_aside(&mut self) {
        self.check();
        self.news = false;
        self.clock_stale = true;
    }

    /// Bytes that are certain to come of the body.
    pub fn body_to_come(&self) -> u64 {
        match self.state.reading {
            Reading::Body => self.decoder.remaining_length().unwrap_or(0),
            _ => 0,
        }
    }

    /// The body is complete and taken.
    pub fn body_done(&self) -> bool {
        self.body_complete() && self.body().is_empty()
    }

    /// The application reads the body. The first time, a client that waits for it is told
    /// `100 Continue` (RFC 9110 section 10.1.1), unless the answer has been started.
    pub fn want_body(&mut self, out: &mut Vec<u8>) {
        self.check();
        if !self.exchange_open() || self.refusal_waits() || self.state.reading == Reading::Drain {
            return;
        }
        self.clock_stale |= !self.wanted;
        self.wanted = true;
        if self.expecting && self.state.writing == Writing::Owed {
            self.expecting = false;
            // A client that did not wait has its answer already (RFC 9110 section 10.1.1).
            if self.state.reading == Reading::Body && self.body().is_empty() {
                out.extend_from_slice(b"HTTP/1.1 100 Continue\r\n\r\n");
            }
        }
    }

    /// The application does not want the rest of the body: it is read away, within
    /// [`DRAIN_LIMIT`]. Before the request was handed out nobody can know that.
    pub fn discard_body(&mut self) {
        self.check();
        if self.unsaid {
            return;
        }
        self.wanted = false;
        self.news = false;
        if let Some(inbox) = &mut self.inbox {
            inbox.body = Vec::new();
        }
        if self.state.reading == Reading::Body && !self.refusal_waits() {
            let remaining = self.decoder.remaining_length();
            self.drain_over = self.expecting || remaining.is_some_and(|left| left > DRAIN_LIMIT);
            self.clock_stale = true;
            self.state.take(Step::Discard);
        }
    }
}

//! One server connection: refusals, and the end.

use crate::connection::{Connection, Event};
use crate::encode;
use crate::engine::Engine;
use crate::error::{CloseReason, Refusal};
use crate::state::{Step, Writing};

impl Connection {
    /// The client's stream is over: fine between messages, a fault inside one.
    pub(crate) fn finish_decoding(&mut self) {
        match self.decoder.finish() {
            Err(refusal) if self.state.writing != Writing::Complete => self.refuse(refusal),
            _ => self.close(CloseReason::ClientClosed, false),
        }
    }

    /// Nothing behind this is served. The answer is written by `say_refusal`. A request that was
    /// not handed out stays so: no call meant for the one before it may reach it.
    pub(crate) fn refuse(&mut self, refusal: Refusal) {
        self.inbox().refusal = Some(refusal);
    }

    /// Writes the answer if none was started, and tells the application. `None`: it has nothing
    /// to learn, its exchange was complete.
    pub(crate) fn say_refusal(&mut self, engine: &Engine, out: &mut Vec<u8>) -> Option<Event> {
        let mut refusal = self.inbox.as_mut()?.refusal.take()?;
        let reason = match refusal.status {
            408 => CloseReason::ReceiveTimeout,
            _ => CloseReason::Refused,
        };
        let writing = self.state.writing;
        self.close(reason, !self.eof);
        match writing {
            Writing::Idle | Writing::Owed => {
                let is_head = writing == Writing::Owed && self.request.is_head;
                let omit_body = is_head || refusal.to_head;
                let start = out.len();
                encode::refusal(out, &refusal, &engine.date, omit_body);
                self.go_on_from_beginning(start, out);
            }
            Writing::Complete | Writing::Ended => return None,
            // The answer is cut, so that the client can tell.
            _ => refusal.status = 0,
        }
        Some(Event::Refused(refusal))
    }

    /// From here on every call is harmless and does nothing.
    pub(crate) fn close(&mut self, reason: CloseReason, linger: bool) {
        self.close = Some(reason);
        self.linger = linger;
        self.unsaid = false;
        self.chunk_open = false;
        self.inbox = None;
        self.state.take(Step::Close);
    }

    pub(crate) fn say_close(&mut self) -> Option<Event> {
        let reason = self.close.filter(|_| !self.close_said)?;
        self.close_said = true;
        Some(Event::Close { reason, linger: self.linger })
    }

    /// Closes and says so at once.
    pub(crate) fn close_now(&mut self, reason: CloseReason) -> Option<Event> {
        self.close(reason, false);
        self.close_said = true;
        Some(Event::Close { reason, linger: false })
    }

    /// Why it closes, once that is so.
    pub fn close_reason(&self) -> Option<CloseReason> {
        self.close
    }

    pub(crate) fn is_closing(&self) -> bool {
        self.close.is_some()
    }
}

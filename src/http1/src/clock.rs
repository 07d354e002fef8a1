//! One server connection, its clocks: each measures the absence of progress.

use crate::connection::{Connection, Event};
use crate::engine::Engine;
use crate::error::CloseReason;
use crate::fault;
use crate::state::{Reading, Writing};

/// What is being waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Waiting {
    /// For nothing that has a limit.
    None,
    /// For the client to take the answer.
    Send,
    /// For the end of a head, or the first byte of the first one.
    Headers,
    /// For the next request.
    Idle,
    /// For more of a body.
    Receive,
}

impl Connection {
    /// When [`Connection::on_deadline`] should be called, if nothing happens before. It may come
    /// too early, never too late.
    pub fn deadline(&self) -> Option<u64> {
        let timeouts = &self.config.timeouts;
        let (since, timeout) = match self.waiting() {
            Waiting::None => return None,
            Waiting::Send => (self.sent_at, timeouts.send),
            Waiting::Headers => (self.since, timeouts.headers),
            Waiting::Idle => (self.since, timeouts.idle),
            Waiting::Receive => (self.since, timeouts.receive),
        };
        (timeout > 0).then(|| since + u64::from(timeout))
    }

    /// The socket took bytes, or could not; so many still wait in the send queue. Call
    /// [`Connection::next_event`] afterwards.
    pub fn note_sent(&mut self, now: u64, pending: usize) {
        self.check();
        let pending = pending.min(u32::MAX as usize) as u32;
        let was_pending = self.pending > 0;
        // Only what the socket took is progress: not what the application adds meanwhile.
        if !was_pending || pending < self.pending {
            self.sent_at = now;
        }
        self.pending = pending;
        // The time until the answer was taken is not idle time.
        if was_pending && pending == 0 && self.state.is_between() && !self.has_partial_head() {
            self.since = now;
        }
    }

    /// Ends what has waited for too long: with a 408 where nothing was answered, silently where
    /// nothing was asked or the answer is not taken.
    pub fn on_deadline(&mut self, engine: &Engine, now: u64, out: &mut Vec<u8>) -> Option<Event> {
        self.check();
        self.refresh_clock(now);
        if self.deadline().is_none_or(|deadline| now < deadline) {
            return None;
        }
        match self.waiting() {
            Waiting::None => None,
            Waiting::Send => {
                self.pending = 0;
                self.close_now(CloseReason::SendTimeout)
            }
            Waiting::Headers if self.has_partial_head() => {
                let to_head = self.decoder.has_partial_head_of_head();
                self.refuse(fault::HEADERS_TIMEOUT.in_head(self.offset(), to_head));
                self.say_refusal(engine, out)
            }
            Waiting::Headers | Waiting::Idle => self.close_now(CloseReason::IdleTimeout),
            Waiting::Receive if self.state.writing == Writing::Complete => {
                self.close_now(CloseReason::ReceiveTimeout)
            }
            Waiting::Receive => {
                self.refuse(fault::RECEIVE_TIMEOUT.at(self.offset()));
                self.say_refusal(engine, out)
            }
        }
    }

    fn waiting(&self) -> Waiting {
        if self.pending > 0 {
            return Waiting::Send;
        }
        if self.is_closing() || self.refusal_waits() {
            return Waiting::None;
        }
        match self.state.reading {
            Reading::Head if self.has_partial_head() => Waiting::Headers,
            Reading::Head if self.served == 0 && self.config.timeouts.headers > 0 => {
                Waiting::Headers
            }
            Reading::Head => Waiting::Idle,
            Reading::Body if self.wanted && self.wants_read() => Waiting::Receive,
            // Before the answer is complete nobody waits for a body that is thrown away.
            Reading::Drain if self.state.writing == Writing::Complete => Waiting::Receive,
            _ => Waiting::None,
        }
    }

    /// Restarts the clock of a body that was not read for a while, now that the time is known.
    pub(crate) fn refresh_clock(&mut self, now: u64) {
        if self.clock_stale {
            self.clock_stale = false;
            self.since = now;
        }
    }
}

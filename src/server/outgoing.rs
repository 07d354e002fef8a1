//! Where the bytes of an answer wait until they leave: with those of other answers to one read, or
//! with other pieces of their stream.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use http1::SendError;

use super::closing;
use super::driver::Driver;
use super::error::Error;
use super::exchange::CORK_LIMIT;
use super::keys::ConnectionKey;
use super::runtime::Runtime;
use super::tasks::Task;

/// Buffers that are kept for the next answers, and the capacity that one may have for that.
const BUFFERS_KEPT: usize = 64;
const BUFFER_KEPT: usize = 16 * 1024;

/// When the bytes of a write leave, unless the connection is corked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leave {
    Now,
    /// With what else is written in this turn of the loop: pieces of a stream.
    Together,
    /// With what is written until the next turn is over: the head of a stream, whose source was
    /// asked for its first piece just now.
    Soon,
}

impl Runtime {
    /// Runs `encode` on the buffer that this connection's bytes go to. A corked connection's wait
    /// for the end of the callback scope.
    pub fn write(
        &mut self,
        key: ConnectionKey,
        leave: Leave,
        encode: impl FnOnce(&mut Self, &mut Vec<u8>) -> Result<bool, Error>,
    ) -> Result<bool, Error> {
        let corked = self.corked == Some(key);
        let mut out = match self.gathered(key) {
            _ if corked => std::mem::take(&mut self.out),
            Some(gathered) if !gathered.is_empty() => std::mem::take(gathered),
            _ => self.buffers.pop().unwrap_or_default(),
        };
        let before = out.len();
        let encoding = AssertUnwindSafe(|| encode(self, &mut out));
        let mut result = catch_unwind(encoding).unwrap_or_else(|panic| {
            // Answers gathered before are lost with it: nothing more may follow on this one.
            self.remove(key, Some(closing::panicked()));
            resume_unwind(panic)
        });
        if result.is_err() {
            out.truncate(before);
        }
        // The client went or was refused meanwhile: nobody's mistake.
        if matches!(result, Err(Error::Send(SendError::Closed))) {
            result = Ok(false);
        }
        if corked {
            self.out = out;
            return result;
        }
        let dispatching = self.turn.dispatching;
        let waits = dispatching || leave != Leave::Now;
        if waits && !out.is_empty() && out.len() <= CORK_LIMIT {
            if let Some(gathered) = self.gathered(key) {
                *gathered = out;
                // One task for all that is gathered: it was scheduled with the first.
                if before == 0 || leave == Leave::Now {
                    self.schedule_flush(key, leave);
                }
            }
            return result;
        }
        self.send_now(key, &mut out);
        self.recycle(out);
        self.settle(key);
        result
    }

    /// Has what is gathered sent.
    pub fn schedule_flush(&mut self, key: ConnectionKey, leave: Leave) {
        match leave {
            Leave::Soon => self.tasks.push::<Driver>(Task::FlushSoon(key)),
            _ if !self.turn.dispatching => self.tasks.push::<Driver>(Task::Flush(key)),
            _ if self.turn.unsent.back() == Some(&key) => {}
            _ => self.turn.unsent.push_back(key),
        }
    }

    /// Keeps a small buffer for the next answer.
    fn recycle(&mut self, buffer: Vec<u8>) {
        if self.buffers.len() < BUFFERS_KEPT && buffer.capacity() <= BUFFER_KEPT {
            self.buffers.push(buffer);
        }
    }

    /// Sends what was gathered in the turn that is over.
    pub fn flush(&mut self, key: ConnectionKey) {
        let gathered = self.gathered(key).map(std::mem::take);
        if let Some(mut gathered) = gathered.filter(|gathered| !gathered.is_empty()) {
            self.busy_with(key, |runtime| {
                runtime.send_now(key, &mut gathered);
                runtime.recycle(gathered);
                runtime.settle(key);
            });
        }
    }

    pub fn gathered(&mut self, key: ConnectionKey) -> Option<&mut Vec<u8>> {
        let connection = self.connections.get_mut(key)?;
        Some(&mut connection.http()?.gathered)
    }
}

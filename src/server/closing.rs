//! The ways out: flush, shut down, linger, close.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use super::connections::{Connection, HttpState, Phase, Protocol};
use super::driver::Driver;
use super::keys::ConnectionKey;
use super::runtime::{Runtime, with};
use super::tasks::{Cause, Task};
use crate::js::HttpHooks;
use crate::uv::{Error, Stream, let_go};

/// How long a lingering connection waits for the peer to send on or end, in milliseconds.
const LINGER_TIMEOUT: u64 = 2_000;

/// How long it does so altogether, in milliseconds.
const LINGER_TIME: u64 = 30_000;

/// Bytes that it throws away before it gives up on the peer. Many clients read no answer before
/// their body is out, and the kernels of both ends hold some 10 MiB of it alone.
const LINGER_BYTES: usize = 64 * 1024 * 1024;

/// The cause when nobody knows a better one: the connection ended under an open exchange.
pub fn reset() -> Cause {
    ("ECONNRESET".to_owned(), "the connection was closed before the answer was complete".to_owned())
}

/// For a log: how a connection ended that nothing went wrong with.
pub fn how(machine: &http1::Connection) -> Cause {
    let reason = machine.close_reason().map(|reason| reason.explain());
    (String::new(), reason.unwrap_or("the server destroyed it").to_owned())
}

/// The cause after a panic of ours.
pub fn panicked() -> Cause {
    ("ERR_MILOUV_PANIC".to_owned(), "milouv panicked while it served this connection".to_owned())
}

/// What JavaScript gets where nobody is there.
pub trait Gone {
    fn gone() -> Self;
}

impl Gone for () {
    fn gone() {}
}

impl Gone for bool {
    fn gone() -> Self {
        false
    }
}

impl<T> Gone for Option<T> {
    fn gone() -> Self {
        None
    }
}

impl<T: Gone, E> Gone for Result<T, E> {
    fn gone() -> Self {
        Ok(T::gone())
    }
}

/// Does what JavaScript asks for a connection. Where that panics nobody knows how far it got: the
/// connection ends, and so the answer is that of one that has gone.
pub fn for_connection<R: Gone>(key: f64, body: impl FnOnce(ConnectionKey) -> R) -> R {
    let key = ConnectionKey::from_number(key);
    let caught = catch_unwind(AssertUnwindSafe(|| body(key)));
    caught.unwrap_or_else(|panic| {
        let_go(panic);
        with(|runtime| runtime.remove(key, Some(panicked())));
        R::gone()
    })
}

/// The cause when an answer was returned that could not be sent: a mistake of ours.
pub fn unanswered() -> Cause {
    ("ERR_INVALID_STATE".to_owned(), "the answer that was returned could not be sent".to_owned())
}

/// What the application must hear when its exchange will not complete, nor these; None: nothing
/// (more).
pub fn abort_task(
    stream: &Stream,
    state: &mut HttpState,
    hooks: Rc<HttpHooks>,
    key: ConnectionKey,
    cause: Cause,
    mut watched: Vec<f64>,
) -> Option<Task> {
    let open = std::mem::take(&mut state.serving);
    watched.extend(state.watching.take());
    (open || !watched.is_empty()).then(|| Task::Aborted {
        hooks,
        key,
        cause,
        peer: state.peer(stream),
        open,
        watched,
    })
}

impl Runtime {
    /// No more requests: sends what waits, then closes.
    pub fn begin_close(&mut self, key: ConnectionKey, linger: bool, cause: Cause) {
        let Some(connection) = self.connections.get_mut(key) else { return };
        if connection.phase != Phase::Open {
            return;
        }
        connection.phase = Phase::Flushing { linger };
        self.abort_open_exchange(key, cause);
    }

    /// The open exchange will never be complete: its application hears so, and another may take its
    /// place.
    pub fn abort_open_exchange(&mut self, key: ConnectionKey, cause: Cause) {
        let hooks = self.http_hooks_of(key);
        let Self { connections, listeners, tasks, .. } = self;
        let Some(connection) = connections.get_mut(key) else { return };
        let Connection { stream, protocol, listener, .. } = connection;
        if let (Protocol::Http(state), Some(hooks)) = (protocol, hooks) {
            if let Some(listener) = listeners.get_mut(*listener) {
                listener.overload.release(state);
            }
            if let Some(task) = abort_task(stream, state, hooks, key, cause, Vec::new()) {
                tasks.push::<Driver>(task);
            }
        }
    }

    /// After something was sent or received: goes on with a close that waits for the queue, tells
    /// who waits for an answer to be out, and reads or stops reading.
    pub fn settle(&mut self, key: ConnectionKey) {
        let now = self.now();
        let waiting = self.unsent(key);
        let hooks = self.http_hooks_of(key);
        let Some(connection) = self.connections.get_mut(key) else { return };
        if let Protocol::Http(state) = &mut connection.protocol {
            state.machine.note_sent(now, waiting);
            if waiting == 0
                && !state.finished.is_empty()
                && let Some(hooks) = hooks
            {
                let watched = std::mem::take(&mut state.finished);
                self.tasks.push::<Driver>(Task::Completed { hooks, watched });
            }
        }
        if waiting == 0 && connection.wants_drain {
            connection.wants_drain = false;
            self.tasks.push::<Driver>(Task::Drained(key));
        }
        if waiting == 0 && self.finish_close(key, now) {
            return;
        }
        self.update_reading(key);
    }

    /// Reads or stops reading, as the connection wants.
    pub fn update_reading(&mut self, key: ConnectionKey) {
        if let Some(connection) = self.connections.get_mut(key)
            && let Err(failure) = connection.update_reading()
        {
            self.fail(key, failure);
        }
    }

    /// The queue is empty. True: the connection has gone.
    fn finish_close(&mut self, key: ConnectionKey, now: u64) -> bool {
        let Some(connection) = self.connections.get_mut(key) else { return true };
        match (connection.phase, &mut connection.protocol) {
            (Phase::Flushing { linger: false }, _) => self.remove(key, None),
            (Phase::Flushing { linger: true }, _) => {
                connection.phase = Phase::Lingering {
                    silent_by: now + LINGER_TIMEOUT,
                    until: now + LINGER_TIME,
                    left: LINGER_BYTES,
                };
                if let Err(error) = connection.stream.end::<Driver>() {
                    self.shutdown_failed(key, error);
                }
            }
            (Phase::Open, Protocol::Raw(raw)) if raw.ended && !raw.shut_down => {
                raw.shut_down = true;
                if let Err(error) = connection.stream.shutdown::<Driver>() {
                    self.fail(key, error.into());
                }
            }
            _ => {}
        }
        !self.connections.contains_key(key)
    }

    /// Where the peer has reset and nobody read it yet, a shutdown only says ENOTCONN.
    pub fn shutdown_failed(&mut self, key: ConnectionKey, error: Error) {
        let stream = self.connections.get(key).map(|connection| &connection.stream);
        let cause = stream.and_then(Stream::pending_error).unwrap_or(error);
        self.fail(key, cause.into());
    }

    /// Throws away what a lingering connection still gets. False: it does not linger.
    pub fn discard_lingering(&mut self, key: ConnectionKey, bytes: usize) -> bool {
        let Some(connection) = self.connections.get_mut(key) else { return true };
        let Phase::Lingering { silent_by, left, .. } = &mut connection.phase else { return false };
        match left.checked_sub(bytes) {
            Some(rest) => {
                *left = rest;
                *silent_by = self.uv_loop.now() + LINGER_TIMEOUT;
            }
            None => self.remove(key, None),
        }
        true
    }
}

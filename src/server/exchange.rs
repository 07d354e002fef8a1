//! HTTP connections: from what the machine says to the calls into JavaScript.

use std::ops::Range;

use http1::{Engine, Event, Refusal};

use super::answer;
use super::connections::{Connection, HttpState, Phase, Protocol};
use super::driver::Driver;
use super::keys::ConnectionKey;
use super::registers;
use super::request_meta;
use super::runtime::{Runtime, with};
use super::send_queue::Failure;
use super::tasks::Task;
use crate::js::{HttpHooks, Peer, Refused, Scope};
use crate::uv::faults;

/// Bytes of gathered answers above which they leave without waiting for the rest.
pub const CORK_LIMIT: usize = 64 * 1024;

/// Bytes came from the socket.
pub fn received(key: ConnectionKey, bytes: &[u8]) {
    with(|runtime| {
        if !runtime.discard_lingering(key, bytes.len()) {
            runtime.receive(key, bytes);
            runtime.pull(key);
        }
    });
}

/// The peer ended its half; a request that is whole still gets its answer.
pub fn ended(key: ConnectionKey) {
    with(|runtime| {
        let now = runtime.now();
        let Runtime { connections, engine, .. } = runtime;
        if let Some(state) = connections.get_mut(key).and_then(|connection| connection.http()) {
            state.machine.receive_eof(engine, now);
        }
        if runtime.discard_lingering(key, 0) {
            runtime.remove(key, None);
        }
        runtime.pull(key);
    });
}

/// The connection's clock ran out.
pub fn deadline_reached(key: ConnectionKey) {
    with(|runtime| runtime.busy_with(key, |runtime| runtime.deadline_reached(key)));
}

/// The server shuts down: an idle connection ends now, a busy one after its answer.
pub fn close_gracefully(key: ConnectionKey) {
    with(|runtime| {
        let Some(connection) = runtime.connections.get_mut(key) else { return };
        // What the client sent while we were busy is still to be read: then it is not idle.
        let unread = connection.reading && connection.stream.has_unread();
        match &mut connection.protocol {
            Protocol::Http(state) => state.machine.begin_shutdown(),
            // Nobody has heard of it. One that has more to say will hear that we are closing.
            Protocol::Proxy(_) if !unread => return runtime.remove(key, None),
            _ => {}
        }
        if !unread {
            // Never from within JavaScript: this may be a handler that closes its own server.
            runtime.tasks.push::<Driver>(Task::Pump(key));
        }
    });
}

pub fn close_if_idle(key: ConnectionKey) {
    let idle = with(|runtime| {
        let connection = runtime.connections.get_mut(key)?;
        let is_idle = match &connection.protocol {
            Protocol::Http(state) => state.machine.is_idle(),
            Protocol::Proxy(_) => true,
            Protocol::Raw(_) => false,
        };
        Some(is_idle && connection.send.is_empty())
    });
    if idle.flatten() == Some(true) {
        close_gracefully(key);
    }
}

/// Tells of an event; of a request with its head, gathered or still with the engine.
pub fn tell(
    key: ConnectionKey,
    hooks: &HttpHooks,
    scope: &Scope<'_>,
    event: Event,
    head: Range<usize>,
) {
    let number = key.to_number();
    // What a hook throws has been reported as uncaught; there is nothing to add here.
    let _ = match event {
        Event::Request(request) => {
            let text = with(|runtime| {
                let connection = runtime.connections.get_mut(key)?;
                connection.http()?.serving = true;
                runtime.listeners.get_mut(connection.listener)?.stats.requests += 1;
                runtime.registers.set(registers::KEY, number);
                runtime.registers.set(registers::META, request_meta::pack(&request));
                Some(scope.latin1(runtime.head_text(head)))
            });
            let Some(Some(Ok(text))) = text else { return };
            hooks.on_request(scope, text).map(|body| answer::respond_returned(key, body))
        }
        Event::Body => hooks.on_body(scope, number),
        Event::Refused(refusal) => {
            let result = tell_refusal(key, hooks, scope, &refusal);
            let cause = (refusal.code.to_owned(), refusal.reason.to_owned());
            with(|runtime| runtime.abort_open_exchange(key, cause));
            result
        }
        Event::Close { .. } => Ok(()),
    };
}

fn tell_refusal(
    key: ConnectionKey,
    hooks: &HttpHooks,
    scope: &Scope<'_>,
    refusal: &Refusal,
) -> Result<(), crate::js::Error> {
    let peer = with(|runtime| {
        let connection = runtime.connections.get_mut(key)?;
        if let Some(listener) = runtime.listeners.get_mut(connection.listener) {
            *listener.stats.refusals.entry(refusal.code).or_default() += 1;
            listener.stats.count_response(refusal.status);
        }
        Some(connection.peer())
    });
    let Some(Some(peer)) = peer else { return Ok(()) };
    let address = peer.text();
    let refused = Refused {
        status: refusal.status,
        code: refusal.code,
        reason: refusal.reason,
        offset: refusal.offset,
        peer: Peer { address: &address, port: peer.port(), family: peer.family() },
    };
    hooks.on_client_error(scope, &refused)
}

impl Runtime {
    fn deadline_reached(&mut self, key: ConnectionKey) {
        faults::trip("deadline");
        let now = self.now();
        let Self { connections, engine, out, .. } = self;
        out.clear();
        let Some(connection) = connections.get_mut(key) else { return };
        if connection.phase != Phase::Open {
            // It was on its way out already, and the peer does not take the rest.
            return self.remove(key, None);
        }
        let Some(state) = connection.http() else { return };
        if let Some(event) = state.machine.on_deadline(engine, now, out) {
            self.admit(key, event);
        }
    }

    pub fn receive(&mut self, key: ConnectionKey, bytes: &[u8]) {
        let now = self.now();
        if let Some((state, engine)) = self.count_read(key, bytes.len()) {
            state.machine.receive(engine, bytes, now);
        }
    }

    /// Counts what came, and gives what is to look at it.
    pub fn count_read(
        &mut self,
        key: ConnectionKey,
        length: usize,
    ) -> Option<(&mut HttpState, &mut Engine)> {
        let Self { connections, engine, listeners, .. } = self;
        let connection = connections.get_mut(key)?;
        connection.bytes_read += length as u64;
        if let Some(listener) = listeners.get_mut(connection.listener) {
            listener.stats.bytes_read += length as u64;
        }
        Some((connection.http()?, engine))
    }

    /// What the machine has to say. A request that is one too many is answered right here.
    pub fn next_event(&mut self, key: ConnectionKey) -> Option<Event> {
        let now = self.now();
        loop {
            if self.out.len() > CORK_LIMIT {
                // What was gathered before goes first.
                self.flush(key);
                self.send_out(key);
            }
            self.note_sent(key, now);
            let Self { connections, engine, listeners, out, .. } = self;
            let connection = connections.get_mut(key)?;
            if connection.phase != Phase::Open {
                return None;
            }
            let listener = connection.listener;
            let state = connection.http()?;
            let event = state.machine.next_event(engine, out, now);
            if !matches!(event, Some(Event::Request(_))) {
                return event;
            }
            let Some(listener) = listeners.get_mut(listener) else { return event };
            if listener.overload.admits(state) {
                return event;
            }
            listener.overload.turn_down(state, engine, &mut listener.stats, out, now);
        }
    }

    /// The machine hands out no further pipelined request while much waits for the socket.
    pub fn note_sent(&mut self, key: ConnectionKey, now: u64) {
        if let Some(connection) = self.connections.get_mut(key) {
            let waiting = connection.send.len();
            if let Some(state) = connection.http() {
                state.machine.note_sent(now, waiting);
            }
        }
    }

    /// Sends what was gathered for the corked connection.
    pub fn send_out(&mut self, key: ConnectionKey) {
        let mut out = std::mem::take(&mut self.out);
        self.send_now(key, &mut out);
        self.out = out;
    }

    /// Sends `out` and empties it; a large rest is moved, not copied.
    pub fn send_now(&mut self, key: ConnectionKey, out: &mut Vec<u8>) {
        if out.is_empty() {
            return;
        }
        faults::trip("send_now");
        let Some(connection) = self.connections.get_mut(key) else { return out.clear() };
        let Connection { send, stream, phase, .. } = connection;
        let result = if out.len() > CORK_LIMIT {
            send.send_owned(stream, std::mem::take(out))
        } else if matches!(phase, Phase::Flushing { .. }) {
            send.send_last(stream, out)
        } else {
            send.send(stream, out)
        };
        out.clear();
        self.sent(key, result);
    }

    /// Finds out whether a client that has ended its side is still there for its answer. One that
    /// is not resets the connection, which the sweep finds; one on this machine does so at once.
    pub fn probe(&mut self, key: ConnectionKey) {
        if self.unsent(key) > 0 {
            return;
        }
        let Some(state) = self.open_connection(key).and_then(Connection::http) else { return };
        let mut out = Vec::new();
        if !state.machine.begin_next(&mut out) {
            return;
        }
        self.send_now(key, &mut out);
        let found = self.connections.get(key).and_then(|found| found.stream.pending_error());
        if let Some(error) = found {
            self.fail(key, error.into());
        }
    }

    /// Books what a send took, or closes the connection over its failure.
    pub fn sent(&mut self, key: ConnectionKey, result: Result<usize, Failure>) {
        match result {
            Ok(taken) => self.count_written(key, taken),
            Err(failure) => self.fail(key, failure),
        }
    }
}

//! HTTP connections: from what the machine says to the calls into JavaScript.

use std::rc::Rc;

use http1::{CloseReason, Event, Refusal};

use super::connections::Phase;
use super::driver::Driver;
use super::keys::ConnectionKey;
use super::request_meta;
use super::runtime::{Runtime, with};
use super::send_queue::Failure;
use super::tasks::{Cause, Task};
use crate::js::{HttpHooks, Refused, Scope};

/// Bytes of gathered answers above which they leave without waiting for the rest.
pub const CORK_LIMIT: usize = 64 * 1024;

/// Bytes came from the socket.
pub fn received(key: ConnectionKey, bytes: &[u8]) {
    let lingers = with(|runtime| {
        if runtime.discard_lingering(key, bytes.len()) {
            return true;
        }
        runtime.receive(key, bytes);
        false
    });
    if lingers == Some(false) {
        run(key, None);
    }
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
    });
    run(key, None);
}

/// Hands out what is ready, in particular the next pipelined request.
pub fn pump(key: ConnectionKey) {
    run(key, None);
}

/// The connection's clock ran out.
pub fn deadline_reached(key: ConnectionKey) {
    let event = with(|runtime| {
        let now = runtime.now();
        let Runtime { connections, engine, out, .. } = runtime;
        out.clear();
        let connection = connections.get_mut(key)?;
        if connection.phase != Phase::Open {
            // It was on its way out already, and the peer does not take the rest.
            runtime.remove(key, None);
            return None;
        }
        connection.http()?.machine.on_deadline(engine, now, out)
    });
    if let Some(Some(event)) = event {
        run_corked(key, Some(event));
    }
}

/// The server shuts down: an idle connection ends now, a busy one after its answer.
pub fn close_gracefully(key: ConnectionKey) {
    with(|runtime| {
        if let Some(state) = runtime.connections.get_mut(key).and_then(|found| found.http()) {
            state.machine.begin_shutdown();
        }
        // Never from within JavaScript: this may be a handler that closes its own server.
        runtime.tasks.push::<Driver>(Task::Pump(key));
    });
}

pub fn close_if_idle(key: ConnectionKey) {
    let idle = with(|runtime| {
        let connection = runtime.connections.get_mut(key)?;
        Some(connection.send.is_empty() && connection.http()?.machine.is_idle())
    });
    if idle.flatten() == Some(true) {
        close_gracefully(key);
    }
}

fn run(key: ConnectionKey, first: Option<Event>) {
    with(|runtime| runtime.out.clear());
    run_corked(key, first);
}

/// Delivers events until there are none, then sends all answers that this brought in one write.
fn run_corked(key: ConnectionKey, mut first: Option<Event>) {
    let hooks = with(|runtime| {
        // What an earlier turn gathered goes before what this one brings.
        runtime.flush(key);
        runtime.corked = Some(key);
        runtime.http_hooks_of(key)
    });
    if let Some(Some(hooks)) = hooks {
        // Microtasks run when the scope closes; answers they gave may let the next request in.
        while deliver(key, &hooks, first.take()) {}
    }
    with(|runtime| {
        runtime.corked = None;
        runtime.send_out(key);
        runtime.settle(key);
    });
}

/// Delivers what there is inside one callback scope. True: JavaScript was entered.
fn deliver(key: ConnectionKey, hooks: &Rc<HttpHooks>, mut first: Option<Event>) -> bool {
    let mut scope = None;
    loop {
        let next = || with(|runtime| runtime.next_event(key)).flatten();
        let Some(event) = first.take().or_else(next) else { break };
        if let Event::Close { reason, linger } = event {
            let cause: Cause = ("ECONNRESET".to_owned(), reason.explain().to_owned());
            with(|runtime| match reason {
                // It does not take what waits for it, and would hold it for as long again.
                CloseReason::SendTimeout => runtime.remove(key, Some(cause)),
                _ => runtime.begin_close(key, linger, cause),
            });
            break;
        }
        if let Event::Request(_) = event {
            // Entering may run code of the user's (async_hooks), and that may use the engine.
            with(Runtime::save_head);
        }
        if scope.is_none() {
            scope = hooks.enter().ok();
        }
        let Some(scope) = &scope else {
            // The environment is going; its clean-up hook closes the connection.
            return false;
        };
        tell(key, hooks, scope, event);
    }
    scope.is_some()
}

fn tell(key: ConnectionKey, hooks: &HttpHooks, scope: &Scope<'_>, event: Event) {
    let number = key.to_number();
    // What a hook throws has been reported as uncaught; there is nothing to add here.
    let _ = match event {
        Event::Request(head) => {
            let text = with(|runtime| scope.latin1(&runtime.head));
            let Some(Ok(text)) = text else { return };
            hooks.on_request(scope, number, text, request_meta::pack(&head))
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
        Some(connection.http()?.peer)
    });
    let Some(Some(peer)) = peer else { return Ok(()) };
    let refused = Refused {
        status: refusal.status,
        code: refusal.code,
        reason: refusal.reason,
        offset: refusal.offset,
        peer,
    };
    hooks.on_client_error(scope, &refused)
}

impl Runtime {
    fn receive(&mut self, key: ConnectionKey, bytes: &[u8]) {
        let now = self.now();
        let Self { connections, engine, listeners, .. } = self;
        let Some(connection) = connections.get_mut(key) else { return };
        connection.bytes_read += bytes.len() as u64;
        if let Some(listener) = listeners.get_mut(connection.listener) {
            listener.stats.bytes_read += bytes.len() as u64;
        }
        if let Some(state) = connection.http() {
            state.machine.receive(engine, bytes, now);
        }
    }

    fn save_head(&mut self) {
        self.head.clear();
        self.head.extend_from_slice(self.engine.head());
    }

    fn next_event(&mut self, key: ConnectionKey) -> Option<Event> {
        let now = self.now();
        if self.out.len() > CORK_LIMIT {
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
        if matches!(event, Some(Event::Request(_))) {
            state.serving = true;
            if let Some(listener) = listeners.get_mut(listener) {
                listener.stats.requests += 1;
            }
        }
        event
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
        let Some(connection) = self.connections.get_mut(key) else { return out.clear() };
        let result = if out.len() > CORK_LIMIT {
            connection.send.send_owned(&connection.stream, std::mem::take(out))
        } else {
            connection.send.send(&connection.stream, out)
        };
        out.clear();
        self.sent(key, result);
    }

    /// Books what a send took, or closes the connection over its failure.
    pub fn sent(&mut self, key: ConnectionKey, result: Result<usize, Failure>) {
        match result {
            Ok(taken) => self.count_written(key, taken),
            Err(failure) => self.fail(key, failure),
        }
    }

    fn abort_open_exchange(&mut self, key: ConnectionKey, cause: Cause) {
        let hooks = self.http_hooks_of(key);
        let state = self.connections.get_mut(key).and_then(|connection| connection.http());
        if let (Some(state), Some(hooks)) = (state, hooks)
            && let Some(task) = super::closing::abort_task(state, hooks, key, cause, Vec::new())
        {
            self.tasks.push::<Driver>(task);
        }
    }
}

//! One turn of the event loop: what its reads brought is gathered, and handed to JavaScript
//! together once all sockets have been served. To enter JavaScript costs more than a request.

use std::collections::VecDeque;
use std::ops::Range;
use std::rc::Rc;

use http1::{CloseReason, Event};

use super::connections::Connection;
use super::driver::Driver;
use super::exchange;
use super::keys::ConnectionKey;
use super::listeners::Service;
use super::outgoing::Leave;
use super::runtime::{Runtime, with};
use super::tasks::Cause;
use crate::js::{HttpHooks, Scope};
use crate::uv::{Check, Events, faults};

/// Events handed over inside one callback scope, at most: promises settle when it closes, and the
/// first of many clients should not wait for the handlers of all others.
const BATCH: usize = 64;

/// Capacity that the gathered heads keep after a turn.
const HEADS_KEPT: usize = 64 * 1024;

/// What the reads of a turn brought.
pub struct Turn {
    check: Option<Check>,
    ready: VecDeque<Ready>,
    /// The heads of the requests in `ready`.
    heads: Vec<u8>,
    /// Events are being handed out: answers wait for the end of their batch.
    pub dispatching: bool,
    /// Connections with answers given in this batch: their next requests may come.
    pub answered: VecDeque<ConnectionKey>,
    /// Connections whose answers were gathered in this batch, or who may have gone.
    pub unsent: VecDeque<ConnectionKey>,
}

struct Ready {
    key: ConnectionKey,
    event: Event,
    head: Range<usize>,
}

impl Turn {
    pub fn new(check: Check) -> Self {
        Self {
            check: Some(check),
            ready: VecDeque::new(),
            heads: Vec::new(),
            dispatching: false,
            answered: VecDeque::new(),
            unsent: VecDeque::new(),
        }
    }

    #[cfg(debug_assertions)]
    pub fn is_at_rest(&self) -> bool {
        self.ready.is_empty()
    }

    pub fn close<E: Events>(&mut self) {
        self.ready.clear();
        if let Some(check) = self.check.take() {
            check.close::<E>();
        }
    }
}

/// Hands out all that is ready, and what answers let in meanwhile; nothing is read in between, so
/// that has an end.
pub fn dispatch() {
    while let Some(hooks) = with(Runtime::next_hooks).flatten() {
        let Ok(scope) = hooks.enter() else {
            // The environment is going; its clean-up hook closes the connections.
            with(|runtime| runtime.turn.ready.clear());
            break;
        };
        for _ in 0..BATCH {
            let Some(ready) = with(|runtime| runtime.next_ready(&hooks)).flatten() else { break };
            deliver(&hooks, &scope, ready);
        }
    }
    with(Runtime::end_turn);
}

/// Tells of one event, and of those that follow once it was dealt with at once.
fn deliver(hooks: &HttpHooks, scope: &Scope<'_>, Ready { key, event, head }: Ready) {
    let mut first = Some((event, head));
    loop {
        let next = || Some((with(|runtime| runtime.next_event(key)).flatten()?, 0..0));
        let Some((event, head)) = first.take().or_else(next) else { break };
        if let Event::Close { reason, linger } = event {
            with(|runtime| runtime.close_for(key, reason, linger));
            break;
        }
        exchange::tell(key, hooks, scope, event, head);
    }
    with(|runtime| runtime.busy_with(key, |runtime| runtime.end_delivery(key)));
}

impl Runtime {
    /// Looks for what a connection has to say, and keeps it for the end of the turn.
    pub fn pull(&mut self, key: ConnectionKey) {
        self.busy_with(key, |runtime| runtime.look_for_event(key));
    }

    fn look_for_event(&mut self, key: ConnectionKey) {
        let Some(state) = self.connections.get_mut(key).and_then(Connection::http) else { return };
        if state.queued {
            return self.update_reading(key);
        }
        self.out.clear();
        faults::trip("pull");
        match self.next_event(key) {
            None => {
                self.send_unasked(key);
                self.watch_half_closed(key);
                self.settle(key);
            }
            Some(event) => self.admit(key, event),
        }
    }

    /// Keeps an event for the end of the turn. `out` has the answer that goes with it, if any.
    pub fn admit(&mut self, key: ConnectionKey, event: Event) {
        if let Event::Close { reason, linger } = event {
            self.close_for(key, reason, linger);
            self.send_unasked(key);
            return self.settle(key);
        }
        if !self.out.is_empty() {
            self.gather_out(key);
        }
        let Some(state) = self.connections.get_mut(key).and_then(Connection::http) else { return };
        state.queued = true;
        if self.turn.ready.is_empty() {
            self.turn.heads.clear();
            // The loop must not sleep on it, wherever in its turn it is.
            self.tasks.wake::<Driver>();
        }
        let start = self.turn.heads.len();
        if matches!(event, Event::Request(_)) {
            self.turn.heads.extend_from_slice(self.engine.head());
        }
        let head = start..self.turn.heads.len();
        self.turn.ready.push_back(Ready { key, event, head });
        self.update_reading(key);
    }

    /// The hooks of the next event whose connection is still there. The batch before it is over:
    /// its microtasks have run.
    fn next_hooks(&mut self) -> Option<Rc<HttpHooks>> {
        self.end_batch();
        loop {
            let key = self.turn.ready.front()?.key;
            if let Some(hooks) = self.http_hooks_of(key) {
                self.turn.dispatching = true;
                return Some(hooks);
            }
            self.turn.ready.pop_front();
        }
    }

    /// The next event, if it is for these hooks. From now on its connection is corked.
    fn next_ready(&mut self, hooks: &Rc<HttpHooks>) -> Option<Ready> {
        let key = self.turn.ready.front()?.key;
        let connection = self.connections.get_mut(key)?;
        let Service::Http { hooks: its, .. } = &self.listeners.get(connection.listener)?.service
        else {
            return None;
        };
        if !Rc::ptr_eq(its, hooks) {
            return None;
        }
        let state = connection.http()?;
        state.queued = false;
        // What was gathered before goes first.
        self.out.clear();
        std::mem::swap(&mut self.out, &mut state.gathered);
        self.corked = Some(key);
        self.turn.ready.pop_front()
    }

    /// The text of a request's head: gathered, or still with the engine.
    pub fn head_text(&self, head: Range<usize>) -> &[u8] {
        if head.is_empty() { self.engine.head() } else { &self.turn.heads[head] }
    }

    fn end_delivery(&mut self, key: ConnectionKey) {
        self.corked = None;
        let Some(state) = self.connections.get_mut(key).and_then(Connection::http) else { return };
        let is_stream = state.machine.response_started();
        if !state.machine.exchange_open() {
            self.send_out(key);
        } else if !self.out.is_empty() {
            // Promises may have more to say in a moment; of a stream its source.
            self.gather_out(key);
            self.schedule_flush(key, if is_stream { Leave::Soon } else { Leave::Together });
        }
        self.watch_half_closed(key);
        self.settle(key);
    }

    /// Behind the batch, a client that has ended its side is asked whether it is still there.
    fn watch_half_closed(&mut self, key: ConnectionKey) {
        let state = self.connections.get_mut(key).and_then(Connection::http);
        if state.is_some_and(|state| state.machine.at_eof()) {
            self.turn.unsent.push_back(key);
        }
    }

    /// Sends answers that JavaScript was not asked for, behind what was gathered before.
    fn send_unasked(&mut self, key: ConnectionKey) {
        if !self.out.is_empty() {
            self.gather_out(key);
            self.flush(key);
        }
    }

    /// Keeps `out` for whoever delivers or flushes next.
    fn gather_out(&mut self, key: ConnectionKey) {
        let mut out = std::mem::take(&mut self.out);
        if let Some(gathered) = self.gathered(key) {
            if gathered.is_empty() {
                std::mem::swap(gathered, &mut out);
            } else {
                gathered.extend_from_slice(&out);
            }
        }
        self.out = out;
    }

    /// Answers let the next requests in. Those that nothing of their connection's follows leave:
    /// their clients should not wait for the handlers of all others.
    fn end_batch(&mut self) {
        while let Some(key) = self.turn.answered.pop_front() {
            self.pull(key);
        }
        while let Some(key) = self.turn.unsent.pop_front() {
            let connection = self.connections.get_mut(key).and_then(Connection::http);
            if connection.is_some_and(|state| !state.queued) {
                self.flush(key);
                self.busy_with(key, |runtime| runtime.probe(key));
            }
        }
    }

    fn end_turn(&mut self) {
        self.turn.dispatching = false;
        if self.turn.heads.capacity() > HEADS_KEPT && self.turn.ready.is_empty() {
            self.turn.heads = Vec::new();
        }
        self.tasks.rest();
    }

    fn close_for(&mut self, key: ConnectionKey, reason: CloseReason, linger: bool) {
        let cause: Cause = ("ECONNRESET".to_owned(), reason.explain().to_owned());
        match reason {
            // It does not take what waits for it, and would hold it for as long again.
            CloseReason::SendTimeout => self.remove(key, Some(cause)),
            _ => self.begin_close(key, linger, cause),
        }
    }
}

//! Accepting: who gets in, who has to wait, and what a connection starts with.

use std::rc::Rc;

use super::connections::{Connection, HttpState, Phase, Protocol, RawState, peer_of};
use super::driver::Driver;
use super::introduction::Introduced;
use super::keys::{ConnectionKey, ListenerKey};
use super::listeners::{Listener, Service};
use super::runtime::{Runtime, with};
use super::send_queue::SendQueue;
use super::tasks::Task;
use crate::js::RawHooks;
use crate::uv::{OpenFiles, Stream, StreamListener, Waiting};

/// Connections taken in one turn of the loop, at most: those that are open wait meanwhile.
const ACCEPTS_PER_TURN: usize = 64;

/// Connections that are accepted ahead of a close, at most: more than any backlog holds.
const MAX_WAITING: usize = 65_536;

/// Takes the connection that libuv tells of, and those that wait behind it: to come back for each
/// of them costs a turn of the loop. Without room libuv keeps its one, and asks for no more until
/// that is taken: the others wait with the kernel.
pub fn accept(key: ListenerKey) {
    if with(|runtime| runtime.has_room(key)) != Some(true) {
        return;
    }
    accept_one(key, None);
    for _ in 1..ACCEPTS_PER_TURN {
        if StreamListener::HOLDS_ONE || with(|runtime| runtime.has_more(key)) != Some(true) {
            break;
        }
        accept_one(key, None);
    }
    for _ in 1..ACCEPTS_PER_TURN {
        let Some(waiting) = with(|runtime| runtime.take_waiting(key)).flatten() else { break };
        accept_one(key, Some(waiting));
    }
}

/// A connection has gone: one that is held back may come in, unless another task let it in before.
pub fn accept_after(key: ListenerKey) {
    let holds_back = with(|runtime| runtime.listeners.get(key).map(|found| found.holds_back));
    if holds_back.flatten() == Some(true) {
        accept(key);
    }
}

/// Descriptors may have become free elsewhere, and what failed before may not fail again.
pub fn accept_held_back() {
    let held_back = with(|runtime| {
        let listeners = runtime.listeners.iter();
        listeners.filter(|(_, found)| found.holds_back).map(|(key, _)| key).collect::<Vec<_>>()
    });
    held_back.unwrap_or_default().into_iter().for_each(accept);
}

fn accept_one(key: ListenerKey, waiting: Option<Waiting>) {
    let accepted = with(|runtime| runtime.accept(key, waiting)).flatten();
    let Some((connection, hooks)) = accepted else { return };
    if let Some(hooks) = hooks
        && let Ok(scope) = hooks.enter()
    {
        // What the hook throws has been reported as uncaught already.
        let _ = hooks.on_open(&scope, connection.to_number());
    }
    with(|runtime| {
        runtime.settle(connection);
        runtime.busy = None;
    });
}

impl Listener {
    /// Whether one more connection may come in: by the limit, and by the descriptors that the
    /// process may have.
    fn has_room(&mut self) -> bool {
        if self.max_connections != 0 && self.stats.connections >= self.max_connections {
            return false;
        }
        let socket = self.socket.as_ref().filter(|_| self.few_descriptors);
        let Some(left) = socket.map(StreamListener::open_files) else { return true };
        self.few_descriptors = left != OpenFiles::Many;
        left != OpenFiles::Few
    }
}

impl Runtime {
    /// Whether the connection that libuv has may come in now. Until it has been taken, whatever
    /// goes wrong on the way, it will be asked for again.
    fn has_room(&mut self, key: ListenerKey) -> bool {
        let now = self.now();
        let Some(listener) = self.listeners.get_mut(key) else { return false };
        listener.holds_back = listener.socket.is_some();
        if listener.holds_back {
            // What takes the descriptors need not be a connection of ours: nobody would tell.
            self.sweep.start(now);
        }
        listener.has_room()
    }

    /// The same for those that libuv may have besides.
    fn has_more(&mut self, key: ListenerKey) -> bool {
        self.listeners
            .get_mut(key)
            .is_some_and(|listener| listener.holds_back && listener.has_room())
    }

    fn take_waiting(&mut self, key: ListenerKey) -> Option<Waiting> {
        let listener = self.listeners.get_mut(key)?;
        // What libuv has comes first.
        let takes_more = !listener.holds_back && !listener.few_descriptors && listener.has_room();
        if takes_more { listener.socket.as_ref()?.take_waiting() } else { None }
    }

    /// Accepts those that the kernel has for an HTTP listener and that would go with its socket.
    pub fn accept_rest(&mut self, key: ListenerKey) {
        let holds_back = self.listeners.get(key).is_some_and(|listener| listener.holds_back);
        if holds_back
            && self.has_room(key)
            && let Some((connection, _)) = self.accept(key, None)
        {
            self.settle(connection);
        }
        self.busy = None;
        for _ in 0..MAX_WAITING {
            let Some(waiting) = self.take_waiting(key) else { return };
            if let Some((connection, _)) = self.accept(key, Some(waiting)) {
                self.settle(connection);
            }
            self.busy = None;
        }
    }

    fn accept(
        &mut self,
        key: ListenerKey,
        waiting: Option<Waiting>,
    ) -> Option<(ConnectionKey, Option<Rc<RawHooks>>)> {
        let now = self.now();
        let Self { listeners, connections, uv_loop, sweep, .. } = self;
        let listener = listeners.get_mut(key)?;
        let socket = listener.socket.as_ref()?;
        let is_held = waiting.is_none();
        let inserted = connections.try_insert_with_key(|connection| {
            Stream::accept::<Driver>(*uv_loop, socket, waiting, connection.to_bits())
                .map(|stream| new_connection(stream, key, listener, now))
        });
        if is_held {
            listener.holds_back = match &inserted {
                Err(error) if error.is_would_block() => false,
                // libuv was not even asked.
                Err(error) if error.syscall() != "accept" => true,
                _ => !StreamListener::HOLDS_ONE,
            };
        }
        // A connection that went before it was accepted has nobody to tell of it.
        let connection = inserted.ok()?;
        self.busy = Some(connection);
        listener.stats.total_connections += 1;
        listener.stats.connections += 1;
        sweep.start(now);
        let stream = &connections.get(connection)?.stream;
        listener.few_descriptors |= stream.is_among_last();
        let proxies = listener.proxies.as_ref();
        let is_stranger = proxies.is_some_and(|proxies| !proxies.trusts(&peer_of(stream)));
        if !connection.is_representable() {
            self.remove(connection, None);
            return None;
        }
        if is_stranger {
            self.turn_stranger_away(connection, key);
            return None;
        }
        let hooks = match &listener.service {
            Service::Raw(hooks) if proxies.is_none() => Some(Rc::clone(hooks)),
            _ => None,
        };
        if proxies.is_none() {
            self.tell_connection(connection);
        }
        Some((connection, hooks))
    }
}

impl Runtime {
    /// Somebody may want to hear that an HTTP client has come.
    pub fn tell_connection(&mut self, key: ConnectionKey) {
        let Some(connection) = self.connections.get_mut(key) else { return };
        let service = self.listeners.get(connection.listener).map(|listener| &listener.service);
        if let Some(Service::Http { hooks, watched: true, .. }) = service {
            let (hooks, peer) = (Rc::clone(hooks), connection.peer());
            self.tasks.push::<Driver>(Task::Connection { hooks, peer, end: None });
        }
    }
}

fn new_connection(stream: Stream, key: ListenerKey, listener: &Listener, now: u64) -> Connection {
    let protocol = match &listener.proxies {
        Some(proxies) => proxies.begin(now),
        None => new_protocol(&stream, listener, now, None),
    };
    Connection {
        stream,
        listener: key,
        protocol,
        send: SendQueue::default(),
        phase: Phase::Open,
        reading: false,
        wants_drain: false,
        bytes_read: 0,
        bytes_written: 0,
    }
}

/// What a connection speaks with its client. `introduced`: a proxy said whose it is.
pub fn new_protocol(
    stream: &Stream,
    listener: &Listener,
    now: u64,
    introduced: Option<Introduced>,
) -> Protocol {
    let config = match &listener.service {
        Service::Raw(_) => {
            let introduced = introduced.map(Box::new);
            return Protocol::Raw(RawState { last_active: now, introduced, ..RawState::default() });
        }
        Service::Http { config, .. } => config,
    };
    let mut machine = http1::Connection::new(Rc::clone(config), now);
    if listener.socket.is_none() {
        machine.begin_shutdown();
    } else if listener.retiring {
        machine.retire();
    }
    let ends = introduced.and_then(|introduced| introduced.ends);
    let told = ends.as_ref().map(|ends| ends.source.clone());
    Protocol::Http(Box::new(HttpState {
        machine,
        peer: told.or_else(|| (!Stream::KEEPS_PEER).then(|| peer_of(stream))),
        ends: ends.map(Box::new),
        watching: None,
        finished: Vec::new(),
        gathered: Vec::new(),
        aside: None,
        reads_left: 0,
        queued: false,
        serving: false,
        in_flight: false,
    }))
}

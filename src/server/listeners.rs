//! Listeners: opening, accepting, closing.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;

use super::connections::{Connection, HttpState, Phase, Protocol, RawState, peer_of};
use super::driver::Driver;
use super::error::Error;
use super::exchange;
use super::keys::{ConnectionKey, ListenerKey};
use super::overload::Overload;
use super::runtime::{self, Runtime, with};
use super::send_queue::SendQueue;
use super::stats::Stats;
use super::tasks::Task;
use crate::js::{Entered, HttpHooks, RawHooks, Value};
use crate::uv::{
    self, Address, ListenOptions, PathOptions, Place, SocketOptions, Stream, StreamListener,
    TcpOptions, Waiting,
};

/// Connections taken in one turn of the loop, at most: those that are open wait meanwhile.
const ACCEPTS_PER_TURN: usize = 64;

/// A listening socket, what it serves, and what its connections start with.
pub struct Listener {
    /// None once it has been closed; it stays until its last connection has gone.
    pub socket: Option<StreamListener>,
    pub service: Service,
    pub stats: Stats,
    pub overload: Overload,
    max_connections: u32,
    /// libuv has a connection, and the kernel others, for which there is no room yet.
    pub holds_back: bool,
    /// A connection got one of the last descriptors that the process may have: from then on it is
    /// looked before each whether there are more, and none is taken but the one that libuv has, for
    /// which it takes another as soon as it can.
    few_descriptors: bool,
    /// It will close: each connection gets one more answer.
    retiring: bool,
}

#[derive(Clone)]
pub enum Service {
    Raw(Rc<RawHooks>),
    /// `watched`: somebody wants to hear of each connection.
    Http {
        hooks: Rc<HttpHooks>,
        config: Rc<http1::Config>,
        watched: bool,
    },
}

/// What `listen` needs, already checked by lib/.
#[derive(Debug)]
pub struct Listening {
    pub place: ListenPlace,
    pub backlog: u32,
    pub no_delay: bool,
    /// Seconds until the first TCP keep-alive probe; 0: none.
    pub keep_alive: u32,
    /// None: raw bytes.
    pub http: Option<HttpListen>,
}

/// Where to listen.
#[derive(Debug)]
pub enum ListenPlace {
    Tcp { hostname: String, port: u16, reuse_port: bool, ipv6_only: bool },
    Path { path: String, readable_all: bool, writable_all: bool },
}

/// What HTTP adds.
#[derive(Debug)]
pub struct HttpListen {
    pub limits: http1::Limits,
    pub timeouts: http1::Timeouts,
    /// 0: no limit.
    pub max_connections: u32,
    /// Requests whose answers are not complete; 0: no limit.
    pub max_concurrent_requests: u32,
    /// Seconds after which one that was turned down may ask again.
    pub retry_after: u32,
    /// Bytes held for one connection, in either direction, above which its source has to wait.
    pub high_water_mark: u32,
    /// Each connection is told of, when it comes and when it goes.
    pub watched: bool,
}

/// Connections that are accepted ahead of a close, at most: more than any backlog holds.
const MAX_WAITING: usize = 65_536;

/// Binds and listens at once.
pub fn listen(
    scope: Entered<'_>,
    hooks: Value<'_>,
    options: Listening,
) -> Result<(ListenerKey, Address), Error> {
    runtime::ensure(scope)?;
    let (service, max_connections, overload) = match options.http {
        None => {
            let hooks = Rc::new(RawHooks::new(hooks).map_err(Error::Hook)?);
            (Service::Raw(hooks), 0, Overload::new(0, 0)?)
        }
        Some(http) => {
            let hooks = Rc::new(HttpHooks::new(hooks).map_err(Error::Hook)?);
            let config = http1::Config {
                limits: http.limits,
                timeouts: http.timeouts,
                high_water_mark: http.high_water_mark as usize,
            };
            let overload = Overload::new(http.max_concurrent_requests, http.retry_after)?;
            let service = Service::Http { hooks, config: Rc::new(config), watched: http.watched };
            (service, http.max_connections, overload)
        }
    };
    let listener = Listener {
        socket: None,
        service,
        stats: Stats::default(),
        overload,
        max_connections,
        holds_back: false,
        few_descriptors: false,
        retiring: false,
    };
    let key = with(|runtime| runtime.listeners.insert(listener));
    let key = key.ok_or(Error::JavaScript(crate::js::Error::CannotRun))?;
    let opening = AssertUnwindSafe(|| {
        with(|runtime| {
            let accepted =
                SocketOptions { no_delay: options.no_delay, keep_alive: options.keep_alive };
            let place = runtime.find(options.place)?;
            runtime.open(key, &ListenOptions { place, backlog: options.backlog, accepted })
        })
    });
    let opened = catch_unwind(opening);
    if !matches!(opened, Ok(Some(Ok(_)))) {
        forget(key);
    }
    let opened = opened.unwrap_or_else(|panic| resume_unwind(panic));
    opened.unwrap_or(Err(Error::JavaScript(crate::js::Error::CannotRun)))
}

/// Nobody was told of this listener.
fn forget(key: ListenerKey) {
    with(|runtime| {
        let socket = runtime.listeners.remove(key).and_then(|listener| listener.socket);
        if let Some(socket) = socket {
            socket.close::<Driver>();
        }
    });
}

/// The listener will close: from now on each answer is the last of its connection.
pub fn retire_listener(key: ListenerKey) {
    with(|runtime| {
        let listener = runtime.listeners.get_mut(key)?;
        listener.retiring = true;
        for connection in runtime.keys_of(key) {
            runtime.connections.get_mut(connection)?.http()?.machine.retire();
        }
        Some(())
    });
}

/// The kernel lets nobody new begin to connect to this socket: see `StreamListener::turn_away`.
pub fn turn_away(key: ListenerKey) -> Result<(), Error> {
    let turned = with(|runtime| {
        let socket = runtime.listeners.get(key)?.socket.as_ref()?;
        Some(socket.turn_away())
    });
    Ok(turned.flatten().unwrap_or(Ok(()))?)
}

/// Stops accepting. Idle HTTP connections end, busy ones after their answers; `onClosed` comes
/// with the last connection.
pub fn close_listener(key: ListenerKey) {
    let http = with(|runtime| {
        let is_http = matches!(runtime.listeners.get(key)?.service, Service::Http { .. });
        if is_http {
            runtime.accept_rest(key);
        }
        let listener = runtime.listeners.get_mut(key)?;
        if let Some(socket) = listener.socket.take() {
            socket.close::<Driver>();
        }
        if listener.is_drained() {
            runtime.tasks.push::<Driver>(Task::ListenerDrained(key));
        }
        Some(if is_http { runtime.keys_of(key) } else { Vec::new() })
    });
    for connection in http.flatten().unwrap_or_default() {
        exchange::close_gracefully(connection);
    }
}

/// Tells that a closed listener's last connection has gone, and forgets it. Its counts can still
/// be asked for while it is told.
pub fn finish(key: ListenerKey) {
    let service = with(|runtime| {
        let listener = runtime.listeners.get(key)?;
        listener.is_drained().then(|| listener.service.clone())
    });
    let Some(service) = service.flatten() else { return };
    // What the hook throws has been reported as uncaught already.
    match &service {
        Service::Raw(hooks) => {
            if let Ok(scope) = hooks.enter() {
                let _ = hooks.on_closed(&scope);
            }
        }
        Service::Http { hooks, .. } => {
            if let Ok(scope) = hooks.enter() {
                let _ = hooks.on_closed(&scope);
            }
        }
    }
    with(|runtime| runtime.listeners.remove(key));
}

/// Whether the listening socket keeps the process alive.
pub fn set_listener_ref(key: ListenerKey, referenced: bool) {
    with(|runtime| {
        if let Some(Some(socket)) = runtime.listeners.get(key).map(|found| found.socket.as_ref()) {
            socket.set_ref(referenced);
        }
    });
}

/// Takes the connection that libuv tells of, and those that wait behind it: to come back for each
/// of them costs a turn of the loop. Without room libuv keeps its one, and asks for no more until
/// that is taken: the others wait with the kernel.
pub fn accept(key: ListenerKey) {
    if with(|runtime| runtime.has_room(key)) != Some(true) {
        return;
    }
    accept_one(key, None);
    for _ in 1..ACCEPTS_PER_TURN {
        let Some(waiting) = with(|runtime| runtime.take_waiting(key)).flatten() else { break };
        accept_one(key, Some(waiting));
    }
}

/// Descriptors may have become free elsewhere.
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
    /// Closed, and the last connection has gone.
    pub fn is_drained(&self) -> bool {
        self.socket.is_none() && self.stats.connections == 0
    }

    /// Whether one more connection may come in: by the limit, and by the descriptors that the
    /// process may have.
    fn has_room(&self) -> bool {
        let is_full = self.max_connections != 0 && self.stats.connections >= self.max_connections;
        let socket = self.socket.as_ref().filter(|_| self.few_descriptors);
        !is_full && !socket.is_some_and(StreamListener::next_is_among_last)
    }
}

impl Runtime {
    /// Looks up the host name, where there is one.
    fn find(&self, place: ListenPlace) -> Result<Place, Error> {
        Ok(match place {
            ListenPlace::Tcp { hostname, port, reuse_port, ipv6_only } => {
                let address = uv::resolve(self.uv_loop, &hostname, port)?;
                Place::Tcp(TcpOptions { address, reuse_port, ipv6_only })
            }
            ListenPlace::Path { path, readable_all, writable_all } => {
                Place::Path(PathOptions { path, readable_all, writable_all })
            }
        })
    }

    fn open(
        &mut self,
        key: ListenerKey,
        options: &ListenOptions,
    ) -> Result<(ListenerKey, Address), Error> {
        let now = self.now();
        let socket = StreamListener::listen::<Driver>(self.uv_loop, options, key.to_bits())?;
        let address = match socket.local_address() {
            Ok(address) => address,
            Err(error) => {
                socket.close::<Driver>();
                return Err(error.into());
            }
        };
        if let Some(listener) = self.listeners.get_mut(key) {
            if let Service::Http { config, .. } = &listener.service {
                self.sweep.adopt_timeouts(&config.timeouts, now);
            }
            listener.socket = Some(socket);
        }
        Ok((key, address))
    }

    /// Whether the connection that libuv has may come in now; else it will be asked for again.
    fn has_room(&mut self, key: ListenerKey) -> bool {
        let Some(listener) = self.listeners.get_mut(key) else { return false };
        let has_room = listener.has_room();
        listener.holds_back = !has_room && listener.socket.is_some();
        has_room
    }

    fn take_waiting(&self, key: ListenerKey) -> Option<Waiting> {
        let listener = self.listeners.get(key)?;
        let takes_more = !listener.few_descriptors && listener.has_room();
        if takes_more { listener.socket.as_ref()?.take_waiting() } else { None }
    }

    /// Accepts those that the kernel has for an HTTP listener and that would go with its socket.
    fn accept_rest(&mut self, key: ListenerKey) {
        let holds_back = self.listeners.get(key).is_some_and(|listener| listener.holds_back);
        if holds_back
            && self.has_room(key)
            && let Some((connection, _)) = self.accept(key, None)
        {
            self.settle(connection);
        }
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
        let inserted = connections.try_insert_with_key(|connection| {
            Stream::accept::<Driver>(*uv_loop, socket, waiting, connection.to_bits())
                .map(|stream| new_connection(stream, key, &listener.service, now))
        });
        // A connection that went before it was accepted has nobody to tell of it.
        let connection = inserted.ok()?;
        self.busy = Some(connection);
        listener.stats.total_connections += 1;
        listener.stats.connections += 1;
        sweep.start(now);
        let stream = connections.get(connection).map(|connection| &connection.stream);
        listener.few_descriptors |= stream.is_some_and(Stream::is_among_last);
        let retiring = listener.retiring;
        if !connection.is_representable() {
            self.remove(connection, None);
            return None;
        }
        let hooks = match &listener.service {
            Service::Raw(hooks) => Some(Rc::clone(hooks)),
            Service::Http { watched: false, .. } => None,
            Service::Http { hooks, watched: true, .. } => {
                let (hooks, peer) =
                    (Rc::clone(hooks), self.connections.get_mut(connection)?.peer());
                self.tasks.push::<Driver>(Task::Connection { hooks, peer, end: None });
                None
            }
        };
        if retiring && let Some(state) = self.connections.get_mut(connection)?.http() {
            state.machine.retire();
        }
        Some((connection, hooks))
    }
}

fn new_connection(
    stream: Stream,
    listener: ListenerKey,
    service: &Service,
    now: u64,
) -> Connection {
    let protocol = match service {
        Service::Raw(_) => Protocol::Raw(RawState { last_active: now, ..RawState::default() }),
        Service::Http { config, .. } => Protocol::Http(Box::new(HttpState {
            machine: http1::Connection::new(Rc::clone(config), now),
            peer: (!Stream::KEEPS_PEER).then(|| peer_of(&stream)),
            watching: None,
            finished: Vec::new(),
            gathered: Vec::new(),
            aside: None,
            reads_left: 0,
            queued: false,
            serving: false,
            in_flight: false,
        })),
    };
    Connection {
        stream,
        listener,
        protocol,
        send: SendQueue::default(),
        phase: Phase::Open,
        reading: false,
        wants_drain: false,
        bytes_read: 0,
        bytes_written: 0,
    }
}

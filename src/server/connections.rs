//! A connection: its stream, its protocol, and what both have in common.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::rc::Rc;

use super::closing;
use super::driver::Driver;
use super::exchange;
use super::introduction::{Ends, Introduced, Introduction};
use super::keys::{ConnectionKey, ListenerKey};
use super::listeners::{Listener, Service};
use super::runtime::{Runtime, with};
use super::send_queue::{Failure, SendQueue};
use super::tasks::{Cause, Task};
use crate::js::{FreshBytes, HttpHooks, RawHooks};
use crate::uv::{Address, Stream};

pub struct Connection {
    pub stream: Stream,
    pub listener: ListenerKey,
    pub protocol: Protocol,
    pub send: SendQueue,
    pub phase: Phase,
    /// Whether libuv has been asked to read.
    pub reading: bool,
    /// JavaScript was told that the queue is full, and waits for `drain`.
    pub wants_drain: bool,
    pub bytes_read: u64,
    pub bytes_written: u64,
}

pub enum Protocol {
    /// None yet: a proxy says first whose connection it is.
    Proxy(Box<Introduction>),
    Raw(RawState),
    /// Boxed, so that what idle connections cost does not grow with it twice: slots double.
    Http(Box<HttpState>),
}

/// What a raw connection adds.
#[derive(Debug, Default)]
pub struct RawState {
    /// The application stopped reading.
    pub paused: bool,
    /// The peer sent its FIN.
    pub peer_ended: bool,
    /// `end()` was called: after what waits, our FIN goes out.
    pub ended: bool,
    /// Our FIN is out.
    pub shut_down: bool,
    /// Milliseconds without traffic after which the connection ends; 0: never.
    pub timeout: u32,
    pub last_active: u64,
    /// A proxy said whose it is.
    pub introduced: Option<Box<Introduced>>,
}

/// What an HTTP connection adds.
pub struct HttpState {
    pub machine: http1::Connection,
    /// Where the client is, once somebody has asked; at once where a reset would make it unknown.
    pub peer: Option<Address>,
    /// What a proxy told of the connection.
    pub ends: Option<Box<Ends>>,
    /// The open exchange, if JavaScript wants to hear of its end.
    pub watching: Option<f64>,
    /// Watched exchanges whose answers are complete, and wait for the socket to take them.
    pub finished: Vec<f64>,
    /// Pieces of a stream that leave together at the end of the turn.
    pub gathered: Vec<u8>,
    /// What was read of a body straight into JavaScript's memory, and waits to be taken.
    pub aside: Option<FreshBytes>,
    /// How often the application may have the body read before the loop's next turn.
    pub reads_left: u8,
    /// An event of this connection waits for the end of the turn.
    pub queued: bool,
    /// JavaScript has a request whose answer is not complete, and was not told that it never will
    /// be.
    pub serving: bool,
    /// The open exchange counts among those of its listener that are in flight.
    pub in_flight: bool,
}

impl RawState {
    /// There are bytes that the application has not had, for it stopped reading before.
    pub fn has_unread(&self) -> bool {
        self.introduced.as_ref().is_some_and(|introduced| !introduced.unread.is_empty())
    }
}

impl HttpState {
    pub fn peer(&mut self, stream: &Stream) -> Address {
        self.peer.get_or_insert_with(|| peer_of(stream)).clone()
    }
}

/// How far a connection is on its way out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    Open,
    /// No more requests; closes when the queue is empty.
    Flushing {
        linger: bool,
    },
    /// Our FIN is out; what still comes is thrown away until the peer ends, so that the answer is
    /// not lost to a reset (RFC 9112, 9.6).
    Lingering {
        /// When the peer must have sent more.
        silent_by: u64,
        until: u64,
        left: usize,
    },
}

/// The hooks of a connection's listener, held for the length of a call.
#[derive(Clone)]
pub enum Hooks {
    Raw(Rc<RawHooks>),
    Http(Rc<HttpHooks>),
}

impl Connection {
    /// Where the client is.
    pub fn peer(&mut self) -> Address {
        match &mut self.protocol {
            Protocol::Http(state) => state.peer(&self.stream),
            Protocol::Raw(RawState { introduced: Some(by), .. }) => {
                let told = by.ends.as_ref().map(|ends| ends.source.clone());
                told.unwrap_or_else(|| peer_of(&self.stream))
            }
            Protocol::Raw(_) | Protocol::Proxy(_) => peer_of(&self.stream),
        }
    }

    /// What the client has connected to; None: nobody can tell any more.
    fn local(&self) -> Option<Address> {
        let ends = match &self.protocol {
            Protocol::Http(state) => state.ends.as_deref(),
            Protocol::Raw(state) => {
                state.introduced.as_ref().and_then(|introduced| introduced.ends.as_ref())
            }
            Protocol::Proxy(_) => None,
        };
        match ends {
            Some(ends) => Some(ends.destination.clone()),
            None => self.stream.local_address().ok(),
        }
    }

    pub fn http(&mut self) -> Option<&mut HttpState> {
        match &mut self.protocol {
            Protocol::Http(state) => Some(state),
            _ => None,
        }
    }

    pub fn raw(&mut self) -> Option<&mut RawState> {
        match &mut self.protocol {
            Protocol::Raw(state) => Some(state),
            _ => None,
        }
    }

    /// Makes libuv read, or stop, according to what the protocol wants.
    pub fn update_reading(&mut self) -> Result<(), Failure> {
        let wanted = match (&self.phase, &self.protocol) {
            (Phase::Lingering { .. }, _) => true,
            (Phase::Flushing { .. }, _) => false,
            (Phase::Open, Protocol::Proxy(_)) => true,
            (Phase::Open, Protocol::Raw(raw)) => {
                !raw.paused && !raw.peer_ended && !raw.has_unread()
            }
            (Phase::Open, Protocol::Http(http)) => {
                http.aside.is_none() && http.machine.wants_read()
            }
        };
        if wanted != self.reading {
            self.reading = wanted;
            let http_open =
                matches!((&self.phase, &self.protocol), (Phase::Open, Protocol::Http(_)));
            match wanted {
                true => self.stream.read_start::<Driver>()?,
                // As a rule what was read is taken within the turn, and reading goes on.
                false if http_open => self.stream.read_pause(),
                false => self.stream.read_stop(),
            }
        }
        Ok(())
    }
}

impl Runtime {
    /// The hooks of a connection that is still there.
    pub fn hooks_of(&self, key: ConnectionKey) -> Option<Hooks> {
        let connection = self.connections.get(key)?;
        Some(match &self.listeners.get(connection.listener)?.service {
            Service::Raw(hooks) => Hooks::Raw(Rc::clone(hooks)),
            Service::Http { hooks, .. } => Hooks::Http(Rc::clone(hooks)),
        })
    }

    pub fn http_hooks_of(&self, key: ConnectionKey) -> Option<Rc<HttpHooks>> {
        match self.hooks_of(key)? {
            Hooks::Http(hooks) => Some(hooks),
            Hooks::Raw(_) => None,
        }
    }

    /// Bytes that the kernel has not taken: queued, gathered, or corked.
    pub fn unsent(&self, key: ConnectionKey) -> usize {
        let Some(connection) = self.connections.get(key) else { return 0 };
        let gathered = match &connection.protocol {
            Protocol::Http(state) => state.gathered.len(),
            _ => 0,
        };
        let corked = if self.corked == Some(key) { self.out.len() } else { 0 };
        connection.send.len() + gathered + corked
    }

    /// libuv has stopped reading by itself, because of a FIN, or of a reset that came together
    /// with the last bytes.
    pub fn stopped_reading(&mut self, key: ConnectionKey) {
        let Some(connection) = self.connections.get_mut(key) else { return };
        connection.reading = false;
        connection.stream.read_stop();
        // A lingering connection has waited for nothing else.
        if matches!(connection.phase, Phase::Lingering { .. }) {
            return;
        }
        if let Some(error) = connection.stream.pending_error() {
            self.fail(key, error.into());
        }
    }

    /// Counts what the kernel took.
    pub fn count_written(&mut self, key: ConnectionKey, bytes: usize) {
        let Some(connection) = self.connections.get_mut(key) else { return };
        connection.bytes_written += bytes as u64;
        if let Some(listener) = self.listeners.get_mut(connection.listener) {
            listener.stats.bytes_written += bytes as u64;
        }
    }

    /// Closes at once and forgets the connection; its application hears of it in the next turn.
    pub fn remove(&mut self, key: ConnectionKey, cause: Option<Cause>) {
        let Some(connection) = self.connections.remove(key) else { return };
        let Connection { stream, listener, mut protocol, bytes_read, bytes_written, .. } =
            connection;
        let service = self.listeners.get_mut(listener).map(|found| {
            found.stats.connections -= 1;
            if found.holds_back {
                self.tasks.push::<Driver>(Task::Accept(listener));
            }
            if let Protocol::Http(state) = &mut protocol {
                found.overload.release(state);
            }
            &found.service
        });
        match (protocol, service) {
            (Protocol::Raw(_), Some(Service::Raw(hooks))) => {
                let (hooks, totals) = (Rc::clone(hooks), (bytes_read, bytes_written));
                self.tasks.push::<Driver>(Task::Closed { hooks, key, cause, totals });
            }
            (Protocol::Http(mut state), Some(Service::Http { hooks, watched, .. })) => {
                let hooks = Rc::clone(hooks);
                let gone = watched.then(|| {
                    let cause = cause.clone().unwrap_or_else(|| closing::how(&state.machine));
                    let end = Some((cause, (bytes_read, bytes_written)));
                    Task::Connection { hooks: Rc::clone(&hooks), peer: state.peer(&stream), end }
                });
                let cause = cause.unwrap_or_else(closing::reset);
                let unsent = std::mem::take(&mut state.finished);
                let task = closing::abort_task(&stream, &mut state, hooks, key, cause, unsent);
                for task in [task, gone].into_iter().flatten() {
                    self.tasks.push::<Driver>(task);
                }
            }
            _ => {}
        }
        stream.close::<Driver>();
        if self.listeners.get(listener).is_some_and(Listener::is_drained) {
            self.tasks.push::<Driver>(Task::ListenerDrained(listener));
        }
    }

    pub fn fail(&mut self, key: ConnectionKey, failure: Failure) {
        let cause = match failure {
            Failure::System(error) => (error.code(), error.syscall().to_owned()),
            Failure::Detached => {
                ("ERR_INVALID_STATE".to_owned(), "the array to be sent was detached".to_owned())
            }
        };
        self.remove(key, Some(cause));
    }

    pub fn keys_of(&self, listener: ListenerKey) -> Vec<ConnectionKey> {
        let of_listener = |entry: &(ConnectionKey, &Connection)| entry.1.listener == listener;
        self.connections.iter().filter(of_listener).map(|(key, _)| key).collect()
    }
}

/// Closes a connection at once; what waits to be sent is lost.
pub fn destroy(key: ConnectionKey) {
    with(|runtime| runtime.remove(key, None));
}

/// Ends the HTTP connections of a listener that have no exchange open.
pub fn close_idle(listener: ListenerKey) {
    let keys = with(|runtime| runtime.keys_of(listener)).unwrap_or_default();
    for key in keys {
        exchange::close_if_idle(key);
    }
}

/// Destroys all connections of a listener.
pub fn close_all(listener: ListenerKey) {
    with(|runtime| {
        for key in runtime.keys_of(listener) {
            runtime.remove(key, None);
        }
    });
}

/// None: the connection has gone, and its application was told so.
pub fn peer_address(key: ConnectionKey) -> Option<Address> {
    with(|runtime| {
        let Some(connection) = runtime.connections.get_mut(key) else {
            return runtime.tasks.peer(key);
        };
        Some(connection.peer())
    })
    .flatten()
}

/// A client that reset before anyone asked has no address any more; it gets the unspecified one,
/// so that whoever only logs addresses need not fear it.
pub fn peer_of(stream: &Stream) -> Address {
    stream.peer_address().unwrap_or_else(|_| {
        let unspecified: IpAddr = match stream.local_address() {
            Ok(Address::Path(_)) => return Address::Path("".into()),
            Ok(Address::Ip(SocketAddr::V6(_))) => Ipv6Addr::UNSPECIFIED.into(),
            _ => Ipv4Addr::UNSPECIFIED.into(),
        };
        Address::Ip(SocketAddr::new(unspecified, 0))
    })
}

pub fn local_address(key: ConnectionKey) -> Option<Address> {
    with(|runtime| runtime.connections.get(key)?.local()).flatten()
}

/// The other end of the connection itself, whatever a proxy there told of its client.
pub fn socket_peer_address(key: ConnectionKey) -> Option<Address> {
    with(|runtime| runtime.connections.get(key).map(|found| peer_of(&found.stream))).flatten()
}

/// Bytes read, bytes written, bytes that wait to be written.
pub fn counters(key: ConnectionKey) -> Option<(u64, u64, usize)> {
    with(|runtime| {
        let connection = runtime.connections.get(key)?;
        Some((connection.bytes_read, connection.bytes_written, connection.send.len()))
    })
    .flatten()
}

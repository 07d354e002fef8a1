//! Listeners: opening and closing.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;

use super::connections::{Connection, Protocol};
use super::driver::Driver;
use super::error::Error;
use super::exchange;
use super::introduction::Proxies;
use super::keys::ListenerKey;
use super::overload::Overload;
use super::runtime::{self, Runtime, with};
use super::stats::Stats;
use super::tasks::Task;
use crate::js::{Entered, HttpHooks, RawHooks, Value};
use crate::uv::{
    self, Address, ListenOptions, PathOptions, Place, SocketOptions, StreamListener, TcpOptions,
};

/// A listening socket, what it serves, and what its connections start with.
pub struct Listener {
    /// None once it has been closed; it stays until its last connection has gone.
    pub socket: Option<StreamListener>,
    pub service: Service,
    pub stats: Stats,
    pub overload: Overload,
    /// None: whoever connects is the client.
    pub proxies: Option<Proxies>,
    pub max_connections: u32,
    /// libuv has a connection, and the kernel others, for which there was no room yet, or whose
    /// taking failed.
    pub holds_back: bool,
    /// A connection got one of the last descriptors that the process may have: until there are many
    /// again it is looked before each how many there are, and none is taken but the one that libuv
    /// has, for which it takes another as soon as it can.
    pub few_descriptors: bool,
    /// It will close: each connection gets one more answer.
    pub retiring: bool,
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
    /// None: whoever connects is the client.
    pub proxy: Option<ProxyListen>,
    /// None: raw bytes.
    pub http: Option<HttpListen>,
}

/// Each connection begins with a header of the PROXY protocol.
#[derive(Debug)]
pub struct ProxyListen {
    /// Networks that it may come from.
    pub trust: Vec<String>,
    /// Milliseconds until it is there; 0: no limit.
    pub timeout: u32,
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
    let proxies = options.proxy.map(|proxy| Proxies::new(&proxy.trust, proxy.timeout));
    let proxies = proxies.transpose()?;
    let listener = Listener {
        socket: None,
        service,
        stats: Stats::default(),
        overload,
        proxies,
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
            let http = runtime.connections.get_mut(connection).and_then(Connection::http);
            // One that has not said yet whose it is will be retired when it does.
            if let Some(state) = http {
                state.machine.retire();
            }
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
        let mut keys = runtime.keys_of(key);
        if !is_http {
            // lib/ closes those that it knows. Of the others nobody will hear any more.
            let connections = &runtime.connections;
            keys.retain(|&key| matches!(connections[key].protocol, Protocol::Proxy(_)));
            keys.drain(..).for_each(|key| runtime.remove(key, None));
        }
        Some(keys)
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

impl Listener {
    /// Closed, and the last connection has gone.
    pub fn is_drained(&self) -> bool {
        self.socket.is_none() && self.stats.connections == 0
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
                let http1::Timeouts { headers, receive, send, idle } = config.timeouts;
                self.sweep.adopt_timeouts(&[headers, receive, send, idle], now);
            }
            if let Some(proxies) = &listener.proxies {
                self.sweep.adopt_timeouts(&[proxies.timeout], now);
            }
            listener.socket = Some(socket);
        }
        Ok((key, address))
    }
}

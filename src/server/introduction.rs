//! Connections from a proxy that says ahead of the client's bytes where those come from, and until
//! then speak neither HTTP nor are anybody's.

use std::net::IpAddr;

use ipnet::IpNet;
use proxy_protocol::{End, Fault, Header, Told};

use super::accept::new_protocol;
use super::connections::{Connection, Hooks, Protocol};
use super::error::Error;
use super::exchange;
use super::keys::{ConnectionKey, ListenerKey};
use super::raw;
use super::runtime::{Runtime, with};
use crate::uv::Address;

/// What a refused connection counts as: its peer may not say where others come from.
const UNTRUSTED: &str = "PROXY_UNTRUSTED";
const TIMEOUT: &str = "PROXY_TIMEOUT";

/// Whose word is taken, and how long it may take.
pub struct Proxies {
    trusted: Vec<IpNet>,
    /// Milliseconds until the header is there; 0: no limit.
    pub timeout: u32,
}

/// A connection that has not said yet whose it is.
pub struct Introduction {
    /// What has come of the header.
    bytes: Vec<u8>,
    /// When the connection was accepted.
    since: u64,
    timeout: u32,
}

/// What a proxy said.
#[derive(Debug)]
pub struct Introduced {
    /// None: it knows no better than we do.
    pub ends: Option<Ends>,
    /// What came with the header, of a raw connection whose application does not read yet.
    pub unread: Vec<u8>,
}

/// The two ends that were told.
#[derive(Debug)]
pub struct Ends {
    pub source: Address,
    pub destination: Address,
}

impl Proxies {
    /// `trusted`: networks as `10.0.0.0/8`.
    pub fn new(trusted: &[String], timeout: u32) -> Result<Self, Error> {
        let networks = trusted.iter().map(|network| network.parse());
        let trusted = networks.collect::<Result<_, _>>();
        let trusted = trusted.map_err(|_| Error::Argument("proxyProtocol.trust"))?;
        Ok(Self { trusted, timeout })
    }

    /// Who may connect to a path, the file says.
    pub fn trusts(&self, peer: &Address) -> bool {
        match peer {
            Address::Path(_) => true,
            Address::Ip(address) => {
                let ip: IpAddr = address.ip().to_canonical();
                self.trusted.iter().any(|network| network.contains(&ip))
            }
        }
    }

    pub fn begin(&self, now: u64) -> Protocol {
        let introduction = Introduction { bytes: Vec::new(), since: now, timeout: self.timeout };
        Protocol::Proxy(Box::new(introduction))
    }
}

impl Introduction {
    pub fn deadline(&self) -> Option<u64> {
        (self.timeout != 0).then(|| self.since + u64::from(self.timeout))
    }
}

impl From<Told> for Ends {
    fn from(Told { source, destination }: Told) -> Self {
        let address = |end| match end {
            End::Ip(address) => Address::Ip(address),
            End::Path(path) => Address::Path(path),
        };
        Self { source: address(source), destination: address(destination) }
    }
}

/// Bytes came. Those behind the header are the client's.
pub fn received(key: ConnectionKey, bytes: &[u8]) {
    let Some(waiting) = with(|runtime| runtime.take_introduction(key)).flatten() else { return };
    if waiting.is_empty() {
        return read(key, bytes);
    }
    read(key, &[&waiting, bytes].concat());
}

fn read(key: ConnectionKey, bytes: &[u8]) {
    match proxy_protocol::parse(bytes) {
        Ok(None) => {
            with(|runtime| runtime.keep_introduction(key, bytes));
        }
        Err(fault) => refuse(key, code_of(fault)),
        Ok(Some(Header { length, told })) => {
            let hooks = with(|runtime| runtime.introduce(key, length, told)).flatten();
            if let Some(Hooks::Raw(hooks)) = &hooks
                && let Ok(scope) = hooks.enter()
            {
                // What the hook throws has been reported as uncaught already.
                let _ = hooks.on_open(&scope, key.to_number());
            }
            let rest = &bytes[length..];
            match hooks {
                Some(Hooks::Raw(_)) if !rest.is_empty() => {
                    with(|runtime| runtime.keep_unread(key, rest));
                    raw::deliver_unread(key);
                }
                Some(Hooks::Http(_)) => exchange::received(key, rest),
                _ => {}
            }
            with(|runtime| runtime.settle(key));
        }
    }
}

/// The peer has ended its side without saying all of it; whoever only looked whether somebody
/// listens has said nothing at all.
pub fn ended(key: ConnectionKey) {
    let begun = with(|runtime| runtime.take_introduction(key)).flatten();
    match begun {
        Some(bytes) if !bytes.is_empty() => refuse(key, code_of(Fault::Malformed)),
        _ => {
            with(|runtime| runtime.remove(key, None));
        }
    }
}

/// The time is over.
pub fn time_out(key: ConnectionKey) {
    refuse(key, TIMEOUT);
}

fn refuse(key: ConnectionKey, code: &'static str) {
    with(|runtime| {
        if let Some(connection) = runtime.connections.get(key) {
            runtime.count_refusal(connection.listener, code);
        }
        runtime.remove(key, None);
    });
}

fn code_of(fault: Fault) -> &'static str {
    match fault {
        Fault::Missing => "PROXY_HEADER_MISSING",
        Fault::Malformed => "PROXY_HEADER_MALFORMED",
        Fault::TooLong => "PROXY_HEADER_TOO_LONG",
    }
}

impl Runtime {
    /// Closes the connection of a peer that may not say where others come from.
    pub fn turn_stranger_away(&mut self, key: ConnectionKey, listener: ListenerKey) {
        self.count_refusal(listener, UNTRUSTED);
        self.remove(key, None);
    }

    fn count_refusal(&mut self, listener: ListenerKey, code: &'static str) {
        if let Some(listener) = self.listeners.get_mut(listener) {
            *listener.stats.refusals.entry(code).or_default() += 1;
        }
    }

    fn take_introduction(&mut self, key: ConnectionKey) -> Option<Vec<u8>> {
        self.connections.get_mut(key)?.introduction().map(|found| std::mem::take(&mut found.bytes))
    }

    fn keep_introduction(&mut self, key: ConnectionKey, bytes: &[u8]) -> Option<()> {
        self.connections.get_mut(key)?.introduction()?.bytes.extend_from_slice(bytes);
        Some(())
    }

    /// What came with the header of a raw connection.
    fn keep_unread(&mut self, key: ConnectionKey, bytes: &[u8]) -> Option<()> {
        self.connections.get_mut(key)?.raw()?.introduced.as_mut()?.unread = bytes.to_vec();
        Some(())
    }

    /// From now on the connection is the client's, and its clock starts.
    fn introduce(
        &mut self,
        key: ConnectionKey,
        length: usize,
        told: Option<Told>,
    ) -> Option<Hooks> {
        let now = self.now();
        let Self { connections, listeners, .. } = self;
        let connection = connections.get_mut(key)?;
        connection.introduction()?;
        let listener = listeners.get_mut(connection.listener)?;
        listener.stats.bytes_read += length as u64;
        let introduced = Introduced { ends: told.map(Ends::from), unread: Vec::new() };
        connection.protocol = new_protocol(&connection.stream, listener, now, Some(introduced));
        self.tell_connection(key);
        self.hooks_of(key)
    }
}

impl Connection {
    fn introduction(&mut self) -> Option<&mut Introduction> {
        match &mut self.protocol {
            Protocol::Proxy(introduction) => Some(introduction),
            _ => None,
        }
    }
}

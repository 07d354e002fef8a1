//! What a proxy says ahead of the client's bytes about where they come from: HAProxy's PROXY
//! protocol, versions 1 and 2 (<https://www.haproxy.org/download/2.9/doc/proxy-protocol.txt>).
//!
//! Where a header ends is found out here, within bounds; `ppp` reads what is in it once it is
//! whole. No socket, no clock.

#![forbid(unsafe_code)]

use std::net::SocketAddr;

use ppp::{v1, v2};

/// The longest header that is accepted. Of version 2 there may be 64 KiB, for extensions that
/// nobody sends in full; other servers stop here, too.
pub const MAX_HEADER: usize = 4096;

/// The longest header of version 1, its line end included.
const MAX_LINE: usize = 107;

const LINE_START: &[u8] = b"PROXY ";
/// The connection is the proxy's own, or it does not know whose; the rest says nothing.
const UNKNOWN: &[u8] = b"PROXY UNKNOWN";
const LINE_END: &[u8] = b"\r\n";

const SIGNATURE: &[u8] = v2::PROTOCOL_PREFIX;
/// Signature, version and command, family and protocol, length of what follows.
const FIXED: usize = 16;
const VERSION_2: u8 = 0x20;
const LOCAL: u8 = 0x00;
const PROXY: u8 = 0x01;

/// One end of the connection that a proxy passes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    Ip(SocketAddr),
    /// A Unix domain socket's; empty where it has no name.
    Path(Box<str>),
}

/// The connection between the client and the proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    pub source: End,
    pub destination: End,
}

/// A header that is there as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// How many bytes it has. The client's follow.
    pub length: usize,
    /// None: the proxy speaks for itself (to see whether we live), or knows no better than we do.
    pub told: Option<Told>,
}

/// Why the bytes are no header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("the connection does not begin with a PROXY header")]
    Missing,
    #[error("the PROXY header is malformed")]
    Malformed,
    #[error("the PROXY header is too long")]
    TooLong,
}

/// Reads the header that the bytes begin with; None: more of them are needed. No more than
/// [`MAX_HEADER`] ever are.
pub fn parse(bytes: &[u8]) -> Result<Option<Header>, Fault> {
    if begins_like(bytes, SIGNATURE) {
        parse_binary(bytes)
    } else if begins_like(bytes, LINE_START) {
        parse_line(bytes)
    } else {
        Err(Fault::Missing)
    }
}

/// As far as there are bytes, they are those of `start`.
fn begins_like(bytes: &[u8], start: &[u8]) -> bool {
    let length = bytes.len().min(start.len());
    bytes[..length] == start[..length]
}

fn parse_line(bytes: &[u8]) -> Result<Option<Header>, Fault> {
    let within = &bytes[..bytes.len().min(MAX_LINE)];
    let Some(end) = within.windows(LINE_END.len()).position(|pair| pair == LINE_END) else {
        return if within.len() == MAX_LINE { Err(Fault::TooLong) } else { Ok(None) };
    };
    let length = end + LINE_END.len();
    if is_unknown(&bytes[..end]) {
        return Ok(Some(Header { length, told: None }));
    }
    // Numbers with a sign are none.
    if bytes[..end].contains(&b'+') {
        return Err(Fault::Malformed);
    }
    let header = v1::Header::try_from(&bytes[..length]).map_err(|_| Fault::Malformed)?;
    let told = match header.addresses {
        v1::Addresses::Tcp4(ends) => told(
            (ends.source_address, ends.source_port),
            (ends.destination_address, ends.destination_port),
        ),
        v1::Addresses::Tcp6(ends) => told(
            (ends.source_address, ends.source_port),
            (ends.destination_address, ends.destination_port),
        ),
        v1::Addresses::Unknown => return Err(Fault::Malformed),
    };
    Ok(Some(Header { length, told: Some(told) }))
}

/// Whatever stands behind that word is to be ignored.
fn is_unknown(line: &[u8]) -> bool {
    let rest = line.strip_prefix(UNKNOWN);
    rest.is_some_and(|rest| matches!(rest.first(), None | Some(b' ')))
}

fn parse_binary(bytes: &[u8]) -> Result<Option<Header>, Fault> {
    let Some(fixed) = bytes.get(..FIXED) else { return Ok(None) };
    let command = match fixed[12] ^ VERSION_2 {
        command @ (LOCAL | PROXY) => command,
        _ => return Err(Fault::Malformed),
    };
    let length = FIXED + usize::from(u16::from_be_bytes([fixed[14], fixed[15]]));
    if length > MAX_HEADER {
        return Err(Fault::TooLong);
    }
    let Some(whole) = bytes.get(..length) else { return Ok(None) };
    if command == LOCAL {
        // Whatever the family, and whatever follows.
        return Ok(Some(Header { length, told: None }));
    }
    let header = v2::Header::try_from(whole).map_err(|_| Fault::Malformed)?;
    // Of datagrams nothing is known that could be true of this connection.
    let told = if header.protocol == v2::Protocol::Stream { ends_of(&header) } else { None };
    Ok(Some(Header { length, told }))
}

fn ends_of(header: &v2::Header<'_>) -> Option<Told> {
    match &header.addresses {
        v2::Addresses::Unspecified => None,
        v2::Addresses::IPv4(ends) => Some(told(
            (ends.source_address, ends.source_port),
            (ends.destination_address, ends.destination_port),
        )),
        v2::Addresses::IPv6(ends) => Some(told(
            (ends.source_address, ends.source_port),
            (ends.destination_address, ends.destination_port),
        )),
        v2::Addresses::Unix(ends) => {
            Some(Told { source: path(&ends.source), destination: path(&ends.destination) })
        }
    }
}

fn told(source: impl Into<SocketAddr>, destination: impl Into<SocketAddr>) -> Told {
    Told { source: End::Ip(source.into()), destination: End::Ip(destination.into()) }
}

/// The name ends at the first NUL, if there is one.
fn path(bytes: &[u8]) -> End {
    let name = bytes.split(|&byte| byte == 0).next().unwrap_or_default();
    End::Path(String::from_utf8_lossy(name).into())
}

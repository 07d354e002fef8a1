//! Any bytes at the beginning of a connection: no panic, one outcome in whatever pieces they come,
//! within the bounds, and nothing told that does not stand there.

use std::net::{IpAddr, SocketAddr};

use proxy_protocol::{End, Fault, Header, MAX_HEADER, Told, parse};

pub fn run(bytes: &[u8]) {
    let whole = parse(bytes);
    assert_eq!(outcome(bytes), whole, "{}", bytes.escape_ascii());
    let Ok(Some(Header { length, told })) = &whole else { return };
    assert!(*length <= bytes.len().min(MAX_HEADER));
    let header = &bytes[..*length];
    // Nothing behind the header has a say.
    assert_eq!(parse(header), whole);
    assert_eq!(parse(&header[..length - 1]), Ok(None));
    match told {
        Some(told) if header.starts_with(b"PROXY ") => check_line(header, told),
        Some(told) => check_binary(header, told),
        None => {}
    }
}

/// What comes of the bytes when they arrive one by one, as a server would go about it.
fn outcome(bytes: &[u8]) -> Result<Option<Header>, Fault> {
    for length in 1..=bytes.len() {
        match parse(&bytes[..length]) {
            Ok(None) => assert!(length < MAX_HEADER, "{length} bytes are not enough"),
            found => return found,
        }
    }
    Ok(None)
}

/// Version 1 has one way to write an IPv4 address and a port; of IPv6 there are several.
fn check_line(header: &[u8], told: &Told) {
    let text = std::str::from_utf8(header).expect("a line with addresses is ASCII");
    let words: Vec<&str> = text.trim_end_matches("\r\n").split(' ').collect();
    let (End::Ip(source), End::Ip(destination)) = (&told.source, &told.destination) else {
        panic!("a path in {text}")
    };
    assert_eq!(words.len(), 6, "{text}");
    assert_eq!(words[1], if source.is_ipv4() { "TCP4" } else { "TCP6" });
    for (end, ip, port) in [(source, words[2], words[4]), (destination, words[3], words[5])] {
        assert_eq!(end.port().to_string(), port, "{text}");
        match end {
            SocketAddr::V4(end) => assert_eq!(end.ip().to_string(), ip, "{text}"),
            SocketAddr::V6(end) => assert_eq!(Ok(*end.ip()), ip.parse(), "{text}"),
        }
    }
}

/// Version 2 has each address in its place.
fn check_binary(header: &[u8], told: &Told) {
    assert_eq!(header[12], 0x21);
    let places = match header[13] {
        0x11 => [(16, 24), (20, 26)],
        0x21 => [(16, 48), (32, 50)],
        0x31 => [(16, 0), (124, 0)],
        other => panic!("addresses of the family {other:#x}"),
    };
    for (end, (start, port)) in [&told.source, &told.destination].into_iter().zip(places) {
        let rest = &header[start..];
        match end {
            End::Ip(end) => {
                assert_eq!(end.port().to_be_bytes(), header[port..port + 2]);
                let is_there = match end.ip() {
                    IpAddr::V4(ip) => rest.starts_with(&ip.octets()),
                    IpAddr::V6(ip) => rest.starts_with(&ip.octets()),
                };
                assert!(is_there, "{end} in {}", header.escape_ascii());
            }
            End::Path(path) => {
                let name = rest[..108].split(|&byte| byte == 0).next().unwrap();
                assert_eq!(**path, *String::from_utf8_lossy(name));
            }
        }
    }
}

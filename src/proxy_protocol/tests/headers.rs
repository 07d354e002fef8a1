//! What headers say, and what is none.

use std::net::SocketAddr;

use ppp::v2::{Builder, Command, Protocol, Type, Version};
use proxy_protocol::{End, Fault, Header, MAX_HEADER, Told, parse};

fn ends(source: &str, destination: &str) -> Option<Told> {
    let ip = |text: &str| End::Ip(text.parse().unwrap());
    Some(Told { source: ip(source), destination: ip(destination) })
}

/// The header is that long and says this, alone and with more behind it; less of it is not enough.
fn assert_says(bytes: &[u8], told: Option<Told>) {
    let expected = Ok(Some(Header { length: bytes.len(), told }));
    assert_eq!(parse(bytes), expected, "{}", bytes.escape_ascii());
    for behind in [&b"GET / HTTP/1.1\r\n\r\n"[..], b"\r\n", b"PROXY UNKNOWN\r\n", b"\0", bytes] {
        assert_eq!(parse(&[bytes, behind].concat()), expected, "{}", bytes.escape_ascii());
    }
    for length in 0..bytes.len() {
        assert_eq!(parse(&bytes[..length]), Ok(None), "{length} of {}", bytes.escape_ascii());
    }
}

/// The bytes are no header, whatever comes behind them; nor is the first part of them a whole one.
fn assert_refused(bytes: &[u8], fault: Fault) {
    for behind in [&b""[..], b"\r\n", b"GET / HTTP/1.1\r\nhost: a\r\n\r\n"] {
        let found = parse(&[bytes, behind].concat());
        assert_eq!(found, Err(fault), "{}", bytes.escape_ascii());
    }
    for length in 0..bytes.len() {
        let found = parse(&bytes[..length]);
        assert!(matches!(found, Ok(None) | Err(_)), "{length} of {}", bytes.escape_ascii());
    }
}

#[test]
fn version_1_tells_both_ends() {
    let told = ends("1.2.3.4:5", "6.7.8.9:10");
    assert_says(b"PROXY TCP4 1.2.3.4 6.7.8.9 5 10\r\n", told);
    let told = ends("255.255.255.255:65535", "0.0.0.0:0");
    assert_says(b"PROXY TCP4 255.255.255.255 0.0.0.0 65535 0\r\n", told);
    let told = ends("[2001:db8::1]:443", "[::1]:80");
    assert_says(b"PROXY TCP6 2001:db8::1 ::1 443 80\r\n", told);
    let long = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
    let end = format!("[{long}]:65535");
    let line = format!("PROXY TCP6 {long} {long} 65535 65535\r\n");
    assert_says(line.as_bytes(), ends(&end, &end));
}

#[test]
fn version_1_may_know_nothing() {
    assert_says(b"PROXY UNKNOWN\r\n", None);
    assert_says(b"PROXY UNKNOWN \r\n", None);
    assert_says(b"PROXY UNKNOWN and whatever follows, \xff too + more\r\n", None);
    let long = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
    let longest = format!("PROXY UNKNOWN {long} {long} 65535 65535\r\n");
    assert_eq!(longest.len(), 107);
    assert_says(longest.as_bytes(), None);
}

#[test]
fn version_1_is_taken_strictly() {
    for line in [
        "PROXY \r\n",
        "PROXY TCP4\r\n",
        "PROXY TCP4 \r\n",
        "PROXY TCP5 1.2.3.4 6.7.8.9 5 10\r\n",
        "PROXY tcp4 1.2.3.4 6.7.8.9 5 10\r\n",
        "PROXY UNKNOWNS\r\n",
        "PROXY unknown\r\n",
        "PROXY UDP4 1.2.3.4 6.7.8.9 5 10\r\n",
        "PROXY  TCP4 1.2.3.4 6.7.8.9 5 10\r\n",
        "PROXY TCP4  1.2.3.4 6.7.8.9 5 10\r\n",
        "PROXY TCP4 1.2.3.4 6.7.8.9 5  10\r\n",
        "PROXY TCP4 1.2.3.4 6.7.8.9 5 10 \r\n",
        "PROXY TCP4 1.2.3.4 6.7.8.9 5 10 11\r\n",
        "PROXY TCP4 1.2.3.4 6.7.8.9 5\r\n",
        "PROXY TCP4 1.2.3.4 6.7.8.9 5 \r\n",
        "PROXY TCP4 1.2.3 6.7.8.9 5 10\r\n",
        "PROXY TCP4 1.2.3.256 6.7.8.9 5 10\r\n",
        "PROXY TCP4 01.2.3.4 6.7.8.9 5 10\r\n",
        "PROXY TCP4 1.2.3.4 6.7.8.9 5 65536\r\n",
        "PROXY TCP4 1.2.3.4 6.7.8.9 -5 10\r\n",
        "PROXY TCP4 1.2.3.4 6.7.8.9 +5 10\r\n",
        "PROXY TCP4 1.2.3.4 6.7.8.9 05 10\r\n",
        "PROXY TCP4 1.2.3.4 6.7.8.9 0x5 10\r\n",
        "PROXY TCP4 ::1 ::1 5 10\r\n",
        "PROXY TCP6 1.2.3.4 6.7.8.9 5 10\r\n",
        "PROXY TCP6 fe80::1%lo ::1 5 10\r\n",
        "PROXY TCP6 [::1] ::1 5 10\r\n",
        "PROXY TCP4 1.2.3.4 6.7.8.9\t5 10\r\n",
        "PROXY TCP4 1.2.3.4 6.7.8.9 5\r10\r\n",
        "PROXY TCP4 1.2.3.4 6.7.8.9 5 10\n\r\n",
        "PROXY TCP4 1.2.3.4 6.7.8.9 5\0 10\r\n",
        "PROXY TCP4 1.2.3.4 6.7.8.9 5 \u{661}\r\n",
    ] {
        assert_refused(line.as_bytes(), Fault::Malformed);
    }
    for line in ["GET / HTTP/1.1\r\n", "PROXIED\r\n", "proxy TCP4", " PROXY ", "PROXY\tUNKNOWN\r\n"]
    {
        assert_refused(line.as_bytes(), Fault::Missing);
    }
    assert_refused(format!("PROXY UNKNOWN {}", "x".repeat(93)).as_bytes(), Fault::TooLong);
    assert_refused(format!("PROXY TCP4 {}", "1".repeat(96)).as_bytes(), Fault::TooLong);
}

/// A header of version 2 by its parts.
fn binary(version_command: u8, family: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len()).unwrap().to_be_bytes();
    [b"\r\n\r\n\0\r\nQUIT\n", &[version_command, family][..], &length, payload].concat()
}

fn built(source: &str, destination: &str, extension: &[u8]) -> Vec<u8> {
    let ends: [SocketAddr; 2] = [source.parse().unwrap(), destination.parse().unwrap()];
    let command = Version::Two | Command::Proxy;
    Builder::with_addresses(command, Protocol::Stream, (ends[0], ends[1]))
        .write_tlv(Type::NoOp, extension)
        .and_then(Builder::build)
        .unwrap()
}

#[test]
fn version_2_tells_both_ends() {
    for extension in [&b""[..], b"1", &[b'x'; 3000]] {
        for (source, destination) in
            [("1.2.3.4:5", "6.7.8.9:10"), ("[2001:db8::1]:65535", "[::1]:0")]
        {
            let header = built(source, destination, extension);
            let expected = Some(Header { length: header.len(), told: ends(source, destination) });
            assert_eq!(parse(&header), Ok(expected));
        }
    }
    assert_says(&built("1.2.3.4:5", "6.7.8.9:10", b"padding"), ends("1.2.3.4:5", "6.7.8.9:10"));
}

#[test]
fn version_2_tells_paths() {
    let mut payload = [0; 216];
    payload[..6].copy_from_slice(b"/a/b c");
    payload[108..].fill(b'x');
    let told =
        Told { source: End::Path("/a/b c".into()), destination: End::Path("x".repeat(108).into()) };
    assert_says(&binary(0x21, 0x31, &payload), Some(told));
}

#[test]
fn version_2_may_know_nothing() {
    // LOCAL, with whatever else it has.
    for family in [0x00, 0x11, 0x21, 0x31, 0xff] {
        assert_says(&binary(0x20, family, b""), None);
        assert_says(&binary(0x20, family, &[7; 40]), None);
    }
    // No family, or a kind of connection that this is not.
    assert_says(&binary(0x21, 0x00, b""), None);
    assert_says(&binary(0x21, 0x00, &[7; 12]), None);
    assert_says(&binary(0x21, 0x12, &[7; 12]), None);
    assert_says(&binary(0x21, 0x22, &[7; 36]), None);
}

#[test]
fn version_2_is_taken_strictly() {
    for (version_command, family, length) in [
        (0x01, 0x11, 12),
        (0x11, 0x11, 12),
        (0x31, 0x11, 12),
        (0x22, 0x11, 12),
        (0x2f, 0x11, 12),
        (0x21, 0x41, 216),
        (0x21, 0x13, 12),
        (0x21, 0x11, 11),
        (0x21, 0x21, 35),
        (0x21, 0x31, 215),
    ] {
        let header = binary(version_command, family, &vec![1; length]);
        assert_refused(&header, Fault::Malformed);
    }
    let longest = binary(0x21, 0x11, &vec![1; MAX_HEADER - 16]);
    assert_eq!(parse(&longest).unwrap().unwrap().length, MAX_HEADER);
    assert_refused(&binary(0x21, 0x11, &vec![1; MAX_HEADER - 15]), Fault::TooLong);
    assert_refused(&binary(0x20, 0x00, &vec![1; usize::from(u16::MAX)])[..16], Fault::TooLong);
    assert_refused(b"\r\n\r\n\0\r\nQUIT\r", Fault::Missing);
    assert_refused(b"\r\n\r\nGET / HTTP/1.1\r\n", Fault::Missing);
}

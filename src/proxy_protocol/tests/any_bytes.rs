//! Whatever comes, in whatever pieces: no panic, one and the same outcome, within the bounds.

use proptest::prelude::*;
use proxy_protocol::{Fault, Header, MAX_HEADER, parse};

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

fn check(bytes: &[u8]) {
    let whole = parse(bytes);
    assert_eq!(outcome(bytes), whole, "{}", bytes.escape_ascii());
    if let Ok(Some(Header { length, .. })) = whole {
        assert!(length <= bytes.len().min(MAX_HEADER));
        // Nothing behind the header has a say.
        assert_eq!(parse(&bytes[..length]), whole);
        assert_eq!(parse(&bytes[..length - 1]), Ok(None));
    }
}

fn seeds() -> impl Strategy<Value = Vec<u8>> {
    let signature = b"\r\n\r\n\0\r\nQUIT\n";
    prop_oneof![
        Just(b"PROXY TCP4 1.2.3.4 255.6.7.8 65535 10\r\nGET / HTTP/1.1\r\n\r\n".to_vec()),
        Just(b"PROXY TCP6 2001:db8::1 ::ffff:1.2.3.4 1 2\r\nGET / HTTP/1.1\r\n\r\n".to_vec()),
        Just(b"PROXY UNKNOWN a b c\r\nGET / HTTP/1.1\r\n\r\n".to_vec()),
        Just(
            [
                signature,
                &b"\x21\x11\0\x10\x01\x02\x03\x04\x05\x06\x07\x08\0\x50\x01\xbb"[..],
                b"\x04\0\x01xGET / HTTP/1.1\r\n\r\n"
            ]
            .concat()
        ),
        Just([signature, &b"\x21\x21\0\x24"[..], &[9; 36], b"GET /"].concat()),
        Just([signature, &b"\x21\x31\0\xd8"[..], &[b'/'; 216], b"GET /"].concat()),
        Just([signature, &b"\x20\0\0\0GET /"[..]].concat()),
    ]
}

proptest! {
    #[test]
    fn noise(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        check(&bytes);
    }

    #[test]
    fn mutations(
        seed in seeds(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4), 0..6),
    ) {
        let mut bytes = seed;
        for (at, value, kind) in changes {
            let at = at.index(bytes.len().max(1));
            match kind {
                0 => bytes.insert(at, value),
                1 if bytes.len() > at => { bytes.remove(at); }
                2 if bytes.len() > at => bytes[at] ^= 1 << (value % 8),
                _ if bytes.len() > at => bytes[at] = value,
                _ => {}
            }
        }
        check(&bytes);
    }
}

//! Whatever comes, in whatever pieces: what the fuzz target asserts of any bytes.

#[path = "../../../fuzz/src/proxy_header.rs"]
mod proxy_header;

use proptest::prelude::*;

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
        proxy_header::run(&bytes);
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
        proxy_header::run(&bytes);
    }
}

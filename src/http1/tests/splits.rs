//! The same bytes mean the same in every split, whatever they are; and nothing panics.

mod common;

use common::{Peer, decode_all_ways, decode_pieces, latin1};
use http1::{Config, Event, Limits, OutgoingBody};
use proptest::prelude::*;

/// Parts of requests, good and bad, and of what attackers make of them.
const PARTS: &[&[u8]] = &[
    b"GET / HTTP/1.1\r\n",
    b"POST /a HTTP/1.1\r\n",
    b"GET /{} HTTP/1.0\r\n",
    b"X * HTTP/1.1\r\n",
    b"CONNECT a:1 HTTP/1.1\r\n",
    b"PRI * HTTP/2.0\r\n",
    b"GET ",
    b"/",
    b" HTTP/1.1",
    b"Host: a\r\n",
    b"host:b:80\r\n",
    b"Content-Length: 3\r\n",
    b"Content-Length: 10\r\n",
    b"Content-Length: x\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Transfer-Encoding: gzip, chunked\r\n",
    b"Upgrade: h2c\r\n",
    b"Connection: upgrade, close\r\n",
    b"Connection: ,\r\n",
    b"Trailer:\r\n",
    b"Expect: 100-continue\r\n",
    b"x: y\r\n",
    b"a:\r\n",
    b" folded\r\n",
    b"\r\n",
    b"\r\n\r\n",
    b"\r",
    b"\n",
    b"\0",
    b" ",
    b"\t",
    b":",
    b";",
    b"3\r\nabc\r\n",
    b"3;a=b\r\nabc\r\n",
    b"0\r\n",
    b"0\r\n\r\n",
    b"a\r\n",
    b"ffffffffffffffff\r\n",
    b";a \r\n",
    b"abc",
    b"\xff",
    b"\"",
];

/// Mostly requests that can be read to their end.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        9 => prop::sample::select(PARTS).prop_map(<[u8]>::to_vec),
        1 => prop::collection::vec(any::<u8>(), 0..4),
    ];
    let good = prop::sample::select(vec![
        &b"GET / HTTP/1.1\r\nHost: a\r\n"[..],
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
        b"",
    ]);
    let message = (good, prop::collection::vec(part, 0..6))
        .prop_map(|(start, parts)| [start, &parts.concat()].concat());
    prop::collection::vec(message, 1..4).prop_map(|messages| messages.concat())
}

fn limits() -> impl Strategy<Value = Limits> {
    (prop_oneof![Just(60), Just(100), Just(16_384)], prop_oneof![Just(3), Just(200)]).prop_map(
        |(max_header_size, max_headers_count)| Limits {
            max_header_size,
            max_headers_count,
            ..Limits::default()
        },
    )
}

/// What a connection answers when every request is answered at once, its body unread or read.
fn serve(pieces: &[&[u8]], reads: bool) -> (Vec<String>, String) {
    let mut peer = Peer::new(Config::default());
    let mut heads = Vec::new();
    for piece in pieces {
        peer.receive(piece);
        while let Some(event) = peer.next() {
            if let Event::Request(_) = event {
                heads.push(peer.head());
                if reads {
                    peer.want_body();
                }
            }
            let is_ready = !reads || peer.connection.body_complete();
            if peer.connection.exchange_open() && is_ready {
                peer.connection.take_body();
                let _ = peer.send(200, "", OutgoingBody::None).unwrap();
            }
        }
    }
    // Whether a client is told to go on depends on what it sent before.
    let answers = latin1(&peer.out).replace("HTTP/1.1 100 Continue\r\n\r\n", "");
    (heads, answers)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2_000,
        failure_persistence: None,
        ..Default::default()
    })]

    #[test]
    fn every_split_means_the_same(
        input in stream(),
        limits in limits(),
        cuts in prop::collection::vec(1usize..40, 0..20),
    ) {
        let whole = decode_all_ways(&limits, &input);
        let mut pieces = Vec::new();
        let mut rest = &input[..];
        for cut in cuts {
            let (piece, behind) = rest.split_at(cut.min(rest.len()));
            pieces.push(piece);
            rest = behind;
        }
        pieces.push(rest);
        prop_assert_eq!(decode_pieces(&limits, pieces), whole);
    }

    #[test]
    fn a_connection_answers_the_same(input in stream(), size in 1usize..50) {
        let pieces: Vec<&[u8]> = input.chunks(size).collect();
        let (_, whole) = serve(&[&input], true);
        let (_, split) = serve(&pieces, true);
        // A fault in a body that came with its head keeps the request from the application.
        prop_assert_eq!(&split, &whole);
        serve(&pieces, false);
    }

    #[test]
    fn nothing_panics(input in prop::collection::vec(any::<u8>(), 0..300)) {
        decode_all_ways(&Limits::default(), &input);
    }
}

//! Whatever is called in whatever order: nothing panics, no state is left that is not in the
//! table, and what goes out is well formed.

mod common;

use common::Peer;
use http1::{Config, DRAIN_LIMIT, Event, HIGH_WATER_MARK, Limits, OutgoingBody, Timeouts};
use proptest::prelude::*;

#[derive(Debug, Clone)]
enum Call {
    Receive(&'static str),
    ReceiveMuch(usize),
    Eof,
    Next,
    WantBody,
    TakeBody,
    DiscardBody,
    Send(u16, OutgoingBody, &'static str),
    Data(&'static str),
    End,
    Inform,
    BeginNext,
    Retire,
    Shutdown,
    Sent(usize),
    Wait(u64),
}

const INPUT: &[&str] = &[
    common::GET,
    "GET / HTTP/1.0\r\n\r\n",
    "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
    "5\r\nhello\r\n",
    "0\r\n\r\n",
    "hello",
    "GET / HT",
    "\r\n",
    "",
];

fn call() -> impl Strategy<Value = Call> {
    use Call::*;
    let body = prop::sample::select(vec![
        OutgoingBody::None,
        OutgoingBody::Full(0),
        OutgoingBody::Full(3),
        OutgoingBody::Stream(None),
        OutgoingBody::Stream(Some(3)),
    ]);
    let status = prop::sample::select(vec![100, 200, 204, 205, 304, 500, 600]);
    let headers = prop::sample::select(vec![
        "",
        "a: b\r\n",
        "connection: close\r\n",
        "content-length: 3\r\n",
        "bad header: x\r\n",
    ]);
    prop_oneof![
        8 => prop::sample::select(INPUT).prop_map(Receive),
        1 => (1usize..200_000).prop_map(ReceiveMuch),
        1 => Just(Eof),
        8 => Just(Next),
        2 => Just(WantBody),
        2 => Just(TakeBody),
        1 => Just(DiscardBody),
        6 => (status, body, headers)
            .prop_map(|(status, body, headers)| Send(status, body, headers)),
        3 => prop::sample::select(vec!["", "a", "abc", "abcd"]).prop_map(Data),
        3 => Just(End),
        1 => Just(Inform),
        1 => Just(BeginNext),
        1 => Just(Retire),
        1 => Just(Shutdown),
        1 => prop::sample::select(vec![0, 1, HIGH_WATER_MARK]).prop_map(Sent),
        1 => prop::sample::select(vec![1, 10, 100, 1_000]).prop_map(Wait),
    ]
}

fn perform(peer: &mut Peer, call: Call) -> Option<Event> {
    match call {
        Call::Receive(text) => peer.receive(text),
        Call::ReceiveMuch(len) => peer.receive(vec![b'x'; len]),
        Call::Eof => peer.eof(),
        Call::Next => return peer.next(),
        Call::WantBody => peer.want_body(),
        Call::TakeBody => drop(peer.connection.take_body()),
        Call::DiscardBody => peer.connection.discard_body(),
        Call::Send(status, body, headers) => {
            let before = peer.out.len();
            match (peer.send(status, headers, body), body) {
                (Ok(http1::BodyPlan::Send), OutgoingBody::Full(len)) => {
                    peer.out.extend(vec![b'x'; len as usize]);
                }
                (Ok(_), _) => {}
                (Err(_), _) => assert_eq!(peer.out.len(), before),
            }
        }
        Call::Data(text) => {
            let _ = peer.data(text);
        }
        Call::End => {
            let _ = peer.end();
        }
        Call::Inform => {
            let _ = peer.connection.send_informational(103, b"", 0, &mut peer.out);
        }
        Call::BeginNext => drop(peer.connection.begin_next(&mut peer.out)),
        Call::Retire => peer.connection.retire(),
        Call::Shutdown => peer.connection.begin_shutdown(),
        Call::Sent(pending) => peer.connection.note_sent(peer.now, pending),
        Call::Wait(time) => {
            peer.now += time;
            return peer.deadline();
        }
    }
    None
}

fn check(peer: &Peer, closed: bool) {
    let connection = &peer.connection;
    assert!(!(connection.is_idle() && connection.exchange_open()));
    assert!(!connection.body_done() || connection.body_complete());
    if closed {
        assert!(!connection.exchange_open() && !connection.is_idle());
        assert!(connection.body().is_empty());
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 1_000,
        failure_persistence: None,
        ..Default::default()
    })]

    #[test]
    fn any_order_of_calls_is_survived(calls in prop::collection::vec(call(), 0..60)) {
        let timeouts = Timeouts { headers: 50, receive: 50, send: 50, idle: 50 };
        let limits = Limits { max_request_body_size: DRAIN_LIMIT * 4, ..Limits::default() };
        let mut peer = Peer::new(Config { timeouts, limits, ..Config::default() });
        let mut closed = false;
        for call in calls {
            let event = perform(&mut peer, call);
            if closed {
                // A stalled flush may be given up, once more.
                let is_close = matches!(event, None | Some(Event::Close { .. }));
                prop_assert!(is_close);
            }
            closed |= matches!(event, Some(Event::Close { .. }));
            check(&peer, closed);
        }
        // Every answer has its length, once, or none.
        for head in common::latin1(&peer.out).split("HTTP/1.1 ").skip(1) {
            let head = head.split("\r\n\r\n").next().unwrap();
            let lengths = head.matches("content-length:").count();
            prop_assert!(lengths + head.matches("transfer-encoding:").count() <= 1, "{}", head);
        }
    }
}

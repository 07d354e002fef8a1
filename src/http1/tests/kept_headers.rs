//! An answer with lines that were kept is the same as one whose lines are checked again, whatever
//! was asked and however the connection stands.

mod common;

use common::Peer;
use http1::{BodyPlan, Config, Event, KeptHeaders, Limits, OutgoingBody, SendError};
use proptest::prelude::*;

const REQUESTS: &[&str] = &[
    common::GET,
    "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    "GET / HTTP/1.0\r\n\r\n",
    "HEAD / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab",
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999\r\n\r\n",
];

const LINES: &[&str] = &[
    "a: b\r\n",
    "Set-Cookie: a=1\r\n",
    "set-cookie: b=2; path=/\r\n",
    "x-empty:\r\n",
    "x-latin: \u{e9}\r\n",
    "date: then\r\n",
    "Connection: x, Close\r\n",
    "connection: keep-alive\r\n",
    "keep-alive: timeout=5\r\n",
    "Upgrade: h2c\r\n",
    "proxy-connection: close\r\n",
    "transfer-encoding: chunked\r\n",
    "Content-Length: 3\r\n",
    "content-length: x\r\n",
    "bad name: x\r\n",
    "x: a\rb\r\n",
    "no end: x",
];

/// How many of `LINES` are wrong by themselves.
const WRONG: usize = 4;

/// What was asked, and all else that an answer depends on.
#[derive(Debug, Clone)]
struct Scene {
    request: &'static str,
    another_waits: bool,
    last: bool,
    shutdown: bool,
    eof: bool,
    begun: bool,
    informed: bool,
}

fn scene() -> impl Strategy<Value = Scene> {
    let flags = proptest::array::uniform6(any::<bool>());
    (prop::sample::select(REQUESTS), flags).prop_map(|(request, flags)| {
        let [another_waits, last, shutdown, eof, begun, informed] = flags;
        Scene { request, another_waits, last, shutdown, eof, begun, informed }
    })
}

/// Lines that are right by themselves more often than not, and how many there are said to be.
fn lines() -> impl Strategy<Value = (String, u32)> {
    let right = prop::sample::select(&LINES[..LINES.len() - WRONG]);
    let any = prop_oneof![9 => right, 1 => prop::sample::select(LINES)];
    (prop::collection::vec(any, 0..6), prop::sample::select(vec![0u32, 0, 0, 0, 0, 1])).prop_map(
        |(lines, more)| {
            let count = lines.len() as u32 + more;
            (lines.concat(), count)
        },
    )
}

fn body() -> impl Strategy<Value = OutgoingBody> {
    prop::sample::select(vec![
        OutgoingBody::None,
        OutgoingBody::Full(0),
        OutgoingBody::Full(3),
        OutgoingBody::Stream(None),
        OutgoingBody::Stream(Some(3)),
    ])
}

impl Scene {
    fn open(&self) -> Peer {
        let limits =
            Limits { max_requests_per_connection: u32::from(self.last), ..Limits::default() };
        let mut peer = Peer::new(Config { limits, ..Config::default() });
        peer.receive(self.request);
        peer.request();
        if self.another_waits {
            peer.receive(common::GET);
        }
        if self.shutdown {
            peer.connection.begin_shutdown();
        }
        if self.eof {
            peer.eof();
        }
        if self.informed {
            let _ = peer.connection.send_informational(103, b"", 0, &mut peer.out);
        }
        if self.begun {
            peer.connection.begin_next(&mut peer.out);
        }
        peer
    }
}

/// What the connection goes on with behind the head.
fn rest(peer: &mut Peer, body: OutgoingBody, plan: BodyPlan) -> Vec<Option<Event>> {
    match (body, plan) {
        (OutgoingBody::Full(len), BodyPlan::Send) => {
            peer.out.extend_from_slice(&b"xyz"[..len as usize]);
        }
        (OutgoingBody::Stream(_), _) => {
            let _ = peer.data("xyz");
            let _ = peer.end();
        }
        _ => {}
    }
    (0..4).map(|_| peer.next()).collect()
}

fn latin1(text: &str) -> Vec<u8> {
    text.chars().map(|char| char as u8).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn are_as_good_as_new(
        scene in scene(),
        status in prop_oneof![
            8 => prop::sample::select(vec![200, 201, 204, 205, 304, 426, 500, 599]),
            1 => any::<u16>(),
        ],
        (lines, count) in lines(),
        body in body(),
    ) {
        let text = latin1(&lines);
        let (mut new, mut kept) = (scene.open(), scene.open());
        let (engine, out) = (&new.engine, &mut new.out);
        let sent = new.connection.send_head(
            engine, status, b"", &text, count, body, out, new.now,
        );
        let (engine, out) = (&kept.engine, &mut kept.out);
        let again = KeptHeaders::new(&text, count).and_then(|headers| {
            kept.connection.send_kept_head(engine, status, &headers, body, out, kept.now)
        });
        // Which of two mistakes is told of first depends on when the lines are looked at.
        prop_assert_eq!(again.is_ok(), sent.is_ok(), "{:?}, {:?}", again, sent);
        prop_assert_eq!(&kept.out, &new.out, "kept, new");
        if let (Ok(sent), Ok(again)) = (sent, again) {
            prop_assert_eq!(again, sent);
            prop_assert_eq!(rest(&mut kept, body, again), rest(&mut new, body, sent));
            prop_assert_eq!(kept.out, new.out, "kept, new");
        }
    }
}

#[test]
fn what_is_wrong_is_not_kept() {
    let right = KeptHeaders::new(b"a: b\r\nc: d\r\n", 2).unwrap();
    assert!(!right.state_length());
    for line in &LINES[LINES.len() - WRONG..] {
        assert!(KeptHeaders::new(line.as_bytes(), 1).is_err(), "{line:?}");
    }
    let split = KeptHeaders::new(b"a: b\r\nc: d\r\n", 1);
    assert_eq!(split.unwrap_err(), SendError::InvalidHeaderValue);
}

#[test]
fn tell_that_they_state_a_length() {
    for (line, stated) in [("content-LENGTH: 0\r\n", true), ("content-lengths: 0\r\n", false)] {
        assert_eq!(KeptHeaders::new(line.as_bytes(), 1).unwrap().state_length(), stated);
    }
}

#[test]
fn go_out_any_number_of_times() {
    let headers = KeptHeaders::new(b"a: b\r\nupgrade: c\r\ndate: then\r\n", 3).unwrap();
    let mut peer = Peer::new(Config::default());
    for status in [200, 426, 200] {
        peer.receive(common::GET);
        peer.request();
        let (engine, out) = (&peer.engine, &mut peer.out);
        let plan = peer.connection.send_kept_head(
            engine,
            status,
            &headers,
            OutgoingBody::None,
            out,
            peer.now,
        );
        assert_eq!(plan, Ok(BodyPlan::Omit));
        let upgrade = if status == 426 { "upgrade: c\r\n" } else { "" };
        let ours = if status == 426 { "connection: upgrade\r\n" } else { "" };
        let written = peer.written();
        let lines = format!("\r\na: b\r\n{upgrade}date: then\r\n{ours}content-length: 0\r\n\r\n");
        assert!(written.ends_with(&lines), "{written}");
    }
}

//! A connection, exchange by exchange: requests in, answers out, in order.

mod common;

use common::{DATE, GET, Peer};
use http1::{
    BodyPlan, CloseReason, Config, Event, HIGH_WATER_MARK, Limits, OutgoingBody, SendError,
};

fn peer() -> Peer {
    Peer::new(Config::default())
}

fn get(peer: &mut Peer) {
    peer.receive(GET);
    peer.request();
}

fn close(reason: CloseReason, linger: bool) -> Option<Event> {
    Some(Event::Close { reason, linger })
}

#[test]
fn answers_one_request_after_the_other() {
    let mut peer = peer();
    for _ in 0..3 {
        get(&mut peer);
        assert_eq!(peer.head(), "GET /\nhost:a\n");
        assert!(peer.connection.exchange_open() && !peer.connection.response_started());
        peer.respond("x: y\r\n", "hi");
        assert!(!peer.connection.exchange_open());
        let answer = format!("HTTP/1.1 200 OK\r\nx: y\r\ncontent-length: 2\r\n{DATE}\r\nhi");
        assert_eq!(peer.written(), answer);
        assert_eq!(peer.next(), None);
        assert!(peer.connection.is_idle());
    }
}

#[test]
fn serves_pipelined_requests_one_at_a_time() {
    let requests: String = (0..20)
        .map(|n| format!("POST /{n} HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{n:02}"))
        .collect();
    for size in [1, 7, 50, requests.len()] {
        let mut peer = peer();
        let mut served = 0;
        for piece in requests.as_bytes().chunks(size) {
            peer.receive(piece);
            while let Some(event) = peer.next() {
                match event {
                    Event::Request(_) => {
                        assert!(peer.head().starts_with(&format!("POST /{served}\n")));
                        peer.want_body();
                    }
                    Event::Body => {}
                    other => panic!("{other:?}"),
                }
                if peer.connection.body_complete() && peer.connection.exchange_open() {
                    assert_eq!(peer.connection.take_body(), format!("{served:02}").as_bytes());
                    assert!(peer.connection.body_done());
                    peer.respond("", "ok");
                    served += 1;
                }
            }
        }
        assert_eq!(served, 20, "by {size}");
        assert_eq!(peer.written().matches("HTTP/1.1 200 OK").count(), 20);
        assert!(peer.connection.is_idle());
    }
}

#[test]
fn waits_with_the_next_request_and_stops_reading() {
    let mut peer = peer();
    get(&mut peer);
    while peer.connection.wants_read() {
        peer.receive(GET);
        assert_eq!(peer.next(), None);
    }
    peer.respond("", "");
    peer.request();
    // A client that does not take its answers is given no more of them.
    peer.respond("", "");
    peer.connection.note_sent(peer.now, HIGH_WATER_MARK);
    assert_eq!(peer.next(), None);
    peer.connection.note_sent(peer.now, 0);
    peer.request();
}

#[test]
fn closes_when_the_client_asks() {
    for (request, keep_alive) in [
        ("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "connection: close\r\n"),
        ("GET / HTTP/1.1\r\nHost: a\r\nConnection: x, CLOSE\r\n\r\n", "connection: close\r\n"),
        ("GET / HTTP/1.0\r\n\r\n", "connection: close\r\n"),
    ] {
        let mut peer = peer();
        peer.receive(request);
        assert!(!peer.request().keep_alive);
        peer.respond("", "");
        assert!(peer.written().contains(keep_alive));
        assert_eq!(peer.next(), close(CloseReason::ClientAsked, true));
        assert_eq!(peer.next(), None);
        peer.receive(GET);
        assert_eq!(peer.next(), None, "nothing is served behind a close");
    }
    let mut peer = peer();
    peer.receive("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nGET / HTTP/1.1\r\n");
    peer.request();
    peer.respond("", "");
    assert_eq!(peer.next(), close(CloseReason::ClientAsked, true));
}

#[test]
fn speaks_to_http10_clients() {
    let keep = "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
    let mut peer = peer();
    peer.receive(keep);
    peer.request();
    peer.respond("", "hi");
    let answer = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: keep-alive\r\n";
    assert_eq!(peer.written(), format!("{answer}{DATE}\r\nhi"));
    assert_eq!(peer.next(), None);
    peer.receive(keep);
    peer.request();
    let informed = peer.connection.send_informational(103, b"", 0, &mut peer.out);
    assert_eq!(informed, Ok(false));
    assert_eq!(peer.send(200, "", OutgoingBody::Stream(None)), Ok(BodyPlan::Send));
    assert_eq!(peer.data("abc"), Ok(BodyPlan::Send));
    peer.end().unwrap();
    assert_eq!(peer.written(), format!("HTTP/1.1 200 OK\r\nconnection: close\r\n{DATE}\r\nabc"));
    assert_eq!(peer.next(), close(CloseReason::CloseDelimited, true));
}

#[test]
fn streams_in_chunks() {
    let mut peer = peer();
    get(&mut peer);
    assert_eq!(peer.data("x"), Err(SendError::NotStarted));
    assert_eq!(peer.send(200, "", OutgoingBody::Stream(None)), Ok(BodyPlan::Send));
    assert!(peer.connection.response_started() && peer.connection.exchange_open());
    assert_eq!(peer.send(200, "", OutgoingBody::None), Err(SendError::AlreadyStarted));
    assert_eq!(peer.data("hello"), Ok(BodyPlan::Send));
    assert_eq!(peer.data(""), Ok(BodyPlan::Omit));
    assert_eq!(peer.data("0123456789abcdef"), Ok(BodyPlan::Send));
    let trailers = b"x-sum: 1\r\ncontent-length: 3\r\n";
    let bad = peer.connection.send_end(b"a: b\r\nc: d\r\n", 1, &mut peer.out, peer.now);
    assert_eq!(bad, Err(SendError::InvalidHeaderValue));
    peer.connection.send_end(trailers, 2, &mut peer.out, peer.now).unwrap();
    let body = "5\r\nhello\r\n10\r\n0123456789abcdef\r\n0\r\nx-sum: 1\r\n\r\n";
    let head = format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n{DATE}\r\n");
    assert_eq!(peer.written(), format!("{head}{body}"));
    assert_eq!(peer.next(), None);
    assert!(peer.connection.is_idle());
}

#[test]
fn keeps_a_declared_length() {
    let mut peer = peer();
    get(&mut peer);
    let plan = peer.send(200, "Content-Length: 5\r\n", OutgoingBody::Stream(None));
    assert_eq!(plan, Ok(BodyPlan::Send));
    let _ = peer.data("hel").unwrap();
    let _ = peer.data("lo").unwrap();
    peer.end().unwrap();
    let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n{DATE}\r\nhello");
    assert_eq!(peer.written(), answer);

    get(&mut peer);
    let _ = peer.send(200, "", OutgoingBody::Stream(Some(2))).unwrap();
    assert_eq!(peer.data("abc"), Err(SendError::BodyTooLong));
    assert_eq!(peer.data("abc"), Err(SendError::Closed));
    assert_eq!(peer.next(), close(CloseReason::AnswerFailed, true));

    let mut peer = Peer::new(Config::default());
    get(&mut peer);
    let _ = peer.send(200, "", OutgoingBody::Stream(Some(2))).unwrap();
    let _ = peer.data("a").unwrap();
    assert_eq!(peer.end(), Err(SendError::BodyTooShort));
    assert_eq!(peer.next(), close(CloseReason::AnswerFailed, true));
}

#[test]
fn answers_without_a_body_have_none() {
    let length_of = |request: &str, status: u16, headers: &str, body: OutgoingBody| {
        let mut peer = peer();
        peer.receive(request);
        peer.request();
        let plan = peer.send(status, headers, body).unwrap();
        assert_eq!(plan, BodyPlan::Omit, "{request} {status}");
        let streams = matches!(body, OutgoingBody::Stream(_));
        if streams {
            assert_eq!(peer.data("abc"), Ok(BodyPlan::Omit));
            peer.end().unwrap();
        }
        let text = peer.written();
        assert!(text.ends_with("\r\n\r\n"), "{text}");
        assert_eq!(peer.next(), None);
        assert!(peer.connection.is_idle());
        let line = |name: &str| {
            text.lines()
                .find_map(|line| line.strip_prefix(name))
                .map(|value| value.trim().to_owned())
        };
        line("content-length:").or(line("transfer-encoding:"))
    };
    let head = "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n";
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(length_of(head, 200, "", OutgoingBody::Full(5)), some("5"));
    assert_eq!(length_of(head, 200, "", OutgoingBody::None), some("0"));
    assert_eq!(length_of(head, 200, "content-length: 9\r\n", OutgoingBody::None), some("9"));
    assert_eq!(length_of(head, 200, "", OutgoingBody::Stream(None)), some("chunked"));
    assert_eq!(length_of(head, 200, "", OutgoingBody::Stream(Some(7))), some("7"));
    assert_eq!(length_of(GET, 204, "", OutgoingBody::None), None);
    assert_eq!(length_of(GET, 204, "content-length: 5\r\n", OutgoingBody::Full(5)), None);
    assert_eq!(length_of(GET, 204, "", OutgoingBody::Stream(None)), None);
    assert_eq!(length_of(GET, 304, "", OutgoingBody::Full(5)), None);
    assert_eq!(length_of(GET, 304, "content-length: 7\r\n", OutgoingBody::None), some("7"));
    assert_eq!(length_of(GET, 304, "", OutgoingBody::Stream(None)), None);
    assert_eq!(length_of(GET, 205, "", OutgoingBody::Full(3)), some("0"));
    assert_eq!(length_of(GET, 200, "", OutgoingBody::None), some("0"));
}

#[test]
fn refuses_bad_answers_and_takes_another() {
    let mut peer = peer();
    assert_eq!(peer.send(200, "", OutgoingBody::None), Err(SendError::NoRequest));
    get(&mut peer);
    for status in [0, 100, 101, 199, 600, 999] {
        assert_eq!(peer.send(status, "", OutgoingBody::None), Err(SendError::InvalidStatus));
    }
    for (headers, error) in [
        ("a b: c\r\n", SendError::InvalidHeaderName),
        ("a: \0\r\n", SendError::InvalidHeaderValue),
        ("content-length: 3\r\n", SendError::InvalidContentLength),
        ("content-length: x\r\n", SendError::InvalidContentLength),
    ] {
        assert_eq!(peer.send(200, headers, OutgoingBody::Full(2)), Err(error), "{headers:?}");
    }
    let (engine, out) = (&peer.engine, &mut peer.out);
    let smuggled = b"a: b\r\nset-cookie: evil\r\n";
    let body = OutgoingBody::None;
    let sent = peer.connection.send_head(engine, 200, b"", smuggled, 1, body, out, 0);
    assert_eq!(sent, Err(SendError::InvalidHeaderValue));
    let sent = peer.connection.send_head(engine, 200, b"a\r\nb", b"", 0, body, out, 0);
    assert_eq!(sent, Err(SendError::InvalidReason));
    assert_eq!(peer.written(), "", "nothing of them is written");
    let (engine, out) = (&peer.engine, &mut peer.out);
    let _ = peer.connection.send_head(engine, 500, b"Oh \xe4", b"", 0, body, out, 0).unwrap();
    let answer = format!("HTTP/1.1 500 Oh \u{e4}\r\ncontent-length: 0\r\n{DATE}\r\n");
    assert_eq!(peer.written(), answer);
    assert_eq!(peer.send(200, "", OutgoingBody::None), Err(SendError::NoRequest));
}

#[test]
fn says_what_is_ours_to_say() {
    let mut peer = peer();
    get(&mut peer);
    let headers = "Date: then\r\nConnection: x, Close\r\nTransfer-Encoding: gzip\r\n\
                   Keep-Alive: 5\r\nUpgrade: h2c\r\nset-cookie: a\r\nset-cookie: b\r\n";
    peer.respond(headers, "");
    let answer = "HTTP/1.1 200 OK\r\nDate: then\r\nset-cookie: a\r\nset-cookie: b\r\n\
                  content-length: 0\r\nconnection: close\r\n\r\n";
    assert_eq!(peer.written(), answer);
    assert_eq!(peer.next(), close(CloseReason::AppAsked, true));
}

#[test]
fn names_the_protocol_that_a_426_asks_for() {
    let mut peer = peer();
    get(&mut peer);
    let _ = peer.send(426, "Upgrade: HTTP/3.0\r\n", OutgoingBody::None).unwrap();
    let written = peer.written();
    assert!(written.contains("\r\nUpgrade: HTTP/3.0\r\n"), "{written}");
    assert!(written.contains("\r\nconnection: upgrade\r\n"), "{written}");
}

#[test]
fn sends_informational_answers() {
    let mut peer = peer();
    get(&mut peer);
    let out = &mut peer.out;
    let link = b"link: </a.css>\r\n";
    assert_eq!(peer.connection.send_informational(103, link, 1, out), Ok(true));
    assert_eq!(peer.connection.send_informational(101, b"", 0, out), Err(SendError::InvalidStatus));
    assert_eq!(peer.connection.send_informational(200, b"", 0, out), Err(SendError::InvalidStatus));
    assert_eq!(
        peer.connection.send_informational(103, b"a\r\n", 1, out),
        Err(SendError::InvalidHeaderName)
    );
    assert_eq!(peer.written(), "HTTP/1.1 103 Early Hints\r\nlink: </a.css>\r\n\r\n");
    peer.respond("", "");
    assert_eq!(
        peer.connection.send_informational(103, b"", 0, &mut peer.out),
        Err(SendError::NoRequest)
    );
}

#[test]
fn counts_requests() {
    let limits = Limits { max_requests_per_connection: 2, ..Limits::default() };
    let mut peer = Peer::new(Config { limits, ..Config::default() });
    peer.receive(GET);
    peer.receive(GET);
    peer.request();
    peer.respond("", "");
    assert!(!peer.written().contains("close"));
    peer.request();
    peer.respond("", "");
    assert!(peer.written().contains("connection: close\r\n"));
    assert_eq!(peer.next(), close(CloseReason::RequestLimit, true));
}

#[test]
fn shuts_down() {
    let mut idle = peer();
    idle.connection.begin_shutdown();
    assert_eq!(idle.next(), close(CloseReason::Shutdown, false));

    let mut busy = peer();
    get(&mut busy);
    busy.connection.begin_shutdown();
    assert_eq!(busy.next(), None);
    busy.respond("", "");
    assert!(busy.written().contains("connection: close\r\n"));
    assert_eq!(busy.next(), close(CloseReason::Shutdown, true));

    let mut streaming = peer();
    get(&mut streaming);
    let _ = streaming.send(200, "", OutgoingBody::Stream(None)).unwrap();
    streaming.connection.begin_shutdown();
    streaming.end().unwrap();
    assert_eq!(streaming.next(), close(CloseReason::Shutdown, true));

    let mut partial = peer();
    partial.receive("GET / HT");
    partial.connection.begin_shutdown();
    assert_eq!(partial.next(), None);
    partial.receive("TP/1.1\r\nHost: a\r\n\r\n");
    partial.request();
}

#[test]
fn retires() {
    // What is idle may ask once more.
    let mut idle = peer();
    get(&mut idle);
    idle.respond("", "");
    assert!(!idle.written().contains("close"));
    idle.connection.retire();
    assert_eq!(idle.next(), None);
    get(&mut idle);
    idle.respond("", "");
    assert!(idle.written().contains("connection: close\r\n"));
    assert_eq!(idle.next(), close(CloseReason::Shutdown, true));

    // So may one that was not told with its head.
    let mut streaming = peer();
    get(&mut streaming);
    let _ = streaming.send(200, "", OutgoingBody::Stream(None)).unwrap();
    streaming.connection.retire();
    streaming.end().unwrap();
    assert_eq!(streaming.next(), None);
    streaming.connection.begin_shutdown();
    assert_eq!(streaming.next(), close(CloseReason::Shutdown, false));
}

#[test]
fn answers_a_client_that_half_closes() {
    let mut peer = peer();
    peer.receive([GET, GET].concat());
    peer.eof();
    peer.request();
    peer.respond("", "1");
    assert!(!peer.written().contains("close"));
    peer.request();
    peer.respond("", "2");
    assert!(peer.written().contains("connection: close\r\n"));
    assert_eq!(peer.next(), close(CloseReason::ClientClosed, false));

    let mut idle = Peer::new(Config::default());
    idle.eof();
    assert_eq!(idle.next(), close(CloseReason::ClientClosed, false));

    let mut partial = Peer::new(Config::default());
    partial.receive("GET / HTTP/1.1\r\n");
    partial.eof();
    let Some(Event::Refused(refusal)) = partial.next() else { panic!("accepted") };
    assert_eq!((refusal.status, refusal.code), (400, "HTTP_UNEXPECTED_END"));
    assert!(partial.written().starts_with("HTTP/1.1 400 Bad Request\r\n"));
    assert_eq!(partial.next(), close(CloseReason::Refused, false));
}

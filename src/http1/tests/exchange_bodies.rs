//! Request bodies as an application meets them, and refusals.

mod common;

use common::{DATE, GET, Peer};
use http1::{CloseReason, Config, DRAIN_LIMIT, Event, HIGH_WATER_MARK, OutgoingBody, SendError};

fn peer() -> Peer {
    Peer::new(Config::default())
}

fn post(length: u64) -> String {
    format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n")
}

const CHUNKED: &str = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

fn close(reason: CloseReason, linger: bool) -> Option<Event> {
    Some(Event::Close { reason, linger })
}

fn refused(peer: &mut Peer) -> (u16, &'static str) {
    match peer.next() {
        Some(Event::Refused(refusal)) => (refusal.status, refusal.code),
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn tells_of_a_body_only_when_asked() {
    let mut peer = peer();
    peer.receive(CHUNKED);
    peer.request();
    peer.receive("5\r\nhel");
    assert_eq!(peer.next(), None);
    peer.want_body();
    assert_eq!(peer.next(), Some(Event::Body));
    assert_eq!(peer.connection.take_body(), b"hel");
    assert_eq!(peer.next(), None);
    peer.receive("lo\r\n");
    assert_eq!(peer.next(), Some(Event::Body));
    assert_eq!(peer.connection.body(), b"lo");
    assert!(!peer.connection.body_complete() && !peer.connection.body_done());
    peer.receive("0\r\nx-sum: 1\r\n\r\n");
    assert_eq!(peer.next(), Some(Event::Body));
    assert!(peer.connection.body_complete() && !peer.connection.body_done());
    assert_eq!(peer.connection.take_body(), b"lo");
    assert!(peer.connection.body_done());
    assert_eq!(peer.connection.trailers(), b"x-sum:1\n");
    peer.respond("", "");
    assert_eq!(peer.next(), None);
    assert_eq!(peer.connection.trailers(), b"");
    assert!(peer.connection.is_idle());
}

#[test]
fn stops_reading_a_body_nobody_takes() {
    let mut peer = peer();
    peer.receive(post(1_000_000));
    peer.request();
    peer.receive(vec![b'x'; HIGH_WATER_MARK - 1]);
    assert!(peer.connection.wants_read());
    peer.receive("x");
    assert!(!peer.connection.wants_read());
    assert_eq!(peer.connection.take_body().len(), HIGH_WATER_MARK);
    assert!(peer.connection.wants_read());
}

#[test]
fn stops_reading_where_it_was_told_to() {
    let mut peer = Peer::new(Config { high_water_mark: 1_000, ..Config::default() });
    peer.receive(post(1_000_000));
    peer.request();
    peer.receive(vec![b'x'; 999]);
    assert!(peer.connection.wants_read());
    peer.receive("x");
    assert!(!peer.connection.wants_read());
    assert_eq!(peer.connection.take_body().len(), 1_000);
    assert!(peer.connection.wants_read());
}

#[test]
fn asks_for_a_body_when_it_is_read() {
    let ask = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n";
    let mut peer = peer();
    peer.receive(ask);
    assert!(peer.request().expect_continue);
    assert_eq!(peer.written(), "");
    peer.want_body();
    peer.want_body();
    assert_eq!(peer.written(), "HTTP/1.1 100 Continue\r\n\r\n");
    peer.receive("hi");
    assert_eq!(peer.next(), Some(Event::Body));
    assert_eq!(peer.connection.take_body(), b"hi");
    peer.respond("", "");
    assert!(!peer.written().contains("close"));

    // A client that did not wait is not told.
    peer.next();
    peer.receive([ask, "hi"].concat());
    peer.request();
    peer.want_body();
    assert_eq!(peer.written(), "");
    peer.respond("", "");
    peer.next();

    // Never read: the body may never come.
    peer.written();
    peer.receive(ask);
    peer.request();
    peer.respond("", "");
    let text = peer.written();
    assert!(text.contains("connection: close\r\n") && !text.contains("100"), "{text}");
    assert_eq!(peer.next(), close(CloseReason::UnreadBody, true));
}

#[test]
fn says_no_100_behind_the_head() {
    let ask = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n";
    let mut peer = peer();
    peer.receive(ask);
    peer.request();
    let _ = peer.send(200, "", OutgoingBody::Stream(None)).unwrap();
    assert!(peer.written().contains("connection: close\r\n"));
    peer.want_body();
    assert_eq!(peer.written(), "");
}

#[test]
fn drains_a_short_rest() {
    for length in [1, 5_000, DRAIN_LIMIT] {
        let mut peer = peer();
        peer.receive(post(length));
        peer.request();
        peer.respond("", "");
        assert!(!peer.written().contains("close"));
        assert_eq!(peer.next(), None);
        assert!(!peer.connection.is_idle());
        for _ in 0..length - 1 {
            peer.receive("x");
        }
        assert_eq!(peer.next(), None);
        peer.receive([&b"x"[..], GET.as_bytes()].concat());
        peer.request();
        assert_eq!(peer.head(), "GET /\nhost:a\n");
    }
}

#[test]
fn closes_before_a_long_rest() {
    for request in [post(DRAIN_LIMIT + 1), CHUNKED.to_owned()] {
        let mut peer = peer();
        peer.receive(&request);
        peer.request();
        peer.respond("", "");
        assert!(peer.written().contains("connection: close\r\n"), "{request}");
        assert_eq!(peer.next(), close(CloseReason::UnreadBody, true));
    }
    // What has come already does not count.
    let mut peer = peer();
    peer.receive(post(DRAIN_LIMIT + 10));
    peer.request();
    peer.receive([b'x'; 10]);
    peer.respond("", "");
    assert!(!peer.written().contains("close"));
}

#[test]
fn lets_a_streamed_answer_read_on() {
    let mut peer = peer();
    peer.receive(CHUNKED);
    peer.request();
    let _ = peer.send(200, "", OutgoingBody::Stream(None)).unwrap();
    assert!(!peer.written().contains("close"));
    peer.want_body();
    peer.receive("3\r\nabc\r\n0\r\n\r\n");
    assert_eq!(peer.next(), Some(Event::Body));
    assert_eq!(peer.connection.take_body(), b"abc");
    peer.end().unwrap();
    assert_eq!(peer.next(), None);
    assert!(peer.connection.is_idle());

    peer.receive(CHUNKED);
    peer.request();
    let _ = peer.send(200, "", OutgoingBody::Stream(None)).unwrap();
    peer.end().unwrap();
    assert_eq!(peer.next(), close(CloseReason::UnreadBody, true));
}

#[test]
fn discards_what_the_application_cancels() {
    let mut peer = peer();
    peer.receive([&post(10), "12345"].concat());
    peer.request();
    peer.want_body();
    peer.connection.discard_body();
    assert_eq!(peer.connection.body(), b"");
    peer.receive("67890");
    assert_eq!(peer.next(), None);
    assert_eq!(peer.connection.body(), b"");
    peer.respond("", "");
    assert_eq!(peer.next(), None);
    assert!(peer.connection.is_idle());

    peer.written();
    peer.receive(post(DRAIN_LIMIT * 2));
    peer.request();
    peer.connection.discard_body();
    assert!(!peer.connection.wants_read());
    peer.respond("", "");
    assert!(peer.written().contains("connection: close"));
    assert_eq!(peer.next(), close(CloseReason::UnreadBody, true));

    let mut chunked = Peer::new(Config::default());
    chunked.receive(CHUNKED);
    chunked.request();
    chunked.connection.discard_body();
    let mut sent = 0;
    while chunked.connection.wants_read() {
        chunked.receive("400\r\n");
        chunked.receive([b'x'; 1024]);
        chunked.receive("\r\n");
        sent += 1024;
    }
    assert!(sent > DRAIN_LIMIT && sent < 2 * DRAIN_LIMIT);
    chunked.respond("", "");
    assert_eq!(chunked.next(), close(CloseReason::UnreadBody, true));

    // Reading goes on as ever behind a body that was just within the limit.
    let mut peer = Peer::new(Config::default());
    peer.receive(CHUNKED);
    peer.request();
    peer.connection.discard_body();
    peer.receive(format!("20000\r\n{}\r\n0\r\n\r\n", "x".repeat(0x2_0000)));
    peer.respond("", "");
    assert_eq!(peer.next(), None);
    assert!(peer.connection.wants_read() && peer.connection.is_idle());
}

#[test]
fn answers_a_refusal() {
    let mut peer = peer();
    peer.receive("GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(refused(&mut peer), (400, "HTTP_MISSING_HOST"));
    let sentence = "An HTTP/1.1 request needs a host header.\n";
    let answer = format!(
        "HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain\r\ncontent-length: {}\r\n\
         connection: close\r\n{DATE}\r\n{sentence}",
        sentence.len()
    );
    assert_eq!(peer.written(), answer);
    assert_eq!(peer.next(), close(CloseReason::Refused, true));
    assert_eq!(peer.next(), None);
    peer.receive(GET);
    assert_eq!(peer.next(), None);
    assert_eq!(peer.send(200, "", OutgoingBody::None), Err(SendError::Closed));
}

#[test]
fn a_refusal_waits_for_the_answer_before_it() {
    let mut peer = peer();
    peer.receive([GET, "BAD\r\n\r\n"].concat());
    peer.request();
    assert_eq!(peer.next(), None);
    assert_eq!(peer.written(), "");
    let _ = peer.send(200, "", OutgoingBody::Stream(None)).unwrap();
    let _ = peer.data("slow").unwrap();
    assert_eq!(peer.next(), None);
    peer.end().unwrap();
    assert!(peer.written().ends_with("slow\r\n0\r\n\r\n"));
    assert_eq!(refused(&mut peer), (400, "HTTP_INVALID_METHOD"));
    assert!(peer.written().starts_with("HTTP/1.1 400 "));
}

#[test]
fn tells_the_application_that_its_body_failed() {
    let mut owed = peer();
    owed.receive(CHUNKED);
    owed.request();
    owed.receive("xyz\r\n");
    assert!(owed.connection.exchange_open());
    assert_eq!(owed.send(200, "", OutgoingBody::None), Err(SendError::Closed));
    assert_eq!(refused(&mut owed), (400, "HTTP_INVALID_CHUNK_SIZE"));
    assert!(owed.written().starts_with("HTTP/1.1 400 Bad Request\r\n"));
    assert_eq!(owed.next(), close(CloseReason::Refused, true));

    let mut started = peer();
    started.receive(CHUNKED);
    started.request();
    let _ = started.send(200, "", OutgoingBody::Stream(None)).unwrap();
    started.written();
    started.receive("xyz\r\n");
    assert_eq!(started.data("a"), Err(SendError::Closed));
    assert_eq!(refused(&mut started), (0, "HTTP_INVALID_CHUNK_SIZE"));
    assert_eq!(started.written(), "");
    assert_eq!(started.next(), close(CloseReason::Refused, true));

    // The whole of it in one read: the request is never handed out.
    let mut at_once = peer();
    at_once.receive([CHUNKED, "xyz\r\n"].concat());
    assert_eq!(refused(&mut at_once), (400, "HTTP_INVALID_CHUNK_SIZE"));

    let mut cut = peer();
    cut.receive(post(5));
    cut.request();
    cut.eof();
    assert_eq!(refused(&mut cut), (400, "HTTP_UNEXPECTED_END"));
    assert_eq!(cut.next(), close(CloseReason::Refused, false));

    // To HEAD even a refusal has no body.
    let mut head = peer();
    head.receive(CHUNKED.replace("POST", "HEAD"));
    head.request();
    head.receive("xyz\r\n");
    refused(&mut head);
    assert!(head.written().ends_with("\r\n\r\n"));
}

#[test]
fn a_body_is_not_touched_before_its_request_is_handed_out() {
    let mut peer = Peer::new(Config::default());
    peer.receive("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\nabc");
    peer.connection.discard_body();
    assert!(peer.connection.take_body().is_empty());
    peer.request();
    assert!(peer.connection.wants_read());
    assert_eq!(peer.connection.take_body(), b"abc");
}

#[test]
fn a_kept_request_whose_body_is_cut_by_the_end_is_refused() {
    let mut peer = peer();
    peer.receive([GET, &post(5), "he"].concat());
    peer.eof();
    peer.request();
    peer.respond("", "");
    peer.written();
    assert_eq!(refused(&mut peer), (400, "HTTP_UNEXPECTED_END"));
    assert!(peer.written().starts_with("HTTP/1.1 400 Bad Request\r\n"));
    assert_eq!(peer.next(), close(CloseReason::Refused, false));
}

#[test]
fn a_refused_request_that_was_not_handed_out_cannot_be_touched() {
    let mut peer = peer();
    peer.receive(GET);
    peer.request();
    peer.respond("", "");
    peer.receive([&post(5), "he"].concat());
    peer.eof();
    assert!(!peer.connection.exchange_open());
    assert!(peer.connection.take_body().is_empty());
    assert_eq!(refused(&mut peer), (400, "HTTP_UNEXPECTED_END"));
}

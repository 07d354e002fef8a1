//! The clocks of a connection: each measures the absence of progress.

mod common;

use common::{GET, Peer};
use http1::{CloseReason, Config, Event, HIGH_WATER_MARK, OutgoingBody, Timeouts};

fn post(length: u64) -> String {
    format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n")
}

fn close(reason: CloseReason, linger: bool) -> Option<Event> {
    Some(Event::Close { reason, linger })
}

fn timed() -> Peer {
    let timeouts = Timeouts { headers: 10, receive: 20, send: 30, idle: 40 };
    Peer::new(Config { timeouts, ..Config::default() })
}

fn expire(peer: &mut Peer, after: u64) -> Option<Event> {
    assert_eq!(peer.connection.deadline(), Some(peer.now + after));
    peer.now += after - 1;
    assert_eq!(peer.deadline(), None);
    peer.now += 1;
    peer.deadline()
}

#[test]
fn times_out_between_requests_silently() {
    let mut fresh = timed();
    assert_eq!(expire(&mut fresh, 10), close(CloseReason::IdleTimeout, false));
    assert_eq!(fresh.connection.deadline(), None);

    let mut idle = timed();
    idle.receive(GET);
    idle.request();
    assert_eq!(idle.connection.deadline(), None, "the handler works");
    idle.now += 1_000;
    idle.respond("", "");
    assert_eq!(idle.next(), None);
    idle.written();
    assert_eq!(expire(&mut idle, 40), close(CloseReason::IdleTimeout, false));
    assert_eq!(idle.written(), "");
}

#[test]
fn times_out_in_a_head() {
    let mut first = timed();
    first.now += 4;
    first.receive("GET / HT");
    first.now += 4;
    first.receive("TP/1.1\r\n");
    assert_eq!(first.connection.deadline(), Some(1_010), "from the start, whatever comes");
    first.now = 1_010;
    let Some(Event::Refused(refusal)) = first.deadline() else { panic!("no refusal") };
    assert_eq!((refusal.status, refusal.code), (408, "HTTP_HEADERS_TIMEOUT"));
    assert!(first.written().starts_with("HTTP/1.1 408 Request Timeout\r\n"));
    assert_eq!(first.next(), close(CloseReason::ReceiveTimeout, true));

    let mut second = timed();
    second.receive(GET);
    second.request();
    second.respond("", "");
    assert_eq!(second.next(), None);
    second.now += 39;
    second.receive("\r\n");
    assert!(second.connection.is_idle(), "an empty line is no request");
    second.receive("G");
    assert!(matches!(expire(&mut second, 10), Some(Event::Refused(_))));
}

#[test]
fn times_out_in_a_body_that_is_read() {
    let mut peer = timed();
    peer.receive(post(1_000_000));
    peer.request();
    peer.now += 500;
    assert_eq!(peer.connection.deadline(), None);
    peer.want_body();
    assert_eq!(peer.deadline(), None, "the clock starts with the reading");
    peer.now += 19;
    peer.receive("x");
    assert_eq!(peer.connection.deadline(), Some(peer.now + 20));
    peer.receive(vec![b'x'; HIGH_WATER_MARK]);
    assert_eq!(peer.connection.deadline(), None, "paused by us");
    peer.now += 500;
    peer.connection.take_body();
    assert_eq!(peer.next(), None);
    let Some(Event::Refused(refusal)) = expire(&mut peer, 20) else { panic!("no refusal") };
    assert_eq!((refusal.status, refusal.code), (408, "HTTP_RECEIVE_TIMEOUT"));
    assert_eq!(peer.next(), close(CloseReason::ReceiveTimeout, true));

    let mut draining = timed();
    draining.receive(post(5));
    draining.request();
    draining.respond("", "");
    assert_eq!(draining.next(), None);
    assert_eq!(expire(&mut draining, 20), close(CloseReason::ReceiveTimeout, false));
}

#[test]
fn times_out_when_an_answer_is_not_taken() {
    let mut peer = timed();
    peer.receive(GET);
    peer.request();
    peer.respond("", "");
    peer.connection.note_sent(peer.now, 100);
    assert_eq!(peer.next(), None);
    peer.now += 29;
    peer.connection.note_sent(peer.now, 50);
    peer.now += 29;
    peer.connection.note_sent(peer.now, 0);
    assert_eq!(peer.connection.deadline(), Some(peer.now + 40), "idle from now on");
    peer.receive(GET);
    peer.request();
    peer.respond("", "");
    peer.connection.note_sent(peer.now, 100);
    peer.now += 5;
    for pending in [100, 200] {
        // No byte was taken: the clock runs on.
        peer.connection.note_sent(peer.now, pending);
    }
    assert_eq!(expire(&mut peer, 25), close(CloseReason::SendTimeout, false));
    // Also while it is closing.
    let mut closing = timed();
    closing.receive("GET / HTTP/1.0\r\n\r\n");
    closing.request();
    closing.respond("", "");
    closing.connection.note_sent(closing.now, 100);
    assert_eq!(closing.next(), close(CloseReason::ClientAsked, true));
    assert_eq!(expire(&mut closing, 30), close(CloseReason::SendTimeout, false));
}

#[test]
fn has_no_clock_that_is_off() {
    let timeouts = Timeouts { headers: 0, receive: 0, send: 0, idle: 0 };
    let mut peer = Peer::new(Config { timeouts, ..Config::default() });
    assert_eq!(peer.connection.deadline(), None);
    peer.receive("GET /");
    assert_eq!(peer.connection.deadline(), None);
    peer.now += 1_000_000;
    assert_eq!(peer.deadline(), None);
}

#[test]
fn a_streamed_answer_is_not_idle() {
    let mut peer = timed();
    peer.receive(GET);
    peer.request();
    let _ = peer.send(200, "", OutgoingBody::Stream(None)).unwrap();
    peer.connection.note_sent(peer.now, 0);
    assert_eq!(peer.connection.deadline(), None);
}

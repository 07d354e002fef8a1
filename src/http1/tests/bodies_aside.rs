//! Bytes of a body that the caller keeps by itself.

mod common;

use common::{GET, Peer};
use http1::{Config, Event};

fn peer() -> Peer {
    Peer::new(Config::default())
}

fn post(length: u64) -> String {
    format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n")
}

#[test]
fn lets_be_kept_aside_only_what_is_all_of_the_body_and_next() {
    for (length, held, came, taken) in [
        (20_000, 0, 20_000, true),
        (20_001, 0, 20_000, true),
        (20_001, 1, 20_000, false),
        (19_999, 0, 20_000, false),
    ] {
        let mut peer = peer();
        peer.receive(post(length));
        peer.request();
        peer.want_body();
        peer.receive(&b"xx"[..held]);
        let aside = peer.connection.receive_aside(&mut peer.engine, came, peer.now);
        assert_eq!(aside, taken, "{length} {held}");
        assert_eq!(
            peer.connection.body_to_come(),
            length - if taken { 20_000 } else { held as u64 }
        );
        assert_eq!(peer.connection.body_complete(), taken && length == 20_000);
        assert_eq!(peer.next().is_some(), taken || held > 0);
        peer.connection.took_aside();
        assert_eq!(peer.next(), None);
        assert_eq!(peer.connection.body(), &b"xx"[..held]);
    }
    let mut peer = peer();
    peer.receive(post(20_000));
    peer.request();
    peer.connection.discard_body();
    assert!(!peer.connection.receive_aside(&mut peer.engine, 20_000, peer.now));
}

#[test]
fn goes_on_behind_what_was_kept_aside() {
    let mut peer = peer();
    peer.receive(post(4));
    peer.request();
    peer.want_body();
    assert!(peer.connection.receive_aside(&mut peer.engine, 3, peer.now));
    assert_eq!(peer.next(), Some(Event::Body));
    peer.connection.took_aside();
    peer.receive(format!("d{GET}"));
    assert_eq!(peer.next(), Some(Event::Body));
    assert_eq!(peer.connection.take_body(), b"d");
    assert!(peer.connection.body_done());
    peer.respond("", "");
    peer.request();
    assert_eq!(peer.head(), "GET /\nhost:a\n");
}

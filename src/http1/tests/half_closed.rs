//! What goes out ahead of an answer, to find out whether a client that has ended its side is still
//! there.

mod common;

use common::{DATE, GET, Peer};
use http1::{BodyPlan, Config, OutgoingBody, SendError};

fn peer() -> Peer {
    Peer::new(Config::default())
}

fn get(peer: &mut Peer) {
    peer.receive(GET);
    peer.request();
}

#[test]
fn begins_an_answer_ahead_of_it_once_the_client_has_ended_its_side() {
    let whole =
        format!("HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n{DATE}\r\nhi");
    let mut peer = peer();
    get(&mut peer);
    assert!(!peer.connection.begin_next(&mut peer.out), "it may send more");
    peer.eof();
    assert!(peer.connection.begin_next(&mut peer.out));
    assert!(!peer.connection.begin_next(&mut peer.out), "once");
    assert_eq!(peer.written(), "HTTP/1.1 ");
    assert!(!peer.connection.response_started());
    // What cannot be sent leaves the beginning where it was.
    assert_eq!(peer.send(99, "", OutgoingBody::None), Err(SendError::InvalidStatus));
    assert!(peer.send(200, "a\r\n", OutgoingBody::None).is_err());
    peer.respond("", "hi");
    assert_eq!(peer.written(), whole["HTTP/1.1 ".len()..]);
    assert!(!peer.connection.begin_next(&mut peer.out), "it is over");
}

#[test]
fn begins_whatever_kind_of_answer_comes_first() {
    let mut early = peer();
    get(&mut early);
    early.eof();
    assert!(early.connection.begin_next(&mut early.out));
    let hints = early.connection.send_informational(103, b"a: b\r\n", 1, &mut early.out);
    assert_eq!(hints, Ok(true));
    assert_eq!(early.written(), "HTTP/1.1 103 Early Hints\r\na: b\r\n\r\n");
    assert!(early.connection.begin_next(&mut early.out), "the final answer is still owed");
    early.respond("", "hi");
    assert!(early.written().starts_with("HTTP/1.1 200 OK\r\n"));

    let mut pipelined = peer();
    pipelined.receive([GET, GET].concat());
    pipelined.request();
    pipelined.eof();
    for last in [false, true] {
        assert!(pipelined.connection.begin_next(&mut pipelined.out));
        pipelined.respond("", "hi");
        let answer = pipelined.written();
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{answer}");
        assert_eq!(answer.contains("connection: close"), last, "{answer}");
        if !last {
            assert!(!pipelined.connection.begin_next(&mut pipelined.out), "not asked yet");
            pipelined.request();
        }
    }
}

#[test]
fn begins_a_chunk_ahead_of_it() {
    let mut peer = peer();
    peer.receive([GET, GET].concat());
    peer.request();
    assert_eq!(peer.send(200, "", OutgoingBody::Stream(None)), Ok(BodyPlan::Send));
    assert_eq!(peer.data("one"), Ok(BodyPlan::Send));
    peer.eof();
    peer.written();
    for (more, expected) in [("abc", "03\r\nabc\r\n"), ("de", "2\r\nde\r\n")] {
        peer.connection.begin_next(&mut peer.out);
        assert_eq!(peer.data(more), Ok(BodyPlan::Send));
        assert_eq!(peer.written(), expected, "once an answer is enough");
    }
    peer.connection.send_end(b"", 0, &mut peer.out, peer.now).unwrap();
    assert_eq!(peer.written(), "0\r\n\r\n");
    // The next answer has nothing to do with it.
    peer.request();
    peer.respond("", "hi");
    assert!(peer.written().starts_with("HTTP/1.1 200 OK\r\n"));
}

//! Ways to feed a decoder and a connection.
#![allow(dead_code)]

use std::rc::Rc;

use http1::{
    BodyPlan, Config, Connection, Decoded, Engine, Event, Limits, OutgoingBody, Refusal,
    RequestDecoder, RequestHead,
};

/// Everything one stream of bytes came to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outcome {
    pub messages: Vec<Message>,
    pub refusal: Option<Refusal>,
    /// Bytes of a head or a body are missing at the end.
    pub is_cut: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Message {
    pub head: RequestHead,
    pub packed: String,
    pub body: Vec<u8>,
    pub trailers: String,
    pub is_complete: bool,
}

pub fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|&byte| byte as char).collect()
}

/// Feeds the pieces one after the other, as a socket would.
pub fn decode_pieces<'a>(limits: &Limits, pieces: impl IntoIterator<Item = &'a [u8]>) -> Outcome {
    let mut engine = Engine::new();
    let mut decoder = RequestDecoder::new();
    let mut outcome = Outcome::default();
    for piece in pieces {
        let mut at = 0;
        loop {
            let found = match decoder.decode(&mut engine, limits, &piece[at..]) {
                Ok((used, found)) => {
                    assert!(used <= piece.len() - at);
                    if let Decoded::Data(range) = &found {
                        let data = &piece[at..][range.clone()];
                        assert!(!data.is_empty());
                        outcome.messages.last_mut().unwrap().body.extend_from_slice(data);
                    }
                    at += used;
                    found
                }
                Err(refusal) => {
                    outcome.refusal = Some(refusal);
                    return outcome;
                }
            };
            match found {
                Decoded::NeedMore => break,
                Decoded::Head(head) => outcome.messages.push(Message {
                    head,
                    packed: latin1(engine.head()),
                    ..Message::default()
                }),
                Decoded::Data(_) => {}
                Decoded::End => {
                    let message = outcome.messages.last_mut().unwrap();
                    message.trailers = latin1(engine.trailers());
                    message.is_complete = true;
                }
            }
        }
        assert_eq!(at, piece.len(), "NeedMore uses everything");
    }
    outcome.is_cut = decoder.finish().is_err();
    outcome
}

/// Decodes the bytes whole, byte by byte, cut at every line end and at every other place: the
/// outcome must be the same.
pub fn decode_all_ways(limits: &Limits, input: &[u8]) -> Outcome {
    let whole = decode_pieces(limits, [input]);
    let single = decode_pieces(limits, input.chunks(1));
    assert_eq!(single, whole, "byte by byte: {}", input.escape_ascii());
    let lines = decode_pieces(limits, input.split_inclusive(|&byte| byte == b'\n'));
    assert_eq!(lines, whole, "line by line: {}", input.escape_ascii());
    let returns = decode_pieces(limits, input.split_inclusive(|&byte| byte == b'\r'));
    assert_eq!(returns, whole, "cut inside line ends: {}", input.escape_ascii());
    if input.len() <= 1024 {
        for at in 1..input.len() {
            let (first, second) = input.split_at(at);
            let split = decode_pieces(limits, [first, second]);
            assert_eq!(split, whole, "cut at {at}: {}", input.escape_ascii());
        }
    }
    whole
}

/// [`decode_all_ways`], alone and with the next request behind: it must come through unharmed,
/// or nothing of it if the first was refused.
pub fn decode(input: &[u8]) -> Outcome {
    let limits = Limits::default();
    let outcome = decode_all_ways(&limits, input);
    let next = b"GET /next HTTP/1.1\r\nHost: n\r\n\r\n";
    let followed = decode_all_ways(&limits, &[input, next].concat());
    if outcome.refusal.is_some() {
        assert_eq!(followed, outcome, "behind a refusal: {}", input.escape_ascii());
    } else if !outcome.is_cut {
        let (last, before) = followed.messages.split_last().unwrap();
        assert_eq!(last.packed, "GET /next\nhost:n\n", "behind {}", input.escape_ascii());
        assert_eq!(before, outcome.messages, "before the next: {}", input.escape_ascii());
    }
    outcome
}

/// The status and code a request is refused with, however it is split.
pub fn refused(input: &[u8]) -> (u16, &'static str) {
    let outcome = decode(input);
    let refusal = outcome
        .refusal
        .unwrap_or_else(|| panic!("accepted: {} as {:?}", input.escape_ascii(), outcome.messages));
    (refusal.status, refusal.code)
}

/// The one message that the bytes hold.
pub fn accepted(input: &[u8]) -> Message {
    let outcome = decode(input);
    assert_eq!(outcome.refusal, None, "{}", input.escape_ascii());
    assert!(!outcome.is_cut, "{}", input.escape_ascii());
    assert_eq!(outcome.messages.len(), 1, "{}", input.escape_ascii());
    outcome.messages.into_iter().next().unwrap()
}

/// A connection with its engine, output and time.
pub struct Peer {
    pub engine: Engine,
    pub connection: Connection,
    pub out: Vec<u8>,
    pub now: u64,
}

impl Peer {
    pub fn new(config: Config) -> Self {
        let mut engine = Engine::new();
        engine.set_wall_clock(784_111_777);
        let connection = Connection::new(Rc::new(config), 1_000);
        Self { engine, connection, out: Vec::new(), now: 1_000 }
    }

    pub fn receive(&mut self, bytes: impl AsRef<[u8]>) {
        self.connection.receive(&mut self.engine, bytes.as_ref(), self.now);
    }

    pub fn eof(&mut self) {
        self.connection.receive_eof(&mut self.engine, self.now);
    }

    pub fn next(&mut self) -> Option<Event> {
        self.connection.next_event(&mut self.engine, &mut self.out, self.now)
    }

    pub fn deadline(&mut self) -> Option<Event> {
        self.connection.on_deadline(&self.engine, self.now, &mut self.out)
    }

    /// The next event must be a request.
    pub fn request(&mut self) -> RequestHead {
        match self.next() {
            Some(Event::Request(head)) => head,
            other => panic!("no request: {other:?}, output {}", self.out.escape_ascii()),
        }
    }

    pub fn head(&self) -> String {
        latin1(self.engine.head())
    }

    pub fn respond(&mut self, headers: &str, body: &str) {
        let plan = self.send(200, headers, OutgoingBody::Full(body.len() as u64)).unwrap();
        if plan == BodyPlan::Send {
            self.out.extend_from_slice(body.as_bytes());
        }
    }

    pub fn send(
        &mut self,
        status: u16,
        headers: &str,
        body: OutgoingBody,
    ) -> Result<BodyPlan, http1::SendError> {
        let count = headers.matches("\r\n").count() as u32;
        let (engine, out) = (&self.engine, &mut self.out);
        let headers = headers.as_bytes();
        self.connection.send_head(engine, status, b"", headers, count, body, out, self.now)
    }

    pub fn data(&mut self, data: &str) -> Result<BodyPlan, http1::SendError> {
        let plan = self.connection.send_data_start(data.len(), &mut self.out)?;
        if plan == BodyPlan::Send {
            self.out.extend_from_slice(data.as_bytes());
            self.connection.send_data_end(&mut self.out);
        }
        Ok(plan)
    }

    pub fn end(&mut self) -> Result<(), http1::SendError> {
        self.connection.send_end(b"", 0, &mut self.out, self.now)
    }

    pub fn want_body(&mut self) {
        self.connection.want_body(&mut self.out);
    }

    /// Takes what was written since the last time.
    pub fn written(&mut self) -> String {
        latin1(&std::mem::take(&mut self.out))
    }
}

pub const DATE: &str = "date: Sun, 06 Nov 1994 08:49:37 GMT\r\n";
pub const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

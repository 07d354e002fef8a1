//! An application over one connection, and a record of what passed between the two.

use std::rc::Rc;

use http1::{
    BodyPlan, CloseReason, Config, Connection, Engine, Event, KeptHeaders, OutgoingBody, Refusal,
    RequestHead, SendError, Version,
};

use super::answers::{self, Answer, Asked, Told};

/// One request and what was answered, as the application knows it.
pub struct Exchange {
    pub head: RequestHead,
    pub packed: Vec<u8>,
    /// What was taken of the request's body.
    pub taken: Vec<u8>,
    pub discarded: bool,
    pub informational: Vec<u16>,
    /// The status of the answer, once its head is out.
    pub status: Option<u16>,
    pub sent: Vec<u8>,
    pub is_complete: bool,
    pub must_close: bool,
    /// The most bytes that had been received while this exchange's message was whole.
    pub received: usize,
}

pub struct App {
    pub engine: Engine,
    pub connection: Connection,
    pub config: Rc<Config>,
    pub out: Vec<u8>,
    pub now: u64,
    pub log: Vec<u8>,
    pub exchanges: Vec<Exchange>,
    pub refusal: Option<Refusal>,
    pub closed: Option<CloseReason>,
    pub shutdown: bool,
    pub eof: bool,
    pub pending: usize,
    pub wanted: bool,
    /// Header lines are kept before they are sent, where the standard reason goes with them.
    pub keeps: bool,
}

pub const MAX_READ: usize = 64 * 1024;

impl App {
    pub fn new(config: Config) -> Self {
        let config = Rc::new(config);
        let connection = Connection::new(config.clone(), 1_000);
        Self {
            engine: Engine::new(),
            connection,
            config,
            out: Vec::new(),
            now: 1_000,
            log: Vec::new(),
            exchanges: Vec::new(),
            refusal: None,
            closed: None,
            shutdown: false,
            eof: false,
            pending: 0,
            wanted: false,
            keeps: false,
        }
    }

    pub fn receive(&mut self, bytes: &[u8]) {
        if self.eof || self.refusal.is_some() || self.closed.is_some() {
            return;
        }
        self.connection.receive(&mut self.engine, bytes, self.now);
        self.log.extend_from_slice(bytes);
        let (is_complete, len) = (self.connection.body_complete(), self.log.len());
        if let Some(exchange) = self.open().filter(|_| is_complete) {
            exchange.received = len;
        }
    }

    pub fn end_input(&mut self) {
        self.eof = true;
        self.connection.receive_eof(&mut self.engine, self.now);
    }

    /// As the server does whenever nothing waits to be sent.
    pub fn begin_next(&mut self) {
        self.connection.begin_next(&mut self.out);
    }

    /// Pulls one event and takes note of it.
    pub fn next(&mut self) -> bool {
        let event = self.connection.next_event(&mut self.engine, &mut self.out, self.now);
        let is_none = event.is_none();
        self.note(event);
        !is_none
    }

    pub fn deadline(&mut self) {
        let event = self.connection.on_deadline(&self.engine, self.now, &mut self.out);
        let is_none = event.is_none();
        if is_none && let Some(deadline) = self.connection.deadline() {
            assert!(deadline > self.now, "a deadline that is over and over again");
        }
        if let (Some(_), Some(Event::Close { reason, .. })) = (self.closed, &event) {
            // A flush that stalls is given up; nothing else can come behind the end.
            assert_eq!(*reason, CloseReason::SendTimeout);
            return;
        }
        self.note(event);
    }

    fn note(&mut self, event: Option<Event>) {
        let Some(event) = event else { return };
        assert_eq!(self.closed, None, "{event:?} behind the end");
        match event {
            Event::Request(head) => {
                assert!(self.refusal.is_none(), "a request behind a refusal");
                assert!(self.exchanges.last().is_none_or(|last| last.is_complete), "out of order");
                assert!(self.connection.exchange_open());
                let max = self.config.limits.max_requests_per_connection as usize;
                assert!(max == 0 || self.exchanges.len() < max, "too many requests");
                self.wanted = false;
                self.exchanges.push(Exchange {
                    head,
                    packed: self.engine.head().to_vec(),
                    taken: Vec::new(),
                    discarded: false,
                    informational: Vec::new(),
                    status: None,
                    sent: Vec::new(),
                    is_complete: false,
                    must_close: !head.keep_alive,
                    received: 0,
                });
            }
            Event::Body => assert!(self.wanted && self.connection.exchange_open()),
            Event::Refused(refusal) => {
                assert!(self.refusal.replace(refusal).is_none(), "two refusals");
                assert!(!self.connection.exchange_open(), "open behind a refusal");
            }
            Event::Close { reason, .. } => self.closed = Some(reason),
        }
    }

    /// The exchange that the application can answer now.
    pub fn open(&mut self) -> Option<&mut Exchange> {
        let is_open = self.connection.exchange_open();
        self.exchanges.last_mut().filter(|_| is_open)
    }

    pub fn want_body(&mut self) {
        let start = self.out.len();
        self.connection.want_body(&mut self.out);
        if self.open().is_some() {
            if self.out.len() > start {
                assert_eq!(&self.out[start..], b"HTTP/1.1 100 Continue\r\n\r\n");
                let exchange = self.exchanges.last_mut().unwrap();
                assert!(exchange.head.expect_continue && !exchange.informational.contains(&100));
                exchange.informational.push(100);
            }
            self.wanted = true;
        } else {
            assert_eq!(self.out.len(), start);
        }
    }

    pub fn take_body(&mut self) {
        let had = self.connection.body().len();
        let body = self.connection.take_body();
        if let Some(exchange) = self.open() {
            assert_eq!(body.len(), had);
            exchange.taken.extend_from_slice(&body);
        }
    }

    pub fn discard_body(&mut self) {
        self.connection.discard_body();
        if let Some(exchange) = self.open() {
            exchange.discarded = true;
        }
        self.wanted = false;
    }

    /// Sends a head and, where the body is given at once, the body.
    pub fn send_head(
        &mut self,
        status: u16,
        reason: &[u8],
        lines: &[u8],
        count: u32,
        body: OutgoingBody,
    ) -> Result<BodyPlan, SendError> {
        let start = self.out.len();
        let (engine, out, now) = (&self.engine, &mut self.out, self.now);
        let connection = &mut self.connection;
        let sent = if self.keeps && reason.is_empty() {
            KeptHeaders::new(lines, count).and_then(|headers| {
                connection.send_kept_head(engine, status, &headers, body, out, now)
            })
        } else {
            connection.send_head(engine, status, reason, lines, count, body, out, now)
        };
        let plan = match sent {
            Ok(plan) => plan,
            Err(error) => {
                assert_eq!(self.out.len(), start, "something was written although {error:?}");
                return Err(error);
            }
        };
        let shutdown = self.shutdown;
        let exchange = self.exchanges.last_mut().expect("an exchange to answer");
        assert!(exchange.status.replace(status).is_none(), "two answers");
        exchange.must_close |= shutdown;
        match (body, plan) {
            (OutgoingBody::Full(len), BodyPlan::Send) => {
                exchange.sent = vec![b'x'; len as usize];
                self.out.extend_from_slice(&exchange.sent);
            }
            (OutgoingBody::Stream(_), _) => return Ok(plan),
            _ => {}
        }
        exchange.is_complete = true;
        Ok(plan)
    }

    pub fn send_data(&mut self, data: &[u8]) -> Result<(), SendError> {
        let start = self.out.len();
        match self.connection.send_data_start(data.len(), &mut self.out) {
            Ok(BodyPlan::Send) => {
                self.out.extend_from_slice(data);
                self.connection.send_data_end(&mut self.out);
                self.exchanges.last_mut().unwrap().sent.extend_from_slice(data);
                Ok(())
            }
            Ok(BodyPlan::Omit) => {
                assert_eq!(self.out.len(), start);
                Ok(())
            }
            Err(error) => {
                assert_eq!(self.out.len(), start);
                Err(error)
            }
        }
    }

    pub fn send_end(&mut self, trailers: &[u8], count: u32) -> Result<(), SendError> {
        let start = self.out.len();
        let ended = self.connection.send_end(trailers, count, &mut self.out, self.now);
        match ended {
            Ok(()) => self.exchanges.last_mut().unwrap().is_complete = true,
            Err(_) => assert_eq!(self.out.len(), start),
        }
        ended
    }

    pub fn inform(&mut self, status: u16, lines: &[u8], count: u32) -> Result<bool, SendError> {
        let start = self.out.len();
        let told = self.connection.send_informational(status, lines, count, &mut self.out);
        if told == Ok(true) {
            self.exchanges.last_mut().unwrap().informational.push(status);
        } else {
            assert_eq!(self.out.len(), start);
        }
        told
    }

    /// Reads all that was written as a strict client: each request has its answer, whole, in
    /// order, and nothing stands behind the last. `is_next_head`: what follows the last
    /// request that was handed out is a HEAD.
    pub fn check_written(&self, is_next_head: bool) -> Vec<Answer<'_>> {
        let mut rest = &self.out[..];
        let mut all = Vec::new();
        let mut is_over = false;
        for exchange in &self.exchanges {
            let asked = Asked { is_head: exchange.head.is_head, version: exchange.head.version };
            for &status in &exchange.informational {
                let answer = answers::read(&mut rest, asked);
                assert_eq!(answer.status, status);
                all.push(answer);
            }
            let Some(status) = exchange.status else { break };
            assert!(!is_over, "an answer behind 'connection: close'");
            let answer = answers::read(&mut rest, asked);
            assert_eq!(answer.status, status);
            assert_eq!(answer.body, exchange.sent, "the body of the answer");
            assert!(answer.closes || !exchange.must_close, "the end was not announced");
            if exchange.is_complete {
                assert!(answer.is_whole, "an answer is not whole");
            } else if let Told::Chunks = answer.told {
                assert!(!answer.is_whole, "the client cannot tell that the answer is cut");
            }
            is_over = answer.closes || !exchange.is_complete;
            all.push(answer);
        }
        self.check_refusal(&mut rest, is_over, is_next_head);
        // An answer that was begun for a client that had ended its side, and never came.
        if self.eof && self.exchanges.last().is_some_and(|last| last.status.is_none()) {
            rest = rest.strip_prefix(b"HTTP/1.1 ").unwrap_or(rest);
        }
        assert!(rest.is_empty(), "written behind the end: {}", rest.escape_ascii());
        all
    }

    fn check_refusal(&self, rest: &mut &[u8], is_over: bool, is_next_head: bool) {
        let Some(refusal) = self.refusal.as_ref().filter(|refusal| refusal.status != 0) else {
            return;
        };
        assert!(!is_over, "a refusal behind 'connection: close'");
        let open = self.exchanges.last().filter(|last| last.status.is_none());
        let is_head = open.map_or(is_next_head, |open| open.head.is_head);
        let asked = Asked { is_head, version: Version::Http11 };
        let answer = answers::read(rest, asked);
        assert_eq!(answer.status, refusal.status);
        assert!(answer.closes && answer.is_whole, "{answer:?} to {asked:?}");
    }
}

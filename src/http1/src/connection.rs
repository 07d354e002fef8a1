//! One server connection, the reading side: bytes in, events out.
//!
//! The application's hold on a body is in `body`, the answering side in `answer`, refusals and
//! closing in `closing`, the clocks in `clock`.

use std::rc::Rc;

use crate::decode::{Decoded, RequestDecoder};
use crate::engine::Engine;
use crate::error::{CloseReason, Refusal};
use crate::head::RequestHead;
use crate::limits::{Config, DRAIN_LIMIT};
use crate::state::{Reading, State, Step, Writing};

/// What happened on a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A request; its text is in [`Engine::head`] until the next call that takes the engine.
    Request(RequestHead),
    /// New bytes are in [`Connection::body`], or it became complete. Said only once the body was
    /// asked for with [`Connection::want_body`].
    Body,
    /// The request was refused: the answer, if there is one, is in the output. `Close` follows.
    /// The application may have the request already: its body failed then.
    Refused(Refusal),
    /// Flush the output, then close.
    Close {
        /// Why.
        reason: CloseReason,
        /// Input may be in flight: end the sending side, read for a moment, then close.
        linger: bool,
    },
}

/// One server connection: Reading x Writing.
///
/// A request is decoded and handed out only when the exchange before it is over, so answers are
/// in order and a refusal waits for the answers before it by construction.
pub struct Connection {
    pub(crate) config: Rc<Config>,
    pub(crate) decoder: RequestDecoder,
    pub(crate) inbox: Option<Box<Inbox>>,
    /// The request of this exchange.
    pub(crate) request: RequestHead,
    /// What the clock of the moment counts from: see `clock`.
    pub(crate) since: u64,
    /// When the socket took bytes last.
    pub(crate) sent_at: u64,
    /// Bytes that the declared length of the answer leaves to be sent.
    pub(crate) left: u64,
    /// Bytes that wait in the send queue, as told last.
    pub(crate) pending: u32,
    /// Requests decoded so far.
    pub(crate) served: u32,
    pub(crate) state: State,
    /// What will end the connection once the answer is complete.
    pub(crate) close_after: Option<CloseReason>,
    pub(crate) close: Option<CloseReason>,
    pub(crate) linger: bool,
    pub(crate) close_said: bool,
    /// The request is decoded but not handed out.
    pub(crate) unsaid: bool,
    /// The body changed since the application was told or took it.
    pub(crate) news: bool,
    /// The application reads the body.
    pub(crate) wanted: bool,
    /// The client waits for `100 Continue`.
    pub(crate) expecting: bool,
    /// The rest of the body is too long to be read away.
    pub(crate) drain_over: bool,
    /// Reading goes on after a pause of ours; the clock restarts at the next known time.
    pub(crate) clock_stale: bool,
    /// A chunk is begun but not ended.
    pub(crate) chunk_open: bool,
    /// The first bytes of what comes next went out ahead of it: see `begin_next`.
    pub(crate) begun: bool,
    pub(crate) eof: bool,
    /// The next answer is the last.
    pub(crate) retiring: bool,
    pub(crate) shutdown: bool,
}

/// What only a busy connection needs.
#[derive(Default)]
pub(crate) struct Inbox {
    pub body: Vec<u8>,
    pub trailers: Vec<u8>,
    /// Bytes behind the current message, from `kept_at` on.
    pub kept: Vec<u8>,
    pub kept_at: usize,
    pub drained: u64,
    pub refusal: Option<Refusal>,
}

impl Connection {
    /// A connection just accepted.
    pub fn new(config: Rc<Config>, now: u64) -> Self {
        Self {
            config,
            decoder: RequestDecoder::new(),
            inbox: None,
            request: RequestHead::default(),
            since: now,
            sent_at: now,
            left: 0,
            pending: 0,
            served: 0,
            state: State::START,
            close_after: None,
            close: None,
            linger: false,
            close_said: false,
            unsaid: false,
            news: false,
            wanted: false,
            expecting: false,
            drain_over: false,
            clock_stale: false,
            chunk_open: false,
            begun: false,
            eof: false,
            retiring: false,
            shutdown: false,
        }
    }

    /// Bytes from the socket. At most one head is decoded per exchange; what follows the current
    /// message is kept until the exchange is over. Call [`Connection::next_event`] until `None`
    /// afterwards, before the engine serves another connection.
    pub fn receive(&mut self, engine: &mut Engine, bytes: &[u8], now: u64) {
        self.check();
        if self.refusal_waits() {
            return;
        }
        match self.state.reading {
            Reading::Head | Reading::Body | Reading::Drain => {
                let used = self.decode(engine, bytes, now);
                self.keep(&bytes[used..]);
            }
            Reading::Complete => self.keep(bytes),
            Reading::Ended => {}
        }
    }

    /// As [`Connection::receive`], of bytes of the body that the caller keeps by itself, until
    /// [`Connection::took_aside`]. False, and nothing: they are not all of the body, or not the
    /// next that the application gets.
    pub fn receive_aside(&mut self, engine: &mut Engine, length: usize, now: u64) -> bool {
        self.check();
        let is_next = self.state.reading == Reading::Body && self.body().is_empty();
        let taken = is_next && !self.refusal_waits() && self.decoder.skip_data(length);
        if taken {
            self.since = now;
            self.news = true;
            // Says that the body is over, if so.
            self.decode(engine, &[], now);
        }
        taken
    }

    /// The client has ended its side. What it asked for is still answered.
    pub fn receive_eof(&mut self, _engine: &mut Engine, _now: u64) {
        self.check();
        self.eof = true;
        if matches!(self.state.reading, Reading::Body | Reading::Drain) && !self.refusal_waits() {
            self.finish_decoding();
        }
    }

    /// What happened, one thing at a time. Call it until `None` after each `receive`, `send_*`,
    /// `note_sent` and `on_deadline`: a kept request is looked at here, once the exchange before
    /// it is over and less than the high-water mark waits to be sent.
    pub fn next_event(
        &mut self,
        engine: &mut Engine,
        out: &mut Vec<u8>,
        now: u64,
    ) -> Option<Event> {
        self.check();
        self.refresh_clock(now);
        loop {
            if self.refusal_waits() {
                if let Some(refused) = self.say_refusal(engine, out) {
                    return Some(refused);
                }
            } else if self.close.is_some() {
                return self.say_close();
            } else if self.unsaid {
                self.unsaid = false;
                return Some(Event::Request(self.request));
            } else if self.wanted && self.news && self.exchange_open() {
                self.news = false;
                return Some(Event::Body);
            } else if self.state.is_over() {
                if self.pending as usize >= self.config.high_water_mark {
                    return None;
                }
                self.next_message(engine, now);
            } else if self.state.is_between() && self.eof {
                self.finish_decoding();
            } else if self.is_idle() && self.shutdown {
                self.close(CloseReason::Shutdown, false);
            } else {
                return None;
            }
        }
    }

    /// False while enough is buffered: the socket must not be read then.
    pub fn wants_read(&self) -> bool {
        if self.eof {
            return false;
        }
        let Some(inbox) = &self.inbox else { return !self.drain_over };
        let mark = self.config.high_water_mark;
        match self.state.reading {
            Reading::Head | Reading::Ended => true,
            Reading::Body => inbox.body.len() < mark,
            Reading::Drain => !self.drain_over,
            Reading::Complete => inbox.kept.len() - inbox.kept_at < mark,
        }
    }

    /// The bound on what is held for this connection, in either direction.
    pub fn high_water_mark(&self) -> usize {
        self.config.high_water_mark
    }

    /// A request was handed out, and its answer is not complete.
    pub fn exchange_open(&self) -> bool {
        !self.unsaid && (self.state.writing == Writing::Owed || self.state.writing.is_streaming())
    }

    /// The server will close: the next answer says so and is the last; an idle connection may
    /// still ask for it.
    pub fn retire(&mut self) {
        self.retiring = true;
    }

    /// The server is closing: the current answer says so, an idle connection closes.
    pub fn begin_shutdown(&mut self) {
        self.retiring = true;
        self.shutdown = true;
    }

    /// No exchange, no partial head, nothing kept.
    pub fn is_idle(&self) -> bool {
        self.state.is_between()
            && !self.refusal_waits()
            && !self.decoder.has_partial_head()
            && !self.has_kept()
    }

    pub(crate) fn has_partial_head(&self) -> bool {
        self.decoder.has_partial_head()
    }

    /// Bytes of the stream decoded so far.
    pub(crate) fn offset(&self) -> u64 {
        self.decoder.offset()
    }

    pub(crate) fn has_kept(&self) -> bool {
        self.inbox.as_ref().is_some_and(|inbox| inbox.kept_at < inbox.kept.len())
    }

    /// The client has ended its side.
    pub fn at_eof(&self) -> bool {
        self.eof
    }

    /// Something was refused and not said yet.
    pub(crate) fn refusal_waits(&self) -> bool {
        self.inbox.as_ref().is_some_and(|inbox| inbox.refusal.is_some())
    }

    /// Whether the rest of the body, if any, is worth being read away to save the connection.
    pub(crate) fn can_drain(&self) -> bool {
        match self.state.reading {
            Reading::Complete => true,
            _ if self.expecting || self.drain_over => false,
            _ => self.decoder.remaining_length().is_some_and(|left| left <= DRAIN_LIMIT),
        }
    }

    /// Decodes until the current message ends or the bytes do; returns how many it used.
    fn decode(&mut self, engine: &mut Engine, bytes: &[u8], now: u64) -> usize {
        let had_partial_head = self.decoder.has_partial_head();
        let mut at = 0;
        while matches!(self.state.reading, Reading::Head | Reading::Body | Reading::Drain) {
            match self.decoder.decode(engine, &self.config.limits, &bytes[at..]) {
                Err(refusal) => {
                    self.refuse(refusal);
                    return bytes.len();
                }
                Ok((used, what)) => {
                    let start = at;
                    at += used;
                    match what {
                        Decoded::NeedMore => break,
                        Decoded::Head(head) => self.on_head(head, now),
                        Decoded::Data(data) => {
                            let data = &bytes[start + data.start..start + data.end];
                            self.on_data(engine, data, now);
                        }
                        Decoded::End => self.on_end(engine),
                    }
                }
            }
        }
        // The first head is given time from the connection's start.
        if self.served > 0 && !had_partial_head && self.decoder.has_partial_head() {
            self.since = now;
        }
        at
    }

    fn on_head(&mut self, head: RequestHead, now: u64) {
        self.state.take(Step::TakeHead);
        self.request = head;
        self.unsaid = true;
        self.served = self.served.saturating_add(1);
        self.since = now;
        self.close_after = None;
        self.news = false;
        self.wanted = false;
        self.expecting = head.expect_continue;
        self.drain_over = false;
        self.clock_stale = false;
    }

    fn on_data(&mut self, engine: &mut Engine, data: &[u8], now: u64) {
        self.since = now;
        if self.state.reading == Reading::Body {
            self.news = true;
            let inbox = self.inbox();
            if inbox.body.capacity() == 0 {
                inbox.body = engine.body_buffer(data.len());
            }
            inbox.body.extend_from_slice(data);
            return;
        }
        let inbox = self.inbox();
        inbox.drained += data.len() as u64;
        self.drain_over |= inbox.drained > DRAIN_LIMIT;
    }

    fn on_end(&mut self, engine: &Engine) {
        self.news = self.state.reading == Reading::Body;
        self.state.take(Step::EndBody);
        if !engine.trailers().is_empty() {
            self.inbox().trailers.extend_from_slice(engine.trailers());
        }
    }

    /// The exchange is over: the next head, if it is there already.
    fn next_message(&mut self, engine: &mut Engine, now: u64) {
        self.state.take(Step::NextMessage);
        self.since = now;
        self.drain_over = false;
        let Some(mut inbox) = self.inbox.take() else { return };
        let (kept, start) = (core::mem::take(&mut inbox.kept), inbox.kept_at);
        if start == kept.len() {
            return;
        }
        let used = self.decode(engine, &kept[start..], now);
        if start + used < kept.len() && !self.refusal_waits() {
            // The bytes stay where they are, however many requests they hold, and so does the box.
            let inbox = self.inbox.get_or_insert_with(|| {
                *inbox = Inbox::default();
                inbox
            });
            inbox.kept = kept;
            inbox.kept_at = start + used;
        }
        // The client left before these bytes were looked at: what they lack will not come.
        if self.eof && matches!(self.state.reading, Reading::Body | Reading::Drain) {
            self.receive_eof(engine, now);
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.inbox().kept.extend_from_slice(bytes);
        }
    }

    pub(crate) fn inbox(&mut self) -> &mut Inbox {
        self.inbox.get_or_insert_default()
    }
}

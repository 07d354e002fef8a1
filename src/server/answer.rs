//! What JavaScript answers with. A late answer to a connection that has gone is a no-op.

use http1::{BodyPlan, OutgoingBody};

use super::closing;
use super::connections::{Connection, Phase};
use super::driver::Driver;
use super::error::Error;
use super::keys::ConnectionKey;
use super::outgoing::Leave;
use super::registers;
use super::runtime::{Runtime, with};
use super::tasks::Task;
use crate::js::{HeldBytes, Kind, Value};

/// Bytes from here on are sent from the array's own memory instead of being copied.
const HOLD_THRESHOLD: usize = 64 * 1024;

/// Text from here on is not copied beside the head either.
const COPY_THRESHOLD: usize = 16 * 1024;

/// A body as JavaScript handed it over, already measured.
enum Body<'a> {
    Nothing,
    /// In `Runtime::body`.
    Text,
    Bytes(Value<'a>, usize),
    Stream(Option<u64>),
}

/// The head of an answer.
enum Head<'a> {
    /// With the reason phrase; its header lines are in `Runtime::headers`.
    Given(&'a Answer<'a>, &'a [u8]),
    /// The status, and the number of header lines that are kept.
    Kept(u16, usize),
}

/// A final answer: status line, `count` header lines of wire text, and the body: a string, a
/// Uint8Array, nothing, or a number: a stream of so many bytes follows (negative: unknown).
pub struct Answer<'a> {
    pub status: u16,
    pub reason: Option<Value<'a>>,
    pub headers: Value<'a>,
    pub count: u32,
    pub body: Value<'a>,
}

/// Sends the head, and the body unless it is a stream. False: nobody is there to take it.
pub fn respond(key: ConnectionKey, answer: &Answer<'_>) -> Result<bool, Error> {
    with(|runtime| {
        runtime.headers.clear();
        runtime.body.clear();
        let mut reason = Vec::new();
        if let Some(text) = answer.reason {
            text.append_latin1(&mut reason).ok_or(Error::Argument("reason"))?;
        }
        let text = answer.headers.append_latin1(&mut runtime.headers);
        text.ok_or(Error::Argument("headers"))?;
        let body = runtime.measure(answer.body)?;
        let leave = match body {
            Body::Stream(_) => Leave::Soon,
            _ => Leave::Now,
        };
        let head = Head::Given(answer, &reason);
        let result =
            runtime.write(key, leave, |runtime, out| runtime.encode(key, &head, body, out));
        runtime.trim_scratch();
        result
    })
    .unwrap_or(Ok(false))
}

/// The answer that the request hook returned the body of, if the registers say that it did.
pub fn respond_returned(key: ConnectionKey, body: Value<'_>) {
    with(|runtime| {
        if runtime.registers.get(registers::STATUS) == 0.0 {
            return;
        }
        // lib/ returns only what cannot fail; if it did, nobody would ever answer.
        if runtime.respond_kept(key, body).is_err() {
            runtime.remove(key, Some(closing::unanswered()));
        }
    });
}

/// An answer whose status and headers are in the registers.
pub fn respond_kept(key: ConnectionKey, body: Value<'_>) -> Result<bool, Error> {
    with(|runtime| runtime.respond_kept(key, body)).unwrap_or(Ok(false))
}

/// A piece of a streamed body. The number of bytes that wait for the socket; None: nobody is
/// there.
pub fn write_data(key: ConnectionKey, data: Value<'_>) -> Result<Option<usize>, Error> {
    match data.kind() {
        Kind::String => with(|runtime| {
            runtime.trim_scratch();
            data.append_utf8(&mut runtime.body).ok_or(Error::Argument("data"))?;
            let body = std::mem::take(&mut runtime.body);
            let sent = runtime
                .write(key, Leave::Together, |runtime, out| runtime.encode_data(key, &body, out));
            runtime.body = body;
            sent?;
            Ok(runtime.backpressure(key))
        }),
        _ => with(|runtime| {
            let length = data.with_bytes(<[u8]>::len).ok_or(Error::Argument("data"))?;
            runtime.write(key, Leave::Together, |runtime, out| {
                runtime.encode_bytes(key, data, length, out)
            })?;
            Ok(runtime.backpressure(key))
        }),
    }
    .unwrap_or(Ok(None))
}

/// The end of a streamed body, with `count` trailer lines of wire text.
pub fn end_data(key: ConnectionKey, trailers: Value<'_>, count: u32) -> Result<bool, Error> {
    with(|runtime| {
        runtime.trim_scratch();
        trailers.append_latin1(&mut runtime.headers).ok_or(Error::Argument("trailers"))?;
        let text = std::mem::take(&mut runtime.headers);
        let result = runtime.write(key, Leave::Now, |runtime, out| {
            let now = runtime.now();
            let Some(state) = runtime.open_connection(key).and_then(Connection::http) else {
                return Ok(false);
            };
            state.machine.send_end(&text, count, out, now)?;
            runtime.finish_exchange(key);
            Ok(true)
        });
        runtime.headers = text;
        result
    })
    .unwrap_or(Ok(false))
}

/// A 1xx before the answer. False: not sent (the client has HTTP/1.0, or has gone).
pub fn send_informational(
    key: ConnectionKey,
    status: u16,
    headers: Value<'_>,
    count: u32,
) -> Result<bool, Error> {
    with(|runtime| {
        runtime.trim_scratch();
        headers.append_latin1(&mut runtime.headers).ok_or(Error::Argument("headers"))?;
        let text = std::mem::take(&mut runtime.headers);
        let result = runtime.write(key, Leave::Now, |runtime, out| {
            match runtime.open_connection(key).and_then(Connection::http) {
                Some(state) => Ok(state.machine.send_informational(status, &text, count, out)?),
                None => Ok(false),
            }
        });
        runtime.headers = text;
        result
    })
    .unwrap_or(Ok(false))
}

impl Runtime {
    /// The connection, unless it is on its way out.
    pub fn open_connection(&mut self, key: ConnectionKey) -> Option<&mut Connection> {
        self.connections.get_mut(key).filter(|connection| connection.phase == Phase::Open)
    }

    fn respond_kept(&mut self, key: ConnectionKey, body: Value<'_>) -> Result<bool, Error> {
        let status = self.registers.get(registers::STATUS) as u16;
        let head = Head::Kept(status, self.registers.get(registers::HEADERS) as usize);
        self.registers.set(registers::STATUS, 0.0);
        self.body.clear();
        let body = self.measure(body)?;
        let sent =
            self.write(key, Leave::Now, |runtime, out| runtime.encode(key, &head, body, out));
        self.trim_scratch();
        sent
    }

    fn measure<'a>(&mut self, body: Value<'a>) -> Result<Body<'a>, Error> {
        let wrong = Error::Argument("body");
        match body.kind() {
            Kind::Nothing => Ok(Body::Nothing),
            Kind::String => match body.append_utf8(&mut self.body) {
                Some(_) => Ok(Body::Text),
                None => Err(wrong),
            },
            Kind::Number => {
                let length = body.as_number().ok_or(wrong)?;
                Ok(Body::Stream((length >= 0.0).then_some(length as u64)))
            }
            _ => {
                let length = body.with_bytes(<[u8]>::len).ok_or(wrong)?;
                Ok(Body::Bytes(body, length))
            }
        }
    }

    fn encode(
        &mut self,
        key: ConnectionKey,
        head: &Head<'_>,
        body: Body<'_>,
        out: &mut Vec<u8>,
    ) -> Result<bool, Error> {
        let now = self.now();
        let Self { connections, engine, headers, body: text, listeners, kept_headers, .. } = self;
        let Some(connection) = connections.get_mut(key) else { return Ok(false) };
        if connection.phase != Phase::Open {
            return Ok(false);
        }
        let listener = connection.listener;
        let Some(state) = connection.http() else { return Ok(false) };
        let outgoing = match body {
            Body::Nothing => OutgoingBody::None,
            Body::Text => OutgoingBody::Full(text.len() as u64),
            Body::Bytes(_, length) => OutgoingBody::Full(length as u64),
            Body::Stream(length) => OutgoingBody::Stream(length),
        };
        let machine = &mut state.machine;
        let (status, plan) = match *head {
            Head::Given(&Answer { status, count, .. }, reason) => {
                let plan = machine
                    .send_head(engine, status, reason, headers, count, outgoing, out, now)?;
                (status, plan)
            }
            Head::Kept(status, number) => {
                let kept = kept_headers.get(number.wrapping_sub(1));
                let kept = kept.ok_or(Error::Argument("headers"))?;
                (status, machine.send_kept_head(engine, status, kept, outgoing, out, now)?)
            }
        };
        if let Some(listener) = listeners.get_mut(listener) {
            listener.stats.count_response(status);
        }
        match (plan, body) {
            (BodyPlan::Send, Body::Text) if text.len() >= COPY_THRESHOLD => {
                let text = std::mem::take(text);
                self.append_large(key, &text, out);
                self.body = text;
            }
            (BodyPlan::Send, Body::Text) => out.extend_from_slice(text),
            (BodyPlan::Send, Body::Bytes(bytes, length)) => {
                self.append_bytes(key, bytes, length, out);
            }
            _ => {}
        }
        self.finish_exchange(key);
        Ok(true)
    }

    /// Small arrays are copied beside the head; of large ones the queue keeps a reference.
    fn append_bytes(
        &mut self,
        key: ConnectionKey,
        bytes: Value<'_>,
        length: usize,
        out: &mut Vec<u8>,
    ) {
        if length < HOLD_THRESHOLD {
            bytes.with_bytes(|bytes| out.extend_from_slice(bytes));
            return;
        }
        let env = self.env;
        let Some(connection) = self.connections.get_mut(key) else { return };
        let hold = || HeldBytes::new(env, bytes, length).ok();
        // Where it fails the head is on its way: only a broken connection can tell that the body
        // is missing.
        let result = connection.send.send_array(&connection.stream, out, bytes, hold);
        out.clear();
        self.sent(key, result);
    }

    /// A piece of a stream. What the socket does not take is copied: the source may use the same
    /// array for its next piece.
    fn append_piece(
        &mut self,
        key: ConnectionKey,
        bytes: Value<'_>,
        length: usize,
        out: &mut Vec<u8>,
    ) {
        if length < HOLD_THRESHOLD {
            bytes.with_bytes(|bytes| out.extend_from_slice(bytes));
            return;
        }
        bytes.with_bytes(|bytes| self.append_large(key, bytes, out));
    }

    /// Sends bytes behind the head at once: to copy them beside it would cost as much again.
    fn append_large(&mut self, key: ConnectionKey, bytes: &[u8], out: &mut Vec<u8>) {
        let Some(connection) = self.connections.get_mut(key) else { return };
        let result = connection.send.send_both(&connection.stream, out, bytes);
        out.clear();
        self.sent(key, result);
    }

    fn encode_data(
        &mut self,
        key: ConnectionKey,
        data: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<bool, Error> {
        let Some(state) = self.open_connection(key).and_then(Connection::http) else {
            return Ok(false);
        };
        if state.machine.send_data_start(data.len(), out)? == BodyPlan::Send {
            out.extend_from_slice(data);
            state.machine.send_data_end(out);
        }
        Ok(true)
    }

    fn encode_bytes(
        &mut self,
        key: ConnectionKey,
        data: Value<'_>,
        length: usize,
        out: &mut Vec<u8>,
    ) -> Result<bool, Error> {
        let Some(state) = self.open_connection(key).and_then(Connection::http) else {
            return Ok(false);
        };
        if state.machine.send_data_start(length, out)? == BodyPlan::Omit {
            return Ok(true);
        }
        self.append_piece(key, data, length, out);
        if let Some(state) = self.open_connection(key).and_then(Connection::http) {
            state.machine.send_data_end(out);
        }
        Ok(true)
    }

    /// If the answer is complete: whoever watches it waits for the socket now, and the next
    /// request may be handed out, but not from within this call.
    fn finish_exchange(&mut self, key: ConnectionKey) {
        let corked = self.corked == Some(key);
        let Some(connection) = self.connections.get_mut(key) else { return };
        let listener = connection.listener;
        let Some(state) = connection.http() else { return };
        if state.machine.exchange_open() {
            return;
        }
        if state.in_flight
            && let Some(listener) = self.listeners.get_mut(listener)
        {
            listener.overload.release(state);
        }
        state.serving = false;
        state.aside = None;
        state.finished.extend(state.watching.take());
        match self.turn.dispatching {
            _ if corked => {}
            true => self.turn.answered.push_back(key),
            false => self.tasks.push::<Driver>(Task::Pump(key)),
        }
    }

    /// How much waits for the socket; above the mark, `onDrain` will be called.
    fn backpressure(&mut self, key: ConnectionKey) -> Option<usize> {
        let waiting = self.unsent(key);
        let connection = self.connections.get_mut(key)?;
        if waiting > connection.http()?.machine.high_water_mark() {
            connection.wants_drain = true;
        }
        Some(waiting)
    }
}

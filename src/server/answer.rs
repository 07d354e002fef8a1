//! What JavaScript answers with. A late answer to a connection that has gone is a no-op.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use http1::{BodyPlan, OutgoingBody, SendError};

use super::closing;
use super::connections::{Connection, Phase};
use super::driver::Driver;
use super::error::Error;
use super::exchange::CORK_LIMIT;
use super::keys::ConnectionKey;
use super::runtime::{Runtime, with};
use super::send_queue::Failure;
use super::tasks::Task;
use crate::js::{HeldBytes, Kind, Value};

/// Bytes from here on are sent from the array's own memory instead of being copied.
const HOLD_THRESHOLD: usize = 64 * 1024;

/// A body as JavaScript handed it over, already measured.
enum Body<'a> {
    Nothing,
    /// In `Runtime::body`.
    Text,
    Bytes(Value<'a>, usize),
    Stream(Option<u64>),
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
            Body::Stream(_) => Leave::Together,
            _ => Leave::Now,
        };
        let result = runtime
            .write(key, leave, |runtime, out| runtime.encode(key, answer, &reason, body, out));
        runtime.trim_scratch();
        result
    })
    .unwrap_or(Ok(false))
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

/// When the bytes of a write leave, unless the connection is corked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leave {
    Now,
    /// With what else is written in this turn of the loop: pieces of a stream.
    Together,
}

impl Runtime {
    /// Runs `encode` on the buffer that this connection's bytes go to. A corked connection's wait
    /// for the end of the callback scope.
    pub fn write(
        &mut self,
        key: ConnectionKey,
        leave: Leave,
        encode: impl FnOnce(&mut Self, &mut Vec<u8>) -> Result<bool, Error>,
    ) -> Result<bool, Error> {
        let corked = self.corked == Some(key);
        let mut out = match self.gathered(key) {
            _ if corked => std::mem::take(&mut self.out),
            Some(gathered) if !gathered.is_empty() => std::mem::take(gathered),
            _ => std::mem::take(&mut self.spare),
        };
        let before = out.len();
        let encoding = AssertUnwindSafe(|| encode(self, &mut out));
        let mut result = catch_unwind(encoding).unwrap_or_else(|panic| {
            // Answers gathered before are lost with it: nothing more may follow on this one.
            self.remove(key, Some(closing::panicked()));
            resume_unwind(panic)
        });
        if result.is_err() {
            out.truncate(before);
        }
        // The client went or was refused meanwhile: nobody's mistake.
        if matches!(result, Err(Error::Send(SendError::Closed))) {
            result = Ok(false);
        }
        if corked {
            self.out = out;
            return result;
        }
        if leave == Leave::Together && !out.is_empty() && out.len() <= CORK_LIMIT {
            if let Some(gathered) = self.gathered(key) {
                *gathered = out;
                // One task for all that is gathered: it was scheduled with the first.
                if before == 0 {
                    self.tasks.push::<Driver>(Task::Flush(key));
                }
            }
            return result;
        }
        self.send_now(key, &mut out);
        self.spare = out;
        self.settle(key);
        result
    }

    /// Sends what was gathered in the turn that is over.
    pub fn flush(&mut self, key: ConnectionKey) {
        let gathered = self.gathered(key).map(std::mem::take);
        if let Some(mut gathered) = gathered.filter(|gathered| !gathered.is_empty()) {
            self.send_now(key, &mut gathered);
            self.settle(key);
        }
    }

    fn gathered(&mut self, key: ConnectionKey) -> Option<&mut Vec<u8>> {
        let connection = self.connections.get_mut(key)?;
        Some(&mut connection.http()?.gathered)
    }

    /// The connection, unless it is on its way out.
    pub fn open_connection(&mut self, key: ConnectionKey) -> Option<&mut Connection> {
        self.connections.get_mut(key).filter(|connection| connection.phase == Phase::Open)
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
        answer: &Answer<'_>,
        reason: &[u8],
        body: Body<'_>,
        out: &mut Vec<u8>,
    ) -> Result<bool, Error> {
        let now = self.now();
        let Self { connections, engine, headers, body: text, listeners, .. } = self;
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
        let (status, count) = (answer.status, answer.count);
        let plan =
            state.machine.send_head(engine, status, reason, headers, count, outgoing, out, now)?;
        if let Some(listener) = listeners.get_mut(listener) {
            listener.stats.count_response(status);
        }
        match (plan, body) {
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
        let held = HeldBytes::new(self.env, bytes, length);
        let Some(connection) = self.connections.get_mut(key) else { return };
        let result = match held {
            Ok(held) => connection.send.send_held(&connection.stream, out, held),
            // The head is on its way: only a broken connection can tell that the body is missing.
            Err(_) => Err(Failure::Detached),
        };
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
        let Some(connection) = self.connections.get_mut(key) else { return };
        let send = |bytes: &[u8]| connection.send.send_both(&connection.stream, out, bytes);
        let result = bytes.with_bytes(send).unwrap_or(Ok(0));
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
        let Some(state) = self.connections.get_mut(key).and_then(Connection::http) else { return };
        if state.machine.exchange_open() {
            return;
        }
        state.serving = false;
        state.finished.extend(state.watching.take());
        if !corked {
            self.tasks.push::<Driver>(Task::Pump(key));
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

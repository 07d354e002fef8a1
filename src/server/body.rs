//! Request bodies, pulled by the application.

use super::closing::Gone;
use super::connections::{Connection, Protocol};
use super::error::Error;
use super::keys::ConnectionKey;
use super::outgoing::Leave;
use super::runtime::{Runtime, with};
use crate::js::{Entered, FreshBytes, Value};
use crate::uv;

/// What a read of the body found.
pub enum Piece<'a> {
    /// A Uint8Array of what has arrived.
    Bytes(Value<'a>),
    /// The body is over.
    End,
    /// Nothing yet; `onBody` will be called.
    Pending,
}

impl Gone for Piece<'_> {
    fn gone() -> Self {
        Self::Pending
    }
}

/// Bytes that are read of a body at once, at most, where the application waits for them.
const MUCH: usize = 256 * 1024;

/// Reads of one body in a turn of the loop, at most: the other clients wait for theirs.
const READS_A_TURN: u8 = 4;

/// UTF-8's byte order mark, which Fetch's text() takes off.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// The whole body as a string, if all of it is here; None otherwise, and then it stays.
pub fn take_body_text<'a>(
    scope: Entered<'a>,
    key: ConnectionKey,
) -> Result<Option<Value<'a>>, Error> {
    take_whole(key, |bytes| {
        let text = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
        Ok(Value::text(scope, text)?)
    })
}

/// The whole body as a Uint8Array, if all of it is here; None otherwise, and then it stays.
pub fn take_body<'a>(scope: Entered<'a>, key: ConnectionKey) -> Result<Option<Value<'a>>, Error> {
    take_whole(key, |bytes| Ok(Value::bytes(scope, bytes)?))
}

/// The next piece. The first read tells a client that waits for it to go on (100 Continue).
pub fn read_body<'a>(scope: Entered<'a>, key: ConnectionKey) -> Result<Piece<'a>, Error> {
    with(|runtime| {
        runtime.want_body(key);
        runtime.read_on(key);
        let Some(connection) = runtime.connections.get_mut(key) else { return Ok(Piece::Pending) };
        let Connection { stream, protocol: Protocol::Http(state), .. } = connection else {
            return Ok(Piece::Pending);
        };
        let piece = if let Some(aside) = state.aside.take() {
            state.machine.took_aside();
            runtime.give(scope, aside)?
        } else if !state.machine.body().is_empty() {
            let bytes = Value::bytes(scope, state.machine.body())?;
            let body = state.machine.take_body();
            runtime.engine.give_back(body);
            Piece::Bytes(bytes)
        } else if state.machine.body_done() {
            Piece::End
        } else {
            if state.machine.body_to_come() >= MUCH as u64 {
                stream.await_readable();
            }
            Piece::Pending
        };
        runtime.settle(key);
        Ok(piece)
    })
    .unwrap_or(Ok(Piece::Pending))
}

/// The application does not want the rest.
pub fn discard_body(key: ConnectionKey) {
    with(|runtime| {
        if let Some(state) = runtime.connections.get_mut(key).and_then(Connection::http) {
            state.machine.discard_body();
            state.aside = None;
            runtime.settle(key);
        }
    });
}

/// The trailer section of a body that has ended, packed like header lines.
pub fn trailers<'a>(scope: Entered<'a>, key: ConnectionKey) -> Result<Option<Value<'a>>, Error> {
    with(|runtime| {
        let Some(state) = runtime.connections.get_mut(key).and_then(Connection::http) else {
            return Ok(None);
        };
        Ok(Some(Value::latin1(scope, state.machine.trailers())?))
    })
    .unwrap_or(Ok(None))
}

fn take_whole<'a>(
    key: ConnectionKey,
    convert: impl FnOnce(&[u8]) -> Result<Value<'a>, Error>,
) -> Result<Option<Value<'a>>, Error> {
    with(|runtime| {
        let Some(state) = runtime.connections.get_mut(key).and_then(Connection::http) else {
            return Ok(None);
        };
        // Whoever wants what is not here yet reads on by `read_body`: a clone may never do so, and
        // then the client must not be told to send it.
        if !state.machine.body_complete() || state.aside.is_some() {
            return Ok(None);
        }
        let value = convert(state.machine.body())?;
        let body = state.machine.take_body();
        runtime.engine.give_back(body);
        runtime.settle(key);
        Ok(Some(value))
    })
    .unwrap_or(Ok(None))
}

/// There is more of a body that the application waits for.
pub fn read_aside(key: ConnectionKey) -> Result<(), uv::Error> {
    with(|runtime| {
        if let Some(state) = runtime.connections.get_mut(key).and_then(Connection::http) {
            state.reads_left = READS_A_TURN;
        }
        let result = runtime.read_much(key);
        runtime.pull(key);
        result
    })
    .unwrap_or(Ok(()))
}

impl Runtime {
    /// Reads what the application is about to take, if it is here already: then it waits neither
    /// for the loop nor for a promise.
    fn read_on(&mut self, key: ConnectionKey) {
        let Some(state) = self.connections.get_mut(key).and_then(Connection::http) else { return };
        let held = state.aside.is_some() || !state.machine.body().is_empty();
        if !held
            && state.reads_left > 0
            && let Err(error) = self.read_much(key)
        {
            self.fail(key, error.into());
        }
    }

    /// Much of a body at once is read straight into memory of JavaScript's: it is about to be
    /// taken, so it may be more than is held otherwise.
    fn read_much(&mut self, key: ConnectionKey) -> Result<(), uv::Error> {
        let Some(mut fresh) = self.fresh_memory() else { return Ok(()) };
        let result = self.read_into(key, &mut fresh);
        let (now, length) = (self.now(), fresh.bytes().len());
        if let Some((state, engine)) = self.count_read(key, length) {
            // What leaves room was all there is.
            state.reads_left = if length == MUCH { state.reads_left - 1 } else { 0 };
            if length > 0 && state.machine.receive_aside(engine, length, now) {
                state.aside = Some(fresh);
                return result;
            }
            state.machine.receive(engine, fresh.bytes(), now);
        }
        self.fresh = Some(fresh);
        result
    }

    /// A little is copied, so that it does not hold the memory that much needs.
    fn give<'a>(&mut self, scope: Entered<'a>, aside: FreshBytes) -> Result<Piece<'a>, Error> {
        if aside.bytes().len() >= MUCH / 2 {
            return Ok(Piece::Bytes(aside.into_value(scope)?));
        }
        let bytes = Value::bytes(scope, aside.bytes())?;
        self.fresh = Some(aside);
        Ok(Piece::Bytes(bytes))
    }

    /// Without memory libuv reads as usual.
    fn fresh_memory(&mut self) -> Option<FreshBytes> {
        self.fresh.take().or_else(|| FreshBytes::new(self.env, MUCH).ok())
    }

    /// Reads what is all the body's.
    fn read_into(&mut self, key: ConnectionKey, fresh: &mut FreshBytes) -> Result<(), uv::Error> {
        fresh.clear();
        let Some(connection) = self.open_connection(key) else { return Ok(()) };
        let Connection { stream, protocol: Protocol::Http(state), .. } = connection else {
            return Ok(());
        };
        if state.machine.body_to_come() < MUCH as u64 {
            return Ok(());
        }
        fresh.fill(|room| stream.try_read(room))
    }

    fn want_body(&mut self, key: ConnectionKey) {
        // Sending 100 Continue cannot fail here; a socket that does is found by the next read.
        let _ = self.write(key, Leave::Now, |runtime, out| {
            if let Some(state) = runtime.open_connection(key).and_then(Connection::http) {
                state.machine.want_body(out);
            }
            Ok(true)
        });
    }
}

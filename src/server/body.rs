//! Request bodies, pulled by the application.

use super::connections::{Connection, Protocol};
use super::error::Error;
use super::keys::ConnectionKey;
use super::outgoing::Leave;
use super::runtime::{Runtime, with};
use crate::js::{Entered, Value};
use crate::uv::MUCH;

/// What a read of the body found.
pub enum Piece<'a> {
    /// A Uint8Array of what has arrived.
    Bytes(Value<'a>),
    /// The body is over.
    End,
    /// Nothing yet; `onBody` will be called.
    Pending,
}

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
        let Some(connection) = runtime.connections.get_mut(key) else { return Ok(Piece::Pending) };
        let Connection { stream, protocol: Protocol::Http(state), .. } = connection else {
            return Ok(Piece::Pending);
        };
        let piece = if !state.machine.body().is_empty() {
            let bytes = Value::bytes(scope, state.machine.body())?;
            let body = state.machine.take_body();
            runtime.engine.give_back(body);
            Piece::Bytes(bytes)
        } else if state.machine.body_done() {
            Piece::End
        } else {
            // It goes straight to the application, so that it may be more than is held otherwise.
            if state.machine.body_to_come() >= MUCH as u64 {
                stream.expect_much();
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
        if !state.machine.body_complete() {
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

impl Runtime {
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

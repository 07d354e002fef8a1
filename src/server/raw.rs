//! Raw connections: bytes to JavaScript and back.

use std::rc::Rc;

use super::connections::{Connection, Hooks, Phase, RawState};
use super::driver::Driver;
use super::error::Error;
use super::keys::ConnectionKey;
use super::runtime::{Runtime, with};
use super::tasks::Task;
use crate::js::{HeldBytes, Kind, RawHooks, Value};

/// Unsent bytes above which JavaScript is told to wait for `drain`.
const SEND_HIGH_WATER_MARK: usize = 64 * 1024;

/// Bytes from here on are sent from the array's own memory instead of being copied.
const HOLD_THRESHOLD: usize = 64 * 1024;

/// One read brought bytes.
pub fn received(key: ConnectionKey, bytes: &[u8]) {
    let hooks = with(|runtime| {
        let now = runtime.now();
        let connection = runtime.connections.get_mut(key)?;
        connection.bytes_read += bytes.len() as u64;
        connection.raw()?.last_active = now;
        let listener = connection.listener;
        if let Some(listener) = runtime.listeners.get_mut(listener) {
            listener.stats.bytes_read += bytes.len() as u64;
        }
        runtime.raw_hooks_of(key)
    });
    let Some(hooks) = hooks.flatten() else { return };
    let Ok(scope) = hooks.enter() else { return };
    // What the hook throws has been reported as uncaught already.
    let _ = hooks.on_data(&scope, key.to_number(), bytes);
}

/// The peer ended its half.
pub fn ended(key: ConnectionKey) {
    let found = with(|runtime| {
        let raw = runtime.connections.get_mut(key)?.raw()?;
        raw.peer_ended = true;
        let both_ended = raw.shut_down;
        Some((runtime.raw_hooks_of(key)?, both_ended))
    });
    let Some((hooks, both_ended)) = found.flatten() else { return };
    if let Ok(scope) = hooks.enter() {
        // What the hook throws has been reported as uncaught already.
        let _ = hooks.on_end(&scope, key.to_number());
    }
    if both_ended {
        with(|runtime| runtime.remove(key, None));
    }
}

/// Sends a string (as UTF-8) or a Uint8Array. Returns how many bytes wait for the socket now;
/// None: the connection has ended.
pub fn write(key: ConnectionKey, data: Value<'_>) -> Result<Option<usize>, Error> {
    with(|runtime| {
        let text = data.kind() == Kind::String;
        if !text && data.with_bytes(|_| ()).is_none() {
            return Err(Error::Argument("data"));
        }
        let Runtime { connections, body, env, .. } = runtime;
        let Some(connection) = connections.get_mut(key) else { return Ok(None) };
        if connection.phase != Phase::Open || connection.raw().is_none_or(|raw| raw.ended) {
            return Ok(None);
        }
        let Connection { send, stream, .. } = connection;
        let result = if text {
            body.clear();
            data.append_utf8(body).ok_or(Error::Argument("data"))?;
            send.send(stream, body)
        } else {
            let length = data.with_bytes(<[u8]>::len).unwrap_or(0);
            if length >= HOLD_THRESHOLD {
                send.send_array(stream, &[], data, || HeldBytes::new(*env, data, length).ok())
            } else {
                data.with_bytes(|bytes| send.send(stream, bytes)).unwrap_or(Ok(0))
            }
        };
        runtime.sent(key, result);
        runtime.touch(key);
        runtime.trim_scratch();
        let Some(connection) = runtime.connections.get_mut(key) else { return Ok(None) };
        connection.wants_drain |= connection.send.len() > SEND_HIGH_WATER_MARK;
        Ok(Some(connection.send.len()))
    })
    .unwrap_or(Ok(None))
}

/// After what waits, our FIN goes out.
pub fn end(key: ConnectionKey) {
    change(key, |raw, _| raw.ended = true);
}

/// Stops reading: the kernel's buffer fills, and the peer has to wait.
pub fn pause(key: ConnectionKey) {
    change(key, |raw, _| raw.paused = true);
}

pub fn resume(key: ConnectionKey) {
    change(key, |raw, _| raw.paused = false);
    with(|runtime| {
        let has_unread = runtime.connections.get_mut(key)?.raw()?.has_unread();
        has_unread.then(|| runtime.tasks.push::<Driver>(Task::Unread(key)))
    });
}

/// Hands over what came with the header of a proxy, unless the application does not read.
pub fn deliver_unread(key: ConnectionKey) {
    let unread = with(|runtime| {
        let raw = runtime.connections.get_mut(key)?.raw()?;
        let introduced = raw.introduced.as_mut().filter(|_| !raw.paused)?;
        Some(std::mem::take(&mut introduced.unread))
    });
    if let Some(bytes) = unread.flatten().filter(|bytes| !bytes.is_empty()) {
        received(key, &bytes);
        with(|runtime| runtime.settle(key));
    }
}

/// Ends the connection after so many milliseconds without traffic; 0: never.
pub fn set_timeout(key: ConnectionKey, timeout: u32) {
    change(key, |raw, now| {
        raw.timeout = timeout;
        raw.last_active = now;
    });
    if timeout != 0 {
        with(|runtime| {
            let now = runtime.now();
            runtime.sweep.adopt_timeout(timeout, now);
        });
    }
}

pub fn set_no_delay(key: ConnectionKey, enable: bool) -> Result<(), Error> {
    with_stream(key, |connection| Ok(connection.stream.set_no_delay(enable)?))
}

/// `delay`: seconds until the first probe.
pub fn set_keep_alive(key: ConnectionKey, enable: bool, delay: u32) -> Result<(), Error> {
    with_stream(key, |connection| Ok(connection.stream.set_keep_alive(enable, delay)?))
}

/// Whether the open connection keeps the process alive.
pub fn set_connection_ref(key: ConnectionKey, referenced: bool) -> Result<(), Error> {
    with_stream(key, |connection| {
        connection.stream.set_ref(referenced);
        Ok(())
    })
}

fn with_stream(
    key: ConnectionKey,
    body: impl FnOnce(&Connection) -> Result<(), Error>,
) -> Result<(), Error> {
    with(|runtime| runtime.connections.get(key).map_or(Ok(()), body)).unwrap_or(Ok(()))
}

fn change(key: ConnectionKey, body: impl FnOnce(&mut RawState, u64)) {
    with(|runtime| {
        let now = runtime.now();
        if let Some(raw) = runtime.connections.get_mut(key).and_then(Connection::raw) {
            body(raw, now);
            runtime.settle(key);
        }
    });
}

impl Runtime {
    fn raw_hooks_of(&self, key: ConnectionKey) -> Option<Rc<RawHooks>> {
        match self.hooks_of(key)? {
            Hooks::Raw(hooks) => Some(hooks),
            Hooks::Http(_) => None,
        }
    }

    /// Traffic: the raw connection's clock starts anew.
    pub fn touch(&mut self, key: ConnectionKey) {
        let now = self.now();
        if let Some(raw) = self.connections.get_mut(key).and_then(Connection::raw) {
            raw.last_active = now;
        }
    }
}

/// What a timed-out raw connection ends with.
pub fn time_out(key: ConnectionKey) {
    with(|runtime| {
        let cause = ("ETIMEDOUT".to_owned(), "nothing was sent or received in time".to_owned());
        runtime.remove(key, Some(cause));
    });
}

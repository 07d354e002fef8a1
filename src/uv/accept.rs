//! Accepting: the connection that libuv tells of, and those that wait behind it.

use std::ptr::NonNull;

use libuv_sys2 as sys;
use socket2::Socket;

use super::callbacks::{Events, Key, on_stream_closed};
use super::descriptor::{HAS_DESCRIPTORS, with_socket};
use super::stream_handle::{Kind, StreamHandle};
use super::{Error, EventLoop, Stream, StreamListener, faults};

/// A connection that was taken from the queue of a listener.
#[derive(Debug)]
pub struct Waiting(Socket);

impl StreamListener {
    /// Whether libuv holds one connection at a time that was not accepted; else it tells of
    /// several, and each has to be accepted.
    pub const HOLDS_ONE: bool = HAS_DESCRIPTORS;

    /// Takes one more connection, if one waits: libuv tells of one in each turn of its loop.
    pub fn take_waiting(&self) -> Option<Waiting> {
        // Whatever goes wrong here, libuv meets it at its next turn, and knows what to do.
        with_socket(self.handle(), |socket| faults::system("accept", || socket.accept()))?
            .ok()
            .map(|(socket, _)| Waiting(socket))
    }
}

/// Takes the connection that libuv told of, if that has not been done, and closes it.
pub(super) fn turn_down<E: Events>(listener: *mut sys::uv_stream_t) {
    // SAFETY: an initialised handle of a loop that is alive.
    let (uv_loop, kind) = unsafe {
        let uv_loop = EventLoop::of(NonNull::new_unchecked((*listener).loop_));
        (uv_loop, StreamHandle::kind(NonNull::new_unchecked(listener.cast())))
    };
    let Ok(handle) = StreamHandle::open(uv_loop, kind, NOBODY) else { return };
    // SAFETY: both are initialised; where nothing waits, libuv says so. The handle is closed once.
    unsafe {
        sys::uv_accept(listener, handle.as_ptr().cast());
        sys::uv_close(handle.as_ptr().cast(), Some(on_stream_closed::<E>));
    }
}

/// The key of no stream.
const NOBODY: Key = 0;

impl Stream {
    /// Accepts the connection that `listener` was told of, or the one that was taken from its
    /// queue. `key` names the stream from now on.
    pub fn accept<E: Events>(
        uv_loop: EventLoop,
        listener: &StreamListener,
        waiting: Option<Waiting>,
        key: Key,
    ) -> Result<Self, Error> {
        let handle = StreamHandle::open(uv_loop, listener.kind(), key)?;
        let stream = Self::new(handle);
        let accepted = match waiting {
            None => {
                // SAFETY: both are initialised; where none waits any more, libuv says so.
                let status = unsafe { sys::uv_accept(listener.stream(), handle.as_ptr().cast()) };
                let status = faults::outcome("uv_accept", status);
                Error::check(status, "accept").map(|_| ())
            }
            Some(Waiting(socket)) => StreamHandle::adopt(handle, socket),
        };
        if let Err(error) = accepted {
            stream.close::<E>();
            return Err(error);
        }
        if listener.kind() == Kind::Tcp {
            // Neither option is worth losing a connection that has just come.
            let _ = listener.options().pass_on(handle.as_ptr().cast());
        }
        Ok(stream)
    }
}

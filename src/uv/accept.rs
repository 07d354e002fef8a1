//! Accepting: the connection that libuv tells of, and those that wait behind it.

use libuv_sys2 as sys;
use socket2::Socket;

use super::callbacks::{Events, Key};
use super::descriptor::with_socket;
use super::stream_handle::{Kind, StreamHandle};
use super::{Error, EventLoop, Stream, StreamListener};

/// A connection that was taken from the queue of a listener.
#[derive(Debug)]
pub struct Waiting(Socket);

impl StreamListener {
    /// Takes one more connection, if one waits: libuv tells of one in each turn of its loop.
    pub fn take_waiting(&self) -> Option<Waiting> {
        // Whatever goes wrong here, libuv meets it at its next turn, and knows what to do.
        with_socket(self.handle(), |socket| socket.accept())?
            .ok()
            .map(|(socket, _)| Waiting(socket))
    }
}

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
                // SAFETY: both are initialised; libuv told that one waits.
                let status = unsafe { sys::uv_accept(listener.stream(), handle.as_ptr().cast()) };
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

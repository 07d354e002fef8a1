//! Accepting: the connection that libuv tells of, and those that wait behind it.

use std::ptr::NonNull;

use libuv_sys2 as sys;
use socket2::Socket;

use super::callbacks::{Events, Key};
use super::descriptor::with_socket;
use super::listener::into_raw;
use super::stream::StreamHandle;
use super::{Error, EventLoop, TcpListener, TcpStream};

/// A connection that was taken from the queue of a listener.
#[derive(Debug)]
pub struct Waiting(Socket);

impl TcpListener {
    /// Takes one more connection, if one waits: libuv tells of one in each turn of its loop.
    pub fn take_waiting(&self) -> Option<Waiting> {
        // Whatever goes wrong here, libuv meets it at its next turn, and knows what to do.
        with_socket(self.handle(), |socket| socket.accept())?
            .ok()
            .map(|(socket, _)| Waiting(socket))
    }
}

impl TcpStream {
    /// Accepts the connection that `listener` was told of, or the one that was taken from its
    /// queue. `key` names the stream from now on.
    pub fn accept<E: Events>(
        uv_loop: EventLoop,
        listener: &TcpListener,
        waiting: Option<Waiting>,
        key: Key,
    ) -> Result<Self, Error> {
        let stream = Self::new(uv_loop, key)?;
        let accepted = match waiting {
            None => {
                // SAFETY: both are initialised; libuv told that one waits.
                Error::check(
                    unsafe { sys::uv_accept(listener.stream(), stream.stream()) },
                    "accept",
                )
            }
            Some(Waiting(socket)) => {
                // SAFETY: an initialised handle that has no socket yet.
                let status = unsafe { sys::uv_tcp_open(stream.tcp(), into_raw(&socket)) };
                // libuv owns the descriptor now.
                Error::check(status, "open").inspect(|_| std::mem::forget(socket))
            }
        };
        if let Err(error) = accepted {
            stream.close::<E>();
            return Err(error);
        }
        // Neither option is worth losing a connection that has just come.
        let _ = listener.options().pass_on(stream.tcp());
        Ok(stream)
    }

    fn new(uv_loop: EventLoop, key: Key) -> Result<Self, Error> {
        let raw = NonNull::from(Box::leak(Box::new(StreamHandle::new(key))));
        // SAFETY: the loop is alive, the handle's memory stays until its close callback.
        let status = unsafe { sys::uv_tcp_init(uv_loop.raw(), raw.as_ptr().cast()) };
        if let Err(error) = Error::check(status, "socket") {
            // SAFETY: init failed, so libuv does not know the memory.
            drop(unsafe { Box::from_raw(raw.as_ptr()) });
            return Err(error);
        }
        Ok(Self::from_handle(raw))
    }
}

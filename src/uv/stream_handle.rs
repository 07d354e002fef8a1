use std::ptr::NonNull;

use libuv_sys2 as sys;
use socket2::Socket;

use super::callbacks::Key;
use super::open_handles::opened;
use super::{Error, EventLoop, faults};

/// What a stream runs on. libuv's stream functions take both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Tcp,
    /// A Unix domain socket; on Windows a named pipe.
    Pipe,
}

/// Room for either.
#[repr(C)]
union Either {
    tcp: sys::uv_tcp_t,
    pipe: sys::uv_pipe_t,
}

/// A listener's or a connection's handle. First field first: libuv's pointer to it is a pointer to
/// the whole.
#[repr(C)]
pub(super) struct StreamHandle {
    either: Either,
    pub(super) key: Key,
    /// The next read is not ours, see `Stream::await_readable`.
    pub(super) awaits_readable: bool,
    /// Nothing is to be read, which libuv does not know yet, see `Stream::read_pause`.
    pub(super) paused: bool,
}

impl StreamHandle {
    /// An initialised handle, whose memory is libuv's until its close callback.
    pub(super) fn open(uv_loop: EventLoop, kind: Kind, key: Key) -> Result<NonNull<Self>, Error> {
        // SAFETY: all-zero is valid for either before its init.
        let either = unsafe { std::mem::zeroed() };
        let handle = Box::new(Self { either, key, awaits_readable: false, paused: false });
        let raw = NonNull::from(Box::leak(handle));
        let status = faults::status("init", || {
            // SAFETY: the loop is alive, the handle's memory stays until its close callback.
            unsafe {
                match kind {
                    Kind::Tcp => sys::uv_tcp_init(uv_loop.raw(), raw.as_ptr().cast()),
                    Kind::Pipe => sys::uv_pipe_init(uv_loop.raw(), raw.as_ptr().cast(), 0),
                }
            }
        });
        let opened = Error::check(status, "socket").map(|_| opened());
        opened.map(|()| raw).inspect_err(|_| {
            // SAFETY: init failed, so libuv does not know the memory.
            drop(unsafe { Box::from_raw(raw.as_ptr()) });
        })
    }

    /// What it was opened as.
    pub(super) fn kind(handle: NonNull<Self>) -> Kind {
        // SAFETY: an initialised handle; libuv keeps its type where every handle has it.
        match unsafe { sys::uv_handle_get_type(handle.as_ptr().cast()) } {
            sys::uv_handle_type_UV_TCP => Kind::Tcp,
            _ => Kind::Pipe,
        }
    }

    /// Gives it a socket, which libuv owns from then on.
    pub(super) fn adopt(handle: NonNull<Self>, socket: Socket) -> Result<(), Error> {
        let status = faults::status("open", || {
            // SAFETY: an initialised handle that has no socket yet.
            unsafe {
                match Self::kind(handle) {
                    Kind::Tcp => sys::uv_tcp_open(handle.as_ptr().cast(), into_raw(&socket)),
                    #[cfg(unix)]
                    Kind::Pipe => sys::uv_pipe_open(handle.as_ptr().cast(), into_raw(&socket)),
                    // A named pipe has no socket.
                    #[cfg(not(unix))]
                    Kind::Pipe => sys::uv_errno_t_UV_ENOTSUP,
                }
            }
        });
        // libuv owns the descriptor now.
        Error::check(status, "open").map(|_| std::mem::forget(socket))
    }

    /// Whether it keeps the process alive.
    pub(super) fn set_ref(handle: NonNull<Self>, referenced: bool) {
        // SAFETY: an open handle.
        unsafe {
            match referenced {
                true => sys::uv_ref(handle.as_ptr().cast()),
                false => sys::uv_unref(handle.as_ptr().cast()),
            }
        }
    }
}

#[cfg(unix)]
fn into_raw(socket: &Socket) -> sys::uv_os_sock_t {
    std::os::fd::AsRawFd::as_raw_fd(socket)
}

#[cfg(windows)]
fn into_raw(socket: &Socket) -> sys::uv_os_sock_t {
    std::os::windows::io::AsRawSocket::as_raw_socket(socket) as sys::uv_os_sock_t
}

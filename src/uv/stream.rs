use std::ffi::c_uint;
#[cfg(unix)]
use std::io::{self, ErrorKind, IoSlice};
use std::net::SocketAddr;
#[cfg(unix)]
use std::os::fd::BorrowedFd;
use std::ptr::NonNull;

use libuv_sys2 as sys;
#[cfg(unix)]
use socket2::SockRef;

use super::callbacks::{Events, Key, on_alloc, on_read, on_shutdown, on_stream_closed, on_write};
use super::{Error, EventLoop, TcpListener, resolve};

/// First field first: libuv's pointer to it is a pointer to the whole.
#[repr(C)]
pub(super) struct StreamHandle {
    tcp: sys::uv_tcp_t,
    pub(super) key: Key,
}

/// A write under way; it owns its bytes until libuv is done with them.
#[repr(C)]
pub(super) struct WriteRequest {
    request: sys::uv_write_t,
    pub(super) key: Key,
    pub(super) data: Vec<u8>,
}

/// An accepted TCP connection.
#[derive(Debug)]
pub struct TcpStream(NonNull<StreamHandle>);

/// How many pieces one `try_write` takes at most.
const TRY_WRITE_PIECES: usize = 4;

impl TcpStream {
    /// Accepts the connection that `listener` was told of. `key` names the stream from now on.
    pub fn accept<E: Events>(
        uv_loop: EventLoop,
        listener: &TcpListener,
        key: Key,
    ) -> Result<Self, Error> {
        // SAFETY: all-zero is a valid uv_tcp_t before uv_tcp_init.
        let handle = Box::new(StreamHandle { tcp: unsafe { std::mem::zeroed() }, key });
        let raw = NonNull::from(Box::leak(handle));
        // SAFETY: the loop is alive, the handle's memory stays until its close callback.
        let status = unsafe { sys::uv_tcp_init(uv_loop.raw(), &raw mut (*raw.as_ptr()).tcp) };
        if let Err(error) = Error::check(status, "socket") {
            // SAFETY: init failed, so libuv does not know the memory.
            drop(unsafe { Box::from_raw(raw.as_ptr()) });
            return Err(error);
        }
        let stream = Self(raw);
        // SAFETY: both handles are initialised; the listener told us that one waits.
        let status = unsafe { sys::uv_accept(listener.stream(), stream.stream()) };
        match Error::check(status, "accept") {
            Ok(_) => Ok(stream),
            Err(error) => {
                stream.close::<E>();
                Err(error)
            }
        }
    }

    fn stream(&self) -> *mut sys::uv_stream_t {
        self.0.as_ptr().cast()
    }

    fn tcp(&self) -> *mut sys::uv_tcp_t {
        self.0.as_ptr().cast()
    }

    /// Starts telling of what arrives; starting twice is harmless.
    pub fn read_start<E: Events>(&self) -> Result<(), Error> {
        // SAFETY: an open stream; the callbacks stay valid for the life of the addon, which is
        // never unloaded while a handle is open.
        let status =
            unsafe { sys::uv_read_start(self.stream(), Some(on_alloc), Some(on_read::<E>)) };
        // EALREADY: it reads already.
        if status == sys::uv_errno_t_UV_EALREADY {
            return Ok(());
        }
        Error::check(status, "read").map(|_| ())
    }

    pub fn read_stop(&self) {
        // SAFETY: an open stream; never fails.
        unsafe { sys::uv_read_stop(self.stream()) };
    }

    /// Writes what the socket takes now, pieces in order, in one system call. Ok(0): it would
    /// block. `send` is a shorter way into the kernel than the `write` of `uv_try_write`.
    #[cfg(unix)]
    pub fn try_write(&self, pieces: &[&[u8]]) -> Result<usize, Error> {
        const FLAGS: libc::c_int = libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL;
        let sent = self.with_socket(|socket| match pieces {
            [piece] => socket.send_with_flags(piece, FLAGS),
            _ => {
                let mut slices = [IoSlice::new(&[]); TRY_WRITE_PIECES];
                let count = pieces.len().min(TRY_WRITE_PIECES);
                for (slice, piece) in slices.iter_mut().zip(pieces) {
                    *slice = IoSlice::new(piece);
                }
                socket.send_vectored_with_flags(&slices[..count], FLAGS)
            }
        })?;
        match sent {
            Ok(written) => Ok(written),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(0),
            Err(error) => Err(system_error(&error, "write")),
        }
    }

    /// Writes what the socket takes now, pieces in order, in one system call. Ok(0): it would
    /// block.
    #[cfg(not(unix))]
    pub fn try_write(&self, pieces: &[&[u8]]) -> Result<usize, Error> {
        let mut buffers = [sys::uv_buf_t { base: std::ptr::null_mut(), len: 0 }; TRY_WRITE_PIECES];
        let count = pieces.len().min(TRY_WRITE_PIECES);
        for (buffer, piece) in buffers.iter_mut().zip(pieces) {
            *buffer = buffer_of(piece);
        }
        // SAFETY: the buffers point into `pieces`, which outlive this synchronous call.
        let status = unsafe { sys::uv_try_write(self.stream(), buffers.as_ptr(), count as c_uint) };
        match Error::check(status, "write") {
            Ok(written) => Ok(written as usize),
            Err(error) if error.is_would_block() => Ok(0),
            Err(error) => Err(error),
        }
    }

    /// Writes all of `data`, which libuv owns until `Events::written`.
    pub fn write<E: Events>(&self, data: Vec<u8>) -> Result<(), Error> {
        // SAFETY: the handle is open; all-zero is a valid uv_write_t before uv_write.
        let (key, request) = unsafe { ((*self.0.as_ptr()).key, std::mem::zeroed()) };
        let request = Box::into_raw(Box::new(WriteRequest { request, key, data }));
        // SAFETY: the request and its bytes live until `on_write` frees them; libuv copies the
        // uv_buf_t itself.
        let status = unsafe {
            let buffer = buffer_of(&(*request).data);
            sys::uv_write(request.cast(), self.stream(), &buffer, 1, Some(on_write::<E>))
        };
        Error::check(status, "write").map(|_| ()).inspect_err(|_| {
            // SAFETY: libuv refused the request, so its callback will not come.
            drop(unsafe { Box::from_raw(request) });
        })
    }

    /// What has ended the connection while nothing is read or written: libuv tells of a reset
    /// only those who do.
    #[cfg(unix)]
    pub fn pending_error(&self) -> Option<Error> {
        let taken = self.with_socket(|socket| socket.take_error()).ok()?;
        Some(system_error(&taken.ok()??, "read"))
    }

    /// Runs `body` with the socket, for what libuv has no function for.
    #[cfg(unix)]
    fn with_socket<R>(&self, body: impl FnOnce(&SockRef<'_>) -> R) -> Result<R, Error> {
        let mut fd = -1;
        // SAFETY: an open handle; libuv writes its descriptor, or fails.
        Error::check(unsafe { sys::uv_fileno(self.0.as_ptr().cast(), &mut fd) }, "fileno")?;
        // SAFETY: libuv keeps the descriptor open as long as the handle.
        let fd = unsafe { BorrowedFd::borrow_raw(fd) };
        Ok(body(&SockRef::from(&fd)))
    }

    /// Where libuv has no descriptor to give, a reset is seen at the next read or write.
    #[cfg(not(unix))]
    pub fn pending_error(&self) -> Option<Error> {
        None
    }

    /// Ends our half once all writes are out.
    pub fn shutdown<E: Events>(&self) -> Result<(), Error> {
        // SAFETY: all-zero is a valid uv_shutdown_t before uv_shutdown.
        let request = Box::into_raw(Box::new(unsafe { std::mem::zeroed::<sys::uv_shutdown_t>() }));
        // SAFETY: the request lives until `on_shutdown` frees it.
        let status = unsafe { sys::uv_shutdown(request, self.stream(), Some(on_shutdown::<E>)) };
        Error::check(status, "shutdown").map(|_| ()).inspect_err(|_| {
            // SAFETY: libuv refused the request, so its callback will not come.
            drop(unsafe { Box::from_raw(request) });
        })
    }

    /// Sets TCP_NODELAY.
    pub fn set_no_delay(&self, enable: bool) -> Result<(), Error> {
        // SAFETY: an open handle.
        let status = unsafe { sys::uv_tcp_nodelay(self.tcp(), enable.into()) };
        Error::check(status, "setsockopt").map(|_| ())
    }

    /// Turns TCP keep-alive probes on (first after `delay` seconds, at least 1) or off.
    pub fn set_keep_alive(&self, enable: bool, delay: u32) -> Result<(), Error> {
        // SAFETY: an open handle.
        let status =
            unsafe { sys::uv_tcp_keepalive(self.tcp(), enable.into(), delay.max(1) as c_uint) };
        Error::check(status, "setsockopt").map(|_| ())
    }

    pub fn peer_address(&self) -> Result<SocketAddr, Error> {
        resolve::address_of("getpeername", |storage, length| {
            // SAFETY: an open handle; libuv writes at most `length` bytes.
            unsafe { sys::uv_tcp_getpeername(self.tcp(), storage, length) }
        })
    }

    pub fn local_address(&self) -> Result<SocketAddr, Error> {
        resolve::address_of("getsockname", |storage, length| {
            // SAFETY: an open handle; libuv writes at most `length` bytes.
            unsafe { sys::uv_tcp_getsockname(self.tcp(), storage, length) }
        })
    }

    /// Whether the open connection keeps the process alive.
    pub fn set_ref(&self, referenced: bool) {
        // SAFETY: an open handle.
        unsafe {
            match referenced {
                true => sys::uv_ref(self.0.as_ptr().cast()),
                false => sys::uv_unref(self.0.as_ptr().cast()),
            }
        }
    }

    /// Closes at once; a write under way ends with ECANCELED.
    pub fn close<E: Events>(self) {
        // SAFETY: `self` is consumed, so it is closed once; the callback frees the memory.
        unsafe { sys::uv_close(self.0.as_ptr().cast(), Some(on_stream_closed::<E>)) };
    }
}

#[cfg(unix)]
fn system_error(error: &io::Error, syscall: &'static str) -> Error {
    Error::new(-error.raw_os_error().unwrap_or(libc::EIO), syscall)
}

fn buffer_of(bytes: &[u8]) -> sys::uv_buf_t {
    // libuv only reads from buffers it writes out; its type has no const.
    sys::uv_buf_t { base: bytes.as_ptr().cast_mut().cast(), len: bytes.len() }
}

use std::ffi::c_uint;
use std::mem::MaybeUninit;
use std::net::Shutdown;
use std::ptr::NonNull;

use libuv_sys2 as sys;

use super::buffer::buffer_of;
use super::callbacks::{Events, Key, on_alloc, on_read, on_shutdown, on_stream_closed, on_write};
use super::descriptor::{KEEPS_PEER, PIECES, peer_after_reset, receive, send, with_socket};
use super::socket_options::{set_keep_alive, set_no_delay};
use super::stream_handle::{Kind, StreamHandle};
#[cfg(unix)]
use super::unix_socket;
use super::{Address, Error, faults, resolve};

/// A write under way; it owns its bytes until libuv is done with them.
#[repr(C)]
pub(super) struct WriteRequest {
    request: sys::uv_write_t,
    pub(super) key: Key,
    pub(super) data: Vec<u8>,
}

/// An accepted connection, over TCP or a Unix domain socket.
#[derive(Debug)]
pub struct Stream(NonNull<StreamHandle>);

impl Stream {
    pub(super) fn new(handle: NonNull<StreamHandle>) -> Self {
        Self(handle)
    }

    fn stream(&self) -> *mut sys::uv_stream_t {
        self.0.as_ptr().cast()
    }

    /// The handle for libuv's TCP functions. None: there is no TCP under it.
    fn tcp(&self) -> Option<*mut sys::uv_tcp_t> {
        (StreamHandle::kind(self.0) == Kind::Tcp).then(|| self.0.as_ptr().cast())
    }

    pub(super) fn handle(&self) -> *const sys::uv_handle_t {
        self.0.as_ptr().cast()
    }

    /// Starts telling of what arrives; starting twice is harmless.
    pub fn read_start<E: Events>(&self) -> Result<(), Error> {
        // SAFETY: the handle lives until its close callback, and libuv does not know this field.
        unsafe { (*self.0.as_ptr()).paused = false };
        let status = faults::status("read_start", || {
            // SAFETY: an open stream; the callbacks stay valid for the life of the addon, which is
            // never unloaded while a handle is open.
            unsafe { sys::uv_read_start(self.stream(), Some(on_alloc), Some(on_read::<E>)) }
        });
        // EALREADY: it reads already.
        if status == sys::uv_errno_t_UV_EALREADY {
            return Ok(());
        }
        Error::check(status, "read").map(|_| ())
    }

    /// When something can be read next, `Events::readable` is told instead, so that it may be read
    /// to where it belongs with `try_read`.
    #[cfg(unix)]
    pub fn await_readable(&self) {
        // SAFETY: the handle lives until its close callback, and libuv does not know this field.
        unsafe { (*self.0.as_ptr()).awaits_readable = true };
    }

    /// Where libuv has no descriptor to give, it reads everything.
    #[cfg(not(unix))]
    pub fn await_readable(&self) {}

    /// Reads what is there now, as far as there is room; nothing also at the end, which libuv's own
    /// next read finds, and where libuv has no descriptor to give.
    pub fn try_read<'a>(&self, room: &'a mut [MaybeUninit<u8>]) -> Result<&'a mut [u8], Error> {
        let read = with_socket(self.handle(), |socket| receive(socket, room));
        let read = read.unwrap_or(Ok(0)).map_err(|error| Error::of_system(&error, "read"))?;
        // SAFETY: the system wrote so many bytes at the start of `room`.
        Ok(unsafe { &mut *(&raw mut room[..read] as *mut [u8]) })
    }

    pub fn read_stop(&self) {
        // SAFETY: an open stream; never fails.
        unsafe { sys::uv_read_stop(self.stream()) };
    }

    /// As `read_stop`, for what may soon go on: libuv is told only once there is something to read.
    /// Until then its poll knows the socket, and has not to be told of it twice.
    #[cfg(unix)]
    pub fn read_pause(&self) {
        // SAFETY: the handle lives until its close callback, and libuv does not know this field.
        unsafe { (*self.0.as_ptr()).paused = true };
    }

    /// Where libuv has no descriptor to give, it reads by itself.
    #[cfg(not(unix))]
    pub fn read_pause(&self) {
        self.read_stop();
    }

    /// Writes what the socket takes now, pieces in order, in one system call. Ok(0): it would
    /// block.
    pub fn try_write(&self, pieces: &[&[u8]]) -> Result<usize, Error> {
        self.send(pieces, 0).unwrap_or_else(|| self.try_write_by_libuv(pieces))
    }

    /// By the socket itself. None: libuv has no descriptor to give.
    fn send(&self, pieces: &[&[u8]], flags: i32) -> Option<Result<usize, Error>> {
        if faults::outcome("no descriptor", 0) != 0 {
            return None;
        }
        let sent = with_socket(self.handle(), |socket| send(socket, pieces, flags))?;
        Some(sent.map_err(|error| Error::of_system(&error, "write")))
    }

    fn try_write_by_libuv(&self, pieces: &[&[u8]]) -> Result<usize, Error> {
        let mut buffers = [sys::uv_buf_t { base: std::ptr::null_mut(), len: 0 }; PIECES];
        let count = pieces.len().min(PIECES);
        for (buffer, piece) in buffers.iter_mut().zip(pieces) {
            let room = faults::room("send room", piece.len());
            *buffer = buffer_of(&piece[..room]);
            if room < piece.len() {
                break;
            }
        }
        let status = faults::status("uv_try_write", || {
            // SAFETY: the buffers point into `pieces`, which outlive this synchronous call.
            unsafe { sys::uv_try_write(self.stream(), buffers.as_ptr(), count as c_uint) }
        });
        match Error::check(status, "write") {
            Ok(written) => Ok(written as usize),
            Err(error) if error.is_would_block() => Ok(0),
            Err(error) => Err(error),
        }
    }

    /// As `try_write` for the last bytes, which `end` or `close` follows at once: where the system
    /// can, they wait for that, so that one segment has them and the FIN.
    #[cfg(target_os = "linux")]
    pub fn try_write_last(&self, bytes: &[u8]) -> Result<usize, Error> {
        let sent = self.send(&[bytes], libc::MSG_MORE);
        sent.unwrap_or_else(|| self.try_write_by_libuv(&[bytes]))
    }

    #[cfg(not(target_os = "linux"))]
    pub fn try_write_last(&self, bytes: &[u8]) -> Result<usize, Error> {
        self.try_write(&[bytes])
    }

    /// Writes all of `data`, which libuv owns until `Events::written`.
    pub fn write<E: Events>(&self, data: Vec<u8>) -> Result<(), Error> {
        // SAFETY: the handle is open; all-zero is a valid uv_write_t before uv_write.
        let (key, request) = unsafe { ((*self.0.as_ptr()).key, std::mem::zeroed()) };
        let request = Box::into_raw(Box::new(WriteRequest { request, key, data }));
        let status = faults::status("write", || {
            // SAFETY: the request and its bytes live until `on_write` frees them; libuv copies
            // the uv_buf_t itself.
            unsafe {
                let buffer = buffer_of(&(*request).data);
                sys::uv_write(request.cast(), self.stream(), &buffer, 1, Some(on_write::<E>))
            }
        });
        Error::check(status, "write").map(|_| ()).inspect_err(|_| {
            // SAFETY: libuv refused the request, so its callback will not come.
            drop(unsafe { Box::from_raw(request) });
        })
    }

    /// What has ended the connection while nothing is read or written: libuv tells of a reset
    /// only those who do. Where it has no descriptor to give, it is seen at the next of them.
    pub fn pending_error(&self) -> Option<Error> {
        let error = with_socket(self.handle(), |socket| socket.take_error())?.ok()??;
        Some(Error::of_system(&error, "read"))
    }

    /// Whether bytes have come that nobody has read. False also where libuv has no descriptor to
    /// give: then nobody can tell.
    pub fn has_unread(&self) -> bool {
        let mut byte = [MaybeUninit::uninit()];
        let peeked = with_socket(self.handle(), |socket| socket.peek(&mut byte));
        peeked.is_some_and(|result| result.is_ok_and(|length| length > 0))
    }

    /// Ends our half at once, which nothing may wait to be written for, and nothing may be written
    /// behind. Where libuv has no descriptor to give, `Events::shut_down` tells how it went.
    pub fn end<E: Events>(&self) -> Result<(), Error> {
        let shut_down = with_socket(self.handle(), |socket| {
            faults::system("shutdown", || socket.shutdown(Shutdown::Write))
        });
        match shut_down {
            Some(result) => result.map_err(|error| Error::of_system(&error, "shutdown")),
            None => self.shutdown::<E>(),
        }
    }

    /// Ends our half once all writes are out.
    pub fn shutdown<E: Events>(&self) -> Result<(), Error> {
        // SAFETY: all-zero is a valid uv_shutdown_t before uv_shutdown.
        let request = Box::into_raw(Box::new(unsafe { std::mem::zeroed::<sys::uv_shutdown_t>() }));
        let status = faults::status("uv_shutdown", || {
            // SAFETY: the request lives until `on_shutdown` frees it.
            unsafe { sys::uv_shutdown(request, self.stream(), Some(on_shutdown::<E>)) }
        });
        Error::check(status, "shutdown").map(|_| ()).inspect_err(|_| {
            // SAFETY: libuv refused the request, so its callback will not come.
            drop(unsafe { Box::from_raw(request) });
        })
    }

    /// Sets TCP_NODELAY, where there is TCP.
    pub fn set_no_delay(&self, enable: bool) -> Result<(), Error> {
        self.tcp().map_or(Ok(()), |tcp| set_no_delay(tcp, enable))
    }

    /// Turns TCP keep-alive probes on (first after `delay` seconds, at least 1) or off.
    pub fn set_keep_alive(&self, enable: bool, delay: u32) -> Result<(), Error> {
        self.tcp().map_or(Ok(()), |tcp| set_keep_alive(tcp, enable, delay))
    }

    /// Whether `peer_address` tells it also after the peer has reset.
    pub const KEEPS_PEER: bool = KEEPS_PEER;

    pub fn peer_address(&self) -> Result<Address, Error> {
        let Some(tcp) = self.tcp() else { return self.path_of("getpeername") };
        let address = resolve::address_of("getpeername", |storage, length| {
            faults::status("getpeername", || {
                // SAFETY: an open TCP handle; libuv writes at most `length` bytes.
                unsafe { sys::uv_tcp_getpeername(tcp, storage, length) }
            })
        });
        let address = address.or_else(|error| {
            let former = with_socket(self.handle(), peer_after_reset);
            former.and_then(Result::ok).ok_or(error)
        });
        address.map(Address::Ip)
    }

    pub fn local_address(&self) -> Result<Address, Error> {
        let Some(tcp) = self.tcp() else { return self.path_of("getsockname") };
        let address = resolve::address_of("getsockname", |storage, length| {
            faults::status("getsockname", || {
                // SAFETY: an open TCP handle; libuv writes at most `length` bytes.
                unsafe { sys::uv_tcp_getsockname(tcp, storage, length) }
            })
        });
        address.map(Address::Ip)
    }

    /// The name of one end of a Unix domain socket.
    #[cfg(unix)]
    fn path_of(&self, syscall: &'static str) -> Result<Address, Error> {
        let address = with_socket(self.handle(), |socket| match syscall {
            "getpeername" => socket.peer_addr(),
            _ => socket.local_addr(),
        });
        let address = address.ok_or_else(|| Error::new(sys::uv_errno_t_UV_EBADF, syscall))?;
        let address = address.map_err(|error| Error::of_system(&error, syscall))?;
        Ok(Address::Path(unix_socket::name_of(&address)))
    }

    /// Clients of a named pipe have no name.
    #[cfg(not(unix))]
    fn path_of(&self, _syscall: &'static str) -> Result<Address, Error> {
        Ok(Address::Path("".into()))
    }

    /// Whether the open connection keeps the process alive.
    pub fn set_ref(&self, referenced: bool) {
        StreamHandle::set_ref(self.0, referenced);
    }

    /// Closes at once; a write under way ends with ECANCELED.
    pub fn close<E: Events>(self) {
        // SAFETY: `self` is consumed, so it is closed once; the callback frees the memory.
        unsafe { sys::uv_close(self.0.as_ptr().cast(), Some(on_stream_closed::<E>)) };
    }
}

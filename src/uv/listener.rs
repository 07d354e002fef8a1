use std::ffi::c_int;
use std::net::SocketAddr;
use std::ptr::NonNull;

use libuv_sys2 as sys;
use socket2::{Domain, Protocol, SockAddr, Socket, Type};

use super::callbacks::{Events, Key, on_connection, on_listener_closed};
use super::{Error, EventLoop, SocketOptions, resolve};

/// First field first: libuv's pointer to it is a pointer to the whole.
#[repr(C)]
pub(super) struct ListenerHandle {
    tcp: sys::uv_tcp_t,
    pub(super) key: Key,
    options: SocketOptions,
}

/// A bound and listening TCP socket.
#[derive(Debug)]
pub struct TcpListener(NonNull<ListenerHandle>);

/// How to bind and listen.
#[derive(Debug, Clone, Copy)]
pub struct ListenOptions {
    pub address: SocketAddr,
    pub backlog: u32,
    /// SO_REUSEPORT: several sockets may listen at one port, the kernel spreads connections.
    pub reuse_port: bool,
    /// An IPv6 socket does not take IPv4 connections.
    pub ipv6_only: bool,
    pub accepted: SocketOptions,
}

impl TcpListener {
    pub fn listen<E: Events>(
        uv_loop: EventLoop,
        options: ListenOptions,
        key: Key,
    ) -> Result<Self, Error> {
        // SAFETY: all-zero is a valid uv_tcp_t before uv_tcp_init.
        let tcp = unsafe { std::mem::zeroed() };
        let handle = Box::new(ListenerHandle { tcp, key, options: options.accepted });
        let raw = NonNull::from(Box::leak(handle));
        // SAFETY: the loop is alive, the handle's memory stays until its close callback.
        let status = unsafe { sys::uv_tcp_init(uv_loop.raw(), &raw mut (*raw.as_ptr()).tcp) };
        if let Err(error) = Error::check(status, "socket") {
            // SAFETY: init failed, so libuv does not know the memory.
            drop(unsafe { Box::from_raw(raw.as_ptr()) });
            return Err(error);
        }
        let listener = Self(raw);
        let bound = listener.bind(options).and_then(|()| options.accepted.prepare(listener.tcp()));
        match bound.and_then(|()| listener.start::<E>(options.backlog)) {
            Ok(()) => Ok(listener),
            Err(error) => {
                listener.close::<E>();
                Err(error)
            }
        }
    }

    fn bind(&self, options: ListenOptions) -> Result<(), Error> {
        if options.reuse_port {
            return self.bind_shared(options);
        }
        let address = SockAddr::from(options.address);
        let flags = match options.ipv6_only && options.address.is_ipv6() {
            true => sys::uv_tcp_flags_UV_TCP_IPV6ONLY,
            false => 0,
        };
        // SAFETY: an initialised handle; the address is valid during the call.
        let status = unsafe { sys::uv_tcp_bind(self.tcp(), address.as_ptr().cast(), flags) };
        Error::check(status, "bind").map(|_| ())
    }

    /// libuv learned SO_REUSEPORT in 1.49; Node 20 has 1.46, so the socket is made here.
    fn bind_shared(&self, options: ListenOptions) -> Result<(), Error> {
        let socket = shared_socket(options).map_err(|error| Error::of_system(&error, "bind"))?;
        // SAFETY: an initialised handle that has no socket yet.
        let status = unsafe { sys::uv_tcp_open(self.tcp(), into_raw(&socket)) };
        Error::check(status, "open")?;
        // libuv owns the descriptor now.
        std::mem::forget(socket);
        Ok(())
    }

    fn start<E: Events>(&self, backlog: u32) -> Result<(), Error> {
        let backlog = c_int::try_from(backlog).unwrap_or(c_int::MAX);
        // SAFETY: a bound handle; the callback stays valid for the life of the addon.
        let status = unsafe { sys::uv_listen(self.stream(), backlog, Some(on_connection::<E>)) };
        Error::check(status, "listen").map(|_| ())
    }

    pub(super) fn stream(&self) -> *mut sys::uv_stream_t {
        self.0.as_ptr().cast()
    }

    pub(super) fn handle(&self) -> *const sys::uv_handle_t {
        self.0.as_ptr().cast()
    }

    fn tcp(&self) -> *mut sys::uv_tcp_t {
        self.0.as_ptr().cast()
    }

    /// What its connections start with.
    pub(super) fn options(&self) -> SocketOptions {
        // SAFETY: the memory is there until the close callback, and nobody changes the options.
        unsafe { (*self.0.as_ptr()).options }
    }

    /// The address it is bound to; tells the port that `port: 0` got.
    pub fn local_address(&self) -> Result<SocketAddr, Error> {
        resolve::address_of("getsockname", |storage, length| {
            // SAFETY: an open handle; libuv writes at most `length` bytes.
            unsafe { sys::uv_tcp_getsockname(self.tcp(), storage, length) }
        })
    }

    /// Whether listening keeps the process alive.
    pub fn set_ref(&self, referenced: bool) {
        // SAFETY: an open handle.
        unsafe {
            match referenced {
                true => sys::uv_ref(self.0.as_ptr().cast()),
                false => sys::uv_unref(self.0.as_ptr().cast()),
            }
        }
    }

    pub fn close<E: Events>(self) {
        // SAFETY: `self` is consumed, so it is closed once; the callback frees the memory.
        unsafe { sys::uv_close(self.0.as_ptr().cast(), Some(on_listener_closed::<E>)) };
    }
}

fn shared_socket(options: ListenOptions) -> std::io::Result<Socket> {
    let domain = Domain::for_address(options.address);
    let socket = Socket::new(domain, Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    #[cfg(unix)]
    {
        socket.set_reuse_address(true)?;
        socket.set_reuse_port(true)?;
    }
    #[cfg(not(unix))]
    return Err(std::io::Error::from(std::io::ErrorKind::Unsupported));
    #[cfg(unix)]
    {
        if options.address.is_ipv6() {
            socket.set_only_v6(options.ipv6_only)?;
        }
        socket.bind(&SockAddr::from(options.address))?;
        Ok(socket)
    }
}

#[cfg(unix)]
pub(super) fn into_raw(socket: &Socket) -> sys::uv_os_sock_t {
    std::os::fd::AsRawFd::as_raw_fd(socket)
}

#[cfg(windows)]
pub(super) fn into_raw(socket: &Socket) -> sys::uv_os_sock_t {
    std::os::windows::io::AsRawSocket::as_raw_socket(socket) as sys::uv_os_sock_t
}

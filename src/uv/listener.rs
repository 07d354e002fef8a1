use std::ffi::c_int;
use std::net::SocketAddr;
use std::ptr::NonNull;

use libuv_sys2 as sys;
use socket2::SockAddr;
#[cfg(unix)]
use socket2::{Domain, Protocol, Socket, Type};

use super::callbacks::{Events, Key, on_connection, on_stream_closed};
#[cfg(target_os = "linux")]
use super::descriptor::with_socket;
use super::stream_handle::{Kind, StreamHandle};
#[cfg(unix)]
use super::unix_socket::{self, SocketFile};
use super::{Address, Error, EventLoop, SocketOptions, faults, resolve};

/// A bound and listening socket.
#[derive(Debug)]
pub struct StreamListener {
    handle: NonNull<StreamHandle>,
    options: SocketOptions,
    /// What was bound to, where that is no IP address.
    path: Option<Box<str>>,
    #[cfg(unix)]
    file: Option<SocketFile>,
}

/// How to bind and listen.
#[derive(Debug, Clone)]
pub struct ListenOptions {
    pub place: Place,
    pub backlog: u32,
    /// What each connection starts with, where there is TCP.
    pub accepted: SocketOptions,
}

/// Where and how to bind.
#[derive(Debug, Clone)]
pub enum Place {
    Tcp(TcpOptions),
    Path(PathOptions),
}

#[derive(Debug, Clone, Copy)]
pub struct TcpOptions {
    pub address: SocketAddr,
    /// SO_REUSEPORT: several sockets may listen at one port, the kernel spreads connections.
    pub reuse_port: bool,
    /// An IPv6 socket does not take IPv4 connections.
    pub ipv6_only: bool,
}

#[derive(Debug, Clone)]
pub struct PathOptions {
    /// A file, a name in the abstract namespace (a leading NUL), or a named pipe of Windows.
    pub path: String,
    /// What everyone may do with the file, besides what the umask leaves.
    pub readable_all: bool,
    pub writable_all: bool,
}

impl StreamListener {
    pub fn listen<E: Events>(
        uv_loop: EventLoop,
        options: &ListenOptions,
        key: Key,
    ) -> Result<Self, Error> {
        let kind = match options.place {
            Place::Tcp(_) => Kind::Tcp,
            Place::Path(_) => Kind::Pipe,
        };
        let mut listener = Self {
            handle: StreamHandle::open(uv_loop, kind, key)?,
            options: options.accepted,
            path: None,
            #[cfg(unix)]
            file: None,
        };
        let bound = match &options.place {
            Place::Tcp(place) => listener.bind(*place),
            Place::Path(place) => listener.bind_path(place),
        };
        match bound.and_then(|()| listener.start::<E>(options.backlog)) {
            Ok(()) => Ok(listener),
            Err(error) => {
                listener.close::<E>();
                Err(error)
            }
        }
    }

    fn bind(&self, options: TcpOptions) -> Result<(), Error> {
        match options.reuse_port {
            true => self.bind_shared(options)?,
            false => self.bind_alone(options)?,
        }
        self.options.prepare(self.handle.as_ptr().cast())
    }

    fn bind_alone(&self, options: TcpOptions) -> Result<(), Error> {
        let address = SockAddr::from(options.address);
        let flags = match options.ipv6_only && options.address.is_ipv6() {
            true => sys::uv_tcp_flags_UV_TCP_IPV6ONLY,
            false => 0,
        };
        let tcp = self.handle.as_ptr().cast();
        let status = faults::status("bind", || {
            // SAFETY: an initialised handle; the address is valid during the call.
            unsafe { sys::uv_tcp_bind(tcp, address.as_ptr().cast(), flags) }
        });
        Error::check(status, "bind").map(|_| ())
    }

    /// libuv learned SO_REUSEPORT in 1.49; Node 20 has 1.46, so the socket is made here.
    #[cfg(unix)]
    fn bind_shared(&self, options: TcpOptions) -> Result<(), Error> {
        let socket = shared_socket(options).map_err(|error| Error::of_system(&error, "bind"))?;
        StreamHandle::adopt(self.handle, socket)
    }

    #[cfg(not(unix))]
    fn bind_shared(&self, _options: TcpOptions) -> Result<(), Error> {
        Err(Error::new(sys::uv_errno_t_UV_ENOTSUP, "bind"))
    }

    #[cfg(unix)]
    fn bind_path(&mut self, options: &PathOptions) -> Result<(), Error> {
        let (socket, file) = unix_socket::bind(options)?;
        self.path = Some(options.path.as_str().into());
        self.file = file;
        StreamHandle::adopt(self.handle, socket)
    }

    #[cfg(not(unix))]
    fn bind_path(&mut self, options: &PathOptions) -> Result<(), Error> {
        let invalid = |_| Error::new(sys::uv_errno_t_UV_EINVAL, "bind");
        let name = std::ffi::CString::new(options.path.as_str()).map_err(invalid)?;
        // SAFETY: an initialised handle; the name is valid during the call.
        let status = unsafe { sys::uv_pipe_bind(self.handle.as_ptr().cast(), name.as_ptr()) };
        Error::check(status, "bind")?;
        self.path = Some(options.path.as_str().into());
        let all = [
            (options.readable_all, sys::uv_poll_event_UV_READABLE),
            (options.writable_all, sys::uv_poll_event_UV_WRITABLE),
        ];
        let mode =
            all.iter().fold(0, |mode, (wanted, flag)| mode | if *wanted { *flag } else { 0 });
        if mode == 0 {
            return Ok(());
        }
        // SAFETY: a bound pipe.
        let status = unsafe { sys::uv_pipe_chmod(self.handle.as_ptr().cast(), mode as c_int) };
        Error::check(status, "chmod").map(|_| ())
    }

    fn start<E: Events>(&self, backlog: u32) -> Result<(), Error> {
        let backlog = c_int::try_from(backlog).unwrap_or(c_int::MAX);
        let status = faults::status("listen", || {
            // SAFETY: a bound handle; the callback stays valid for the life of the addon.
            unsafe { sys::uv_listen(self.stream(), backlog, Some(on_connection::<E>)) }
        });
        Error::check(status, "listen").map(|_| ())
    }

    pub(super) fn stream(&self) -> *mut sys::uv_stream_t {
        self.handle.as_ptr().cast()
    }

    pub(super) fn handle(&self) -> *const sys::uv_handle_t {
        self.handle.as_ptr().cast()
    }

    pub(super) fn kind(&self) -> Kind {
        StreamHandle::kind(self.handle)
    }

    /// What its connections start with.
    pub(super) fn options(&self) -> SocketOptions {
        self.options
    }

    /// From now on clients that want to connect get no answer, so that they try again a second
    /// later; those who have begun get in. Where several sockets listen at the port, closing one
    /// resets who is just connecting to it: this way there is nobody.
    #[cfg(target_os = "linux")]
    pub fn turn_away(&self) -> Result<(), Error> {
        use socket2::SockFilter;
        // Of a TCP header that has SYN (which is only a listener's to get) nothing passes, of any
        // other all.
        const LOAD_BYTE: u16 = 0x30;
        const JUMP_IF_ANY_BIT: u16 = 0x45;
        const RETURN: u16 = 0x06;
        const TCP_FLAGS: u32 = 13;
        const SYN: u32 = 0x02;
        let program = [
            SockFilter::new(LOAD_BYTE, 0, 0, TCP_FLAGS),
            SockFilter::new(JUMP_IF_ANY_BIT, 0, 1, SYN),
            SockFilter::new(RETURN, 0, 0, 0),
            SockFilter::new(RETURN, 0, 0, u32::MAX),
        ];
        if self.kind() != Kind::Tcp {
            return Ok(());
        }
        let attached = with_socket(self.handle(), |socket| {
            faults::system("attach_filter", || socket.attach_filter(&program))
        });
        attached.unwrap_or(Ok(())).map_err(|error| Error::of_system(&error, "setsockopt"))
    }

    /// Other systems have no such filter: who connects in the last moment may be reset.
    #[cfg(not(target_os = "linux"))]
    pub fn turn_away(&self) -> Result<(), Error> {
        Ok(())
    }

    /// The address it is bound to; tells the port that `port: 0` got.
    pub fn local_address(&self) -> Result<Address, Error> {
        if let Some(path) = &self.path {
            return Ok(Address::Path(path.clone()));
        }
        let tcp = self.handle.as_ptr().cast();
        let address = resolve::address_of("getsockname", |storage, length| {
            faults::status("getsockname", || {
                // SAFETY: an open TCP handle; libuv writes at most `length` bytes.
                unsafe { sys::uv_tcp_getsockname(tcp, storage, length) }
            })
        });
        address.map(Address::Ip)
    }

    /// Whether listening keeps the process alive.
    pub fn set_ref(&self, referenced: bool) {
        StreamHandle::set_ref(self.handle, referenced);
    }

    pub fn close<E: Events>(self) {
        // First the file: once the socket is closed, the name is the next one's.
        #[cfg(unix)]
        if let Some(file) = self.file {
            file.remove();
        }
        // SAFETY: `self` is consumed, so it is closed once; the callback frees the memory.
        unsafe { sys::uv_close(self.handle.as_ptr().cast(), Some(on_stream_closed::<E>)) };
    }
}

#[cfg(unix)]
fn shared_socket(options: TcpOptions) -> std::io::Result<Socket> {
    let domain = Domain::for_address(options.address);
    let protocol = Some(Protocol::TCP);
    let socket = faults::system("socket", || Socket::new(domain, Type::STREAM, protocol))?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(true)?;
    if options.address.is_ipv6() {
        socket.set_only_v6(options.ipv6_only)?;
    }
    socket.bind(&SockAddr::from(options.address))?;
    Ok(socket)
}

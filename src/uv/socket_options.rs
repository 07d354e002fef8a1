use std::ffi::c_uint;

use libuv_sys2 as sys;

use super::{Error, faults};

/// What each connection of a listener starts with.
#[derive(Debug, Clone, Copy)]
pub struct SocketOptions {
    /// TCP_NODELAY.
    pub no_delay: bool,
    /// Seconds until the first TCP keep-alive probe; 0: none.
    pub keep_alive: u32,
}

/// Linux gives an accepted socket the options of the one that listens.
const INHERITED: bool = cfg!(target_os = "linux");

impl SocketOptions {
    /// Sets them on a socket that will listen, if those it accepts get them from it.
    pub(super) fn prepare(self, listener: *mut sys::uv_tcp_t) -> Result<(), Error> {
        if INHERITED { self.set(listener) } else { Ok(()) }
    }

    /// Sets them on an accepted socket, if it has not got them by itself.
    pub(super) fn pass_on(self, accepted: *mut sys::uv_tcp_t) -> Result<(), Error> {
        if INHERITED { Ok(()) } else { self.set(accepted) }
    }

    /// Both are off on a new socket.
    fn set(self, tcp: *mut sys::uv_tcp_t) -> Result<(), Error> {
        if self.no_delay {
            set_no_delay(tcp, true)?;
        }
        match self.keep_alive {
            0 => Ok(()),
            delay => set_keep_alive(tcp, true, delay),
        }
    }
}

/// Sets TCP_NODELAY on an open handle.
pub(super) fn set_no_delay(tcp: *mut sys::uv_tcp_t, enable: bool) -> Result<(), Error> {
    let status = faults::status("setsockopt", || {
        // SAFETY: an open handle.
        unsafe { sys::uv_tcp_nodelay(tcp, enable.into()) }
    });
    Error::check(status, "setsockopt").map(|_| ())
}

/// Turns the probes of an open handle on (first after `delay` seconds, at least 1) or off.
pub(super) fn set_keep_alive(
    tcp: *mut sys::uv_tcp_t,
    enable: bool,
    delay: u32,
) -> Result<(), Error> {
    let status = faults::status("setsockopt", || {
        // SAFETY: an open handle.
        unsafe { sys::uv_tcp_keepalive(tcp, enable.into(), delay.max(1) as c_uint) }
    });
    Error::check(status, "setsockopt").map(|_| ())
}

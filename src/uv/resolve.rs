//! Names to addresses, and libuv's sockaddr to Rust's SocketAddr.

use std::ffi::{CString, c_int};
use std::net::{IpAddr, SocketAddr};

use libuv_sys2 as sys;
use socket2::SockAddr;

use super::{Error, EventLoop};

/// Resolves `hostname` by getaddrinfo, at once: an address as it is, a name to its first address.
/// Fails with `ENOTFOUND` or another of libuv's `EAI_*` codes.
pub fn resolve(uv_loop: EventLoop, hostname: &str, port: u16) -> Result<SocketAddr, Error> {
    if let Ok(address) = hostname.parse::<IpAddr>() {
        return Ok(SocketAddr::new(address, port));
    }
    let invalid = || Error::new(sys::uv_errno_t_UV_EINVAL, "getaddrinfo");
    let node = CString::new(hostname).map_err(|_| invalid())?;
    // SAFETY: all-zero is a valid request and a valid set of hints.
    let mut request: sys::uv_getaddrinfo_t = unsafe { std::mem::zeroed() };
    // SAFETY: as above.
    let mut hints: sys::addrinfo = unsafe { std::mem::zeroed() };
    hints.ai_socktype = socket2::Type::STREAM.into();
    // SAFETY: without a callback libuv works synchronously; the pointers live through the call.
    let status = unsafe {
        let service = std::ptr::null();
        sys::uv_getaddrinfo(uv_loop.raw(), &mut request, None, node.as_ptr(), service, &hints)
    };
    Error::check(status, "getaddrinfo")?;
    // SAFETY: on success the list has at least one entry whose address has ai_addrlen bytes; it is
    // copied before the list is freed.
    let address = unsafe {
        let first = &*request.addrinfo;
        let address = SockAddr::try_init(|storage, length| {
            let bytes = first.ai_addr.cast::<u8>();
            let size = (first.ai_addrlen as usize).min(size_of_val(&*storage));
            std::ptr::copy_nonoverlapping(bytes, storage.cast::<u8>(), size);
            *length = size as _;
            Ok(())
        });
        sys::uv_freeaddrinfo(request.addrinfo);
        address
    };
    let address = address.ok().and_then(|((), address)| address.as_socket());
    let mut address = address.ok_or_else(invalid)?;
    address.set_port(port);
    Ok(address)
}

/// Fetches an address by one of libuv's getpeername-like calls.
pub(super) fn address_of(
    syscall: &'static str,
    fetch: impl FnOnce(*mut sys::sockaddr, *mut c_int) -> c_int,
) -> Result<SocketAddr, Error> {
    let mut status = 0;
    // SAFETY: `fetch` writes an address into the storage and its length into `length`.
    let address = unsafe {
        SockAddr::try_init(|storage, length| {
            let mut size = *length as c_int;
            status = fetch(storage.cast(), &mut size);
            *length = size as _;
            Ok(())
        })
    };
    Error::check(status, syscall)?;
    let address = address.ok().and_then(|((), address)| address.as_socket());
    address.ok_or_else(|| Error::new(sys::uv_errno_t_UV_EAFNOSUPPORT, syscall))
}

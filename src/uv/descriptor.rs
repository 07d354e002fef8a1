//! What is asked of a socket itself: libuv has no call for it, or one that costs a turn of the
//! loop.

use std::ffi::c_int;
use std::io::{self, ErrorKind, IoSlice};
use std::mem::MaybeUninit;

use libuv_sys2 as sys;
use socket2::SockRef;

use super::{Error, faults};

/// Whether libuv has descriptors to give.
pub(super) const HAS_DESCRIPTORS: bool = cfg!(unix);

/// Runs `body` on the socket of an open handle. None: libuv has no descriptor to give.
#[cfg(unix)]
pub(super) fn with_socket<R>(
    handle: *const sys::uv_handle_t,
    body: impl FnOnce(SockRef<'_>) -> io::Result<R>,
) -> Option<io::Result<R>> {
    use std::os::fd::BorrowedFd;
    let mut fd = -1;
    // SAFETY: the callers' handles are open; libuv writes the descriptor, or fails.
    if unsafe { sys::uv_fileno(handle, &mut fd) } != 0 {
        return None;
    }
    // SAFETY: libuv keeps the descriptor open as long as the handle.
    let fd = unsafe { BorrowedFd::borrow_raw(fd) };
    Some(body(SockRef::from(&fd)))
}

#[cfg(not(unix))]
pub(super) fn with_socket<R>(
    _handle: *const sys::uv_handle_t,
    _body: impl FnOnce(SockRef<'_>) -> io::Result<R>,
) -> Option<io::Result<R>> {
    None
}

/// How many pieces one write takes at most.
pub(super) const PIECES: usize = 4;

/// Writes what the socket takes now, pieces in order; 0: it would block. A shorter way into the
/// kernel than the `write` of `uv_try_write`.
pub(super) fn send(socket: SockRef<'_>, pieces: &[&[u8]], flags: i32) -> io::Result<usize> {
    #[cfg(unix)]
    let flags = flags | libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL;
    let sent = faults::system("send", || {
        if let [piece] = pieces {
            let room = faults::room("send room", piece.len());
            return socket.send_with_flags(&piece[..room], flags);
        }
        let mut slices = [IoSlice::new(&[]); PIECES];
        for (slice, piece) in slices.iter_mut().zip(pieces) {
            let room = faults::room("send room", piece.len());
            *slice = IoSlice::new(&piece[..room]);
            if room < piece.len() {
                break;
            }
        }
        socket.send_vectored_with_flags(&slices[..pieces.len().min(PIECES)], flags)
    });
    unless_blocked(sent)
}

/// Reads what is there now; 0: it would block, or that was the end.
pub(super) fn receive(socket: SockRef<'_>, room: &mut [MaybeUninit<u8>]) -> io::Result<usize> {
    unless_blocked(faults::system("recv", || socket.recv(room)))
}

/// Reads what is there now, and says how that went as libuv does; 0: it would block.
pub(super) fn receive_now(handle: *const sys::uv_handle_t, room: &mut [MaybeUninit<u8>]) -> c_int {
    match with_socket(handle, |socket| faults::system("recv now", || socket.recv(room))) {
        Some(Ok(0)) => sys::uv_errno_t_UV_EOF,
        Some(received) => match unless_blocked(received) {
            Ok(length) => length as c_int,
            Err(error) => Error::of_system(&error, "read").errno(),
        },
        None => sys::uv_errno_t_UV_EBADF,
    }
}

fn unless_blocked(moved: io::Result<usize>) -> io::Result<usize> {
    match moved {
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {
            Ok(0)
        }
        result => result,
    }
}

/// Whether `peer_after_reset` can tell.
pub(super) const KEEPS_PEER: bool = cfg!(target_os = "linux");

/// Where a connection came from that has been reset: getpeername does not know any more.
#[cfg(target_os = "linux")]
pub(super) fn peer_after_reset(socket: SockRef<'_>) -> io::Result<std::net::SocketAddr> {
    use std::os::fd::AsRawFd;
    let ask = |storage: *mut socket2::SockAddrStorage, length: &mut libc::socklen_t| {
        let (level, name) = (libc::SOL_SOCKET, libc::SO_PEERNAME);
        // SAFETY: an open socket; at most `length` bytes are written, no more than the storage has.
        match unsafe { libc::getsockopt(socket.as_raw_fd(), level, name, storage.cast(), length) } {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    };
    // More room than the address needs is refused, so the longer kind is asked for first.
    let kinds = [size_of::<libc::sockaddr_in6>(), size_of::<libc::sockaddr_in>()];
    let [long, short] = kinds.map(|size| size as libc::socklen_t);
    // SAFETY: on success the storage holds an address of `length` bytes.
    let (_, address) = unsafe {
        socket2::SockAddr::try_init(|storage, length| {
            *length = long;
            ask(storage, &mut *length).or_else(|_| {
                *length = short;
                ask(storage, &mut *length)
            })
        })
    }?;
    address.as_socket().ok_or_else(|| ErrorKind::Unsupported.into())
}

#[cfg(not(target_os = "linux"))]
pub(super) fn peer_after_reset(_socket: SockRef<'_>) -> io::Result<std::net::SocketAddr> {
    Err(ErrorKind::Unsupported.into())
}

//! The length of libuv's buffers has 32 bits on Windows.

use libuv_sys2 as sys;

#[cfg(not(windows))]
pub(super) const fn length(bytes: usize) -> usize {
    bytes
}

/// What is longer is only written in part, as when the socket takes no more.
#[cfg(windows)]
pub(super) const fn length(bytes: usize) -> u32 {
    if bytes > u32::MAX as usize { u32::MAX } else { bytes as u32 }
}

pub(super) fn buffer_of(bytes: &[u8]) -> sys::uv_buf_t {
    // libuv only reads from buffers it writes out; its type has no const.
    sys::uv_buf_t { base: bytes.as_ptr().cast_mut().cast(), len: length(bytes.len()) }
}

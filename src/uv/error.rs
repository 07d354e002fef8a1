use std::ffi::{CStr, c_char, c_int};

use libuv_sys2 as sys;

/// A libuv error number, with the system call it came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Error {
    errno: c_int,
    syscall: &'static str,
}

impl Error {
    pub(super) fn new(errno: c_int, syscall: &'static str) -> Self {
        Self { errno, syscall }
    }

    /// What a system call said that was not made by libuv.
    pub(super) fn of_system(error: &std::io::Error, syscall: &'static str) -> Self {
        let errno = error.raw_os_error().map_or(sys::uv_errno_t_UV_ENOTSUP, |errno| -errno);
        Self::new(errno, syscall)
    }

    /// Turns libuv's return value (negative: an error) into a Result.
    pub(super) fn check(status: c_int, syscall: &'static str) -> Result<c_int, Self> {
        if status < 0 { Err(Self::new(status, syscall)) } else { Ok(status) }
    }

    /// Whether the peer ended its half of the connection.
    pub fn is_eof(self) -> bool {
        self.errno == sys::uv_errno_t_UV_EOF
    }

    /// Whether the operation would block.
    pub fn is_would_block(self) -> bool {
        self.errno == sys::uv_errno_t_UV_EAGAIN
    }

    /// Negative, as libuv and Node have it.
    pub fn errno(self) -> i32 {
        self.errno
    }

    /// The system call, in Node's words: `listen`, `bind`, `read`, `write` ...
    pub fn syscall(self) -> &'static str {
        self.syscall
    }

    /// libuv's name, `EADDRINUSE`, `ECONNRESET` ..., but Node's where the two differ: a host name
    /// without an address is `ENOTFOUND` to JavaScript.
    pub fn code(self) -> String {
        match self.errno {
            sys::uv_errno_t_UV_EAI_NONAME | sys::uv_errno_t_UV_EAI_NODATA => "ENOTFOUND".to_owned(),
            _ => self.text(sys::uv_err_name_r),
        }
    }

    /// libuv's sentence: `address already in use` ...
    pub fn message(self) -> String {
        self.text(sys::uv_strerror_r)
    }

    fn text(self, write: unsafe extern "C" fn(c_int, *mut c_char, usize) -> *mut c_char) -> String {
        let mut buffer = [0 as c_char; 128];
        // SAFETY: libuv writes at most 128 bytes with a NUL within them.
        let text = unsafe {
            write(self.errno, buffer.as_mut_ptr(), buffer.len());
            CStr::from_ptr(buffer.as_ptr())
        };
        text.to_string_lossy().into_owned()
    }
}

use std::ffi::CStr;

use libuv_sys2 as sys;

/// Why the host's libuv is not one that we can use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    #[cfg(windows)]
    #[error("the host does not export {0}")]
    Missing(String),
    #[error("the host's libuv says that {what} has {host} bytes, milouv was built for {built}")]
    Size { what: &'static str, host: usize, built: usize },
    #[error("the host says that it has libuv {reported}, but the one found is {found}")]
    Version { reported: String, found: String },
    #[error("libuv {found} is older than 1.46, the oldest that milouv is made for")]
    TooOld { found: String },
}

/// Checks that the `uv_*` found at load are those of the host (`process.versions.uv`) and that
/// handles and requests have the sizes we were compiled with.
pub fn check_host(reported: &str) -> Result<(), Mismatch> {
    #[cfg(windows)]
    if let Some(name) = super::host_symbols::missing() {
        return Err(Mismatch::Missing(name.to_string_lossy().into_owned()));
    }
    // SAFETY: returns a static NUL-terminated string.
    let found = unsafe { CStr::from_ptr(sys::uv_version_string()) };
    let found = found.to_string_lossy().into_owned();
    // A host may append a suffix to what it reports (`1.51.0-dev`).
    let bare = |version: &str| version.split('-').next().unwrap_or_default().to_owned();
    if bare(reported) != bare(&found) {
        return Err(Mismatch::Version { reported: reported.to_owned(), found });
    }
    // SAFETY: a plain number.
    if unsafe { sys::uv_version() } < (1 << 16 | 46 << 8) {
        return Err(Mismatch::TooOld { found });
    }
    let handles = [
        ("uv_tcp_t", sys::uv_handle_type_UV_TCP, size_of::<sys::uv_tcp_t>()),
        ("uv_pipe_t", sys::uv_handle_type_UV_NAMED_PIPE, size_of::<sys::uv_pipe_t>()),
        ("uv_timer_t", sys::uv_handle_type_UV_TIMER, size_of::<sys::uv_timer_t>()),
        ("uv_idle_t", sys::uv_handle_type_UV_IDLE, size_of::<sys::uv_idle_t>()),
        ("uv_check_t", sys::uv_handle_type_UV_CHECK, size_of::<sys::uv_check_t>()),
    ];
    let requests = [
        ("uv_write_t", sys::uv_req_type_UV_WRITE, size_of::<sys::uv_write_t>()),
        ("uv_shutdown_t", sys::uv_req_type_UV_SHUTDOWN, size_of::<sys::uv_shutdown_t>()),
        ("uv_getaddrinfo_t", sys::uv_req_type_UV_GETADDRINFO, size_of::<sys::uv_getaddrinfo_t>()),
    ];
    for (what, kind, built) in handles {
        // SAFETY: a pure function of a number.
        same_size(what, unsafe { sys::uv_handle_size(kind) }, built)?;
    }
    for (what, kind, built) in requests {
        // SAFETY: a pure function of a number.
        same_size(what, unsafe { sys::uv_req_size(kind) }, built)?;
    }
    Ok(())
}

fn same_size(what: &'static str, host: usize, built: usize) -> Result<(), Mismatch> {
    if host == built { Ok(()) } else { Err(Mismatch::Size { what, host, built }) }
}

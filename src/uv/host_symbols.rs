//! Windows has no undefined symbols: where another system's loader finds `uv_*` in the host, they
//! are defined here, and each passes its call on to the function of that name that the running
//! executable exports, whatever that is called (node.exe, electron.exe ...). That is also how
//! napi-sys comes by Node-API there, so nothing is linked to and no library of Node's is needed.

use std::ffi::{CStr, c_char, c_int, c_uint, c_void};
use std::mem::transmute;
use std::ptr::null;
use std::sync::OnceLock;

use libuv_sys2 as sys;

#[link(name = "kernel32")]
// SAFETY: as the Windows SDK declares them.
unsafe extern "system" {
    fn GetModuleHandleW(name: *const u16) -> *mut c_void;
    fn GetProcAddress(module: *mut c_void, name: *const c_char) -> *const c_void;
}

/// `libnode.dll`: where Node is built as a library, the executable is a shell around it.
const LIBNODE: [u16; 12] = {
    let (text, mut wide, mut at) = (b"libnode.dll", [0; 12], 0);
    while at < text.len() {
        wide[at] = text[at] as u16;
        at += 1;
    }
    wide
};

fn find(name: &CStr) -> Option<usize> {
    [null(), LIBNODE.as_ptr()].into_iter().find_map(|module| {
        // SAFETY: both names end with NUL; a module that is not loaded is null, which is not asked.
        let address = unsafe {
            let module = GetModuleHandleW(module);
            if module.is_null() { null() } else { GetProcAddress(module, name.as_ptr()) }
        };
        (!address.is_null()).then_some(address as usize)
    })
}

/// Where the functions are, or the first that the host has not.
fn addresses() -> &'static Result<Vec<usize>, &'static CStr> {
    static ADDRESSES: OnceLock<Result<Vec<usize>, &'static CStr>> = OnceLock::new();
    ADDRESSES.get_or_init(|| NAMES.iter().map(|name| find(name).ok_or(*name)).collect())
}

/// A function that this host's libuv lacks. To be asked before any is called.
pub(super) fn missing() -> Option<&'static CStr> {
    addresses().as_ref().err().copied()
}

macro_rules! from_host {
    ($(fn $name:ident($($argument:ident: $type:ty),*) $(-> $result:ty)?;)*) => {
        #[allow(non_camel_case_types, reason = "named after the functions")]
        enum Number { $($name),* }

        const NAMES: &[&CStr] = &[$(
            match CStr::from_bytes_with_nul(concat!(stringify!($name), "\0").as_bytes()) {
                Ok(name) => name,
                Err(_) => panic!("a NUL inside a name"),
            }
        ),*];

        $(
            // The types are those of the bindings.
            const _: unsafe extern "C" fn($($type),*) $(-> $result)? = sys::$name;

            #[unsafe(no_mangle)]
            unsafe extern "C" fn $name($($argument: $type),*) $(-> $result)? {
                let Ok(addresses) = addresses() else {
                    unreachable!("the host was checked when the addon was loaded")
                };
                // SAFETY: the host exports this function under this name, with these types.
                unsafe {
                    let function = transmute::<
                        usize,
                        unsafe extern "C" fn($($type),*) $(-> $result)?,
                    >(addresses[Number::$name as usize]);
                    function($($argument),*)
                }
            }
        )*
    };
}

from_host! {
    fn uv_accept(a: *mut sys::uv_stream_t, b: *mut sys::uv_stream_t) -> c_int;
    fn uv_check_init(a: *mut sys::uv_loop_t, b: *mut sys::uv_check_t) -> c_int;
    fn uv_check_start(a: *mut sys::uv_check_t, b: sys::uv_check_cb) -> c_int;
    fn uv_close(a: *mut sys::uv_handle_t, b: sys::uv_close_cb);
    fn uv_err_name_r(a: c_int, b: *mut c_char, c: usize) -> *mut c_char;
    fn uv_freeaddrinfo(a: *mut sys::addrinfo);
    fn uv_getaddrinfo(
        a: *mut sys::uv_loop_t,
        b: *mut sys::uv_getaddrinfo_t,
        c: sys::uv_getaddrinfo_cb,
        d: *const c_char,
        e: *const c_char,
        f: *const sys::addrinfo
    ) -> c_int;
    fn uv_handle_get_type(a: *const sys::uv_handle_t) -> sys::uv_handle_type;
    fn uv_handle_size(a: sys::uv_handle_type) -> usize;
    fn uv_idle_init(a: *mut sys::uv_loop_t, b: *mut sys::uv_idle_t) -> c_int;
    fn uv_idle_start(a: *mut sys::uv_idle_t, b: sys::uv_idle_cb) -> c_int;
    fn uv_idle_stop(a: *mut sys::uv_idle_t) -> c_int;
    fn uv_is_active(a: *const sys::uv_handle_t) -> c_int;
    fn uv_listen(a: *mut sys::uv_stream_t, b: c_int, c: sys::uv_connection_cb) -> c_int;
    fn uv_now(a: *const sys::uv_loop_t) -> u64;
    fn uv_pipe_bind(a: *mut sys::uv_pipe_t, b: *const c_char) -> c_int;
    fn uv_pipe_chmod(a: *mut sys::uv_pipe_t, b: c_int) -> c_int;
    fn uv_pipe_init(a: *mut sys::uv_loop_t, b: *mut sys::uv_pipe_t, c: c_int) -> c_int;
    fn uv_pipe_open(a: *mut sys::uv_pipe_t, b: sys::uv_file) -> c_int;
    fn uv_read_start(a: *mut sys::uv_stream_t, b: sys::uv_alloc_cb, c: sys::uv_read_cb) -> c_int;
    fn uv_read_stop(a: *mut sys::uv_stream_t) -> c_int;
    fn uv_ref(a: *mut sys::uv_handle_t);
    fn uv_req_size(a: sys::uv_req_type) -> usize;
    fn uv_shutdown(
        a: *mut sys::uv_shutdown_t,
        b: *mut sys::uv_stream_t,
        c: sys::uv_shutdown_cb
    ) -> c_int;
    fn uv_strerror_r(a: c_int, b: *mut c_char, c: usize) -> *mut c_char;
    fn uv_tcp_bind(a: *mut sys::uv_tcp_t, b: *const sys::sockaddr, c: c_uint) -> c_int;
    fn uv_tcp_getpeername(a: *const sys::uv_tcp_t, b: *mut sys::sockaddr, c: *mut c_int) -> c_int;
    fn uv_tcp_getsockname(a: *const sys::uv_tcp_t, b: *mut sys::sockaddr, c: *mut c_int) -> c_int;
    fn uv_tcp_init(a: *mut sys::uv_loop_t, b: *mut sys::uv_tcp_t) -> c_int;
    fn uv_tcp_keepalive(a: *mut sys::uv_tcp_t, b: c_int, c: c_uint) -> c_int;
    fn uv_tcp_nodelay(a: *mut sys::uv_tcp_t, b: c_int) -> c_int;
    fn uv_tcp_open(a: *mut sys::uv_tcp_t, b: sys::uv_os_sock_t) -> c_int;
    fn uv_timer_init(a: *mut sys::uv_loop_t, b: *mut sys::uv_timer_t) -> c_int;
    fn uv_timer_start(a: *mut sys::uv_timer_t, b: sys::uv_timer_cb, c: u64, d: u64) -> c_int;
    fn uv_timer_stop(a: *mut sys::uv_timer_t) -> c_int;
    fn uv_try_write(a: *mut sys::uv_stream_t, b: *const sys::uv_buf_t, c: c_uint) -> c_int;
    fn uv_unref(a: *mut sys::uv_handle_t);
    fn uv_version() -> c_uint;
    fn uv_version_string() -> *const c_char;
    fn uv_write(
        a: *mut sys::uv_write_t,
        b: *mut sys::uv_stream_t,
        c: *const sys::uv_buf_t,
        d: c_uint,
        e: sys::uv_write_cb
    ) -> c_int;
}

//! What libuv calls. Every callback runs inside catch_unwind: no panic crosses C.

use std::cell::RefCell;
use std::ffi::{c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};

use libuv_sys2 as sys;

use super::buffer::length;
use super::descriptor::{HAS_DESCRIPTORS, receive_now};
use super::open_handles::given_back;
use super::panic_payload::let_go;
use super::stream::WriteRequest;
use super::stream_handle::StreamHandle;
use super::timer::TimerHandle;
use super::{Error, accept, faults};

/// How the owner of a handle names it; never a pointer.
pub type Key = u64;

/// Who is told of what happens. The functions are static: state is found by key.
pub trait Events: 'static {
    /// A connection waits to be accepted.
    fn connection(listener: Key, result: Result<(), Error>);
    /// Bytes arrived, the peer ended (`Error::is_eof`), or reading failed.
    fn read(stream: Key, result: Result<&[u8], Error>);
    /// There is something to read, which was awaited.
    fn readable(stream: Key);
    /// The write that was under way is over; `written` is how many bytes it took.
    fn written(stream: Key, result: Result<usize, Error>);
    /// Our half is shut down.
    fn shut_down(stream: Key, result: Result<(), Error>);
    /// The timer's period went by.
    fn tick();
    /// The idle handle ran.
    fn idle();
    /// The sockets of this turn of the loop have all been served.
    fn polled();
    /// A handle's memory has just been freed.
    fn closed();
    /// Rust code panicked while it worked for `key` (None: for no stream).
    fn panicked(key: Option<Key>);
}

/// One read's room: as much of a body as is held for a connection, and the usual head before it.
/// libuv hands it back in the same turn, so one per thread is enough.
const SLAB_SIZE: usize = (2 + 64) * 1024;

thread_local! {
    static SLAB: RefCell<Box<[u8]>> = RefCell::new(vec![0; SLAB_SIZE].into_boxed_slice());
}

/// Runs what a callback of this name does. False: it panicked.
fn guard<E: Events>(name: &'static str, key: Option<Key>, body: impl FnOnce()) -> bool {
    let guarded = AssertUnwindSafe(|| {
        faults::trip(name);
        body();
    });
    let Err(panic) = catch_unwind(guarded) else { return true };
    // The message has been printed by the panic hook; a second panic can only be dropped.
    let_go(panic);
    let _ = catch_unwind(|| E::panicked(key)).map_err(let_go);
    false
}

/// A buffer of no length makes libuv report ENOBUFS instead of reading: `on_read` does so itself
/// where it can, by a shorter way into the kernel, or has somebody read to where it belongs.
/// Nothing in here can panic, so that nothing has to be caught.
pub(super) extern "C" fn on_alloc(
    _handle: *mut sys::uv_handle_t,
    _suggested: usize,
    buffer: *mut sys::uv_buf_t,
) {
    let (base, len) = if HAS_DESCRIPTORS { (std::ptr::null_mut(), 0) } else { slab() };
    // SAFETY: libuv gave a valid uv_buf_t to fill.
    unsafe {
        (*buffer).base = base.cast();
        (*buffer).len = length(len);
    }
}

/// Nothing else touches it until the callback that asks has returned: the loop does not run inside
/// it.
fn slab() -> (*mut u8, usize) {
    let slab = SLAB.try_with(|slab| {
        let mut slab = slab.try_borrow_mut().ok()?;
        Some((slab.as_mut_ptr(), faults::room("alloc", slab.len())))
    });
    slab.ok().flatten().unwrap_or((std::ptr::null_mut(), 0))
}

pub(super) extern "C" fn on_read<E: Events>(
    stream: *mut sys::uv_stream_t,
    nread: isize,
    buffer: *const sys::uv_buf_t,
) {
    // SAFETY: every stream that reads was made as a StreamHandle, whose first field it is.
    let handle = unsafe { &mut *stream.cast::<StreamHandle>() };
    let key = handle.key;
    if !HAS_DESCRIPTORS || nread != sys::uv_errno_t_UV_ENOBUFS as isize {
        // SAFETY: libuv gave the buffer that it was given.
        let base = unsafe { (*buffer).base };
        return tell_read::<E>(key, nread as c_int, base.cast());
    }
    if std::mem::take(&mut handle.paused) {
        // SAFETY: an open stream; never fails.
        unsafe { sys::uv_read_stop(stream) };
    } else if std::mem::take(&mut handle.awaits_readable) {
        guard::<E>("on_read", Some(key), || E::readable(key));
    } else {
        let (base, len) = slab();
        tell_read::<E>(key, read_now(stream, base, len), base);
    }
}

/// As libuv does it, by `recv` instead of `read`.
fn read_now(stream: *mut sys::uv_stream_t, base: *mut u8, len: usize) -> c_int {
    let nread = if len == 0 {
        sys::uv_errno_t_UV_ENOBUFS
    } else {
        // SAFETY: the slab has so many bytes.
        let room = unsafe { std::slice::from_raw_parts_mut(base.cast(), len) };
        receive_now(stream.cast(), room)
    };
    if nread < 0 {
        // SAFETY: an open stream; never fails.
        unsafe { sys::uv_read_stop(stream) };
    }
    nread
}

/// 0: it would block, in libuv's words.
fn tell_read<E: Events>(key: Key, nread: c_int, base: *const u8) {
    if nread == 0 {
        return;
    }
    let nread = faults::outcome("read", nread);
    guard::<E>("on_read", Some(key), || {
        if nread < 0 {
            return E::read(key, Err(Error::new(nread, "read")));
        }
        // SAFETY: so many bytes were written into the slab.
        let bytes = unsafe { std::slice::from_raw_parts(base, nread as usize) };
        E::read(key, Ok(bytes));
    });
}

pub(super) extern "C" fn on_write<E: Events>(request: *mut sys::uv_write_t, status: c_int) {
    // SAFETY: every write request was boxed as a WriteRequest, whose first field it is, and libuv
    // calls back once.
    let request = unsafe { Box::from_raw(request.cast::<WriteRequest>()) };
    let (key, length) = (request.key, request.data.len());
    drop(request);
    let result = Error::check(faults::outcome("written", status), "write").map(|_| length);
    guard::<E>("on_write", Some(key), || E::written(key, result));
}

pub(super) extern "C" fn on_shutdown<E: Events>(request: *mut sys::uv_shutdown_t, status: c_int) {
    // SAFETY: boxed in Stream::shutdown, freed here, once. Its handle is still allocated: libuv
    // finishes a stream's requests before its close callback.
    let key = unsafe {
        let request = Box::from_raw(request);
        (*request.handle.cast::<StreamHandle>()).key
    };
    let result = Error::check(faults::outcome("shut down", status), "shutdown").map(|_| ());
    guard::<E>("on_shutdown", Some(key), || E::shut_down(key, result));
}

pub(super) extern "C" fn on_connection<E: Events>(server: *mut sys::uv_stream_t, status: c_int) {
    // SAFETY: every listening stream was made as a StreamHandle, whose first field it is.
    let key = unsafe { (*server.cast::<StreamHandle>()).key };
    let result = Error::check(status, "accept").map(|_| ());
    if !guard::<E>("on_connection", None, || E::connection(key, result)) {
        // libuv tells of no other as long as this one has not been taken.
        accept::turn_down::<E>(server);
    }
}

pub(super) extern "C" fn on_tick<E: Events>(_timer: *mut sys::uv_timer_t) {
    guard::<E>("on_tick", None, E::tick);
}

pub(super) extern "C" fn on_idle<E: Events>(_idle: *mut sys::uv_idle_t) {
    guard::<E>("on_idle", None, E::idle);
}

pub(super) extern "C" fn on_check<E: Events>(_check: *mut sys::uv_check_t) {
    guard::<E>("on_check", None, E::polled);
}

pub(super) extern "C" fn on_stream_closed<E: Events>(handle: *mut sys::uv_handle_t) {
    free::<StreamHandle, E>(handle.cast());
}

pub(super) extern "C" fn on_timer_closed<E: Events>(handle: *mut sys::uv_handle_t) {
    free::<TimerHandle, E>(handle.cast());
}

pub(super) extern "C" fn on_idle_closed<E: Events>(handle: *mut sys::uv_handle_t) {
    free::<sys::uv_idle_t, E>(handle.cast());
}

pub(super) extern "C" fn on_check_closed<E: Events>(handle: *mut sys::uv_handle_t) {
    free::<sys::uv_check_t, E>(handle.cast());
}

fn free<T, E: Events>(handle: *mut c_void) {
    // SAFETY: the handle was boxed as a `T` at init, and its close callback comes once, when libuv
    // is done with the memory.
    drop(unsafe { Box::from_raw(handle.cast::<T>()) });
    given_back();
    guard::<E>("on_close", None, E::closed);
}

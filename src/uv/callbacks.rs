//! What libuv calls. Every callback runs inside catch_unwind: no panic crosses C.

use std::cell::RefCell;
use std::ffi::{c_int, c_void};
use std::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, catch_unwind};

use libuv_sys2 as sys;

use super::Error;
use super::descriptor::{HAS_DESCRIPTORS, receive_now};
use super::stream::WriteRequest;
use super::stream_handle::StreamHandle;
use super::timer::TimerHandle;

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

fn guard<E: Events>(key: Option<Key>, body: impl FnOnce()) {
    if catch_unwind(AssertUnwindSafe(body)).is_err() {
        // The message has been printed by the panic hook; a second panic can only be dropped.
        let _ = catch_unwind(|| E::panicked(key));
    }
}

/// A buffer of no length makes libuv report ENOBUFS instead of reading: `on_read` does so itself
/// where it can, by a shorter way into the kernel, or has somebody read to where it belongs.
pub(super) extern "C" fn on_alloc(
    _handle: *mut sys::uv_handle_t,
    _suggested: usize,
    buffer: *mut sys::uv_buf_t,
) {
    let (base, len) = slab();
    // SAFETY: libuv gave a valid uv_buf_t to fill.
    unsafe {
        (*buffer).base = base.cast();
        (*buffer).len = if HAS_DESCRIPTORS { 0 } else { len as _ };
    }
}

/// Nothing else touches it until the callback that asks has returned: the loop does not run inside
/// it.
fn slab() -> (*mut u8, usize) {
    let slab = SLAB.try_with(|slab| {
        let mut slab = slab.borrow_mut();
        (slab.as_mut_ptr(), slab.len())
    });
    slab.unwrap_or((std::ptr::null_mut(), 0))
}

pub(super) extern "C" fn on_read<E: Events>(
    stream: *mut sys::uv_stream_t,
    nread: isize,
    buffer: *const sys::uv_buf_t,
) {
    if nread == 0 {
        return; // EAGAIN, in libuv's words
    }
    // SAFETY: every stream that reads was made as a StreamHandle, whose first field it is.
    let handle = unsafe { &mut *stream.cast::<StreamHandle>() };
    let key = handle.key;
    if nread == sys::uv_errno_t_UV_ENOBUFS as isize {
        if std::mem::take(&mut handle.paused) {
            // SAFETY: an open stream; never fails.
            unsafe { sys::uv_read_stop(stream) };
        } else if std::mem::take(&mut handle.awaits_readable) {
            guard::<E>(Some(key), || E::readable(key));
        } else {
            read_now::<E>(stream, key);
        }
        return;
    }
    handle.awaits_readable = false;
    guard::<E>(Some(key), || {
        if nread < 0 {
            return E::read(key, Err(Error::new(nread as c_int, "read")));
        }
        // SAFETY: libuv wrote `nread` bytes into the slab.
        let bytes = unsafe {
            std::slice::from_raw_parts((*buffer).base.cast::<u8>().cast_const(), nread as usize)
        };
        E::read(key, Ok(bytes));
    });
}

/// As libuv does it, by `recv` instead of `read`.
fn read_now<E: Events>(stream: *mut sys::uv_stream_t, key: Key) {
    let (base, len) = slab();
    if base.is_null() {
        return;
    }
    // SAFETY: the slab has so many bytes.
    let room = unsafe { std::slice::from_raw_parts_mut(base.cast::<MaybeUninit<u8>>(), len) };
    let result = match receive_now(stream.cast(), room) {
        // SAFETY: the system wrote `length` bytes into the slab.
        Ok(Some(length)) => Ok(unsafe { std::slice::from_raw_parts(base.cast_const(), length) }),
        Ok(None) => return,
        Err(error) => {
            // SAFETY: an open stream; never fails.
            unsafe { sys::uv_read_stop(stream) };
            Err(error)
        }
    };
    guard::<E>(Some(key), || E::read(key, result));
}

pub(super) extern "C" fn on_write<E: Events>(request: *mut sys::uv_write_t, status: c_int) {
    // SAFETY: every write request was boxed as a WriteRequest, whose first field it is, and libuv
    // calls back once.
    let request = unsafe { Box::from_raw(request.cast::<WriteRequest>()) };
    let (key, length) = (request.key, request.data.len());
    drop(request);
    let result = Error::check(status, "write").map(|_| length);
    guard::<E>(Some(key), || E::written(key, result));
}

pub(super) extern "C" fn on_shutdown<E: Events>(request: *mut sys::uv_shutdown_t, status: c_int) {
    // SAFETY: boxed in Stream::shutdown, freed here, once. Its handle is still allocated: libuv
    // finishes a stream's requests before its close callback.
    let key = unsafe {
        let request = Box::from_raw(request);
        (*request.handle.cast::<StreamHandle>()).key
    };
    let result = Error::check(status, "shutdown").map(|_| ());
    guard::<E>(Some(key), || E::shut_down(key, result));
}

pub(super) extern "C" fn on_connection<E: Events>(server: *mut sys::uv_stream_t, status: c_int) {
    // SAFETY: every listening stream was made as a StreamHandle, whose first field it is.
    let key = unsafe { (*server.cast::<StreamHandle>()).key };
    let result = Error::check(status, "accept").map(|_| ());
    guard::<E>(None, || E::connection(key, result));
}

pub(super) extern "C" fn on_tick<E: Events>(_timer: *mut sys::uv_timer_t) {
    guard::<E>(None, E::tick);
}

pub(super) extern "C" fn on_idle<E: Events>(_idle: *mut sys::uv_idle_t) {
    guard::<E>(None, E::idle);
}

pub(super) extern "C" fn on_check<E: Events>(_check: *mut sys::uv_check_t) {
    guard::<E>(None, E::polled);
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
    guard::<E>(None, E::closed);
}

use std::ffi::c_void;
use std::ptr::NonNull;

use libuv_sys2 as sys;

/// The loop that Node runs on this thread.
#[derive(Debug, Clone, Copy)]
pub struct EventLoop(NonNull<sys::uv_loop_t>);

impl EventLoop {
    /// `pointer` must be what `napi_get_uv_event_loop` gave on this thread; the loop outlives us,
    /// since every handle is closed in the environment's clean-up hook. Not marked unsafe because
    /// server/ is the only caller and has nothing else to hand over.
    pub fn adopt(pointer: NonNull<c_void>) -> Self {
        Self(pointer.cast())
    }

    /// The loop of an open handle.
    pub(super) fn of(raw: NonNull<sys::uv_loop_t>) -> Self {
        Self(raw)
    }

    pub(super) fn raw(self) -> *mut sys::uv_loop_t {
        self.0.as_ptr()
    }

    /// The loop's cached clock, in milliseconds; monotonic.
    pub fn now(self) -> u64 {
        // SAFETY: the loop is alive (see `adopt`).
        unsafe { sys::uv_now(self.raw()) }
    }
}

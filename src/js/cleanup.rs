use std::ffi::c_void;
use std::ptr;

use napi::sys;

use super::env::check;
use super::{Env, Error};

/// Proof that the environment waits for us; dropping it lets the tear-down go on.
#[derive(Debug)]
pub struct CleanupHandle(sys::napi_async_cleanup_hook_handle);

impl Drop for CleanupHandle {
    fn drop(&mut self) {
        // SAFETY: the handle came from Node-API and is removed once.
        unsafe { sys::napi_remove_async_cleanup_hook(self.0) };
    }
}

/// Calls `hook` when the environment is torn down. Node then runs its loop until the handle that
/// the hook got has been dropped, so libuv's close callbacks still come.
pub fn add_async_cleanup_hook(env: Env, hook: fn(CleanupHandle)) -> Result<(), Error> {
    // SAFETY: a fn pointer fits a data pointer on every platform Node runs on; `on_cleanup` turns
    // it back. The out-pointer may be null: the hook gets the handle as its argument.
    check(unsafe {
        sys::napi_add_async_cleanup_hook(
            env.raw(),
            Some(on_cleanup),
            hook as *mut c_void,
            ptr::null_mut(),
        )
    })
}

extern "C" fn on_cleanup(handle: sys::napi_async_cleanup_hook_handle, data: *mut c_void) {
    // SAFETY: `data` is the fn pointer that `add_async_cleanup_hook` stored.
    let hook = unsafe { std::mem::transmute::<*mut c_void, fn(CleanupHandle)>(data) };
    // A panic must not cross C; the handle is dropped while unwinding, so nothing waits for ever.
    let _ = std::panic::catch_unwind(|| hook(CleanupHandle(handle)));
}

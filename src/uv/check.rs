use std::ptr::NonNull;

use libuv_sys2 as sys;

use super::EventLoop;
use super::callbacks::{Events, on_check, on_check_closed};
use super::open_handles::opened;

/// Runs in each turn of the loop, right after the callbacks of its sockets. It neither keeps the
/// loop from sleeping nor the process alive.
#[derive(Debug)]
pub struct Check(NonNull<sys::uv_check_t>);

impl Check {
    pub fn start<E: Events>(uv_loop: EventLoop) -> Self {
        // SAFETY: all-zero is a valid uv_check_t before uv_check_init.
        let handle: Box<sys::uv_check_t> = Box::new(unsafe { std::mem::zeroed() });
        let raw = NonNull::from(Box::leak(handle));
        // SAFETY: the loop is alive; init and unref cannot fail, start fails without a callback.
        unsafe {
            sys::uv_check_init(uv_loop.raw(), raw.as_ptr());
            sys::uv_check_start(raw.as_ptr(), Some(on_check::<E>));
            sys::uv_unref(raw.as_ptr().cast());
        }
        opened();
        Self(raw)
    }

    pub fn close<E: Events>(self) {
        // SAFETY: `self` is consumed, so it is closed once; the callback frees the memory.
        unsafe { sys::uv_close(self.0.as_ptr().cast(), Some(on_check_closed::<E>)) };
    }
}

use std::ptr::NonNull;

use libuv_sys2 as sys;

use super::EventLoop;
use super::callbacks::{Events, on_idle, on_idle_closed};
use super::open_handles::opened;

/// Runs once in each turn of the loop while started, and keeps the loop from sleeping.
#[derive(Debug)]
pub struct Idle(NonNull<sys::uv_idle_t>);

impl Idle {
    pub fn new(uv_loop: EventLoop) -> Self {
        // SAFETY: all-zero is a valid uv_idle_t before uv_idle_init.
        let handle: Box<sys::uv_idle_t> = Box::new(unsafe { std::mem::zeroed() });
        let raw = NonNull::from(Box::leak(handle));
        // SAFETY: the loop is alive; init cannot fail.
        unsafe { sys::uv_idle_init(uv_loop.raw(), raw.as_ptr()) };
        opened();
        Self(raw)
    }

    pub fn start<E: Events>(&self) {
        // SAFETY: an initialised handle; fails only without a callback.
        unsafe { sys::uv_idle_start(self.0.as_ptr(), Some(on_idle::<E>)) };
    }

    #[cfg(debug_assertions)]
    pub fn is_active(&self) -> bool {
        // SAFETY: an initialised handle.
        unsafe { sys::uv_is_active(self.0.as_ptr().cast()) != 0 }
    }

    pub fn stop(&self) {
        // SAFETY: an initialised handle; never fails.
        unsafe { sys::uv_idle_stop(self.0.as_ptr()) };
    }

    pub fn close<E: Events>(self) {
        // SAFETY: `self` is consumed, so it is closed once; the callback frees the memory.
        unsafe { sys::uv_close(self.0.as_ptr().cast(), Some(on_idle_closed::<E>)) };
    }
}

use std::ptr::NonNull;

use libuv_sys2 as sys;

use super::callbacks::{Events, on_tick, on_timer_closed};
use super::open_handles::opened;
use super::{Error, EventLoop, faults};

pub(super) type TimerHandle = sys::uv_timer_t;

/// A repeating timer that does not keep the process alive.
#[derive(Debug)]
pub struct Timer(NonNull<TimerHandle>);

impl Timer {
    pub fn new<E: Events>(uv_loop: EventLoop) -> Result<Self, Error> {
        // SAFETY: all-zero is a valid uv_timer_t before uv_timer_init.
        let handle: Box<TimerHandle> = Box::new(unsafe { std::mem::zeroed() });
        let raw = NonNull::from(Box::leak(handle));
        // SAFETY: the loop is alive; init and unref of a timer cannot fail.
        unsafe {
            sys::uv_timer_init(uv_loop.raw(), raw.as_ptr());
            sys::uv_unref(raw.as_ptr().cast());
        }
        opened();
        Ok(Self(raw))
    }

    /// Ticks every `period` ms from now on, in place of what it did before.
    pub fn start<E: Events>(&self, period: u64) -> Result<(), Error> {
        let status = faults::status("uv_timer_start", || {
            // SAFETY: an initialised handle; the callback stays valid for the life of the addon.
            unsafe { sys::uv_timer_start(self.0.as_ptr(), Some(on_tick::<E>), period, period) }
        });
        Error::check(status, "timer").map(|_| ())
    }

    pub fn stop(&self) {
        // SAFETY: an initialised handle; never fails.
        unsafe { sys::uv_timer_stop(self.0.as_ptr()) };
    }

    pub fn close<E: Events>(self) {
        // SAFETY: `self` is consumed, so it is closed once; the callback frees the memory.
        unsafe { sys::uv_close(self.0.as_ptr().cast(), Some(on_timer_closed::<E>)) };
    }
}

use std::ffi::c_char;
use std::ptr;

use napi::sys;

use super::env::check;
use super::{Env, Error};

/// What async_hooks sees as the origin of our callbacks; destroyed on drop.
#[derive(Debug)]
pub struct AsyncContext {
    env: Env,
    raw: sys::napi_async_context,
}

impl AsyncContext {
    /// `name` is the resource type that async_hooks shows.
    pub fn new(env: Env, name: &str) -> Result<Self, Error> {
        let mut resource_name = ptr::null_mut();
        let mut raw = ptr::null_mut();
        let text: *const c_char = name.as_ptr().cast();
        // SAFETY: `name` outlives the call, its length is given, out-pointers are valid.
        check(unsafe {
            sys::napi_create_string_utf8(env.raw(), text, name.len() as isize, &mut resource_name)
        })?;
        // SAFETY: no resource object is given: Node-API makes one.
        check(unsafe {
            sys::napi_async_init(env.raw(), ptr::null_mut(), resource_name, &mut raw)
        })?;
        Ok(Self { env, raw })
    }

    pub fn env(&self) -> Env {
        self.env
    }

    pub(super) fn raw(&self) -> sys::napi_async_context {
        self.raw
    }
}

impl Drop for AsyncContext {
    fn drop(&mut self) {
        // SAFETY: made in `new`, destroyed once, before its environment goes.
        unsafe { sys::napi_async_destroy(self.env.raw(), self.raw) };
    }
}

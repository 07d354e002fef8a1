use std::ffi::c_char;
use std::ptr;

use napi::sys;

use super::env::check;
use super::reference::Reference;
use super::{Env, Error, Value};

/// What async_hooks sees as the origin of our callbacks; destroyed on drop.
#[derive(Debug)]
pub struct AsyncContext {
    env: Env,
    raw: sys::napi_async_context,
    /// Node-API keeps only a weak one.
    _resource: Reference,
}

impl AsyncContext {
    /// `name` is the resource type that async_hooks shows, `resource` the object.
    pub fn new(name: &str, resource: Value<'_>) -> Result<Self, Error> {
        let env = resource.env();
        let mut resource_name = ptr::null_mut();
        let mut raw = ptr::null_mut();
        let text: *const c_char = name.as_ptr().cast();
        // SAFETY: `name` outlives the call, its length is given, out-pointers are valid.
        check(unsafe {
            sys::napi_create_string_utf8(env.raw(), text, name.len() as isize, &mut resource_name)
        })?;
        // SAFETY: both are live values, and the resource stays alive as long as the context.
        check(unsafe { sys::napi_async_init(env.raw(), resource.raw(), resource_name, &mut raw) })?;
        Ok(Self { env, raw, _resource: Reference::new(env, resource)? })
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

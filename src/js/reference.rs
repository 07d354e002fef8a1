use std::ptr;

use napi::sys;

use super::env::check;
use super::{Env, Error, Value};

/// Keeps a JavaScript value alive across scopes; deleted on drop.
#[derive(Debug)]
pub(super) struct Reference {
    env: Env,
    raw: sys::napi_ref,
}

impl Reference {
    pub fn new(env: Env, value: Value<'_>) -> Result<Self, Error> {
        let mut raw = ptr::null_mut();
        // SAFETY: `value` is a live object of `env`; the out-pointer is valid.
        check(unsafe { sys::napi_create_reference(env.raw(), value.raw(), 1, &mut raw) })?;
        Ok(Self { env, raw })
    }

    pub fn env(&self) -> Env {
        self.env
    }

    /// The value, for the handle scope that is open now.
    pub fn raw_value(&self) -> Result<sys::napi_value, Error> {
        let mut value = ptr::null_mut();
        // SAFETY: the reference is strong and not yet deleted, so it has a value.
        check(unsafe { sys::napi_get_reference_value(self.env.raw(), self.raw, &mut value) })?;
        Ok(value)
    }
}

impl Drop for Reference {
    fn drop(&mut self) {
        // SAFETY: created in `new`, deleted once. The runtime is emptied before its environment
        // goes (see server/runtime.rs), so the environment is still there.
        unsafe { sys::napi_delete_reference(self.env.raw(), self.raw) };
    }
}

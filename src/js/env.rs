use std::ffi::c_void;
use std::marker::PhantomData;
use std::ptr::{self, NonNull};

use napi::sys;

use super::Error;

/// A Node-API environment: one per thread that runs JavaScript. Only valid on that thread, which
/// the raw pointer inside enforces (it is not `Send`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Env(sys::napi_env);

impl Env {
    pub(super) fn raw(self) -> sys::napi_env {
        self.0
    }

    /// The libuv loop of this environment, as an opaque pointer.
    pub fn event_loop(self) -> Result<NonNull<c_void>, Error> {
        let mut uv_loop = ptr::null_mut();
        // SAFETY: `self.0` is a live environment of this thread and `uv_loop` a valid out-pointer.
        let status = unsafe { sys::napi_get_uv_event_loop(self.0, &mut uv_loop) };
        check(status)?;
        NonNull::new(uv_loop.cast()).ok_or(Error::Status(sys::Status::napi_generic_failure))
    }

    /// Runs `body` with a handle scope of its own, for callbacks that come from libuv.
    pub fn with_handles<R>(self, body: impl FnOnce() -> R) -> R {
        let mut scope = ptr::null_mut();
        // SAFETY: the environment is live; the scope is closed below, on the same thread.
        let opened = unsafe { sys::napi_open_handle_scope(self.0, &mut scope) };
        let result = body();
        if opened == sys::Status::napi_ok {
            // SAFETY: `scope` is the innermost scope: `body` closed all that it opened.
            unsafe { sys::napi_close_handle_scope(self.0, scope) };
        }
        result
    }
}

/// Proof that a handle scope is open: of a `Scope`, or of a call from JavaScript. Values made with
/// it live as long.
#[derive(Debug, Clone, Copy)]
pub struct Entered<'scope> {
    env: Env,
    scope: PhantomData<&'scope ()>,
}

impl Entered<'_> {
    pub(super) fn new(env: Env) -> Self {
        Self { env, scope: PhantomData }
    }

    pub fn env(self) -> Env {
        self.env
    }
}

/// A #[napi] function gets its environment by reference, for the length of the call.
impl<'call> From<&'call napi::Env> for Entered<'call> {
    fn from(env: &'call napi::Env) -> Self {
        Self::new(Env(env.raw()))
    }
}

pub(super) fn check(status: sys::napi_status) -> Result<(), Error> {
    match status {
        sys::Status::napi_ok => Ok(()),
        other => Err(Error::Status(other)),
    }
}

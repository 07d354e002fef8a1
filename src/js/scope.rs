//! Entering JavaScript from a libuv callback.

use std::marker::PhantomData;
use std::ptr;

use napi::sys;

use super::reference::Reference;
use super::{AsyncContext, Entered, Env, Error, Value};

/// A callback scope: while it is open, functions can be called; when it closes, process.nextTick
/// callbacks and microtasks run, as after every callback of Node itself.
pub struct Scope<'context> {
    env: Env,
    handles: sys::napi_handle_scope,
    callback: sys::napi_callback_scope,
    undefined: sys::napi_value,
    context: PhantomData<&'context AsyncContext>,
}

impl<'context> Scope<'context> {
    /// Opens a handle scope and a callback scope in it.
    pub fn open(context: &'context AsyncContext) -> Result<Self, Error> {
        let env = context.env();
        let mut handles = ptr::null_mut();
        let mut callback = ptr::null_mut();
        let mut undefined = ptr::null_mut();
        // SAFETY: the environment is live and of this thread; both scopes are closed on drop, in
        // reverse order.
        unsafe {
            if sys::napi_open_handle_scope(env.raw(), &mut handles) != sys::Status::napi_ok {
                return Err(Error::CannotRun);
            }
            let resource = ptr::null_mut();
            let status =
                sys::napi_open_callback_scope(env.raw(), resource, context.raw(), &mut callback);
            if status != sys::Status::napi_ok {
                sys::napi_close_handle_scope(env.raw(), handles);
                return Err(Error::CannotRun);
            }
            sys::napi_get_undefined(env.raw(), &mut undefined);
        }
        Ok(Self { env, handles, callback, undefined, context: PhantomData })
    }

    /// Calls `function`. What it throws goes to 'uncaughtException', as in Node's own callbacks.
    pub(super) fn call(
        &self,
        function: &Reference,
        arguments: &[sys::napi_value],
    ) -> Result<Value<'_>, Error> {
        let env = self.env.raw();
        let function = function.raw_value()?;
        let mut result = ptr::null_mut();
        // SAFETY: function and arguments are live values of the scope that is open.
        let status = unsafe {
            sys::napi_call_function(
                env,
                self.undefined,
                function,
                arguments.len(),
                arguments.as_ptr(),
                &mut result,
            )
        };
        match status {
            sys::Status::napi_ok => Ok(Value::from_raw(self.env, result)),
            sys::Status::napi_pending_exception => Err(self.report_exception()),
            other => Err(Error::Status(other)),
        }
    }

    /// Without a pending exception that status means that the environment is being torn down.
    fn report_exception(&self) -> Error {
        let env = self.env.raw();
        let mut pending = false;
        let mut exception = ptr::null_mut();
        // SAFETY: out-pointers are valid; the exception is a live value once fetched.
        unsafe {
            sys::napi_is_exception_pending(env, &mut pending);
            if !pending {
                return Error::CannotRun;
            }
            let status = sys::napi_get_and_clear_last_exception(env, &mut exception);
            if status != sys::Status::napi_ok || exception.is_null() {
                return Error::CannotRun;
            }
            sys::napi_fatal_exception(env, exception);
        }
        Error::Threw
    }

    pub(super) fn number(&self, number: f64) -> sys::napi_value {
        let mut value = ptr::null_mut();
        // SAFETY: making a number only fails with a bad environment.
        unsafe { sys::napi_create_double(self.env.raw(), number, &mut value) };
        value
    }

    /// A string of latin1 bytes.
    pub fn latin1(&self, text: &[u8]) -> Result<Value<'_>, Error> {
        Value::latin1(Entered::new(self.env), text)
    }

    /// A string of UTF-8 bytes.
    pub(super) fn text(&self, text: &[u8]) -> Result<Value<'_>, Error> {
        Value::text(Entered::new(self.env), text)
    }

    pub(super) fn undefined(&self) -> sys::napi_value {
        self.undefined
    }

    /// A Node Buffer with a copy of `bytes`.
    pub(super) fn buffer(&self, bytes: &[u8]) -> Result<sys::napi_value, Error> {
        let mut value = ptr::null_mut();
        // SAFETY: `bytes` is read during the call only.
        let status = unsafe {
            sys::napi_create_buffer_copy(
                self.env.raw(),
                bytes.len(),
                bytes.as_ptr().cast(),
                ptr::null_mut(),
                &mut value,
            )
        };
        super::env::check(status)?;
        Ok(value)
    }
}

impl Drop for Scope<'_> {
    fn drop(&mut self) {
        // SAFETY: opened in `open`, closed once, innermost first. Closing the callback scope runs
        // ticks and microtasks; what they throw goes to Node's own handling.
        unsafe {
            sys::napi_close_callback_scope(self.env.raw(), self.callback);
            sys::napi_close_handle_scope(self.env.raw(), self.handles);
        }
    }
}

use std::ffi::{c_char, c_void};
use std::marker::PhantomData;
use std::{ptr, slice};

use napi::{JsValue, Unknown, sys};

use super::env::check;
use super::{Entered, Env, Error};

/// A JavaScript value, valid as long as the handle scope it came from.
#[derive(Debug, Clone, Copy)]
pub struct Value<'scope> {
    env: Env,
    raw: sys::napi_value,
    scope: PhantomData<&'scope ()>,
}

/// What an argument is, as far as answers and writes care.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Nothing,
    String,
    Number,
    Object,
    Other,
}

impl<'scope> Value<'scope> {
    pub fn new(scope: Entered<'scope>, value: &Unknown<'scope>) -> Self {
        Self::from_raw(scope.env(), value.raw())
    }

    pub(super) fn from_raw(env: Env, raw: sys::napi_value) -> Self {
        Self { env, raw, scope: PhantomData }
    }

    /// A string of latin1 bytes.
    pub fn latin1(scope: Entered<'scope>, text: &[u8]) -> Result<Self, Error> {
        Self::string(scope, text, sys::napi_create_string_latin1)
    }

    /// A string of UTF-8 bytes; what is no UTF-8 becomes U+FFFD.
    pub fn text(scope: Entered<'scope>, text: &[u8]) -> Result<Self, Error> {
        // One byte a character is cheaper to make and to hold.
        if text.is_ascii() {
            return Self::latin1(scope, text);
        }
        Self::string(scope, text, sys::napi_create_string_utf8)
    }

    fn string(scope: Entered<'scope>, text: &[u8], create: CreateString) -> Result<Self, Error> {
        let env = scope.env();
        let mut raw = ptr::null_mut();
        // SAFETY: `text` is read during the call only; its length is given.
        check(unsafe { create(env.raw(), text.as_ptr().cast(), text.len() as isize, &mut raw) })?;
        Ok(Self::from_raw(env, raw))
    }

    /// A Uint8Array with a copy of `bytes` and an ArrayBuffer of its own.
    pub fn bytes(scope: Entered<'scope>, bytes: &[u8]) -> Result<Self, Error> {
        let env = scope.env();
        let mut data = ptr::null_mut();
        let mut buffer = ptr::null_mut();
        let mut raw = ptr::null_mut();
        let (length, kind) = (bytes.len(), sys::TypedarrayType::uint8_array);
        // SAFETY: Node-API gives `length` bytes at `data`, which nothing else refers to yet.
        unsafe {
            if length < LARGE_ARRAY || !uninitialized(env, length, &mut data, &mut buffer)? {
                check(sys::napi_create_arraybuffer(env.raw(), length, &mut data, &mut buffer))?;
            }
            if length != 0 {
                ptr::copy_nonoverlapping(bytes.as_ptr(), data.cast(), length);
            }
            check(sys::napi_create_typedarray(env.raw(), kind, length, buffer, 0, &mut raw))?;
        }
        Ok(Self::from_raw(env, raw))
    }

    /// For a #[napi] function to return.
    pub fn into_unknown(self) -> Unknown<'scope> {
        // SAFETY: a live value of this environment, in the scope of the function that returns it.
        unsafe { Unknown::from_raw_unchecked(self.env.raw(), self.raw) }
    }

    pub(super) fn raw(self) -> sys::napi_value {
        self.raw
    }

    pub fn env(self) -> Env {
        self.env
    }

    pub fn kind(self) -> Kind {
        let mut kind = sys::ValueType::napi_undefined;
        // SAFETY: a live value of a live environment.
        let status = unsafe { sys::napi_typeof(self.env.raw(), self.raw, &mut kind) };
        if status != sys::Status::napi_ok {
            return Kind::Other;
        }
        match kind {
            sys::ValueType::napi_undefined | sys::ValueType::napi_null => Kind::Nothing,
            sys::ValueType::napi_string => Kind::String,
            sys::ValueType::napi_number => Kind::Number,
            sys::ValueType::napi_object => Kind::Object,
            _ => Kind::Other,
        }
    }

    /// The property `name`, if it is a function.
    pub(super) fn function(self, name: &str) -> Option<Value<'scope>> {
        self.property(name, sys::ValueType::napi_function)
    }

    /// The property `name`, if it is an object.
    pub(super) fn object(self, name: &str) -> Option<Value<'scope>> {
        self.property(name, sys::ValueType::napi_object)
    }

    fn property(self, name: &str, wanted: sys::napi_valuetype) -> Option<Value<'scope>> {
        let env = self.env.raw();
        let mut key = ptr::null_mut();
        let mut raw = ptr::null_mut();
        let mut kind = sys::ValueType::napi_undefined;
        let text = name.as_ptr().cast();
        // SAFETY: `name` is read during the call, out-pointers are valid, and `raw` is only looked
        // at after the property was found.
        let found = unsafe {
            sys::napi_create_string_utf8(env, text, name.len() as isize, &mut key)
                == sys::Status::napi_ok
                && sys::napi_get_property(env, self.raw, key, &mut raw) == sys::Status::napi_ok
                && sys::napi_typeof(env, raw, &mut kind) == sys::Status::napi_ok
        };
        (found && kind == wanted).then(|| Self::from_raw(self.env, raw))
    }

    pub fn as_number(self) -> Option<f64> {
        let mut number = 0.0;
        // SAFETY: as above; a value that is no number gives an error status.
        let status = unsafe { sys::napi_get_value_double(self.env.raw(), self.raw, &mut number) };
        (status == sys::Status::napi_ok).then_some(number)
    }

    /// Appends the string's UTF-8 bytes (lone surrogates become U+FFFD) and returns how many.
    pub fn append_utf8(self, out: &mut Vec<u8>) -> Option<usize> {
        // Three bytes for one UTF-16 unit is UTF-8's worst case, so small strings need one call.
        self.append(out, 3, sys::napi_get_value_string_utf8)
    }

    /// Appends the string as latin1; what is above U+00FF loses its high byte, so the caller
    /// validates what it got.
    pub fn append_latin1(self, out: &mut Vec<u8>) -> Option<usize> {
        self.append(out, 1, sys::napi_get_value_string_latin1)
    }

    fn append(self, out: &mut Vec<u8>, most: usize, read: ReadString) -> Option<usize> {
        let mut units = 0;
        let env = self.env.raw();
        // SAFETY: with no buffer, Node-API only tells the length. latin1's is the number of
        // UTF-16 units, known without a walk.
        let status = unsafe {
            sys::napi_get_value_string_latin1(env, self.raw, ptr::null_mut(), 0, &mut units)
        };
        if status != sys::Status::napi_ok {
            return None;
        }
        if units == 0 {
            return Some(0);
        }
        let mut room = units * most;
        if most > 1 && units > LARGE_STRING {
            // SAFETY: as above; here the exact size saves two thirds of a very large allocation.
            unsafe { read(env, self.raw, ptr::null_mut(), 0, &mut room) };
        }
        // One more for the NUL that Node-API always writes.
        out.reserve(room + 1);
        let mut written = 0;
        // SAFETY: `room + 1` bytes of spare capacity lie behind the vector's end; the call writes
        // at most that many, of which `written` (without the NUL) are initialised text.
        unsafe {
            let spare = out.as_mut_ptr().add(out.len());
            let status = read(env, self.raw, spare.cast(), room + 1, &mut written);
            if status != sys::Status::napi_ok {
                return None;
            }
            out.set_len(out.len() + written);
        }
        Some(written)
    }

    /// Runs `body` over the bytes of a Uint8Array (a Buffer too). `body` must be plain Rust: no
    /// JavaScript can run while the slice is alive, so nothing can detach or resize it.
    pub fn with_bytes<R>(self, body: impl FnOnce(&[u8]) -> R) -> Option<R> {
        let mut kind = 0;
        let mut length = 0;
        let mut data = ptr::null_mut();
        let mut buffer = ptr::null_mut();
        let mut is_private = false;
        // SAFETY: a live value; anything but a typed array gives an error status, and only after
        // success `buffer` is looked at.
        let status = unsafe {
            let status = sys::napi_get_typedarray_info(
                self.env.raw(),
                self.raw,
                &mut kind,
                &mut length,
                &mut data,
                &mut buffer,
                ptr::null_mut(),
            );
            if status == sys::Status::napi_ok {
                sys::napi_is_arraybuffer(self.env.raw(), buffer, &mut is_private);
            }
            status
        };
        let is_bytes = kind == sys::TypedarrayType::uint8_array
            || kind == sys::TypedarrayType::uint8_clamped_array;
        // What another thread may write to (a SharedArrayBuffer) cannot be a slice.
        if status != sys::Status::napi_ok || !is_bytes || !is_private {
            return None;
        }
        if length == 0 || data.is_null() {
            return Some(body(&[]));
        }
        // SAFETY: Node-API gave `length` bytes at `data`, alive while no JavaScript runs.
        Some(body(unsafe { slice::from_raw_parts(data.cast(), length) }))
    }
}

/// From here on the zeros of a new ArrayBuffer cost more than the detour around them.
const LARGE_ARRAY: usize = 4096;

/// Makes an ArrayBuffer of memory that nobody has written to, which only a Buffer can have. False:
/// that one has no memory of its own.
pub(super) fn uninitialized(
    env: Env,
    length: usize,
    data: &mut *mut c_void,
    buffer: &mut sys::napi_value,
) -> Result<bool, Error> {
    let mut raw = ptr::null_mut();
    let mut offset = 0;
    let mut whole = 0;
    // SAFETY: out-pointers are valid, null where nothing is asked for; `raw` and `buffer` are
    // looked at after they were made only.
    unsafe {
        check(sys::napi_create_buffer(env.raw(), length, data, &mut raw))?;
        check(sys::napi_get_typedarray_info(
            env.raw(),
            raw,
            ptr::null_mut(),
            ptr::null_mut(),
            ptr::null_mut(),
            buffer,
            &mut offset,
        ))?;
        check(sys::napi_get_arraybuffer_info(env.raw(), *buffer, ptr::null_mut(), &mut whole))?;
    }
    Ok(offset == 0 && whole == length)
}

/// How a type of function is written that has the ABI of napi-sys' functions: with MSVC those are
/// functions of Rust, which look up the ones of the host.
#[cfg(not(target_env = "msvc"))]
macro_rules! node_api {
    (fn($($argument:ty),*)) => { unsafe extern "C" fn($($argument),*) -> sys::napi_status };
}
#[cfg(target_env = "msvc")]
macro_rules! node_api {
    (fn($($argument:ty),*)) => { unsafe fn($($argument),*) -> sys::napi_status };
}

type ReadString = node_api!(fn(sys::napi_env, sys::napi_value, *mut c_char, usize, *mut usize));
type CreateString = node_api!(fn(sys::napi_env, *const c_char, isize, *mut sys::napi_value));

/// From here on a string is measured before it is copied, in UTF-16 units. To measure costs as much
/// as to copy; room that is not used costs nothing.
const LARGE_STRING: usize = 1024 * 1024;

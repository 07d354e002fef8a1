use std::mem::MaybeUninit;
use std::ptr::{self, NonNull};
use std::slice;

use napi::sys;

use super::env::check;
use super::reference::Reference;
use super::value::uninitialized;
use super::{Entered, Env, Error, Value};

/// Memory of an ArrayBuffer that JavaScript has not seen yet, to be filled.
#[derive(Debug)]
pub struct FreshBytes {
    buffer: Reference,
    data: NonNull<MaybeUninit<u8>>,
    capacity: usize,
    filled: usize,
}

impl FreshBytes {
    pub fn new(env: Env, capacity: usize) -> Result<Self, Error> {
        env.with_handles(|| {
            let mut data = ptr::null_mut();
            let mut buffer = ptr::null_mut();
            if !uninitialized(env, capacity, &mut data, &mut buffer)? {
                return Err(Error::CannotRun);
            }
            let data = NonNull::new(data.cast()).ok_or(Error::CannotRun)?;
            let buffer = Reference::new(env, Value::from_raw(env, buffer))?;
            Ok(Self { buffer, data, capacity, filled: 0 })
        })
    }

    pub fn clear(&mut self) {
        self.filled = 0;
    }

    /// Has `read` fill the memory; it returns the part that it filled, from the start.
    pub fn fill<E>(
        &mut self,
        read: impl for<'a> FnOnce(&'a mut [MaybeUninit<u8>]) -> Result<&'a mut [u8], E>,
    ) -> Result<(), E> {
        self.filled = 0;
        // SAFETY: the reference keeps the memory alive, and nobody else has a way to it.
        let room = unsafe { slice::from_raw_parts_mut(self.data.as_ptr(), self.capacity) };
        let filled = read(room)?;
        // What is a slice of bytes has been written; but it must be one of this memory.
        if filled.as_ptr() == self.data.as_ptr().cast() {
            self.filled = filled.len().min(self.capacity);
        }
        Ok(())
    }

    pub fn bytes(&self) -> &[u8] {
        // SAFETY: `fill` saw that so many bytes were written.
        unsafe { slice::from_raw_parts(self.data.as_ptr().cast(), self.filled) }
    }

    /// A Uint8Array of what was filled. The memory behind it is zero.
    pub fn into_value(self, scope: Entered<'_>) -> Result<Value<'_>, Error> {
        let env = scope.env();
        let mut raw = ptr::null_mut();
        let (length, kind) = (self.filled, sys::TypedarrayType::uint8_array);
        // SAFETY: `filled` is at most `capacity`, and the buffer has so many bytes.
        unsafe {
            ptr::write_bytes(self.data.as_ptr().add(length), 0, self.capacity - length);
            let buffer = self.buffer.raw_value()?;
            check(sys::napi_create_typedarray(env.raw(), kind, length, buffer, 0, &mut raw))?;
        }
        Ok(Value::from_raw(env, raw))
    }
}

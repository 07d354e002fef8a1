use std::ptr::{self, NonNull};

use napi::sys;

use super::env::check;
use super::reference::Reference;
use super::{Entered, Env, Error, Value};

/// Numbers that we and lib/ read and write without a call: the memory of a Float64Array that
/// lib/ shows to nobody.
#[derive(Debug)]
pub struct Registers<const N: usize> {
    array: Reference,
    data: NonNull<f64>,
}

impl<const N: usize> Registers<N> {
    /// All zero.
    pub fn new(scope: Entered<'_>) -> Result<Self, Error> {
        let env = scope.env();
        let size = N * size_of::<f64>();
        let kind = sys::TypedarrayType::float64_array;
        let mut data = ptr::null_mut();
        let mut buffer = ptr::null_mut();
        let mut raw = ptr::null_mut();
        // SAFETY: out-pointers are valid; the array covers the buffer just made.
        unsafe {
            check(sys::napi_create_arraybuffer(env.raw(), size, &mut data, &mut buffer))?;
            check(sys::napi_create_typedarray(env.raw(), kind, N, buffer, 0, &mut raw))?;
        }
        let data = NonNull::new(data.cast()).ok_or(Error::CannotRun)?;
        Ok(Self { array: Reference::new(env, Value::from_raw(env, raw))?, data })
    }

    /// The array itself.
    pub fn array<'a>(&self, _scope: Entered<'a>) -> Result<Value<'a>, Error> {
        Ok(Value::from_raw(self.env(), self.array.raw_value()?))
    }

    fn env(&self) -> Env {
        self.array.env()
    }

    pub fn get(&self, index: usize) -> f64 {
        assert!(index < N);
        // SAFETY: the reference keeps the array and its N numbers alive, lib/ never detaches
        // them, and the one thread that knows of them is this one.
        unsafe { self.data.as_ptr().add(index).read() }
    }

    pub fn set(&self, index: usize, number: f64) {
        assert!(index < N);
        // SAFETY: as in `get`.
        unsafe { self.data.as_ptr().add(index).write(number) }
    }
}

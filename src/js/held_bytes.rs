use super::reference::Reference;
use super::{Env, Error, Value};

/// A Uint8Array kept alive by reference. Its memory is looked up anew at each use, because
/// JavaScript may have detached or shrunk it in between.
#[derive(Debug)]
pub struct HeldBytes {
    reference: Reference,
    length: usize,
}

impl HeldBytes {
    /// Holds `value`, a Uint8Array of `length` bytes.
    pub fn new(env: Env, value: Value<'_>, length: usize) -> Result<Self, Error> {
        Ok(Self { reference: Reference::new(env, value)?, length })
    }

    /// The length when it was taken.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Runs `body` over the bytes from `offset`; None when the array has been detached or shrunk.
    pub fn with_bytes_from<R>(&self, offset: usize, body: impl FnOnce(&[u8]) -> R) -> Option<R> {
        let env = self.reference.env();
        env.with_handles(|| {
            let value = Value::from_raw(env, self.reference.raw_value().ok()?);
            value.with_bytes(|bytes| bytes.get(offset..self.length).map(body)).flatten()
        })
    }
}

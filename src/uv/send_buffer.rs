//! Memory for what waits for the socket. A client that takes nothing must not end the process of
//! one that has no more of it: its connection ends.

use libuv_sys2 as sys;

use super::{Error, faults};

/// A copy of `bytes`.
pub fn copy_of(bytes: &[u8]) -> Result<Vec<u8>, Error> {
    let mut copy = Vec::new();
    append(&mut copy, bytes)?;
    Ok(copy)
}

/// Puts `bytes` behind what is in `buffer`.
pub fn append(buffer: &mut Vec<u8>, bytes: &[u8]) -> Result<(), Error> {
    let out_of_memory = Error::new(sys::uv_errno_t_UV_ENOMEM, "write");
    if faults::outcome("send buffer", 0) != 0 || buffer.try_reserve(bytes.len()).is_err() {
        return Err(out_of_memory);
    }
    buffer.extend_from_slice(bytes);
    Ok(())
}

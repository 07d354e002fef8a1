//! For tests alone: what shall go wrong, in a build with the feature `faults`.

use std::collections::HashMap;

use napi_derive::napi;

use crate::server;

/// Has `times` calls give `value` (negative: an error number), after `skip` that pass.
#[napi]
pub fn arm_fault(call: String, value: i32, skip: u32, times: u32) {
    server::faults::arm(call, value, skip, times);
}

/// Takes all faults away; tells how often each call was made since the last time.
#[napi]
pub fn disarm_faults() -> HashMap<String, u32> {
    let calls = server::faults::disarm().into_iter();
    calls.map(|(call, times)| (call.to_owned(), times)).collect()
}

/// Handles that libuv has not given back yet.
#[napi]
pub fn open_handles() -> u32 {
    server::open_handles() as u32
}

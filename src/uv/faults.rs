//! What goes wrong because a test wants it: calls that fail or take less, and panics. Only in a
//! build with the feature `faults`; in all others `no_faults.rs` stands here, and is nothing.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::c_int;
use std::io;

/// A fault that waits for its call.
struct Armed {
    call: String,
    value: c_int,
    /// Calls that pass before.
    skip: u32,
    times: u32,
}

#[derive(Default)]
struct Faults {
    armed: Vec<Armed>,
    calls: HashMap<&'static str, u32>,
}

thread_local! {
    static FAULTS: RefCell<Faults> = RefCell::default();
}

/// Has `times` calls give `value`, after `skip` that pass. Negative: libuv's error number; else
/// what there is room for.
pub fn arm(call: String, value: c_int, skip: u32, times: u32) {
    FAULTS.with_borrow_mut(|faults| faults.armed.push(Armed { call, value, skip, times }));
}

/// Takes all faults away; tells how often each call was made since the last time.
pub fn disarm() -> HashMap<&'static str, u32> {
    FAULTS.with_borrow_mut(std::mem::take).calls
}

fn next(call: &'static str) -> Option<c_int> {
    FAULTS.with_borrow_mut(|faults| {
        *faults.calls.entry(call).or_default() += 1;
        let armed = faults.armed.iter_mut().find(|armed| armed.call == call && armed.times > 0)?;
        if armed.skip > 0 {
            armed.skip -= 1;
            return None;
        }
        armed.times -= 1;
        Some(armed.value)
    })
}

/// Makes the call, or fails in its place.
pub(super) fn status(call: &'static str, body: impl FnOnce() -> c_int) -> c_int {
    next(call).unwrap_or_else(body)
}

/// What a call that was made has said, or the fault.
pub(super) fn outcome(call: &'static str, status: c_int) -> c_int {
    next(call).unwrap_or(status)
}

/// Makes a call of the system's, or fails in its place.
pub(super) fn system<R>(call: &'static str, body: impl FnOnce() -> io::Result<R>) -> io::Result<R> {
    match next(call) {
        Some(errno) => Err(io::Error::from_raw_os_error(-errno)),
        None => body(),
    }
}

/// How much of `length` there is room for.
pub(super) fn room(call: &'static str, length: usize) -> usize {
    match next(call) {
        Some(most) => length.min(usize::try_from(most).unwrap_or(0)),
        None => length,
    }
}

/// Panics, if that is wanted here.
pub fn trip(place: &'static str) {
    if next(place).is_some() {
        panic!("a test wanted this panic: {place}");
    }
}

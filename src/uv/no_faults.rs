//! Nothing goes wrong by itself: what `faults.rs` has, without its feature.

use std::ffi::c_int;
use std::io;

#[inline(always)]
pub(super) fn status(_call: &'static str, body: impl FnOnce() -> c_int) -> c_int {
    body()
}

#[inline(always)]
pub(super) fn outcome(_call: &'static str, status: c_int) -> c_int {
    status
}

#[inline(always)]
pub(super) fn system<R>(
    _call: &'static str,
    body: impl FnOnce() -> io::Result<R>,
) -> io::Result<R> {
    body()
}

#[inline(always)]
pub(super) fn room(_call: &'static str, length: usize) -> usize {
    length
}

#[inline(always)]
pub fn trip(_place: &'static str) {}

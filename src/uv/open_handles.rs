//! How many handles libuv has of ours on this thread: from their init to their close callback.

use std::cell::Cell;

thread_local! {
    static OPEN: Cell<usize> = const { Cell::new(0) };
}

/// Handles that libuv has not given back yet.
pub fn open_handles() -> usize {
    OPEN.get()
}

pub(super) fn opened() {
    OPEN.set(OPEN.get() + 1);
}

pub(super) fn given_back() {
    OPEN.set(OPEN.get() - 1);
}

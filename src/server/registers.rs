//! What passes between us and lib/ beside a call: see lib/registers.js.

/// Numbers in the array.
pub const REGISTERS: usize = 4;

/// With a request: the key of its connection.
pub const KEY: usize = 0;

/// With a request: how its head is to be cut, see `request_meta`.
pub const META: usize = 1;

/// With what the request hook returned: the status of the answer whose body that is; 0: the answer
/// was given already, or comes later.
pub const STATUS: usize = 2;

/// The number of its kept headers.
pub const HEADERS: usize = 3;

//! The HTTP/1.1 machine: bytes in, events out; events in, bytes out.
//!
//! No socket, no clock, no Node and no libuv in here: time is an argument (milliseconds of a
//! monotonic clock), and so is the wall clock behind `date:`.
//!
//! The rooms, from the wire inwards:
//! - `milo`: the only file that knows Milo, and calls it raw
//! - `engine`: what all connections of one event loop share
//! - `decode`, `head`, `target`, `framing`, `chunked`: the reading half
//! - `encode`, `status`, `date`: the writing half
//! - `state`, `connection`, `body`, `answer`, `clock`, `closing`: one connection, Reading x Writing
//! - `invariants`: what is always true of it, looked at in debug builds
//! - `limits`, `fault`, `error`, `ascii`: bounds, faults, tables of characters
#![warn(missing_docs)]

mod answer;
mod ascii;
mod body;
mod chunked;
mod clock;
mod closing;
mod connection;
mod date;
mod decode;
mod encode;
mod engine;
mod error;
mod fault;
mod framing;
mod head;
mod invariants;
mod limits;
mod milo;
mod state;
mod status;
mod target;

pub use connection::{Connection, Event};
pub use decode::{Decoded, RequestDecoder};
pub use encode::{BodyPlan, KeptHeaders, OutgoingBody};
pub use engine::Engine;
pub use error::{CloseReason, Refusal, SendError};
pub use head::{BodyLength, RequestHead, Version};
pub use limits::{
    Config, DRAIN_LIMIT, HIGH_WATER_MARK, Limits, MAX_CHUNK_LINE, MAX_EXTENSION_BYTES, Timeouts,
};
pub use status::reason_phrase;

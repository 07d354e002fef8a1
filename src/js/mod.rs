//! The only room that speaks raw Node-API. What leaves it is safe: values live as long as the
//! handle scope that they came from, references are deleted on drop.
#![allow(unsafe_code, reason = "raw Node-API is fenced in here")]

mod async_context;
mod calls;
mod cleanup;
mod env;
mod fresh_bytes;
mod held_bytes;
mod reference;
mod registers;
mod scope;
mod value;

pub use async_context::AsyncContext;
pub use calls::{Gone, HttpHooks, Peer, RawHooks, Refused};
pub use cleanup::{CleanupHandle, add_async_cleanup_hook};
pub use env::{Entered, Env};
pub use fresh_bytes::FreshBytes;
pub use held_bytes::HeldBytes;
pub use registers::Registers;
pub use scope::Scope;
pub use value::{Kind, Value};

/// Why a call into JavaScript, or a conversion, did not happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The environment is being torn down (a worker ends, the process exits).
    #[error("JavaScript cannot run any more in this environment")]
    CannotRun,
    /// The callee threw; the exception has already been reported as uncaught.
    #[error("the JavaScript callback threw")]
    Threw,
    /// Node-API refused an argument.
    #[error("Node-API call failed with status {0}")]
    Status(i32),
}

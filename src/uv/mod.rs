//! The only room that calls libuv. Handles are boxed at init and freed in their close callback,
//! so libuv owns their memory in between; dropping a wrapper without `close` leaks, on purpose.
#![allow(unsafe_code, reason = "libuv is fenced in here")]

mod accept;
mod address;
mod buffer;
mod callbacks;
mod check;
mod descriptor;
mod error;
mod event_loop;
#[cfg(feature = "faults")]
pub mod faults;
#[cfg(not(feature = "faults"))]
#[path = "no_faults.rs"]
pub mod faults;
#[cfg(windows)]
mod host_symbols;
mod idle;
mod listener;
mod open_files;
mod open_handles;
mod panic_payload;
mod resolve;
mod send_buffer;
mod socket_options;
mod stream;
mod stream_handle;
mod timer;
#[cfg(unix)]
mod unix_socket;
mod version;

pub use accept::Waiting;
pub use address::Address;
pub use callbacks::{Events, Key};
pub use check::Check;
pub use error::Error;
pub use event_loop::EventLoop;
pub use idle::Idle;
pub use listener::{ListenOptions, PathOptions, Place, StreamListener, TcpOptions};
pub use open_files::OpenFiles;
pub use open_handles::open_handles;
pub use panic_payload::let_go;
pub use resolve::resolve;
pub use send_buffer::{append, copy_of};
pub use socket_options::SocketOptions;
pub use stream::Stream;
pub use timer::Timer;
pub use version::{Mismatch, check_host};

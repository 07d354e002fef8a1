//! Safe glue: the only room that knows libuv, Node-API and the HTTP machine. No borrow of the
//! runtime is held across a call into JavaScript, which may call back in before it returns.

pub use crate::uv::Address;
#[cfg(feature = "faults")]
pub use crate::uv::{faults, open_handles};
pub use http1::{Decoded, Engine, Limits, Refusal, RequestDecoder, Timeouts, Version};

mod accept;
mod answer;
mod body;
mod closing;
mod completion;
mod connections;
mod driver;
mod error;
mod exchange;
mod introduction;
mod invariants;
mod keys;
mod listeners;
mod outgoing;
mod overload;
mod raw;
mod registers;
mod request_meta;
mod runtime;
mod send_queue;
mod stats;
mod sweep;
mod tasks;
mod turn;

pub use answer::{Answer, end_data, respond, respond_kept, send_informational, write_data};
pub use body::{Piece, discard_body, read_body, take_body, take_body_text, trailers};
pub use closing::for_connection;
pub use completion::{break_off, watch_completion};
pub use connections::{
    close_all, close_idle, counters, destroy, local_address, peer_address, socket_peer_address,
};
pub use error::{Error, check_libuv};
pub use keys::ListenerKey;
pub use listeners::{
    HttpListen, ListenPlace, Listening, ProxyListen, close_listener, listen, retire_listener,
    set_listener_ref, turn_away,
};
pub use raw::{
    end, pause, resume, set_connection_ref, set_keep_alive, set_no_delay, set_timeout, write,
};
pub use runtime::{keep_headers, registers, with_engine};
pub use stats::stats_of;

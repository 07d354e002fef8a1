//! The addon, room by room: `surface -> server -> {http1, proxy_protocol, uv, js}`; those last
//! never know each other. See ARCHITECTURE.md for the way of one request.
//!
//! - `uv`: the only libuv calls.
//! - `js`: the only raw Node-API calls.
//! - `http1`: the HTTP machine, a crate of its own, without socket, clock or Node.
//! - `proxy_protocol`: what a proxy says ahead of the client's bytes, another crate of that kind.
//! - `server`: safe glue; owns connections and drives them.
//! - `surface`: what JavaScript sees; converts arguments, calls `server`, converts errors.

#![cfg_attr(test, allow(dead_code, reason = "napi-derive registers nothing in a test build"))]

mod js;
mod server;
mod surface;
mod uv;

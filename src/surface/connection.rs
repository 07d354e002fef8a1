use napi::bindgen_prelude::*;
use napi_derive::napi;

use super::error::Result;
use super::listener::Address;
use crate::js::{Entered, Value};
use crate::server::{self, for_connection};

#[napi(object)]
pub struct Counters {
    pub bytes_read: f64,
    pub bytes_written: f64,
    pub waiting: f64,
}

#[napi(catch_unwind)]
pub fn destroy(key: f64) {
    for_connection(key, server::destroy);
}

#[napi(catch_unwind)]
pub fn peer_address(key: f64) -> Option<Address> {
    for_connection(key, server::peer_address).map(Address::from)
}

#[napi(catch_unwind)]
pub fn local_address(key: f64) -> Option<Address> {
    for_connection(key, server::local_address).map(Address::from)
}

/// Whatever a proxy told of its client.
#[napi(catch_unwind)]
pub fn socket_peer_address(key: f64) -> Option<Address> {
    for_connection(key, server::socket_peer_address).map(Address::from)
}

#[napi(catch_unwind)]
pub fn counters(key: f64) -> Option<Counters> {
    let (read, written, waiting) = for_connection(key, server::counters)?;
    Some(Counters {
        bytes_read: read as f64,
        bytes_written: written as f64,
        waiting: waiting as f64,
    })
}

/// Bytes that wait for the socket after this; -1: the connection has ended.
#[napi(catch_unwind)]
pub fn write_raw(env: &Env, key: f64, data: Unknown<'_>) -> Result<f64> {
    let data = Value::new(Entered::from(env), &data);
    let waiting = for_connection(key, |key| server::write(key, data))?;
    Ok(waiting.map_or(-1.0, |waiting| waiting as f64))
}

#[napi(catch_unwind)]
pub fn end_raw(key: f64) {
    for_connection(key, server::end);
}

#[napi(catch_unwind)]
pub fn pause(key: f64) {
    for_connection(key, server::pause);
}

#[napi(catch_unwind)]
pub fn resume(key: f64) {
    for_connection(key, server::resume);
}

#[napi(catch_unwind)]
pub fn set_timeout(key: f64, milliseconds: u32) {
    for_connection(key, |key| server::set_timeout(key, milliseconds));
}

#[napi(catch_unwind)]
pub fn set_no_delay(key: f64, enable: bool) -> Result<()> {
    Ok(for_connection(key, |key| server::set_no_delay(key, enable))?)
}

#[napi(catch_unwind)]
pub fn set_keep_alive(key: f64, enable: bool, seconds: u32) -> Result<()> {
    Ok(for_connection(key, |key| server::set_keep_alive(key, enable, seconds))?)
}

#[napi(catch_unwind)]
pub fn set_connection_ref(key: f64, referenced: bool) -> Result<()> {
    Ok(for_connection(key, |key| server::set_connection_ref(key, referenced))?)
}

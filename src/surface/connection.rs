use napi::bindgen_prelude::*;
use napi_derive::napi;

use super::error::Result;
use super::listener::Address;
use crate::js::{Entered, Value};
use crate::server::{self, ConnectionKey};

#[napi(object)]
pub struct Counters {
    pub bytes_read: f64,
    pub bytes_written: f64,
    pub waiting: f64,
}

#[napi(catch_unwind)]
pub fn destroy(key: f64) {
    server::destroy(ConnectionKey::from_number(key));
}

#[napi(catch_unwind)]
pub fn peer_address(key: f64) -> Option<Address> {
    server::peer_address(ConnectionKey::from_number(key)).map(Address::from)
}

#[napi(catch_unwind)]
pub fn local_address(key: f64) -> Option<Address> {
    server::local_address(ConnectionKey::from_number(key)).map(Address::from)
}

#[napi(catch_unwind)]
pub fn counters(key: f64) -> Option<Counters> {
    let (read, written, waiting) = server::counters(ConnectionKey::from_number(key))?;
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
    let waiting = server::write(ConnectionKey::from_number(key), data)?;
    Ok(waiting.map_or(-1.0, |waiting| waiting as f64))
}

#[napi(catch_unwind)]
pub fn end_raw(key: f64) {
    server::end(ConnectionKey::from_number(key));
}

#[napi(catch_unwind)]
pub fn pause(key: f64) {
    server::pause(ConnectionKey::from_number(key));
}

#[napi(catch_unwind)]
pub fn resume(key: f64) {
    server::resume(ConnectionKey::from_number(key));
}

#[napi(catch_unwind)]
pub fn set_timeout(key: f64, milliseconds: u32) {
    server::set_timeout(ConnectionKey::from_number(key), milliseconds);
}

#[napi(catch_unwind)]
pub fn set_no_delay(key: f64, enable: bool) -> Result<()> {
    Ok(server::set_no_delay(ConnectionKey::from_number(key), enable)?)
}

#[napi(catch_unwind)]
pub fn set_keep_alive(key: f64, enable: bool, seconds: u32) -> Result<()> {
    Ok(server::set_keep_alive(ConnectionKey::from_number(key), enable, seconds)?)
}

#[napi(catch_unwind)]
pub fn set_connection_ref(key: f64, referenced: bool) -> Result<()> {
    Ok(server::set_connection_ref(ConnectionKey::from_number(key), referenced)?)
}

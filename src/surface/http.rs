use napi::bindgen_prelude::*;
use napi_derive::napi;

use super::error::Result;
use crate::js::{Entered, Value};
use crate::server::{self, Answer, Piece, for_connection};

/// The numbers that pass beside the calls, a Float64Array: see lib/registers.js.
#[napi(catch_unwind)]
pub fn registers(env: &Env) -> Result<Unknown<'_>> {
    Ok(server::registers(Entered::from(env))?.into_unknown())
}

/// Keeps header lines; their number, or 0.
#[napi(catch_unwind)]
pub fn keep_headers(env: &Env, headers: Unknown<'_>, count: u32) -> Result<u32> {
    Ok(server::keep_headers(Value::new(Entered::from(env), &headers), count)?)
}

/// Sends an answer. `body`: a string, a Uint8Array, undefined, or a number: a stream follows, of
/// that length (negative: unknown). False: nobody is there to take it.
#[napi(catch_unwind)]
pub fn respond(
    env: &Env,
    key: f64,
    status: u32,
    headers: Unknown<'_>,
    count: u32,
    body: Unknown<'_>,
    reason: Option<Unknown<'_>>,
) -> Result<bool> {
    let scope = Entered::from(env);
    let answer = Answer {
        // Out of range is refused by the machine like any other invalid status.
        status: u16::try_from(status).unwrap_or(0),
        reason: reason.map(|reason| Value::new(scope, &reason)),
        headers: Value::new(scope, &headers),
        count,
        body: Value::new(scope, &body),
    };
    Ok(for_connection(key, |key| server::respond(key, &answer))?)
}

/// Sends an answer whose status and headers are in the registers. False: nobody is there.
#[napi(catch_unwind)]
pub fn respond_kept(env: &Env, key: f64, body: Unknown<'_>) -> Result<bool> {
    let body = Value::new(Entered::from(env), &body);
    Ok(for_connection(key, |key| server::respond_kept(key, body))?)
}

/// The answer under way cannot be completed.
#[napi(catch_unwind)]
pub fn break_off(key: f64) {
    for_connection(key, server::break_off);
}

/// Bytes that wait for the socket after this; -1: nobody is there.
#[napi(catch_unwind)]
pub fn write_data(env: &Env, key: f64, data: Unknown<'_>) -> Result<f64> {
    let data = Value::new(Entered::from(env), &data);
    let waiting = for_connection(key, |key| server::write_data(key, data))?;
    Ok(waiting.map_or(-1.0, |waiting| waiting as f64))
}

#[napi(catch_unwind)]
pub fn end_data(env: &Env, key: f64, trailers: Unknown<'_>, count: u32) -> Result<bool> {
    let trailers = Value::new(Entered::from(env), &trailers);
    Ok(for_connection(key, |key| server::end_data(key, trailers, count))?)
}

#[napi(catch_unwind)]
pub fn send_informational(
    env: &Env,
    key: f64,
    status: u32,
    headers: Unknown<'_>,
    count: u32,
) -> Result<bool> {
    let headers = Value::new(Entered::from(env), &headers);
    let status = u16::try_from(status).unwrap_or(0);
    Ok(for_connection(key, |key| server::send_informational(key, status, headers, count))?)
}

/// The whole body as a string if all of it is here, else undefined.
#[napi(catch_unwind)]
pub fn take_body_text(env: &Env, key: f64) -> Result<Option<Unknown<'_>>> {
    Ok(for_connection(key, |key| server::take_body_text(Entered::from(env), key))?
        .map(Value::into_unknown))
}

/// The whole body as a Uint8Array if all of it is here, else undefined.
#[napi(catch_unwind)]
pub fn take_body(env: &Env, key: f64) -> Result<Option<Unknown<'_>>> {
    Ok(for_connection(key, |key| server::take_body(Entered::from(env), key))?
        .map(Value::into_unknown))
}

/// The next piece as a Uint8Array, true at the end, null while there is nothing: `onBody` follows.
#[napi(catch_unwind)]
pub fn read_body(env: &Env, key: f64) -> Result<Option<Either<Unknown<'_>, bool>>> {
    Ok(match for_connection(key, |key| server::read_body(Entered::from(env), key))? {
        Piece::Bytes(bytes) => Some(Either::A(bytes.into_unknown())),
        Piece::End => Some(Either::B(true)),
        Piece::Pending => None,
    })
}

#[napi(catch_unwind)]
pub fn discard_body(key: f64) {
    for_connection(key, server::discard_body);
}

/// The trailer section, packed; null when the connection has gone.
#[napi(catch_unwind)]
pub fn body_trailers(env: &Env, key: f64) -> Result<Option<Unknown<'_>>> {
    Ok(for_connection(key, |key| server::trailers(Entered::from(env), key))?
        .map(Value::into_unknown))
}

/// Asks for `onComplete(exchange)`; false: the answer is out already; null: the connection has
/// gone.
#[napi(catch_unwind)]
pub fn watch_completion(key: f64, exchange: f64, answered: bool) -> Option<bool> {
    for_connection(key, |key| server::watch_completion(key, exchange, answered))
}

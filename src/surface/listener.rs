use napi::bindgen_prelude::*;
use napi_derive::napi;

use super::error::Result;
use crate::js::{Entered, Value};
use crate::server::{self, HttpListen, ListenPlace, ListenerKey, Listening, ProxyListen};

/// An address as Node shows it.
#[napi(object)]
pub struct Address {
    pub address: String,
    pub port: u16,
    pub family: String,
}

impl From<server::Address> for Address {
    fn from(address: server::Address) -> Self {
        let family = address.family().to_owned();
        Self { address: address.text(), port: address.port(), family }
    }
}

#[napi(object)]
pub struct ListenOptions {
    /// Instead of host name and port, which mean nothing then.
    pub path: Option<String>,
    pub readable_all: bool,
    pub writable_all: bool,
    pub hostname: String,
    pub port: u16,
    pub backlog: u32,
    pub reuse_port: bool,
    pub ipv6_only: bool,
    pub no_delay: bool,
    pub keep_alive: u32,
    pub proxy_protocol: Option<ProxyOptions>,
    pub http: Option<HttpOptions>,
}

#[napi(object)]
pub struct ProxyOptions {
    /// Networks, such as `10.0.0.0/8`.
    pub trust: Vec<String>,
    pub timeout: u32,
}

#[napi(object)]
pub struct HttpOptions {
    pub max_header_size: u32,
    pub max_headers_count: u32,
    /// Infinity: no limit.
    pub max_request_body_size: f64,
    pub max_requests_per_connection: u32,
    pub max_connections: u32,
    pub max_concurrent_requests: u32,
    pub retry_after: u32,
    pub high_water_mark: u32,
    pub headers_timeout: u32,
    pub receive_timeout: u32,
    pub send_timeout: u32,
    pub idle_timeout: u32,
    /// `onConnection` is called.
    pub watch_connections: bool,
}

/// A listener, or libuv's error: lib/ makes Node's kind of Error of it.
#[napi(object)]
pub struct ListenOutcome {
    pub key: f64,
    pub address: Option<Address>,
    pub code: Option<String>,
    pub syscall: Option<String>,
    pub message: Option<String>,
    pub errno: Option<i32>,
}

#[napi(object)]
pub struct ListenerStats {
    pub connections: u32,
    pub total_connections: f64,
    pub requests: f64,
    pub bytes_read: f64,
    pub bytes_written: f64,
    pub responses: Vec<f64>,
    pub refusals: std::collections::HashMap<String, f64>,
}

/// Throws when the host's libuv is not the one it reports, or not one we were built for.
#[napi(catch_unwind)]
pub fn libuv_check(reported: String) -> Result<()> {
    Ok(server::check_libuv(&reported)?)
}

#[napi(catch_unwind)]
pub fn listen(env: &Env, options: ListenOptions, hooks: Unknown<'_>) -> Result<ListenOutcome> {
    let scope = Entered::from(env);
    match server::listen(scope, Value::new(scope, &hooks), options.into()) {
        Ok((key, address)) => Ok(ListenOutcome {
            key: key.to_number(),
            address: Some(address.into()),
            code: None,
            syscall: None,
            message: None,
            errno: None,
        }),
        Err(server::Error::System { code, message, syscall, errno }) => Ok(ListenOutcome {
            key: 0.0,
            address: None,
            code: Some(code),
            syscall: Some(syscall.to_owned()),
            message: Some(message),
            errno: Some(errno),
        }),
        Err(error) => Err(error.into()),
    }
}

impl From<ListenOptions> for Listening {
    fn from(options: ListenOptions) -> Self {
        let place = match options.path {
            Some(path) => ListenPlace::Path {
                path,
                readable_all: options.readable_all,
                writable_all: options.writable_all,
            },
            None => ListenPlace::Tcp {
                hostname: options.hostname,
                port: options.port,
                reuse_port: options.reuse_port,
                ipv6_only: options.ipv6_only,
            },
        };
        Self {
            place,
            backlog: options.backlog,
            no_delay: options.no_delay,
            keep_alive: options.keep_alive,
            proxy: options
                .proxy_protocol
                .map(|ProxyOptions { trust, timeout }| ProxyListen { trust, timeout }),
            http: options.http.map(HttpListen::from),
        }
    }
}

impl From<HttpOptions> for HttpListen {
    fn from(options: HttpOptions) -> Self {
        Self {
            limits: server::Limits {
                max_header_size: options.max_header_size,
                max_headers_count: options.max_headers_count,
                // The cast saturates: Infinity becomes u64::MAX.
                max_request_body_size: options.max_request_body_size as u64,
                max_requests_per_connection: options.max_requests_per_connection,
            },
            timeouts: server::Timeouts {
                headers: options.headers_timeout,
                receive: options.receive_timeout,
                send: options.send_timeout,
                idle: options.idle_timeout,
            },
            max_connections: options.max_connections,
            max_concurrent_requests: options.max_concurrent_requests,
            retry_after: options.retry_after,
            high_water_mark: options.high_water_mark,
            watched: options.watch_connections,
        }
    }
}

/// From now on each answer is the last of its connection.
#[napi(catch_unwind)]
pub fn retire_listener(key: f64) {
    server::retire_listener(ListenerKey::from_number(key));
}

/// Nobody new can begin to connect.
#[napi(catch_unwind)]
pub fn turn_away(key: f64) -> Result<()> {
    Ok(server::turn_away(ListenerKey::from_number(key))?)
}

#[napi(catch_unwind)]
pub fn close_listener(key: f64) {
    server::close_listener(ListenerKey::from_number(key));
}

#[napi(catch_unwind)]
pub fn set_listener_ref(key: f64, referenced: bool) {
    server::set_listener_ref(ListenerKey::from_number(key), referenced);
}

#[napi(catch_unwind)]
pub fn close_idle_connections(key: f64) {
    server::close_idle(ListenerKey::from_number(key));
}

#[napi(catch_unwind)]
pub fn close_all_connections(key: f64) {
    server::close_all(ListenerKey::from_number(key));
}

#[napi(catch_unwind)]
pub fn listener_stats(key: f64) -> Option<ListenerStats> {
    let stats = server::stats_of(ListenerKey::from_number(key))?;
    let refusals = stats.refusals.into_iter();
    Some(ListenerStats {
        connections: stats.connections,
        total_connections: stats.total_connections as f64,
        requests: stats.requests as f64,
        bytes_read: stats.bytes_read as f64,
        bytes_written: stats.bytes_written as f64,
        responses: stats.responses.iter().map(|count| *count as f64).collect(),
        refusals: refusals.map(|(code, count)| (code.to_owned(), count as f64)).collect(),
    })
}

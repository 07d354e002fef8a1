use napi::bindgen_prelude::*;
use napi_derive::napi;

use super::error::Result;
use crate::js::{Entered, Value};
use crate::server::{self, Decoded, Engine, Limits, Refusal, RequestDecoder};

/// One thing that was found; lib/http-parser.js makes the public event of it.
#[napi(object)]
pub struct ParserEvent {
    /// `request`, `data`, `end` or `error`.
    pub kind: String,
    /// request: the packed head. end: the packed trailer section.
    pub text: Option<String>,
    /// request: whether the version is 1.0.
    pub http10: Option<bool>,
    pub keep_alive: Option<bool>,
    /// data: from where to where in the bytes that were given.
    pub start: Option<u32>,
    pub end: Option<u32>,
    pub code: Option<String>,
    pub reason: Option<String>,
    pub status: Option<u32>,
    pub offset: Option<f64>,
}

/// Milo for JavaScript, with the strictness of the server: the same decoder.
#[napi]
pub struct NativeHttpParser {
    decoder: RequestDecoder,
    limits: Limits,
    failed: bool,
    /// Bytes taken by `execute` so far.
    taken: u64,
    /// Where the message under way began; empty lines may come before it.
    message_start: Option<u64>,
}

#[napi]
impl NativeHttpParser {
    #[napi(constructor, catch_unwind)]
    pub fn new(max_header_size: u32, max_headers_count: u32, max_request_body_size: f64) -> Self {
        let limits = Limits {
            max_header_size,
            max_headers_count,
            max_request_body_size: max_request_body_size as u64,
            max_requests_per_connection: 0,
        };
        let decoder = RequestDecoder::new();
        Self { decoder, limits, failed: false, taken: 0, message_start: None }
    }

    /// What these bytes, a Uint8Array, bring.
    #[napi(catch_unwind)]
    pub fn execute(&mut self, env: &Env, data: Unknown<'_>) -> Result<Vec<ParserEvent>> {
        let scope = Entered::from(env);
        let bytes = Value::new(scope, &data).with_bytes(<[u8]>::to_vec);
        let bytes = bytes.ok_or(server::Error::Argument("bytes"))?;
        Ok(server::with_engine(scope, |engine| self.decode(engine, &bytes))?)
    }

    /// The bytes are over: an error event if that is in the middle of a message.
    #[napi(catch_unwind)]
    pub fn finish(&mut self) -> Vec<ParserEvent> {
        if self.failed {
            return Vec::new();
        }
        self.decoder.finish().err().map(|refusal| self.fail(&refusal)).into_iter().collect()
    }

    fn decode(&mut self, engine: &mut Engine, bytes: &[u8]) -> Vec<ParserEvent> {
        let mut events = Vec::new();
        let mut used = 0;
        while !self.failed {
            if self.message_start.is_none() {
                let rest = &bytes[used..];
                let start = rest.iter().position(|byte| !matches!(byte, b'\r' | b'\n'));
                self.message_start = start.map(|start| self.taken + (used + start) as u64);
            }
            match self.decoder.decode(engine, &self.limits, &bytes[used..]) {
                Err(refusal) => events.push(self.fail(&refusal)),
                Ok((_, Decoded::NeedMore)) => break,
                Ok((count, found)) => {
                    if let Some(event) = self.event_of(engine, found, used) {
                        events.push(event);
                    }
                    used += count;
                }
            }
        }
        self.taken += bytes.len() as u64;
        events
    }

    fn fail(&mut self, refusal: &Refusal) -> ParserEvent {
        self.failed = true;
        ParserEvent {
            code: Some(refusal.code.to_owned()),
            reason: Some(refusal.reason.to_owned()),
            status: Some(refusal.status.into()),
            offset: Some(refusal.offset as f64),
            ..empty("error")
        }
    }

    fn event_of(&mut self, engine: &Engine, found: Decoded, used: usize) -> Option<ParserEvent> {
        Some(match found {
            Decoded::NeedMore => return None,
            Decoded::Head(head) => ParserEvent {
                text: Some(latin1(engine.head())),
                http10: Some(head.version == server::Version::Http10),
                keep_alive: Some(head.keep_alive),
                offset: self.message_start.map(|start| start as f64),
                ..empty("request")
            },
            Decoded::Data(range) => ParserEvent {
                start: u32::try_from(used + range.start).ok(),
                end: u32::try_from(used + range.end).ok(),
                ..empty("data")
            },
            Decoded::End => {
                self.message_start = None;
                ParserEvent { text: Some(latin1(engine.trailers())), ..empty("end") }
            }
        })
    }
}

/// Header bytes are latin1 in JavaScript: one character each.
fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

fn empty(kind: &str) -> ParserEvent {
    ParserEvent {
        kind: kind.to_owned(),
        text: None,
        http10: None,
        keep_alive: None,
        start: None,
        end: None,
        code: None,
        reason: None,
        status: None,
        offset: None,
    }
}

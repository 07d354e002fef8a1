//! Too much to do: requests that are turned down without asking JavaScript, whose answers to others
//! are not complete.

use http1::{BodyPlan, Engine, KeptHeaders, OutgoingBody};

use super::connections::HttpState;
use super::error::Error;
use super::stats::Stats;

/// What a request that is one too many counts as among the refusals.
const CODE: &str = "HTTP_OVERLOADED";

/// The body of its answer.
const TEXT: &[u8] = b"The server has as many requests as it may have.\n";

/// How many requests a listener serves at a time, and what the others get.
pub struct Overload {
    /// 0: no limit.
    max_requests: u32,
    in_flight: u32,
    headers: KeptHeaders,
}

impl Overload {
    pub fn new(max_requests: u32, retry_after: u32) -> Result<Self, Error> {
        let lines = format!("content-type: text/plain\r\nretry-after: {retry_after}\r\n");
        let headers = KeptHeaders::new(lines.as_bytes(), 2)?;
        Ok(Self { max_requests, in_flight: 0, headers })
    }

    /// Whether the request that was just read may be served. From then on, also while it waits for
    /// its handler, it is in flight until it is released.
    pub fn admits(&mut self, state: &mut HttpState) -> bool {
        if self.max_requests == 0 {
            return true;
        }
        state.in_flight = self.in_flight < self.max_requests;
        self.in_flight += u32::from(state.in_flight);
        state.in_flight
    }

    /// The answer to a request is complete, or will never be: it is no more in flight, if it was.
    pub fn release(&mut self, state: &mut HttpState) {
        self.in_flight -= u32::from(std::mem::take(&mut state.in_flight));
    }

    /// Answers a request that was not admitted (RFC 9110, 15.6.4).
    pub fn turn_down(
        &self,
        state: &mut HttpState,
        engine: &Engine,
        stats: &mut Stats,
        out: &mut Vec<u8>,
        now: u64,
    ) {
        let body = OutgoingBody::Full(TEXT.len() as u64);
        let sent = state.machine.send_kept_head(engine, 503, &self.headers, body, out, now);
        match sent {
            Ok(BodyPlan::Send) => out.extend_from_slice(TEXT),
            Ok(BodyPlan::Omit) => {}
            // It owes an answer, and this one has nothing that could be refused.
            Err(_) => return debug_assert!(false, "a 503 cannot be sent: {sent:?}"),
        }
        stats.count_response(503);
        *stats.refusals.entry(CODE).or_default() += 1;
    }
}

//! What all connections of one event loop share.

use crate::date::CachedDate;
use crate::limits::{SPARE_BODIES, SPARE_BODY_MAX, SPARE_BODY_MIN};
use crate::milo::Milo;

/// The one parser and the buffers of an event loop.
///
/// A connection lends its few bytes of state to the parser for the length of a call, so that ten
/// thousand half-sent heads cost their own bytes and little more.
pub struct Engine {
    pub(crate) milo: Milo,
    pub(crate) head: Vec<u8>,
    pub(crate) trailers: Vec<u8>,
    /// Where a line that came in two reads is put together.
    pub(crate) scratch: Vec<u8>,
    pub(crate) date: CachedDate,
    /// For the bodies to come: fresh memory costs more than what is copied into it.
    spare: Vec<Vec<u8>>,
}

impl Engine {
    /// An engine whose `date:` says 1970 until [`Engine::set_wall_clock`] is called.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        Self {
            milo: Milo::new(),
            head: Vec::new(),
            trailers: Vec::new(),
            scratch: Vec::new(),
            date: CachedDate::new(),
            spare: Vec::new(),
        }
    }

    /// The packed head of the request said last: `METHOD SP target LF`, then `name:value LF` for
    /// each line in the order of arrival; names in lower case, values trimmed, all latin1.
    pub fn head(&self) -> &[u8] {
        &self.head
    }

    /// The packed trailer lines of the message that ended last.
    pub fn trailers(&self) -> &[u8] {
        &self.trailers
    }

    /// Tells the time, in seconds since 1970, for `date:` (RFC 9110 section 6.6.1).
    pub fn set_wall_clock(&mut self, unix_seconds: u64) {
        self.date.set(unix_seconds);
    }

    /// Takes back the memory of a body (see [`Connection::take_body`]) for another one.
    ///
    /// [`Connection::take_body`]: crate::Connection::take_body
    pub fn give_back(&mut self, mut body: Vec<u8>) {
        let fits = (SPARE_BODY_MIN..=SPARE_BODY_MAX).contains(&body.capacity());
        if fits && self.spare.len() < SPARE_BODIES {
            body.clear();
            self.spare.push(body);
        }
    }

    /// Memory for a body that begins with so many bytes. A few bytes get none that could hold many.
    pub(crate) fn body_buffer(&mut self, length: usize) -> Vec<u8> {
        if length < SPARE_BODY_MIN {
            return Vec::new();
        }
        self.spare.pop().unwrap_or_default()
    }
}

//! The only file that knows Milo, and the only one with `unsafe`.
//!
//! One parser serves all connections of an event loop: what a connection must keep between two
//! reads is a byte of state and three flags, put in before each call. We give Milo whole lines
//! only and decide about bodies ourselves, so none of its own limits, tunnels and refusals of
//! message kinds is ever reached.
//!
//! `MILO.md` of this crate lists what Milo gets wrong, what it leaves to us and what it refuses
//! although HTTP allows it; each with an input, what stands before our users, and the tests.
#![allow(unsafe_code, reason = "Milo is fenced in here")]

use core::ops::Range;

use milo::Parser;

/// The bytes of one `parse` call, unless they are a single line.
///
/// Milo can be made to smuggle a request when its events buffer fills up (it consumes the empty
/// line without saying so), so it must never fill: see the assertion below.
pub(crate) const MAX_PIECE: usize = 12 * 1024;

const EVENTS_BUFFER: usize = 64 * 1024;
const EVENT_SIZE: usize = 9;
const PAIR_SIZE: usize = EVENT_SIZE * EVENTS_PER_LINE;
/// Milo's reserve for an error event and the end mark.
const EVENT_RESERVE: usize = 7;
/// `a:` CR LF: the most events for the fewest bytes.
const SMALLEST_LINE: usize = 4;
const EVENTS_PER_LINE: usize = 2;

const _: () = assert!(
    // One line more for the request line, which has two events as well.
    (MAX_PIECE / SMALLEST_LINE + 1) * EVENTS_PER_LINE * EVENT_SIZE + EVENT_RESERVE < EVENTS_BUFFER
);

/// All of these carry a range, so that every record has the same size.
const ACTIVE_EVENTS: u64 = milo::EVENT_ACTIVE_ON_METHOD
    | milo::EVENT_ACTIVE_ON_URL
    | milo::EVENT_ACTIVE_ON_HEADER_NAME
    | milo::EVENT_ACTIVE_ON_HEADER_VALUE
    | milo::EVENT_ACTIVE_ON_TRAILER_NAME
    | milo::EVENT_ACTIVE_ON_TRAILER_VALUE;

/// Where in the parsed bytes something stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Pair {
    /// Method and target.
    RequestLine(Range<usize>, Range<usize>),
    /// Name and value, of a header or trailer line.
    Field(Range<usize>, Range<usize>),
}

/// Where in a head the next line stands, and what Milo has seen before it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HeadState {
    state: u8,
    has_content_length: bool,
    has_transfer_encoding: bool,
    has_chunked: bool,
}

impl HeadState {
    pub(crate) const START: Self = Self {
        state: milo::STATE_REQUEST_LINE,
        has_content_length: false,
        has_transfer_encoding: false,
        has_chunked: false,
    };

    pub(crate) fn before_request_line(self) -> bool {
        self.state == milo::STATE_REQUEST_LINE
    }
}

/// Where in a chunked body the next line stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ChunkState {
    /// A chunk-size line.
    Size,
    /// The CR LF behind a chunk's data.
    DataEnd,
    /// A trailer line, or the empty line at the end.
    Trailer,
    /// The message is over.
    Over,
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// Every line was read; the head goes on.
    NeedMore,
    /// The empty line was read; what follows it was not touched.
    HeadEnd,
    /// The line behind the used bytes was not accepted.
    Refused,
}

pub(crate) struct Milo {
    parser: Parser,
}

impl Milo {
    pub(crate) fn new() -> Self {
        let mut parser = Parser::new();
        parser.autodetect = false;
        parser.is_request = true;
        parser.suspend_after_headers = true;
        parser.manage_unconsumed = false;
        // Milo applies these only to lines that arrive cut, so we count instead.
        parser.max_start_line_length = usize::MAX;
        parser.max_header_length = usize::MAX;
        parser.active_events = ACTIVE_EVENTS;
        Self { parser }
    }

    /// Reads lines of a head: at most [`MAX_PIECE`] bytes or one line, each line whole.
    pub(crate) fn head_lines(&mut self, state: &mut HeadState, lines: &[u8]) -> (usize, Stop) {
        debug_assert!(lines.len() <= MAX_PIECE || memchr::memchr_iter(b'\n', lines).count() == 1);
        let parser = &mut self.parser;
        parser.state = state.state;
        parser.has_content_length = state.has_content_length;
        parser.has_transfer_encoding = state.has_transfer_encoding;
        parser.has_chunked_transfer_encoding = state.has_chunked;
        let used = self.parse(lines);
        let parser = &self.parser;
        let stop = match parser.state {
            milo::STATE_BODY_DECISION => Stop::HeadEnd,
            // Whole lines that are not used up although nothing failed: a line without its CR.
            milo::STATE_REQUEST_LINE | milo::STATE_HEADER if used < lines.len() => Stop::Refused,
            milo::STATE_REQUEST_LINE | milo::STATE_HEADER => Stop::NeedMore,
            // The HTTP/2 preface: its request line was told, the head will be refused for it.
            milo::STATE_HTTP2_PREFACE => Stop::NeedMore,
            _ => Stop::Refused,
        };
        // A refused line may be mended, so the state is then the one before it.
        state.state = match (stop, used) {
            (Stop::Refused, 0) => state.state,
            (Stop::Refused, _) => milo::STATE_HEADER,
            _ => parser.state,
        };
        state.has_content_length = parser.has_content_length;
        state.has_transfer_encoding = parser.has_transfer_encoding;
        state.has_chunked = parser.has_chunked_transfer_encoding;
        (used, stop)
    }

    /// Goes on behind a line that we read in Milo's place.
    pub(crate) fn skip_line(state: &mut HeadState) {
        state.state = milo::STATE_HEADER;
    }

    /// Reads one whole line of a chunked body; the size if it was a chunk-size line. `None`: not
    /// accepted.
    pub(crate) fn chunk_line(&mut self, state: &mut ChunkState, line: &[u8]) -> Option<u64> {
        let parser = &mut self.parser;
        parser.clear();
        parser.state = match state {
            ChunkState::Size => milo::STATE_CHUNK_HEADER,
            // With nothing left of the chunk, Milo expects its CR LF.
            ChunkState::DataEnd => milo::STATE_CHUNK_DATA,
            ChunkState::Trailer => milo::STATE_TRAILER,
            ChunkState::Over => return None,
        };
        // Makes Milo stop dead behind the message instead of going on with the next one.
        parser.has_upgrade = true;
        parser.has_connection_upgrade = true;
        let used = self.parse(line);
        if used != line.len() {
            return None;
        }
        *state = match (*state, self.parser.state) {
            // The caller counts the data and comes back for the CR LF.
            (ChunkState::Size, milo::STATE_CHUNK_DATA) => ChunkState::DataEnd,
            (ChunkState::Size, milo::STATE_TRAILER) => ChunkState::Trailer,
            (ChunkState::DataEnd, milo::STATE_CHUNK_HEADER) => ChunkState::Size,
            (ChunkState::Trailer, milo::STATE_TRAILER) => ChunkState::Trailer,
            (ChunkState::Trailer, milo::STATE_TUNNEL) => ChunkState::Over,
            _ => return None,
        };
        Some(self.parser.chunk_size)
    }

    fn parse(&mut self, bytes: &[u8]) -> usize {
        // A suspended parser would take one more turn on nothing.
        self.parser.continue_without_data = false;
        self.parser.paused = false;
        let used = self.parser.parse(bytes.as_ptr(), bytes.len());
        debug_assert!(used <= bytes.len());
        used
    }

    /// What the call before found, in order.
    pub(crate) fn events(&self) -> Events<'_> {
        // SAFETY: `events` points to the initialised `Box<[u8; 65536]>` that the parser made and
        // owns until it is dropped; nothing writes to it while `self` is borrowed.
        let records = unsafe { &*self.parser.events.cast::<[u8; EVENTS_BUFFER]>() };
        Events { records, cursor: 0 }
    }
}

/// The records of one `parse` call. They come in pairs, since both kinds of each are active.
pub(crate) struct Events<'a> {
    records: &'a [u8; EVENTS_BUFFER],
    cursor: usize,
}

impl Events<'_> {
    fn range(record: &[u8]) -> Range<usize> {
        let at = u32::from_le_bytes([record[1], record[2], record[3], record[4]]) as usize;
        let len = u32::from_le_bytes([record[5], record[6], record[7], record[8]]) as usize;
        at..at + len
    }
}

impl Iterator for Events<'_> {
    type Item = Pair;

    #[inline]
    fn next(&mut self) -> Option<Pair> {
        let record = self.records.get(self.cursor..self.cursor + PAIR_SIZE)?;
        let kind = record[0];
        let is_field = kind == milo::EVENT_HEADER_NAME || kind == milo::EVENT_TRAILER_NAME;
        if !is_field && kind != milo::EVENT_METHOD {
            return None;
        }
        self.cursor += PAIR_SIZE;
        debug_assert!(self.cursor + PAIR_SIZE + EVENT_RESERVE <= EVENTS_BUFFER, "events are full");
        let (first, second) = (Self::range(record), Self::range(&record[EVENT_SIZE..]));
        Some(if is_field { Pair::Field(first, second) } else { Pair::RequestLine(first, second) })
    }
}

//! Every bound of the machine, by name.

/// What the server may set, shared by all its connections.
#[derive(Clone, Debug)]
pub struct Config {
    /// How much a client may send.
    pub limits: Limits,
    /// How long it may take.
    pub timeouts: Timeouts,
    /// From this many buffered bytes on (of a body, or of pipelined requests) reading stops, and
    /// from this many unsent ones on no further request is handed out.
    pub high_water_mark: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            timeouts: Timeouts::default(),
            high_water_mark: HIGH_WATER_MARK,
        }
    }
}

/// How much a client may send.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Bytes of a request line and its header section, and of a trailer section.
    pub max_header_size: u32,
    /// Lines of a header section, and of a trailer section.
    pub max_headers_count: u32,
    /// Bytes of a body once its transfer coding is taken off; `u64::MAX`: no limit.
    pub max_request_body_size: u64,
    /// Requests answered on one connection; 0: no limit.
    pub max_requests_per_connection: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_header_size: 16_384,
            max_headers_count: 200,
            max_request_body_size: 128 * 1024 * 1024,
            max_requests_per_connection: 0,
        }
    }
}

/// How long things may take, in milliseconds; 0 turns a clock off.
#[derive(Clone, Debug)]
pub struct Timeouts {
    /// From the first byte of a head (of the first: from the connection's start) to its end.
    pub headers: u32,
    /// Without a byte of a body that is being read.
    pub receive: u32,
    /// Without a byte of an answer being taken by the socket.
    pub send: u32,
    /// Between exchanges.
    pub idle: u32,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { headers: 15_000, receive: 60_000, send: 60_000, idle: 65_000 }
    }
}

/// [`Config::high_water_mark`] where nobody set another.
pub const HIGH_WATER_MARK: usize = 64 * 1024;

/// At most this much of a body nobody reads is read to save the connection.
pub const DRAIN_LIMIT: u64 = 64 * 1024;

/// The longest chunk-size line, its extensions included (RFC 9112 section 7.1.1).
pub const MAX_CHUNK_LINE: usize = 4 * 1024;

/// Bytes of chunk extensions one message may carry; more only with more data.
pub const MAX_EXTENSION_BYTES: u64 = 16 * 1024;

/// One more byte of extensions is allowed for so many bytes of data: signed uploads carry some
/// 85 bytes for each chunk of 8 KiB or more.
pub(crate) const EXTENSION_SHARE: u64 = 32;

/// Empty lines tolerated before a request line (RFC 9112 section 2.2).
pub(crate) const MAX_LEADING_EMPTY_LINES: u8 = 8;

/// No method comes near this; the registered ones end at 17 bytes.
pub(crate) const MAX_METHOD: usize = 127;

/// Buffers of bodies that were taken and are kept for others, and the capacity they may have.
pub(crate) const SPARE_BODIES: usize = 16;
pub(crate) const SPARE_BODY_MIN: usize = 8 * 1024;
pub(crate) const SPARE_BODY_MAX: usize = 256 * 1024;

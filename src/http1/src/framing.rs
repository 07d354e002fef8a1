//! How long a body is (RFC 9112 section 6): one function per direction.

use crate::encode::OutgoingBody;
use crate::error::SendError;
use crate::fault::{self, Fault};
use crate::head::{BodyLength, Facts, RequestHead, Version};
use crate::limits::Limits;
use crate::state::Writing;

/// The transfer codings of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Coding {
    #[default]
    Absent,
    /// `chunked` and nothing else.
    Chunked,
    /// Something else, `chunked` not (yet) at the end.
    Other,
    /// Something else, and `chunked` at the end.
    OtherThenChunked,
}

impl Coding {
    /// Adds one element of the list. `chunked` must be the last, and once.
    pub(crate) fn with(self, element: &[u8]) -> Result<Self, &'static Fault> {
        let is_chunked = element.eq_ignore_ascii_case(b"chunked");
        match (self, is_chunked) {
            // An empty element may hide something from somebody else's parser.
            _ if element.is_empty() => Err(&fault::INVALID_TRANSFER_ENCODING),
            (Self::Absent, true) => Ok(Self::Chunked),
            (Self::Other, true) => Ok(Self::OtherThenChunked),
            (Self::Absent | Self::Other, false) => Ok(Self::Other),
            (Self::Chunked | Self::OtherThenChunked, _) => Err(&fault::INVALID_TRANSFER_ENCODING),
        }
    }
}

/// RFC 9112 section 6.3, without leniency.
fn request_body(facts: &Facts, limits: &Limits) -> Result<BodyLength, &'static Fault> {
    match (facts.coding, facts.content_length) {
        (Coding::Absent, None) => Ok(BodyLength::None),
        (Coding::Absent, Some(length)) if length > limits.max_request_body_size => {
            Err(&fault::BODY_TOO_LARGE)
        }
        (Coding::Absent, Some(length)) => Ok(BodyLength::Length(length)),
        (_, Some(_)) => Err(&fault::CONFLICTING_FRAMING),
        // RFC 9112 section 6.1.
        _ if facts.version == Version::Http10 => Err(&fault::TRANSFER_ENCODING_IN_HTTP10),
        (Coding::Chunked, None) => Ok(BodyLength::Chunked),
        (Coding::OtherThenChunked, None) => Err(&fault::TRANSFER_CODING_NOT_IMPLEMENTED),
        (Coding::Other, None) => Err(&fault::INVALID_TRANSFER_ENCODING),
    }
}

/// What a complete head comes to.
pub(crate) fn request_head(
    facts: &Facts,
    packed: &[u8],
    limits: &Limits,
) -> Result<RequestHead, &'static Fault> {
    let is_11 = facts.version == Version::Http11;
    // RFC 9112 section 3.2.
    if is_11 && !facts.has_host {
        return Err(&fault::MISSING_HOST);
    }
    let body = request_body(facts, limits)?;
    let has_body = !matches!(body, BodyLength::None | BodyLength::Length(0));
    Ok(RequestHead {
        method_len: facts.method_len,
        target_len: facts.target_len,
        version: facts.version,
        body,
        // RFC 9112 section 9.3.
        keep_alive: !facts.says_close && (is_11 || facts.says_keep_alive),
        expect_continue: facts.expects_continue && is_11 && has_body,
        is_head: packed.starts_with(b"HEAD "),
        upgrade: facts.has_upgrade && facts.says_upgrade,
    })
}

/// What an answer says about its length, and how its body is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Framing {
    pub field: LengthField,
    pub writing: Writing,
    /// Bytes that must still be written where the length is declared.
    pub declared: u64,
}

/// The one line of an answer that tells its length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LengthField {
    Absent,
    ContentLength(u64),
    Chunked,
}

/// RFC 9110 section 8.6, RFC 9112 sections 6.1 to 6.3.
pub(crate) fn answer_body(
    request: &RequestHead,
    status: u16,
    body: OutgoingBody,
    stated: Option<u64>,
) -> Result<Framing, SendError> {
    let given = match body {
        OutgoingBody::None => Some(0),
        OutgoingBody::Full(length) => Some(length),
        OutgoingBody::Stream(length) => length,
    };
    let may_state_any = request.is_head || status == 304;
    let length = match (given, stated) {
        (Some(given), Some(stated)) if given != stated && !may_state_any && status != 204 => {
            return Err(SendError::InvalidContentLength);
        }
        (given, stated) => stated.or(given),
    };
    let field = match (status, length) {
        (204, _) => LengthField::Absent,
        // RFC 9110 section 15.3.6.
        (205, _) => LengthField::ContentLength(0),
        (304, _) => stated.map_or(LengthField::Absent, LengthField::ContentLength),
        (_, Some(length)) => LengthField::ContentLength(length),
        (_, None) if request.version == Version::Http11 => LengthField::Chunked,
        (_, None) => LengthField::Absent,
    };
    let is_stream = matches!(body, OutgoingBody::Stream(_));
    let writing = match field {
        _ if !is_stream => Writing::Complete,
        _ if request.is_head || matches!(status, 204 | 205 | 304) => Writing::Omitted,
        LengthField::ContentLength(_) => Writing::Declared,
        LengthField::Chunked => Writing::Chunked,
        LengthField::Absent => Writing::UntilClose,
    };
    Ok(Framing { field, writing, declared: length.unwrap_or(0) })
}

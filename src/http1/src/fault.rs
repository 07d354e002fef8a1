//! Every way in which a client's bytes are refused: status, code, sentence.

use crate::error::Refusal;

/// A [`Refusal`] without its place.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub status: u16,
    pub code: &'static str,
    pub reason: &'static str,
}

impl Fault {
    pub(crate) fn at(&self, offset: u64) -> Refusal {
        let to_head = false;
        Refusal { status: self.status, code: self.code, reason: self.reason, offset, to_head }
    }

    /// In the head of a request.
    pub(crate) fn in_head(&self, offset: u64, to_head: bool) -> Refusal {
        Refusal { to_head, ..self.at(offset) }
    }
}

macro_rules! faults {
    ($($name:ident: $status:literal $code:literal $reason:literal;)*) => {
        $(pub(crate) static $name: Fault =
            Fault { status: $status, code: $code, reason: $reason };)*
    };
}

faults! {
    // RFC 9112 section 3; statuses: RFC 9110 sections 15.5 and 15.6.
    INVALID_REQUEST_LINE: 400 "HTTP_INVALID_REQUEST_LINE"
        "The request line is not 'method target version'.";
    INVALID_METHOD: 400 "HTTP_INVALID_METHOD" "The method is not a token.";
    METHOD_TOO_LONG: 501 "HTTP_METHOD_TOO_LONG" "The method is too long.";
    // RFC 9112 section 3.2.
    INVALID_TARGET: 400 "HTTP_INVALID_TARGET"
        "The request target does not have a form that the method allows, or holds a byte that is \
         not allowed.";
    TARGET_TOO_LONG: 414 "HTTP_TARGET_TOO_LONG" "The request line is too long.";
    // RFC 9112 section 2.3, RFC 9110 section 15.6.6.
    INVALID_VERSION: 400 "HTTP_INVALID_VERSION" "The request line does not end with a version.";
    VERSION_NOT_SUPPORTED: 505 "HTTP_VERSION_NOT_SUPPORTED"
        "Only HTTP/1.1 and HTTP/1.0 are spoken here.";
    // RFC 9110 section 9.3.6.
    CONNECT_NOT_IMPLEMENTED: 501 "HTTP_CONNECT_NOT_IMPLEMENTED"
        "This is not a proxy: CONNECT is not implemented.";
    // RFC 9112 section 2.2.
    TOO_MANY_EMPTY_LINES: 400 "HTTP_TOO_MANY_EMPTY_LINES"
        "Too many empty lines stand before the request line.";
    INVALID_LINE_END: 400 "HTTP_INVALID_LINE_END" "A line does not end with CR LF.";
    // RFC 9112 section 5.2.
    OBSOLETE_FOLDING: 400 "HTTP_OBSOLETE_FOLDING"
        "A header line starts with white space: folded lines are not allowed.";
    // RFC 9112 sections 5 and 5.1, RFC 9110 sections 5.1 and 5.5.
    INVALID_HEADER_NAME: 400 "HTTP_INVALID_HEADER_NAME"
        "A header name is empty, or holds a byte that is not allowed.";
    INVALID_HEADER_VALUE: 400 "HTTP_INVALID_HEADER_VALUE"
        "A header value holds a byte that is not allowed.";
    // RFC 9110 section 5.4, RFC 6585 section 5.
    HEADERS_TOO_LARGE: 431 "HTTP_HEADERS_TOO_LARGE" "The header section is too large.";
    TOO_MANY_HEADERS: 431 "HTTP_TOO_MANY_HEADERS" "There are too many header lines.";
    // RFC 9112 section 3.2.
    MISSING_HOST: 400 "HTTP_MISSING_HOST" "An HTTP/1.1 request needs a host header.";
    DUPLICATE_HOST: 400 "HTTP_DUPLICATE_HOST" "There is more than one host header.";
    INVALID_HOST: 400 "HTTP_INVALID_HOST" "The host header is not 'host' or 'host:port'.";
    // RFC 9110 sections 7.6.1 and 7.8.
    INVALID_CONNECTION: 400 "HTTP_INVALID_CONNECTION_HEADER"
        "The connection header is not a list of tokens.";
    INVALID_UPGRADE: 400 "HTTP_INVALID_UPGRADE_HEADER"
        "The upgrade header is not a list of protocols.";
    // RFC 9112 section 6.3.
    INVALID_CONTENT_LENGTH: 400 "HTTP_INVALID_CONTENT_LENGTH"
        "The content-length header is not one plain number.";
    DUPLICATE_CONTENT_LENGTH: 400 "HTTP_DUPLICATE_CONTENT_LENGTH"
        "There is more than one content-length header.";
    CONFLICTING_FRAMING: 400 "HTTP_CONFLICTING_FRAMING"
        "There are both a content-length and a transfer-encoding header.";
    // RFC 9112 section 6.1.
    INVALID_TRANSFER_ENCODING: 400 "HTTP_INVALID_TRANSFER_ENCODING"
        "The transfer-encoding header does not end with one 'chunked'.";
    TRANSFER_ENCODING_IN_HTTP10: 400 "HTTP_TRANSFER_ENCODING_IN_HTTP10"
        "An HTTP/1.0 request cannot have a transfer-encoding header.";
    TRANSFER_CODING_NOT_IMPLEMENTED: 501 "HTTP_TRANSFER_CODING_NOT_IMPLEMENTED"
        "No transfer coding but 'chunked' is implemented.";
    // RFC 9110 section 10.1.1.
    EXPECTATION_FAILED: 417 "HTTP_EXPECTATION_FAILED"
        "No expectation but '100-continue' can be met.";
    // RFC 9110 section 15.5.14.
    BODY_TOO_LARGE: 413 "HTTP_BODY_TOO_LARGE" "The request body is too large.";
    // RFC 9112 section 7.1.
    INVALID_CHUNK_SIZE: 400 "HTTP_INVALID_CHUNK_SIZE" "A chunk-size line is not valid.";
    CHUNK_LINE_TOO_LONG: 400 "HTTP_CHUNK_LINE_TOO_LONG" "A chunk-size line is too long.";
    TOO_MANY_CHUNK_EXTENSIONS: 400 "HTTP_TOO_MANY_CHUNK_EXTENSIONS"
        "The chunk extensions are too long for the data they come with.";
    INVALID_CHUNK_END: 400 "HTTP_INVALID_CHUNK_END" "A chunk is not followed by CR LF.";
    // RFC 9112 section 7.1.2.
    INVALID_TRAILER: 400 "HTTP_INVALID_TRAILER" "A trailer line is not valid.";
    TRAILERS_TOO_LARGE: 431 "HTTP_TRAILERS_TOO_LARGE" "The trailer section is too large.";
    TOO_MANY_TRAILERS: 431 "HTTP_TOO_MANY_TRAILERS" "There are too many trailer lines.";
    // RFC 9112 section 8.
    UNEXPECTED_END: 400 "HTTP_UNEXPECTED_END" "The connection ended inside a request.";
    // RFC 9110 section 15.5.9.
    HEADERS_TIMEOUT: 408 "HTTP_HEADERS_TIMEOUT" "The request head did not arrive in time.";
    RECEIVE_TIMEOUT: 408 "HTTP_RECEIVE_TIMEOUT" "The request body did not arrive in time.";
    ALREADY_FAILED: 0 "HTTP_ALREADY_FAILED" "The bytes before these were refused already.";
}

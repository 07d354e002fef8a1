//! What can go wrong, by whose fault: the client's, the application's, nobody's.

/// The client's fault: why its bytes were not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason} ({code}, at byte {offset})")]
pub struct Refusal {
    /// The status of the answer; 0: no answer, the connection just closes.
    pub status: u16,
    /// A stable name for machines, `HTTP_...`.
    pub code: &'static str,
    /// One sentence for people.
    pub reason: &'static str,
    /// Where in the connection's stream of bytes the faulty line or element starts.
    pub offset: u64,
    /// The request was a HEAD, as far as it was read: no body may answer it (RFC 9110 9.3.2).
    pub to_head: bool,
}

/// The application's fault, or a call that came too late: why an answer was not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The connection is closing; nothing can be sent any more.
    #[error("the connection is closed")]
    Closed,
    /// There is no request to answer, or its answer is complete.
    #[error("there is no request to answer")]
    NoRequest,
    /// The head of the answer has been sent.
    #[error("the answer has been started already")]
    AlreadyStarted,
    /// A body was sent before the head.
    #[error("the answer has not been started")]
    NotStarted,
    /// Not a status code that this call can send.
    #[error("the status code cannot be sent here")]
    InvalidStatus,
    /// The reason phrase holds a byte that is not allowed.
    #[error("the reason phrase holds a byte that is not allowed")]
    InvalidReason,
    /// A header name is empty or holds a byte that is not a token's.
    #[error("a header name is empty or holds a byte that is not allowed")]
    InvalidHeaderName,
    /// A header value holds a control byte, or broke out of its line.
    #[error("a header value holds a byte that is not allowed")]
    InvalidHeaderValue,
    /// `content-length` is not a number, stands twice, or does not fit the body.
    #[error("the content-length header does not fit the body")]
    InvalidContentLength,
    /// More bytes than `content-length` announced.
    #[error("the body is longer than its content-length")]
    BodyTooLong,
    /// Fewer bytes than `content-length` announced.
    #[error("the body is shorter than its content-length")]
    BodyTooShort,
}

impl SendError {
    /// A stable name for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Closed => "HTTP_CONNECTION_CLOSED",
            Self::NoRequest => "HTTP_NO_REQUEST",
            Self::AlreadyStarted => "HTTP_ANSWER_STARTED",
            Self::NotStarted => "HTTP_ANSWER_NOT_STARTED",
            Self::InvalidStatus => "HTTP_INVALID_STATUS",
            Self::InvalidReason => "HTTP_INVALID_REASON",
            Self::InvalidHeaderName => "HTTP_INVALID_HEADER_NAME",
            Self::InvalidHeaderValue => "HTTP_INVALID_HEADER_VALUE",
            Self::InvalidContentLength => "HTTP_INVALID_CONTENT_LENGTH",
            Self::BodyTooLong => "HTTP_BODY_TOO_LONG",
            Self::BodyTooShort => "HTTP_BODY_TOO_SHORT",
        }
    }
}

/// Why a connection closes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseReason {
    /// The client ended its side, and everything it asked was answered.
    ClientClosed,
    /// The request said `connection: close`, or was HTTP/1.0 without `keep-alive`.
    ClientAsked,
    /// The answer said `connection: close`.
    AppAsked,
    /// The end of the body can only be told by the end of the connection (HTTP/1.0).
    CloseDelimited,
    /// `max_requests_per_connection` is reached.
    RequestLimit,
    /// The server is closing.
    Shutdown,
    /// The request was refused.
    Refused,
    /// A body nobody reads is too long to be drained, or may never come.
    UnreadBody,
    /// The answer broke its own `content-length`, or its source failed.
    AnswerFailed,
    /// Nothing came between exchanges.
    IdleTimeout,
    /// The head, or the body, of a request did not come in time.
    ReceiveTimeout,
    /// The client does not take the answer.
    SendTimeout,
}

impl CloseReason {
    /// One sentence for people.
    pub fn explain(&self) -> &'static str {
        match self {
            Self::ClientClosed => "the client closed its side",
            Self::ClientAsked => "the client did not ask for a persistent connection",
            Self::AppAsked => "the answer said connection: close",
            Self::CloseDelimited => "the body ends with the connection",
            Self::RequestLimit => "the connection has served its number of requests",
            Self::Shutdown => "the server is closing",
            Self::Refused => "the request was refused",
            Self::UnreadBody => "the request body was not read",
            Self::AnswerFailed => "the answer could not be completed",
            Self::IdleTimeout => "the connection was idle for too long",
            Self::ReceiveTimeout => "the request did not arrive in time",
            Self::SendTimeout => "the client did not take the answer in time",
        }
    }
}

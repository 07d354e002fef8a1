use http1::SendError;

use crate::{js, uv};

/// What can go wrong when JavaScript asks for something.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{syscall} {code}: {message}")]
    System { code: String, message: String, syscall: &'static str, errno: i32 },
    #[error("{0}")]
    Send(SendError),
    #[error("{0}")]
    JavaScript(#[from] js::Error),
    #[error("{0}")]
    Libuv(#[from] uv::Mismatch),
    #[error("the hook {0} is missing or not a function")]
    Hook(&'static str),
    #[error("the argument {0} has the wrong type")]
    Argument(&'static str),
}

impl Error {
    /// The `code` of the Error that JavaScript gets.
    pub fn code(&self) -> &str {
        match self {
            Self::System { code, .. } => code,
            Self::Send(error) => error.code(),
            Self::JavaScript(_) => "ERR_MILOUV_ENVIRONMENT",
            Self::Libuv(_) => "ERR_MILOUV_LIBUV",
            Self::Hook(_) | Self::Argument(_) => "ERR_INVALID_ARG_TYPE",
        }
    }
}

impl From<uv::Error> for Error {
    fn from(error: uv::Error) -> Self {
        Self::System {
            code: error.code(),
            message: error.message(),
            syscall: error.syscall(),
            errno: error.errno(),
        }
    }
}

impl From<SendError> for Error {
    fn from(error: SendError) -> Self {
        Self::Send(error)
    }
}

/// Whether the host's libuv is the one that it reports, and one that we were built for.
pub fn check_libuv(reported: &str) -> Result<(), Error> {
    Ok(uv::check_host(reported)?)
}

use crate::server;

/// The `code` property of a thrown Error.
#[derive(Debug)]
pub struct Code(String);

impl AsRef<str> for Code {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

pub type Result<T> = std::result::Result<T, napi::Error<Code>>;

impl From<server::Error> for napi::Error<Code> {
    fn from(error: server::Error) -> Self {
        Self::new(Code(error.code().to_owned()), error.to_string())
    }
}

//! The error of the test API.

use std::fmt;

use kafka_protocol::ResponseError as ErrorCode;

/// Why the broker refused what a test asked of it directly.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Error {
    code: ErrorCode,
    what: String,
}

impl Error {
    pub(crate) fn new(code: ErrorCode, what: impl Into<String>) -> Self {
        Self { code, what: what.into() }
    }

    /// The code that a client would have been given.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        self.code
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {:?} (code {})", self.what, self.code, self.code.code())
    }
}

impl std::error::Error for Error {}

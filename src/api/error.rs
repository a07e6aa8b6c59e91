//! The body of every answer that is not a success.

use serde::{Deserialize, Serialize};

/// The body of an error. Grid's client prints `details[0].message` as one clean line, and only if
/// `details` has exactly one entry; a missing experiment has none (the client then skips it).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorBody {
    /// The kind of the error, by gRPC's numbers.
    pub code: i32,
    /// What went wrong, for a person. The same text as in `details`.
    pub message: String,
    /// One entry; none for a missing experiment.
    #[serde(default, deserialize_with = "super::nullable")]
    pub details: Vec<ErrorDetail>,
}

/// The one entry of [`ErrorBody::details`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorDetail {
    /// Names the type of this entry; always [`ErrorDetail::TYPE`] from us.
    #[serde(rename = "@type", default, deserialize_with = "super::nullable")]
    pub kind: String,
    /// What went wrong and what to do, for a person.
    #[serde(default, deserialize_with = "super::nullable")]
    pub message: String,
}

impl ErrorDetail {
    /// The `@type` that we send.
    pub const TYPE: &'static str = "type.googleapis.com/google.rpc.LocalizedMessage";
}

impl ErrorBody {
    /// An error with its one detail.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        let message = message.into();
        let detail = ErrorDetail {
            kind: ErrorDetail::TYPE.to_owned(),
            message: message.clone(),
        };
        Self {
            code: code as i32,
            message,
            details: vec![detail],
        }
    }

    /// The text to show a person.
    pub fn text(&self) -> &str {
        self.details
            .first()
            .map_or(&self.message, |detail| &detail.message)
    }
}

/// The kinds of errors, numbered as gRPC numbers them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum Code {
    /// The request itself is wrong (400, 413, 415, 422).
    InvalidArgument = 3,
    /// There is no such thing (404).
    NotFound = 5,
    /// There is already one (409).
    AlreadyExists = 6,
    /// Known who asks, but refused (403).
    PermissionDenied = 7,
    /// Too much or too often (429).
    ResourceExhausted = 8,
    /// Does not fit the state of things, such as another plan than the page showed (409).
    FailedPrecondition = 9,
    /// Something Grid had and this server has not (501).
    Unimplemented = 12,
    /// Our fault (500).
    Internal = 13,
    /// Try again (503).
    Unavailable = 14,
    /// Not known who asks (401).
    Unauthenticated = 16,
}

//! The body of every answer that is not a success.

use serde::{Deserialize, Serialize};

/// The body of an error. Grid's client prints `details[0].message` as one clean line, and only if
/// `details` has exactly one entry; a missing experiment has none (the client then skips it).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = Error))]
pub struct ErrorBody {
    /// The kind of error, by gRPC's numbers; the HTTP status says the same more finely.
    #[cfg_attr(feature = "openapi", schema(value_type = ErrorCode))]
    pub code: i32,
    /// What went wrong, for a person. The same text as in `details`.
    pub message: String,
    /// One entry; none for a missing experiment.
    #[serde(default, deserialize_with = "super::nullable")]
    pub details: Vec<ErrorDetail>,
}

/// The one entry of an error's `details`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ErrorDetail {
    /// The type of this entry; always `type.googleapis.com/google.rpc.LocalizedMessage` here.
    #[serde(rename = "@type", default, deserialize_with = "super::nullable")]
    pub kind: String,
    /// What went wrong and what to do, for a person.
    #[serde(default, deserialize_with = "super::nullable")]
    pub message: String,
}

impl ErrorDetail {
    /// The `@type` that this server sends.
    pub const TYPE: &'static str = "type.googleapis.com/google.rpc.LocalizedMessage";
}

impl ErrorBody {
    /// An error with its one detail.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
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

    /// The message to show a person: the first detail's, else the error's own.
    pub fn text(&self) -> &str {
        self.details
            .first()
            .map_or(&self.message, |detail| &detail.message)
    }
}

/// The kinds of errors, numbered as gRPC numbers them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum ErrorCode {
    /// The request itself is wrong (400, 413, 415, 422).
    InvalidArgument = 3,
    /// What was to come of the request did not come in time (408).
    DeadlineExceeded = 4,
    /// There is no such thing (404).
    NotFound = 5,
    /// It exists already (409).
    AlreadyExists = 6,
    /// The account is known and may not do this (403).
    PermissionDenied = 7,
    /// Too much or too often (429).
    ResourceExhausted = 8,
    /// The request does not fit the present state, as where its digest is of another plan (409).
    FailedPrecondition = 9,
    /// A feature that Grid had and this server has not (501).
    Unimplemented = 12,
    /// An error of the server itself (500).
    Internal = 13,
    /// Temporary: the client may try again (503).
    Unavailable = 14,
    /// The request has no valid credentials (401).
    Unauthenticated = 16,
}

impl ErrorCode {
    /// Every kind.
    pub const ALL: [Self; 10] = [
        Self::InvalidArgument,
        Self::NotFound,
        Self::AlreadyExists,
        Self::PermissionDenied,
        Self::ResourceExhausted,
        Self::FailedPrecondition,
        Self::Unimplemented,
        Self::Internal,
        Self::Unavailable,
        Self::Unauthenticated,
    ];
}

//! Which error type to use where:
//!
//! * a handler returns [`ApiError`]: what the caller did wrong, in words for the caller;
//! * below the handlers, each module has its own error; `?` turns what is our fault into
//!   [`ApiError::Internal`], whose cause goes to the log and not to the caller.

use axum::Json;
use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use sweep_planner::api::{ErrorBody, ErrorCode};
use sweep_planner::sweep::{QUOTED_MAX, truncate_chars};

use crate::store::StoreError;
use crate::system::random::NoEntropy;

/// An answer that is not a success.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// 400: the request itself is wrong.
    #[error("{0}")]
    Invalid(String),
    /// 401: no credentials, or wrong ones.
    #[error("{0}")]
    Unauthenticated(&'static str),
    /// 403: refused whatever the credentials (host, origin, signature).
    #[error("{0}")]
    Forbidden(String),
    /// 404.
    #[error("{0}")]
    NotFound(String),
    /// 404 of an experiment: without a message in `details`, so that Grid's client skips it.
    #[error("there is no such experiment")]
    ExperimentNotFound,
    /// 405.
    #[error("this address does not take that method")]
    MethodNotAllowed,
    /// 408: what was to come of the request did not come in time.
    #[error("{0}")]
    TimedOut(String),
    /// 409: there is already one.
    #[error("{0}")]
    AlreadyExists(String),
    /// 409: does not fit the state of things.
    #[error("{0}")]
    Conflict(String),
    /// 410: deleted, as the settings ask.
    #[error("{0}")]
    Gone(String),
    /// 413.
    #[error("{0}")]
    TooLarge(String),
    /// 415.
    #[error("expected a body of type application/json")]
    UnsupportedMediaType,
    /// 422: a well-formed request that contradicts an earlier one.
    #[error("{0}")]
    Unprocessable(String),
    /// 429, with the number of seconds for `Retry-After`.
    #[error("{0}")]
    TooManyRequests(&'static str, u32),
    /// 501: something Grid had and this server has not.
    #[error("{0}")]
    Unimplemented(String),
    /// 503.
    #[error("{0}")]
    Unavailable(&'static str),
    /// 507: there is no room on the server's disk.
    #[error("{0}")]
    InsufficientStorage(String),
    /// 500: our fault. The text is for the log.
    #[error("{0}")]
    Internal(String),
}

impl ApiError {
    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.status_and_code().0
    }

    fn status_and_code(&self) -> (StatusCode, ErrorCode) {
        match self {
            Self::Invalid(_) => (StatusCode::BAD_REQUEST, ErrorCode::InvalidArgument),
            Self::Unauthenticated(_) => (StatusCode::UNAUTHORIZED, ErrorCode::Unauthenticated),
            Self::Forbidden(_) => (StatusCode::FORBIDDEN, ErrorCode::PermissionDenied),
            Self::NotFound(_) | Self::ExperimentNotFound => {
                (StatusCode::NOT_FOUND, ErrorCode::NotFound)
            }
            Self::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, ErrorCode::Unimplemented),
            Self::TimedOut(_) => (StatusCode::REQUEST_TIMEOUT, ErrorCode::DeadlineExceeded),
            Self::AlreadyExists(_) => (StatusCode::CONFLICT, ErrorCode::AlreadyExists),
            Self::Conflict(_) => (StatusCode::CONFLICT, ErrorCode::FailedPrecondition),
            Self::Gone(_) => (StatusCode::GONE, ErrorCode::NotFound),
            Self::TooLarge(_) => (StatusCode::PAYLOAD_TOO_LARGE, ErrorCode::InvalidArgument),
            Self::UnsupportedMediaType => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                ErrorCode::InvalidArgument,
            ),
            Self::Unprocessable(_) => {
                (StatusCode::UNPROCESSABLE_ENTITY, ErrorCode::InvalidArgument)
            }
            Self::TooManyRequests(..) => {
                (StatusCode::TOO_MANY_REQUESTS, ErrorCode::ResourceExhausted)
            }
            Self::Unimplemented(_) => (StatusCode::NOT_IMPLEMENTED, ErrorCode::Unimplemented),
            Self::Unavailable(_) => (StatusCode::SERVICE_UNAVAILABLE, ErrorCode::Unavailable),
            Self::InsufficientStorage(_) => (
                StatusCode::INSUFFICIENT_STORAGE,
                ErrorCode::ResourceExhausted,
            ),
            Self::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, ErrorCode::Internal),
        }
    }

    fn body(&self) -> ErrorBody {
        let code = self.status_and_code().1;
        match self {
            Self::Internal(_) => ErrorBody::new(
                code,
                "The server failed; the cause is in its log. Nothing was changed.",
            ),
            Self::ExperimentNotFound => ErrorBody {
                code: code as i32,
                message: self.to_string(),
                details: Vec::new(),
            },
            other => ErrorBody::new(code, other.to_string()),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        if let Self::Internal(cause) = &self {
            tracing::error!(%cause, "a request failed");
        }
        let mut response = (self.status(), Json(self.body())).into_response();
        let headers = response.headers_mut();
        if let Self::TooManyRequests(_, seconds) = self {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Closed => Self::Unavailable("The server is stopping."),
            other => Self::Internal(other.to_string()),
        }
    }
}

impl From<NoEntropy> for ApiError {
    fn from(error: NoEntropy) -> Self {
        Self::Internal(error.to_string())
    }
}

impl From<tokio::task::JoinError> for ApiError {
    fn from(error: tokio::task::JoinError) -> Self {
        Self::Internal(error.to_string())
    }
}

impl From<JsonRejection> for ApiError {
    fn from(rejection: JsonRejection) -> Self {
        match rejection {
            JsonRejection::MissingJsonContentType(_) => Self::UnsupportedMediaType,
            other if other.status() == StatusCode::PAYLOAD_TOO_LARGE => {
                Self::TooLarge("This body is larger than the server takes.".to_owned())
            }
            other => Self::Invalid(other.body_text()),
        }
    }
}

impl From<QueryRejection> for ApiError {
    fn from(rejection: QueryRejection) -> Self {
        Self::Invalid(rejection.body_text())
    }
}

impl From<PathRejection> for ApiError {
    fn from(rejection: PathRejection) -> Self {
        Self::Invalid(rejection.body_text())
    }
}

/// A text from a request, cut to [`QUOTED_MAX`] characters for a message.
pub fn truncated(text: &str) -> String {
    truncate_chars(text, QUOTED_MAX)
}

/// An error message as a sentence: a capital first, a full stop last.
pub fn to_sentence(message: &impl ToString) -> String {
    let text = message.to_string();
    let mut letters = text.chars();
    let first = letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().to_string());
    format!("{first}{}.", letters.as_str().trim_end_matches('.'))
}

//! The built page's files, the health check, and what answers where there is nothing.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::Method;
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::http::error::ApiError;

/// `GET /healthz`: that the server is ready, and whether its disk keeps it from starting trials.
pub async fn health(State(app): State<Arc<App>>) -> &'static str {
    match app.disk.look() {
        None => "ok\n",
        Some(_) => "ok, but the disk is nearly full: no trial is started\n",
    }
}

/// Whatever is not the API's: a file of the page.
pub async fn file(State(app): State<Arc<App>>, request: Request) -> Result<Response, ApiError> {
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return Ok(ApiError::Method.into_response());
    }
    let (parts, _) = request.into_parts();
    let answer = move || app.page.answer(parts.uri.path(), &parts.headers);
    Ok(tokio::task::spawn_blocking(answer).await?)
}

/// An address of the API that does not exist.
pub async fn unknown() -> ApiError {
    ApiError::NotFound("There is nothing at this address.".to_owned())
}

/// A method that an address does not take.
pub async fn method() -> ApiError {
    ApiError::Method
}

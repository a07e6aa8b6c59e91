//! The built page's files, the health check, and what answers where there is nothing.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::Method;
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::http::error::ApiError;
use crate::http::openapi::tags;
use sweep_planner::api::paths;

/// Whether the server is ready.
///
/// The text begins with `ok`, and reports a nearly full disk, which keeps the server from starting
/// trials, and work that does not get done.
#[utoipa::path(
    get,
    path = paths::HEALTH,
    operation_id = "getHealth",
    tag = tags::SERVER,
    responses((status = 200, description = "It is ready.", body = String, content_type = "text/plain")),
)]
pub async fn health(State(app): State<Arc<App>>) -> String {
    let mut parts = app.stalls(None);
    if app.disk.check_space().is_some() {
        parts.push("the disk is nearly full: no trial is started".to_owned());
    }
    match parts.is_empty() {
        true => "ok\n".to_owned(),
        false => format!("ok, but {}\n", parts.join("; ")),
    }
}

/// Whatever is not the API's: a file of the page.
pub async fn asset(State(app): State<Arc<App>>, request: Request) -> Result<Response, ApiError> {
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return Ok(ApiError::MethodNotAllowed.into_response());
    }
    let (parts, _) = request.into_parts();
    let answer = move || app.assets.respond(parts.uri.path(), &parts.headers);
    Ok(tokio::task::spawn_blocking(answer).await?)
}

/// An address of the API that does not exist.
pub async fn not_found() -> ApiError {
    ApiError::NotFound("There is nothing at this address.".to_owned())
}

/// A method that an address does not take.
pub async fn method_not_allowed() -> ApiError {
    ApiError::MethodNotAllowed
}

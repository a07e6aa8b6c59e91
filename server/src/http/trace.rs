//! One log line per request: method, path, status and time. Never a query (the start address
//! holds a token there), a header or a body.

use std::time::Instant;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;

/// Logs a request once it is answered: a status of 400 and more at level info, others at debug.
pub(crate) async fn request(request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let response = next.run(request).await;
    let (status, millis) = (response.status().as_u16(), begun.elapsed().as_millis());
    if status >= 400 {
        tracing::info!(%method, %path, status, millis, "refused");
    } else {
        tracing::debug!(%method, %path, status, millis, "answered");
    }
    response
}

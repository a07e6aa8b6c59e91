//! Every route.

use std::io;
use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{StatusCode, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use axum::{Extension, Router};
use tokio::sync::watch;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::auth::{HangUp, middleware};
use super::connections::Connection;
use super::error::ApiError;
use super::handlers::{
    archive, artifacts, assets, auth as login, budget, clusters, control, datastores, events,
    experiments, finished, launch, logs, prices, runs, sign_ins, states, uploads,
};
use super::{openapi, trace};
use crate::app::App;

/// Bytes of a body that holds a user and a key.
const CREDENTIALS_MAX: usize = 64 << 10;

/// The whole server as a router. Fails where its description cannot be written as JSON, which no
/// description is known to cause.
pub fn router(app: Arc<App>) -> io::Result<Router> {
    let body = DefaultBodyLimit::max(app.config.limits.body_bytes);
    let (routes, description) = OpenApiRouter::with_openapi(openapi::base_description())
        .merge(authenticated_routes(&app))
        .merge(openapi::mark_public(public_routes()))
        .split_for_parts();
    let routes = routes
        .layer(Extension(openapi::Document::new(description)?))
        .fallback(assets::asset)
        .method_not_allowed_fallback(assets::method_not_allowed)
        .layer(body)
        .layer(from_fn(complete_despite_hangup))
        .layer(from_fn_with_state(
            Arc::clone(&app),
            middleware::enforce_origin_policy,
        ))
        .layer(CatchPanicLayer::custom(panic_response))
        .layer(from_fn(trace::log_request))
        .with_state(app);
    Ok(routes)
}

/// Routes behind [`middleware::authenticate`]. Those in `quick` are compressed; the stream of events
/// must not be buffered.
fn authenticated_routes(app: &Arc<App>) -> OpenApiRouter<Arc<App>> {
    let quick = OpenApiRouter::new()
        .routes(routes!(login::user))
        .routes(routes!(clusters::list))
        .routes(routes!(clusters::get))
        .routes(routes!(clusters::instance_types))
        .routes(routes!(clusters::sessions))
        .routes(routes!(prices::get))
        .routes(routes!(datastores::list))
        .routes(routes!(datastores::get))
        .routes(routes!(runs::list, launch::create))
        .routes(routes!(runs::get, runs::update, runs::delete))
        .routes(routes!(runs::trials))
        .routes(routes!(states::list))
        .routes(routes!(finished::list))
        .routes(routes!(control::retry))
        .routes(routes!(control::release))
        .routes(routes!(budget::set))
        .routes(routes!(experiments::list))
        .routes(routes!(
            experiments::get,
            experiments::update,
            experiments::delete
        ))
        .routes(routes!(logs::get))
        .routes(routes!(experiments::metrics))
        .routes(routes!(artifacts::list))
        .routes(routes!(openapi::document))
        .layer(CompressionLayer::new());
    OpenApiRouter::new()
        .routes(routes!(events::stream))
        .routes(routes!(login::session, login::sign_out))
        .routes(routes!(sign_ins::list, sign_ins::end_all))
        // No call, so without a description: the rest of the API's addresses.
        .route("/v1/{*rest}", any(assets::not_found))
        .merge(quick)
        .layer(from_fn_with_state(
            Arc::clone(app),
            middleware::authenticate,
        ))
}

/// Routes without authentication: they check credentials or a signature themselves, or reveal
/// nothing.
fn public_routes() -> OpenApiRouter<Arc<App>> {
    // Their bodies are read into memory before anybody knows who calls.
    let sign_in = OpenApiRouter::new()
        .routes(routes!(login::login))
        .routes(routes!(login::sign_in))
        .layer(DefaultBodyLimit::max(CREDENTIALS_MAX));
    OpenApiRouter::new()
        .routes(routes!(assets::health))
        .merge(sign_in)
        .merge(signed_routes())
        .routes(routes!(login::start))
        .routes(routes!(uploads::receive))
}

/// Downloads by signed addresses.
fn signed_routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(artifacts::download))
        .routes(routes!(archive::download_all))
        .routes(routes!(logs::download))
        .layer(from_fn(trust_after_success))
}

/// Notes on the connection that its request has a valid signature, which the handler has checked.
async fn trust_after_success(request: Request, next: Next) -> Response {
    let connection = request.extensions().get::<Arc<Connection>>().cloned();
    let response = next.run(request).await;
    if let Some(connection) = connection
        && response.status().is_success()
    {
        connection.mark_trusted();
    }
    response
}

/// Runs a request that may change something to its end even if the caller hangs up: the change may
/// be durable by then, and the dispatcher must be woken for it. A request that only reads is
/// dropped.
async fn complete_despite_hangup(mut request: Request, next: Next) -> Response {
    if request.method().is_safe() {
        return next.run(request).await;
    }
    // Dropped with this future, when the caller hangs up.
    let (_open, hang_up) = watch::channel(());
    request.extensions_mut().insert(HangUp(hang_up));
    match tokio::spawn(next.run(request)).await {
        Ok(response) => response,
        Err(error) => match error.try_into_panic() {
            Ok(cause) => std::panic::resume_unwind(cause),
            Err(_) => ApiError::Unavailable("The server is stopping.").into_response(),
        },
    }
}

/// Turns a panic of a handler into a 500 like any other internal error; the server goes on.
fn panic_response(cause: Box<dyn std::any::Any + Send>) -> Response {
    let text = cause
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| cause.downcast_ref::<&str>().copied())
        .unwrap_or("(no message)");
    let mut response = ApiError::Internal(format!("panic: {text}")).into_response();
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    response.headers_mut().insert(
        header::CONNECTION,
        axum::http::HeaderValue::from_static("close"),
    );
    response
}

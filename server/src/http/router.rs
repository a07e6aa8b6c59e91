//! Every route.

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{StatusCode, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use sweep_planner::api::paths;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;

use super::auth::middleware;
use super::error::ApiError;
use super::handlers::{
    archive, artifacts, assets, auth as login, clusters, control, datastores, events, experiments,
    launch, logs, runs, states, uploads,
};
use super::{openapi, trace};
use crate::app::App;

/// The whole server as a router.
pub fn router(app: Arc<App>) -> Router {
    let body = DefaultBodyLimit::max(app.config.limits.body_bytes);
    Router::new()
        .merge(known(&app))
        .merge(open())
        .fallback(assets::file)
        .method_not_allowed_fallback(assets::method)
        .layer(body)
        .layer(from_fn(to_its_end))
        .layer(from_fn_with_state(Arc::clone(&app), middleware::guard))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn(trace::request))
        .with_state(app)
}

/// Routes behind [`auth::authenticate`]. Those in `quick` are compressed; the stream of events must
/// not be buffered.
fn known(app: &Arc<App>) -> Router<Arc<App>> {
    let quick = Router::new()
        .route(paths::USER, get(login::user))
        .route(paths::CLUSTERS, get(clusters::list))
        .route(paths::CLUSTER, get(clusters::get))
        .route(paths::INSTANCE_TYPES, get(clusters::instance_types))
        .route(paths::SESSIONS, get(clusters::sessions))
        .route(paths::DATASTORES, get(datastores::list))
        .route(paths::DATASTORE, get(datastores::get))
        .route(paths::RUNS, get(runs::list).post(launch::create))
        .route(
            paths::RUN,
            get(runs::get).put(runs::update).delete(runs::delete),
        )
        .route(paths::TRIALS, get(runs::trials))
        .route(paths::STATES, get(states::list))
        .route(paths::RETRY, post(control::retry))
        .route(paths::RELEASE, post(control::release))
        .route(paths::EXPERIMENTS, get(experiments::list))
        .route(
            paths::EXPERIMENT,
            get(experiments::get)
                .put(experiments::update)
                .delete(experiments::delete),
        )
        .route(paths::LOGS, get(logs::get))
        .route(paths::METRICS, get(experiments::metrics))
        .route(paths::ARTIFACTS, get(artifacts::list))
        .route(paths::OPENAPI, get(openapi::document))
        .layer(CompressionLayer::new());
    Router::new()
        .route(paths::EVENTS, get(events::stream))
        .route(paths::SESSION, get(login::session).delete(login::sign_out))
        .route("/v1/{*rest}", axum::routing::any(assets::unknown))
        .merge(quick)
        .layer(from_fn_with_state(
            Arc::clone(app),
            middleware::authenticate,
        ))
}

/// Routes without authentication: they check credentials or a signature themselves, or reveal
/// nothing.
fn open() -> Router<Arc<App>> {
    Router::new()
        .route(paths::HEALTH, get(assets::health))
        .route(paths::LOGIN, post(login::login))
        .route(paths::SESSION, post(login::sign_in))
        .route(paths::START, get(login::start))
        .route(paths::ARTIFACT_FILE, get(artifacts::file))
        .route(paths::ARTIFACTS_TAR, get(archive::all))
        .route(paths::UPLOAD, put(uploads::receive))
}

/// Runs a request that may change something to its end even if the caller hangs up: the change may
/// be durable by then, and the dispatcher must be woken for it. A request that only reads is
/// dropped.
async fn to_its_end(request: Request, next: Next) -> Response {
    if request.method().is_safe() {
        return next.run(request).await;
    }
    match tokio::spawn(next.run(request)).await {
        Ok(response) => response,
        Err(error) => match error.try_into_panic() {
            Ok(cause) => std::panic::resume_unwind(cause),
            Err(_) => ApiError::Unavailable("The server is stopping.").into_response(),
        },
    }
}

/// Turns a panic of a handler into a 500 like any other internal error; the server goes on.
fn panicked(cause: Box<dyn std::any::Any + Send>) -> Response {
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

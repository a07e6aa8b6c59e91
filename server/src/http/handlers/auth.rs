//! Signing in.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Json;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sweep_planner::api::{Credentials, LoginAnswer, PageSession, User};

use crate::app::App;
use crate::http::auth::{COOKIE_LIFE, Caller, Identity, token_hash};
use crate::http::error::ApiError;
use crate::http::extract::{Body, Params};
use crate::http::wire;
use crate::model::Account;
use crate::system::{clock, random};

/// `POST /v1/auth/login`: a token for the user call.
pub async fn login(
    State(app): State<Arc<App>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Body(credentials): Body<Credentials>,
) -> Result<Json<LoginAnswer>, ApiError> {
    let Credentials { username, api_key } = credentials;
    let identity = app
        .auth
        .check_key(&app.store, peer.ip(), username, api_key)
        .await?;
    Ok(Json(LoginAnswer {
        token: app.auth.bearers.make(&identity.account.id)?,
    }))
}

/// `GET /v1/auth/user`: who asks.
pub async fn user(identity: Identity) -> Json<User> {
    Json(wire::user(&identity.account))
}

fn session_of(app: &App, account: &Account) -> PageSession {
    PageSession {
        user: wire::user(account),
        default_cluster: app.config.default_cluster.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        now: clock::now(),
    }
}

/// `GET /v1/session`: what a page needs to begin.
pub async fn session(State(app): State<Arc<App>>, identity: Identity) -> Json<PageSession> {
    Json(session_of(&app, &identity.account))
}

/// `POST /v1/session`: signs the page of this server in, with a cookie; a page hosted apart only
/// learns that its credentials are right, and sends them with every call.
pub async fn sign_in(
    State(app): State<Arc<App>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    axum::Extension(caller): axum::Extension<Caller>,
    Body(credentials): Body<Credentials>,
) -> Result<Response, ApiError> {
    let Credentials { username, api_key } = credentials;
    let identity = app
        .auth
        .check_key(&app.store, peer.ip(), username, api_key)
        .await?;
    let mut response = Json(session_of(&app, &identity.account)).into_response();
    if caller == Caller::OwnPage {
        response
            .headers_mut()
            .insert(header::SET_COOKIE, begin(&app, &identity.account.id).await?);
    }
    Ok(response)
}

/// `DELETE /v1/session`: signs the page out.
pub async fn sign_out(
    State(app): State<Arc<App>>,
    _identity: Identity,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    if let Some(token) = app.auth.cookie.token(&headers) {
        app.store.end_page_session(token_hash(token)).await?;
    }
    let mut response = Json(serde_json::json!({})).into_response();
    if let Some(cookie) = app.auth.cookie.clear() {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// Begins a page session and answers with its cookie.
async fn begin(app: &App, account: &str) -> Result<HeaderValue, ApiError> {
    let (token, now) = (random::secret()?, clock::now());
    let life = i64::try_from(COOKIE_LIFE.as_micros()).unwrap_or(i64::MAX);
    let expires = sweep_planner::api::Timestamp::from_micros(now.micros().saturating_add(life));
    app.store
        .begin_page_session(token_hash(&token), account.to_owned(), now, expires)
        .await?;
    app.auth
        .cookie
        .set(&token)
        .ok_or_else(|| ApiError::Internal("no cookie".to_owned()))
}

/// Shown for a start address that does not work.
const USED: &str = include_str!("../used_start.html");

/// `GET /start?token=…`: the one-time start address; makes a page session and goes to the page.
pub async fn start(
    State(app): State<Arc<App>>,
    params: Params,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let account = app
        .auth
        .starts
        .account(params.get("token").unwrap_or_default());
    if let Some(account) = account {
        let to_page = [
            (header::SET_COOKIE, begin(&app, &account).await?),
            (header::LOCATION, HeaderValue::from_static("/")),
        ];
        return Ok((StatusCode::SEE_OTHER, to_page).into_response());
    }
    // A used address is harmless for a browser that is signed in already.
    let known = match app.auth.cookie.token(&headers) {
        Some(token) => app
            .store
            .page_session(token_hash(token), clock::now())
            .await?
            .is_some(),
        None => false,
    };
    if known {
        let to_page = [(header::LOCATION, HeaderValue::from_static("/"))];
        return Ok((StatusCode::SEE_OTHER, to_page).into_response());
    }
    let kind = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
    Ok((StatusCode::GONE, kind, USED).into_response())
}

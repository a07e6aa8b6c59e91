//! Signing in.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sweep_planner::api::{Credentials, LoginAnswer, PageSession, User, paths};

use crate::app::App;
use crate::http::auth::{
    COOKIE_LIFETIME, Caller, Client, Identity, describe_client, is_opened_by_person, token_hash,
};
use crate::http::error::ApiError;
use crate::http::extract::{JsonBody, QueryParams};
use crate::http::openapi::tags;
use crate::http::wire;
use crate::model::Account;
use crate::store::NewPageSession;
use crate::system::{clock, random};

/// A token for the user call.
#[utoipa::path(
    post,
    path = paths::LOGIN,
    operation_id = "login",
    tag = tags::AUTH,
    request_body = Credentials,
    responses((status = 200, description = "The token.", body = LoginAnswer)),
)]
pub async fn login(
    State(app): State<Arc<App>>,
    client: Client,
    JsonBody(credentials): JsonBody<Credentials>,
) -> Result<Json<LoginAnswer>, ApiError> {
    let Credentials { username, api_key } = credentials;
    let identity = app
        .auth
        .check_key(&app.store, &client, username, api_key)
        .await?;
    Ok(Json(LoginAnswer {
        token: app.auth.bearer_tokens.issue(&identity.account)?,
    }))
}

/// The account whose credentials these are.
#[utoipa::path(
    get,
    path = paths::USER,
    operation_id = "getUser",
    tag = tags::AUTH,
    responses((status = 200, description = "The account.", body = User)),
)]
pub async fn user(identity: Identity) -> Json<User> {
    Json(wire::user(&identity.account))
}

fn session_to_wire(app: &App, account: &Account) -> PageSession {
    PageSession {
        user: wire::user(account),
        default_cluster: app.config.default_cluster.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        now: clock::now(),
    }
}

/// What a page needs to begin (ours).
#[utoipa::path(
    get,
    path = paths::SESSION,
    operation_id = "getPageSession",
    tag = tags::AUTH,
    responses((status = 200, description = "The session.", body = PageSession)),
)]
pub async fn session(State(app): State<Arc<App>>, identity: Identity) -> Json<PageSession> {
    Json(session_to_wire(&app, &identity.account))
}

/// Signs a page in (ours): with a cookie, if this server serves the page.
///
/// A page hosted elsewhere only learns that its credentials are right, and sends them with every
/// call.
#[utoipa::path(
    post,
    path = paths::SESSION,
    operation_id = "signIn",
    tag = tags::AUTH,
    request_body = Credentials,
    responses((
        status = 200,
        description = "Signed in.",
        body = PageSession,
        headers(("Set-Cookie" = Option<String>, description = "Only for this server's own page.")),
    )),
)]
pub async fn sign_in(
    State(app): State<Arc<App>>,
    client: Client,
    headers: HeaderMap,
    axum::Extension(caller): axum::Extension<Caller>,
    JsonBody(credentials): JsonBody<Credentials>,
) -> Result<Response, ApiError> {
    let Credentials { username, api_key } = credentials;
    let identity = app
        .auth
        .check_key(&app.store, &client, username, api_key)
        .await?;
    let mut response = Json(session_to_wire(&app, &identity.account)).into_response();
    if caller == Caller::OwnPage {
        response.headers_mut().insert(
            header::SET_COOKIE,
            begin_page_session(&app, &headers, &identity.account).await?,
        );
    }
    Ok(response)
}

/// Signs a page out (ours).
#[utoipa::path(
    delete,
    path = paths::SESSION,
    operation_id = "signOut",
    tag = tags::AUTH,
    responses((
        status = 200,
        description = "Signed out.",
        body = Object,
        headers(("Set-Cookie" = Option<String>, description = "Removes the cookie.")),
    )),
)]
pub async fn sign_out(
    State(app): State<Arc<App>>,
    _identity: Identity,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    for token in app.auth.cookie.tokens(&headers) {
        app.store.end_page_session(token_hash(token)).await?;
    }
    Ok(signed_out(&app))
}

/// The answer to a browser that is signed in no longer: it removes the cookie.
pub(super) fn signed_out(app: &App) -> Response {
    let mut response = Json(serde_json::json!({})).into_response();
    if let Some(cookie) = app.auth.cookie.clear_header() {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

/// Begins a page session and answers with its cookie.
async fn begin_page_session(
    app: &App,
    headers: &HeaderMap,
    account: &Account,
) -> Result<HeaderValue, ApiError> {
    let (token, now) = (random::secret()?, clock::now());
    let life = i64::try_from(COOKIE_LIFETIME.as_micros()).unwrap_or(i64::MAX);
    let expires = sweep_planner::api::Timestamp::from_micros(now.micros().saturating_add(life));
    let session = NewPageSession {
        token_hash: token_hash(&token),
        account: account.id.clone(),
        key_hash: account.key_hash.clone(),
        client: describe_client(headers),
        created_at: now,
        expires_at: expires,
    };
    if !app.store.begin_page_session(session).await? {
        return Err(ApiError::Unauthenticated(
            "The key of this account has just been changed.",
        ));
    }
    app.auth
        .cookie
        .set_header(&token)
        .ok_or_else(|| ApiError::Internal("no cookie".to_owned()))
}

/// The account that a start address signs in, unless its key is another one by now.
async fn account_of_start_token(app: &App, token: &str) -> Result<Option<Account>, ApiError> {
    let Some(grant) = app.auth.start_tokens.redeem(token) else {
        return Ok(None);
    };
    let account = app.store.account(grant.account.clone()).await?;
    Ok(account.filter(|account| grant.is_for(account)))
}

/// Shown for a start address that does not work.
const USED_START_PAGE: &str = include_str!("../used_start.html");

/// The one-time start address: creates a page session and redirects to the page.
#[utoipa::path(
    get,
    path = paths::START,
    operation_id = "start",
    tag = tags::AUTH,
    params(("token" = String, Query, description = "As the server prints it at its start.")),
    responses(
        (
            status = 303,
            description = "Signed in; redirects to `/`.",
            headers(
                ("Location" = String, description = "`/`."),
                ("Set-Cookie" = Option<String>, description = "The page session, where it is new."),
            ),
        ),
        (status = 410, description = "Used, or too old.", body = String, content_type = "text/html"),
    ),
)]
pub async fn start(
    State(app): State<Arc<App>>,
    params: QueryParams,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    if method == Method::HEAD {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    if !is_opened_by_person(&method, &headers) {
        return Err(ApiError::Forbidden(
            "This address signs in whoever opens it; it works once, so it is not fetched ahead."
                .to_owned(),
        ));
    }
    let token = params.get("token").unwrap_or_default();
    if let Some(account) = account_of_start_token(&app, token).await? {
        let to_page = [
            (
                header::SET_COOKIE,
                begin_page_session(&app, &headers, &account).await?,
            ),
            (header::LOCATION, HeaderValue::from_static("/")),
        ];
        return Ok((StatusCode::SEE_OTHER, to_page).into_response());
    }
    // A used address is harmless for a browser that is signed in already.
    let mut known = false;
    for token in app.auth.cookie.tokens(&headers) {
        let session = app.store.page_session(token_hash(token), clock::now());
        known |= session.await?.is_some();
    }
    if known {
        let to_page = [(header::LOCATION, HeaderValue::from_static("/"))];
        return Ok((StatusCode::SEE_OTHER, to_page).into_response());
    }
    let kind = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
    Ok((StatusCode::GONE, kind, USED_START_PAGE).into_response())
}

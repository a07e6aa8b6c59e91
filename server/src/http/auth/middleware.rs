//! The guard and the authentication as layers of the router.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, PoisonError};

use axum::extract::{ConnectInfo, FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use sha2::{Digest, Sha256};

use super::guard::accepts_cookie;
use super::{Auth, Caller, Identity, challenge, token, verify_key};
use crate::app::App;
use crate::http::connections::Connection;
use crate::http::error::ApiError;
use crate::model::Account;
use crate::store::Store;
use crate::system::clock;

const WRONG_CREDENTIALS: &str = "The user or the key is wrong.";
const MISSING_CREDENTIALS: &str =
    "This call needs credentials: sign in, or send Basic authentication.";
const TOO_MANY_FAILURES: &str = "Too many wrong keys. Try again later.";

/// Refuses foreign hosts and origins, answers preflights, and sets the headers that every answer
/// has.
pub async fn enforce_origin_policy(
    State(app): State<Arc<App>>,
    mut request: Request,
    next: Next,
) -> Response {
    let caller = match app.auth.guard.check(request.uri(), request.headers()) {
        Ok(caller) => caller,
        Err(error) => return with_security_headers(error.into_response()),
    };
    let asks = request
        .headers()
        .contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    if request.method() == Method::OPTIONS && asks {
        return with_security_headers(with_cors_headers(
            &caller,
            preflight_response(request.headers()),
        ));
    }
    request.extensions_mut().insert(caller.clone());
    let from_browser = challenge::is_from_browser(request.headers());
    let response = challenge::with_challenges(from_browser, next.run(request).await);
    with_security_headers(with_cors_headers(&caller, response))
}

/// Refuses requests without valid credentials; others get an [`Identity`].
pub async fn authenticate(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    match identify(&app, &parts).await {
        Ok(identity) => {
            if let Some(connection) = parts.extensions.get::<Arc<Connection>>() {
                connection.mark_trusted();
            }
            parts.extensions.insert(identity);
            next.run(Request::from_parts(parts, body)).await
        }
        Err(error) => error.into_response(),
    }
}

async fn identify(app: &App, request: &Parts) -> Result<Identity, ApiError> {
    let headers = &request.headers;
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        let value = value.to_str().unwrap_or_default();
        let (scheme, rest) = value.split_once(' ').unwrap_or((value, ""));
        if scheme.eq_ignore_ascii_case("basic") {
            let (user, key) =
                decode_basic(rest).ok_or(ApiError::Unauthenticated(WRONG_CREDENTIALS))?;
            return app
                .auth
                .check_key(&app.store, peer_address(request), user, key)
                .await;
        }
        if scheme.eq_ignore_ascii_case("bearer") {
            let account = app.auth.bearer_tokens.redeem(rest.trim());
            return identity_of_account(&app.store, account).await;
        }
        return Err(ApiError::Unauthenticated(WRONG_CREDENTIALS));
    }
    let caller = request
        .extensions
        .get::<Caller>()
        .ok_or(ApiError::Unauthenticated(MISSING_CREDENTIALS))?;
    if accepts_cookie(caller, &request.method, headers) {
        for token in app.auth.cookie.tokens(headers) {
            let session = app.store.page_session(token::hash(token), clock::now());
            if let Some(account) = session.await? {
                return identity_of_account(&app.store, Some(account)).await;
            }
        }
    }
    Err(ApiError::Unauthenticated(MISSING_CREDENTIALS))
}

async fn identity_of_account(store: &Store, account: Option<String>) -> Result<Identity, ApiError> {
    let account = match account {
        Some(id) => store.account(id).await?,
        None => None,
    };
    account
        .map(|account| Identity { account })
        .ok_or(ApiError::Unauthenticated(MISSING_CREDENTIALS))
}

impl Auth {
    /// The identity of user and key. Wrong keys are rate-limited per address.
    pub async fn check_key(
        &self,
        store: &Store,
        peer: IpAddr,
        user: String,
        key: String,
    ) -> Result<Identity, ApiError> {
        let pair: [u8; 32] = Sha256::new()
            .chain_update(user.len().to_le_bytes())
            .chain_update(&user)
            .chain_update(&key)
            .finalize()
            .into();
        let known = self
            .verified_pairs
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .contains(&pair);
        if !known && let Some(seconds) = self.limiter.seconds_to_wait(peer) {
            return Err(ApiError::TooManyRequests(TOO_MANY_FAILURES, seconds));
        }
        let account: Option<Account> = store.account(user).await?;
        match account {
            Some(account) if verify_key(Some(&account), &key) => {
                self.verified_pairs
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .insert(pair);
                Ok(Identity { account })
            }
            other => {
                // Also hashed without an account, so that the time does not reveal which names
                // exist.
                verify_key(other.as_ref(), &key);
                self.limiter.record_failure(peer);
                Err(ApiError::Unauthenticated(WRONG_CREDENTIALS))
            }
        }
    }
}

fn decode_basic(encoded: &str) -> Option<(String, String)> {
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(encoded.trim())
        .ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (user, key) = text.split_once(':')?;
    Some((user.to_owned(), key.to_owned()))
}

fn peer_address(request: &Parts) -> IpAddr {
    let info = request.extensions.get::<ConnectInfo<SocketAddr>>();
    info.map_or(IpAddr::from([0, 0, 0, 0]), |ConnectInfo(address)| {
        address.ip()
    })
}

fn preflight_response(request: &HeaderMap) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    let allow = |methods| HeaderValue::from_static(methods);
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_METHODS,
        allow("GET, POST, PUT, DELETE"),
    );
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_HEADERS,
        allow("authorization, content-type, idempotency-key, last-event-id"),
    );
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, allow("600"));
    if request.contains_key("access-control-request-private-network") {
        headers.insert("access-control-allow-private-network", allow("true"));
    }
    response
}

/// Adds the CORS headers that let a configured page of another origin read the response.
fn with_cors_headers(caller: &Caller, mut response: Response) -> Response {
    if let Caller::OtherPage(origin) = caller
        && let Ok(origin) = HeaderValue::from_str(origin)
    {
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static("retry-after"),
        );
        headers.insert(
            HeaderName::from_static("cross-origin-resource-policy"),
            HeaderValue::from_static("cross-origin"),
        );
    }
    response
        .headers_mut()
        .append(header::VARY, HeaderValue::from_static("Origin"));
    response
}

/// The headers that every answer has, unless a handler set its own.
fn with_security_headers(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        ("cache-control", "no-store"),
        (
            "content-security-policy",
            "default-src 'none'; frame-ancestors 'none'",
        ),
        ("cross-origin-resource-policy", "same-origin"),
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
    ] {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    response
}

impl FromRequestParts<Arc<App>> for Identity {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, ApiError> {
        let identity = parts.extensions.get::<Self>().cloned();
        identity.ok_or(ApiError::Unauthenticated(MISSING_CREDENTIALS))
    }
}

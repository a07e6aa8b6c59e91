//! The guard and the authentication as layers of the router.

use std::collections::HashSet;
use std::sync::{Arc, MutexGuard, PoisonError};

use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use sha2::{Digest, Sha256};

use super::guard::accepts_cookie;
use super::limiter::{Attempt, Reservation};
use super::{Auth, Caller, Client, Credential, Identity, challenge, token, verify_key};
use crate::app::App;
use crate::http::connections::Connection;
use crate::http::error::ApiError;
use crate::model::{Account, Viewer};
use crate::store::{Store, StoreError};
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
                .check_key(&app.store, &Client::of_request(app, request), user, key)
                .await;
        }
        if scheme.eq_ignore_ascii_case("bearer") {
            let token = rest.trim();
            let grant = app.auth.bearer_tokens.redeem(token);
            let account = grant.as_ref().map(|grant| grant.account.clone());
            let credential = Credential::Bearer(token::hash(token));
            let identity = identity_of_account(&app.store, account, credential).await?;
            return if grant.is_some_and(|grant| grant.is_for(&identity.account)) {
                Ok(identity)
            } else {
                Err(ApiError::Unauthenticated(MISSING_CREDENTIALS))
            };
        }
        return Err(ApiError::Unauthenticated(WRONG_CREDENTIALS));
    }
    let caller = request
        .extensions
        .get::<Caller>()
        .ok_or(ApiError::Unauthenticated(MISSING_CREDENTIALS))?;
    if accepts_cookie(caller, &request.method, headers) {
        for token in app.auth.cookie.tokens(headers) {
            let hash = token::hash(token);
            let session = app.store.page_session(hash, clock::now());
            if let Some(account) = session.await? {
                let credential = Credential::PageSession(hash);
                return identity_of_account(&app.store, Some(account), credential).await;
            }
        }
    }
    Err(ApiError::Unauthenticated(MISSING_CREDENTIALS))
}

async fn identity_of_account(
    store: &Store,
    account: Option<String>,
    credential: Credential,
) -> Result<Identity, ApiError> {
    let account = match account {
        Some(id) => store.account(id).await?,
        None => None,
    };
    account
        .map(|account| Identity {
            account,
            credential,
        })
        .ok_or(ApiError::Unauthenticated(MISSING_CREDENTIALS))
}

impl Auth {
    /// The identity of user and key. The right key is always taken; where somebody has sent many
    /// wrong ones for this user from this address, after a wait.
    pub async fn check_key(
        &self,
        store: &Store,
        client: &Client,
        user: String,
        key: String,
    ) -> Result<Identity, ApiError> {
        let pair: [u8; 32] = Sha256::new()
            .chain_update(user.len().to_le_bytes())
            .chain_update(&user)
            .chain_update(&key)
            .finalize()
            .into();
        let attempt = Attempt::new(client.address, &user);
        let reservation = self.reserve_check(client, &attempt, &pair).await?;
        let account: Option<Account> = store.account(user).await?;
        // Also hashed without an account, so that the time does not reveal which names exist.
        let is_right = verify_key(account.as_ref(), &key);
        match account.filter(|_| is_right) {
            Some(account) => {
                if let Some(reservation) = reservation {
                    reservation.give_back();
                    self.verified_pairs().insert(pair);
                    self.pair_verified.send_replace(());
                }
                Ok(Identity {
                    account,
                    credential: Credential::Key,
                })
            }
            None => {
                self.verified_pairs().remove(&pair);
                let counted = reservation.unwrap_or_else(|| self.limiter.count(&attempt));
                Err(match counted.retry_after() {
                    Some(seconds) => ApiError::TooManyRequests(TOO_MANY_FAILURES, seconds),
                    None => ApiError::Unauthenticated(WRONG_CREDENTIALS),
                })
            }
        }
    }

    /// Waits until a key may be looked at, and counts it as a wrong one until that is done. `None` for
    /// a user and key that were right before, or have been found right by another request meanwhile:
    /// they neither wait nor count.
    async fn reserve_check(
        &self,
        client: &Client,
        attempt: &Attempt,
        pair: &[u8; 32],
    ) -> Result<Option<Reservation<'_>>, ApiError> {
        let mut verified = self.pair_verified.subscribe();
        if self.verified_pairs().contains(pair) {
            return Ok(None);
        }
        if let Some(reservation) = self.limiter.try_reserve(attempt) {
            return Ok(Some(reservation));
        }
        let wait = client.wait_for_key_check();
        let mut reserving = std::pin::pin!(self.limiter.reserve(attempt, wait));
        loop {
            tokio::select! {
                biased;
                reservation = &mut reserving => return Ok(Some(reservation)),
                // Who has hung up keeps nobody waiting.
                () = client.wait_for_hangup() => {
                    return Err(ApiError::TooManyRequests(TOO_MANY_FAILURES, 1));
                }
                // Never an error: the sender lives as long as `self`.
                _ = verified.changed() => if self.verified_pairs().contains(pair) {
                    return Ok(None);
                }
            }
        }
    }

    fn verified_pairs(&self) -> MutexGuard<'_, HashSet<[u8; 32]>> {
        self.verified_pairs
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether what showed who calls would still show it.
    pub async fn is_still_valid(
        &self,
        store: &Store,
        identity: &Identity,
    ) -> Result<bool, StoreError> {
        let account = store.account(identity.account.id.clone()).await?;
        let unchanged = account.is_some_and(|account| {
            account.key_hash == identity.account.key_hash && account.admin == identity.account.admin
        });
        Ok(unchanged
            && match identity.credential {
                Credential::Key => true,
                Credential::Bearer(hash) => self.bearer_tokens.is_valid(&hash),
                Credential::PageSession(hash) => {
                    store.page_session(hash, clock::now()).await?.is_some()
                }
            })
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

impl FromRequestParts<Arc<App>> for Viewer {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let identity = Identity::from_request_parts(parts, app).await?;
        Ok(identity.viewer())
    }
}

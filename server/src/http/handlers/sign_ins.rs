//! The browsers that are signed in to an account.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use sweep_planner::api::{SignIn, SignInList, paths};

use super::auth;
use crate::app::App;
use crate::http::auth::{Credential, Identity};
use crate::http::error::ApiError;
use crate::http::openapi::tags;
use crate::system::clock;

/// The browsers that are signed in to the caller's account, the last used first (ours).
#[utoipa::path(
    get,
    path = paths::SIGN_INS,
    operation_id = "listSignIns",
    tag = tags::AUTH,
    responses((status = 200, description = "The browsers.", body = SignInList)),
)]
pub async fn list(
    State(app): State<Arc<App>>,
    identity: Identity,
) -> Result<Json<SignInList>, ApiError> {
    let account = identity.account.id.clone();
    let sessions = app.store.page_sessions(account, clock::now()).await?;
    let sign_ins = sessions.into_iter().map(|session| SignIn {
        current: identity.credential == Credential::PageSession(session.token_hash),
        client: session.client,
        created_at: session.created_at,
        used_at: session.used_at,
    });
    Ok(Json(SignInList {
        sign_ins: sign_ins.collect(),
    }))
}

/// Signs the caller's account out everywhere (ours): in all browsers, and of all tokens of logins.
///
/// Its key still works: only another key (`sweep account add NAME --new-key`) keeps out who has it.
#[utoipa::path(
    delete,
    path = paths::SIGN_INS,
    operation_id = "signOutEverywhere",
    tag = tags::AUTH,
    responses((
        status = 200,
        description = "Signed out.",
        body = Object,
        headers(("Set-Cookie" = Option<String>, description = "Removes the cookie.")),
    )),
)]
pub async fn end_all(
    State(app): State<Arc<App>>,
    identity: Identity,
) -> Result<Response, ApiError> {
    let account = identity.account.id;
    app.store.end_page_sessions(account.clone()).await?;
    app.auth.bearer_tokens.revoke_all(&account);
    app.auth.announce_ended_sessions();
    Ok(auth::signed_out(&app))
}

//! Signing in.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Timestamp, nullable};

/// `POST /v1/auth/login` and `POST /v1/session`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Credentials {
    /// The account's name, or its id.
    #[serde(default, deserialize_with = "nullable")]
    pub username: String,
    /// The account's secret.
    #[serde(default, deserialize_with = "nullable")]
    pub api_key: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("username", &self.username)
            .field("api_key", &"(hidden)")
            .finish()
    }
}

/// The answer to a login.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LoginAnswer {
    /// For `Authorization: Bearer …` of the user call; lives a few minutes.
    pub token: String,
}

impl fmt::Debug for LoginAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LoginAnswer { token: (hidden) }")
    }
}

/// `GET /v1/auth/user`. Grid's client reads `id` alone and uses it as the user of its Basic
/// authentication; `apiKey` is always empty, since this server stores no key that it could show.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct User {
    /// The account's id.
    pub id: String,
    /// The account's name.
    pub username: String,
    /// Always empty here; Grid's client expects the member.
    #[serde(deserialize_with = "nullable")]
    pub first_name: String,
    /// Always empty here; Grid's client expects the member.
    #[serde(deserialize_with = "nullable")]
    pub last_name: String,
    /// Always empty here; Grid's client expects the member.
    #[serde(deserialize_with = "nullable")]
    pub email: String,
    /// Always empty: the server stores only hashes of keys.
    #[serde(deserialize_with = "nullable")]
    pub api_key: String,
    /// Always empty here; Grid's client expects the member.
    #[serde(deserialize_with = "nullable")]
    pub picture_url: String,
    /// Whether the account is usable, which every account is.
    #[serde(deserialize_with = "nullable")]
    pub status: UserStatus,
}

/// Grid's state of an account; here every account is ready to use.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct UserStatus {
    /// Always true.
    pub verified: bool,
    /// Always true.
    pub completed_signup: bool,
    /// Always true.
    pub installed_grid: bool,
    /// When the account was created.
    pub verified_at: Option<Timestamp>,
}

/// The answer to `GET /v1/session` and to signing in there: what a page needs to start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct PageSession {
    /// The account that is signed in.
    pub user: User,
    /// The cluster of a run whose command names none.
    pub default_cluster: String,
    /// The server's version, as in its Cargo.toml.
    pub version: String,
    /// The server's clock, so that running times can be shown whatever the page's clock says.
    pub now: Timestamp,
}

/// The answer to `GET /v1/sign-ins`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct SignInList {
    /// The last used first.
    pub sign_ins: Vec<SignIn>,
}

/// A browser that is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct SignIn {
    /// Whether it is the one that asks.
    pub current: bool,
    /// Browser and system as the browser named them when it signed in, such as `Firefox on Linux`;
    /// empty where it did not.
    pub client: String,
    /// When it signed in.
    pub created_at: Timestamp,
    /// A time at which it was used, at most an hour before the last use.
    pub used_at: Timestamp,
}

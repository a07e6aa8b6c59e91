//! Authentication. Every request except those for the health check, login, the start address and
//! the page's files must be authenticated by one of:
//!
//! * `Authorization: Basic` with an account's id (or name) and its key: scripts, Grid's client, a
//!   page hosted apart;
//! * `Authorization: Bearer` with the token that a login gave;
//! * the cookie of a page session: only for the page that this server itself serves.

pub mod middleware;

mod guard;

mod session;

mod challenge;

mod token;

mod keys;

mod limiter;

mod client;

mod client_address;

mod client_name;

use std::collections::HashSet;
use std::sync::Mutex;
use std::time::Duration;

pub use client::{Client, HangUp};
pub use client_address::ClientAddress;
pub use client_name::describe_client;
pub use guard::{Caller, Guard};
pub use keys::{KeyHash, verify_key};
pub use limiter::Limiter;
pub use session::{COOKIE_LIFETIME, SessionCookie};
pub use token::{Grant, TokenStore, hash as token_hash, is_opened_by_person};

use tokio::sync::watch;

use crate::model::{Account, Viewer};

/// How long the start address works.
pub const START_TOKEN_LIFETIME: Duration = Duration::from_secs(3600);
/// How long a login's token works.
const BEARER_TOKEN_LIFETIME: Duration = Duration::from_secs(600);

/// The authenticated caller of a request.
#[derive(Clone, Debug)]
pub struct Identity {
    /// Who calls: key, session and start address all lead to an account.
    pub account: Account,
    /// By what.
    pub credential: Credential,
}

/// What showed who calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credential {
    /// The account's key.
    Key,
    /// A login's token, by its hash.
    Bearer([u8; 32]),
    /// A page session, by the hash of its token.
    PageSession([u8; 32]),
}

impl Identity {
    /// Whose runs the caller may see.
    pub fn viewer(&self) -> Viewer {
        self.account.viewer()
    }
}

/// What authentication keeps in memory.
#[derive(Debug)]
pub struct Auth {
    /// Hosts and origins.
    pub guard: Guard,
    /// The cookie of page sessions.
    pub cookie: SessionCookie,
    /// Start addresses not yet used.
    pub start_tokens: TokenStore,
    /// Tokens given by logins.
    pub bearer_tokens: TokenStore,
    /// Slows down guessing.
    pub limiter: Limiter,
    /// Hashes of user and key that were right the last time: these callers never wait when somebody
    /// else guesses keys from the same address. At most two for each account and each key it has had
    /// since the start.
    verified_pairs: Mutex<HashSet<[u8; 32]>>,
    /// Changes whenever there is one more of them.
    pair_verified: watch::Sender<()>,
    /// Changes whenever sessions have ended before their time, for those who go on for long.
    sessions_ended: watch::Sender<()>,
}

impl Auth {
    /// With nobody signed in.
    pub fn new(guard: Guard, cookie: SessionCookie) -> Self {
        Self {
            guard,
            cookie,
            start_tokens: TokenStore::new(START_TOKEN_LIFETIME, true),
            bearer_tokens: TokenStore::new(BEARER_TOKEN_LIFETIME, false),
            limiter: Limiter::default(),
            verified_pairs: Mutex::default(),
            pair_verified: watch::Sender::default(),
            sessions_ended: watch::Sender::default(),
        }
    }

    /// Makes everybody who goes on for long check whether its credentials are still valid.
    pub fn announce_ended_sessions(&self) {
        self.sessions_ended.send_replace(());
    }

    /// Changes whenever sessions have ended before their time.
    pub fn watch_ended_sessions(&self) -> watch::Receiver<()> {
        self.sessions_ended.subscribe()
    }
}

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

mod token;

mod keys;

mod limiter;

use std::sync::Mutex;
use std::time::Duration;

pub use guard::{Caller, Guard};
pub use keys::{NewKey, verify};
pub use limiter::Limiter;
pub use session::{COOKIE_LIFE, Cookie};
pub use token::{Tokens, hash as token_hash};

use crate::model::Account;

/// How long the start address works.
pub const START_LIFE: Duration = Duration::from_secs(3600);
/// How long a login's token works.
const BEARER_LIFE: Duration = Duration::from_secs(600);

/// The authenticated caller of a request.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The account.
    pub account: Account,
}

/// What authentication keeps in memory.
#[derive(Debug)]
pub struct Auth {
    /// Hosts and origins.
    pub guard: Guard,
    /// The cookie's name.
    pub cookie: Cookie,
    /// Start addresses not yet used.
    pub starts: Tokens,
    /// Tokens given by logins.
    pub bearers: Tokens,
    /// Slows down guessing.
    pub limiter: Limiter,
    /// Hashes of user and key that were verified before: these callers are not rate-limited when
    /// somebody else guesses keys from the same address.
    known: Mutex<std::collections::HashSet<[u8; 32]>>,
}

impl Auth {
    /// For a server reached at this port, which becomes part of the cookie's name.
    pub fn new(guard: Guard, port: u16) -> Self {
        Self {
            guard,
            cookie: Cookie::for_port(port),
            starts: Tokens::new(START_LIFE, true),
            bearers: Tokens::new(BEARER_LIFE, false),
            limiter: Limiter::default(),
            known: Mutex::default(),
        }
    }
}

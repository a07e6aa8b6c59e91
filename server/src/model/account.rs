//! Accounts.

use std::fmt;

use sweep_planner::api::Timestamp;

use super::Viewer;

/// Somebody who may use the server.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// `u-` and a ULID.
    pub id: String,
    /// What a person types.
    pub name: String,
    /// Random bytes before the key in its hash.
    pub salt: Vec<u8>,
    /// SHA-256 of salt and key.
    pub key_hash: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Whether the runs of all accounts exist for it, and not only its own.
    pub admin: bool,
    /// Since when its key no longer works; `None`: it does.
    pub revoked_at: Option<Timestamp>,
}

/// An account with what hangs on it.
#[derive(Clone, Debug)]
pub struct AccountSummary {
    /// The account.
    pub account: Account,
    /// Browsers that are signed in.
    pub sessions: u32,
    /// Runs that are not deleted.
    pub runs: u32,
}

impl Account {
    /// Whose runs it may see.
    pub fn viewer(&self) -> Viewer {
        let id = self.id.clone();
        if self.admin {
            Viewer::Administrator(id)
        } else {
            Viewer::Account(id)
        }
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("id", &self.id)
            .field("name", &self.name)
            .finish()
    }
}

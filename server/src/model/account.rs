//! Accounts.

use std::fmt;

use sweep_planner::api::Timestamp;

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
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("id", &self.id)
            .field("name", &self.name)
            .finish()
    }
}

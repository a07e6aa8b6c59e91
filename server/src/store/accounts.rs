//! Accounts.

use rusqlite::{OptionalExtension, Row, params};
use sweep_planner::api::Timestamp;

use super::Store;
use super::error::StoreError;
use crate::model::Account;

fn read(row: &Row<'_>) -> rusqlite::Result<Account> {
    Ok(Account {
        id: row.get("id")?,
        name: row.get("name")?,
        salt: row.get("salt")?,
        key_hash: row.get("key_hash")?,
        created_at: Timestamp::from_micros(row.get("created_at")?),
    })
}

impl Store {
    /// The account with this id or, failing that, this name.
    pub async fn account(&self, user: String) -> Result<Option<Account>, StoreError> {
        self.read(move |connection| {
            let query = "SELECT * FROM account WHERE id = ?1 OR name = ?1 ORDER BY id <> ?1";
            Ok(connection
                .prepare_cached(query)?
                .query_row([user], read)
                .optional()?)
        })
        .await
    }

    /// The account that was made first.
    pub async fn first_account(&self) -> Result<Option<Account>, StoreError> {
        self.read(|connection| {
            let query = "SELECT * FROM account ORDER BY created_at, id LIMIT 1";
            Ok(connection.query_row(query, [], read).optional()?)
        })
        .await
    }

    /// Creates an account, or sets the key of the one with the same name; returns its id.
    pub async fn save_account(&self, account: Account) -> Result<String, StoreError> {
        self.write(move |connection| {
            Ok(connection.query_row(
                "INSERT INTO account (id, name, salt, key_hash, created_at)
                 VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (name) DO UPDATE
                 SET salt = excluded.salt, key_hash = excluded.key_hash
                 RETURNING id",
                params![
                    account.id,
                    account.name,
                    account.salt,
                    account.key_hash,
                    account.created_at.micros()
                ],
                |row| row.get(0),
            )?)
        })
        .await
    }
}

//! Accounts.

use rusqlite::{Connection, OptionalExtension, Row, params};
use sweep_planner::api::Timestamp;

use super::Store;
use super::error::StoreError;
use crate::model::{Account, AccountSummary};

/// What became of the wish to revoke an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RevokeOutcome {
    /// Its key no longer works, and its sessions have ended.
    Revoked,
    /// It was revoked before.
    RevokedBefore,
    /// There is no account of this name.
    NotFound,
    /// Without it nobody could administer the server.
    LastAdministrator,
}

fn read_account(row: &Row<'_>) -> rusqlite::Result<Account> {
    Ok(Account {
        id: row.get("id")?,
        name: row.get("name")?,
        salt: row.get("salt")?,
        key_hash: row.get("key_hash")?,
        created_at: Timestamp::from_micros(row.get("created_at")?),
        admin: row.get("admin")?,
        revoked_at: row
            .get::<_, Option<i64>>("revoked_at")?
            .map(Timestamp::from_micros),
    })
}

impl Store {
    /// The account with this id or, failing that, this name, unless it is revoked.
    pub async fn account(&self, user: String) -> Result<Option<Account>, StoreError> {
        self.read(move |connection| {
            let query = "SELECT * FROM account
                         WHERE (id = ?1 OR name = ?1) AND revoked_at IS NULL ORDER BY id <> ?1";
            Ok(connection
                .prepare_cached(query)?
                .query_row([user], read_account)
                .optional()?)
        })
        .await
    }

    /// The account of this name, revoked or not.
    pub async fn account_by_name(&self, name: String) -> Result<Option<Account>, StoreError> {
        self.read(move |connection| query_by_name(connection, &name))
            .await
    }

    /// The oldest administrator; `None` where there is no account.
    pub async fn oldest_administrator(&self) -> Result<Option<Account>, StoreError> {
        self.read(|connection| {
            let query = "SELECT * FROM account WHERE admin AND revoked_at IS NULL
                         ORDER BY created_at, id LIMIT 1";
            Ok(connection.query_row(query, [], read_account).optional()?)
        })
        .await
    }

    /// All accounts, oldest first.
    pub async fn accounts(&self, now: Timestamp) -> Result<Vec<AccountSummary>, StoreError> {
        self.read(move |connection| {
            let mut statement = connection.prepare(
                "SELECT *,
                        (SELECT count(*) FROM page_session
                         WHERE page_session.account = account.id AND expires_at > ?1) AS sessions,
                        (SELECT count(*) FROM run
                         WHERE run.account = account.id AND deleted_at IS NULL) AS runs
                 FROM account ORDER BY created_at, id",
            )?;
            let rows = statement.query_map([now.micros()], |row| {
                Ok(AccountSummary {
                    account: read_account(row)?,
                    sessions: row.get("sessions")?,
                    runs: row.get("runs")?,
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// Adds an account, as an administrator where it is the first one. False: the name is taken.
    pub async fn insert_account(&self, account: Account) -> Result<bool, StoreError> {
        self.write(move |connection| {
            let inserted = connection.execute(
                "INSERT INTO account (id, name, salt, key_hash, created_at, admin)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6 OR NOT EXISTS (SELECT 1 FROM account))
                 ON CONFLICT (name) DO NOTHING",
                params![
                    account.id,
                    account.name,
                    account.salt,
                    account.key_hash,
                    account.created_at.micros(),
                    account.admin,
                ],
            )?;
            Ok(inserted > 0)
        })
        .await
    }

    /// Gives an account another key, which ends its sessions. One that was revoked may sign in again.
    pub async fn change_key(
        &self,
        id: String,
        salt: Vec<u8>,
        key_hash: Vec<u8>,
    ) -> Result<(), StoreError> {
        self.write(move |connection| {
            connection.execute(
                "UPDATE account SET salt = ?2, key_hash = ?3, revoked_at = NULL WHERE id = ?1",
                params![id, salt, key_hash],
            )?;
            end_sessions(connection, &id)
        })
        .await
    }

    /// Makes an account an administrator.
    pub async fn make_administrator(&self, id: String) -> Result<(), StoreError> {
        self.write(move |connection| {
            connection.execute("UPDATE account SET admin = 1 WHERE id = ?1", [id])?;
            Ok(())
        })
        .await
    }

    /// Revokes the account of this name and ends its sessions. Its runs stay.
    pub async fn revoke_account(
        &self,
        name: String,
        now: Timestamp,
    ) -> Result<RevokeOutcome, StoreError> {
        self.write(move |connection| {
            let Some(account) = query_by_name(connection, &name)? else {
                return Ok(RevokeOutcome::NotFound);
            };
            if account.revoked_at.is_some() {
                return Ok(RevokeOutcome::RevokedBefore);
            }
            let others = "SELECT 1 FROM account WHERE admin AND revoked_at IS NULL AND id <> ?1";
            if account.admin && !connection.prepare(others)?.exists([&account.id])? {
                return Ok(RevokeOutcome::LastAdministrator);
            }
            connection.execute(
                "UPDATE account SET revoked_at = ?2 WHERE id = ?1",
                params![account.id, now.micros()],
            )?;
            end_sessions(connection, &account.id)?;
            Ok(RevokeOutcome::Revoked)
        })
        .await
    }
}

fn query_by_name(connection: &Connection, name: &str) -> Result<Option<Account>, StoreError> {
    let query = "SELECT * FROM account WHERE name = ?1";
    Ok(connection
        .prepare_cached(query)?
        .query_row([name], read_account)
        .optional()?)
}

/// Ends all page sessions of an account.
pub(super) fn end_sessions(connection: &Connection, account: &str) -> Result<(), StoreError> {
    let query = "DELETE FROM page_session WHERE account = ?1";
    connection.execute(query, [account])?;
    Ok(())
}

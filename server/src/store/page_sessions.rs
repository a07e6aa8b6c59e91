//! Page sessions: a browser that has opened the start address or signed in. Only hashes of their
//! tokens are stored, so a copy of the database lets nobody in.

use rusqlite::{OptionalExtension, params};
use sweep_planner::api::Timestamp;

use super::Store;
use super::accounts::end_sessions;
use super::error::StoreError;

/// How many sessions an account has at most: one more ends the one that was not used for longest.
pub const PAGE_SESSIONS_MAX: u32 = 50;
/// A use is recorded if the last one recorded is so long ago, in microseconds: not each request
/// writes.
const USE_RECORDED_AFTER: i64 = 3_600_000_000;

/// A session to be begun.
#[derive(Clone, Debug)]
pub struct NewPageSession {
    /// SHA-256 of its token.
    pub token_hash: [u8; 32],
    /// The id of its account.
    pub account: String,
    /// The hash of the key that the account had when this sign-in was checked.
    pub key_hash: Vec<u8>,
    /// Browser and system, as far as they are known.
    pub client: String,
    /// The time of the sign-in.
    pub created_at: Timestamp,
    /// When it ends by itself.
    pub expires_at: Timestamp,
}

/// A session that has not ended.
#[derive(Clone, Debug)]
pub struct PageSessionRecord {
    /// SHA-256 of its token.
    pub token_hash: [u8; 32],
    /// Browser and system, as far as they are known.
    pub client: String,
    /// The time of the sign-in.
    pub created_at: Timestamp,
    /// A time at which it was used, at most an hour before the last use.
    pub used_at: Timestamp,
}

impl Store {
    /// Begins a session, and forgets those that have ended or are too many. False where the account
    /// has been revoked or given another key meanwhile.
    pub async fn begin_page_session(&self, session: NewPageSession) -> Result<bool, StoreError> {
        self.write(move |connection| {
            let now = session.created_at.micros();
            connection.execute("DELETE FROM page_session WHERE expires_at <= ?1", [now])?;
            connection.execute(
                "DELETE FROM page_session WHERE token_hash IN (
                     SELECT token_hash FROM page_session WHERE account = ?1
                     ORDER BY used_at DESC, created_at DESC LIMIT -1 OFFSET ?2)",
                params![session.account, PAGE_SESSIONS_MAX - 1],
            )?;
            let inserted = connection.execute(
                "INSERT INTO page_session
                     (token_hash, account, client, created_at, used_at, expires_at)
                 SELECT ?1, id, ?3, ?4, ?4, ?5 FROM account
                 WHERE id = ?2 AND key_hash = ?6 AND revoked_at IS NULL",
                params![
                    session.token_hash,
                    session.account,
                    session.client,
                    now,
                    session.expires_at.micros(),
                    session.key_hash,
                ],
            )?;
            Ok(inserted > 0)
        })
        .await
    }

    /// The account id of a session that has not ended. Records that it is used.
    pub async fn page_session(
        &self,
        token_hash: [u8; 32],
        now: Timestamp,
    ) -> Result<Option<String>, StoreError> {
        let found: Option<(String, i64)> = self
            .read(move |connection| {
                let query = "SELECT account, used_at FROM page_session
                             WHERE token_hash = ?1 AND expires_at > ?2";
                let mut statement = connection.prepare_cached(query)?;
                let row = statement.query_row(params![token_hash, now.micros()], |row| {
                    Ok((row.get(0)?, row.get(1)?))
                });
                Ok(row.optional()?)
            })
            .await?;
        let Some((account, used_at)) = found else {
            return Ok(None);
        };
        if now.micros().saturating_sub(used_at) >= USE_RECORDED_AFTER {
            let recorded = self.write(move |connection| {
                let query = "UPDATE page_session SET used_at = ?2 WHERE token_hash = ?1";
                Ok(connection.execute(query, params![token_hash, now.micros()])?)
            });
            // A full disk must not keep anybody from reading.
            if let Err(error) = recorded.await {
                tracing::debug!(%error, "the use of a session cannot be recorded");
            }
        }
        Ok(Some(account))
    }

    /// The sessions of an account that have not ended, the last used first.
    pub async fn page_sessions(
        &self,
        account: String,
        now: Timestamp,
    ) -> Result<Vec<PageSessionRecord>, StoreError> {
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT token_hash, client, created_at, used_at FROM page_session
                 WHERE account = ?1 AND expires_at > ?2 ORDER BY used_at DESC, created_at DESC",
            )?;
            let rows = statement.query_map(params![account, now.micros()], |row| {
                Ok(PageSessionRecord {
                    token_hash: row.get(0)?,
                    client: row.get(1)?,
                    created_at: Timestamp::from_micros(row.get(2)?),
                    used_at: Timestamp::from_micros(row.get(3)?),
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// Ends a session.
    pub async fn end_page_session(&self, token_hash: [u8; 32]) -> Result<(), StoreError> {
        self.write(move |connection| {
            connection.execute(
                "DELETE FROM page_session WHERE token_hash = ?1",
                [token_hash],
            )?;
            Ok(())
        })
        .await
    }

    /// Ends all sessions of an account.
    pub async fn end_page_sessions(&self, account: String) -> Result<(), StoreError> {
        self.write(move |connection| end_sessions(connection, &account))
            .await
    }
}

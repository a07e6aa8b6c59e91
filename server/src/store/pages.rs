//! Page sessions: a browser that has opened the start address or signed in. Only hashes of their
//! tokens are stored, so a copy of the database lets nobody in.

use rusqlite::{OptionalExtension, params};
use sweep_planner::api::Timestamp;

use super::Store;
use super::error::StoreError;

impl Store {
    /// Begins a session, and forgets those that have ended.
    pub async fn begin_page_session(
        &self,
        token_hash: [u8; 32],
        account: String,
        now: Timestamp,
        expires: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(move |connection| {
            connection.execute(
                "DELETE FROM page_session WHERE expires_at <= ?1",
                [now.micros()],
            )?;
            connection.execute(
                "INSERT INTO page_session (token_hash, account, expires_at) VALUES (?1, ?2, ?3)",
                params![token_hash, account, expires.micros()],
            )?;
            Ok(())
        })
        .await
    }

    /// The account id of a session that has not ended.
    pub async fn page_session(
        &self,
        token_hash: [u8; 32],
        now: Timestamp,
    ) -> Result<Option<String>, StoreError> {
        self.read(move |connection| {
            let query =
                "SELECT account FROM page_session WHERE token_hash = ?1 AND expires_at > ?2";
            let mut statement = connection.prepare_cached(query)?;
            let row = statement.query_row(params![token_hash, now.micros()], |row| row.get(0));
            Ok(row.optional()?)
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
}

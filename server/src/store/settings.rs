//! A few values that the server keeps for itself.

use rusqlite::{Connection, OptionalExtension, params};

use super::Store;
use super::error::StoreError;

impl Store {
    /// The stored value of this name; stores `fresh` if there is none yet.
    pub async fn get_or_insert_setting(
        &self,
        name: &'static str,
        fresh: Vec<u8>,
    ) -> Result<Vec<u8>, StoreError> {
        self.write(move |connection| {
            connection.execute(
                "INSERT INTO setting (name, value) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
                params![name, fresh],
            )?;
            query_setting(connection, name)?.ok_or(StoreError::Closed)
        })
        .await
    }

    /// Stores a value in place of the one of this name.
    pub async fn replace_setting(
        &self,
        name: &'static str,
        value: Vec<u8>,
    ) -> Result<(), StoreError> {
        self.write(move |connection| {
            connection.execute(
                "INSERT INTO setting (name, value) VALUES (?1, ?2) \
                 ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                params![name, value],
            )?;
            Ok(())
        })
        .await
    }
}

fn query_setting(connection: &Connection, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
    let query = "SELECT value FROM setting WHERE name = ?1";
    Ok(connection
        .query_row(query, [name], |row| row.get(0))
        .optional()?)
}

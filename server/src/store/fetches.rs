//! Sources that are fetched from repositories.

use rusqlite::params;
use sweep_planner::api::{RunSpec, Timestamp};

use super::{Store, StoreError, from_json, runs};

/// A run whose source is to be fetched.
#[derive(Clone, Debug)]
pub struct ToFetch {
    /// The run's key.
    pub run: i64,
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its cluster.
    pub cluster: String,
    /// Where from, as its launch said it.
    pub source: String,
}

impl Store {
    /// The runs whose source is to be fetched, oldest first: those with trials that wait for it.
    pub async fn to_fetch(&self) -> Result<Vec<ToFetch>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT key, id, name, cluster, spec FROM run
                 WHERE fetched = '' AND fetch_failure = '' AND deleted_at IS NULL
                   AND key IN (SELECT run FROM trial_count WHERE state = 0 AND trials > 0)
                 ORDER BY key",
            )?;
            let mut rows = statement.query([])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                let spec: RunSpec = from_json("run spec", &row.get::<_, String>("spec")?)?;
                found.push(ToFetch {
                    run: row.get("key")?,
                    id: row.get("id")?,
                    name: row.get("name")?,
                    cluster: row.get("cluster")?,
                    source: spec.source_code,
                });
            }
            Ok(found)
        })
        .await
    }

    /// Notes that the source of a run is there, so that its trials may start.
    pub async fn fetched(&self, run: i64, commit: String) -> Result<(), StoreError> {
        self.write(move |connection| {
            let query = "UPDATE run SET fetched = ?2 WHERE key = ?1 AND fetched = ''";
            connection.execute(query, params![run, commit])?;
            Ok(())
        })
        .await
    }

    /// Notes that the source of a run cannot be fetched: its trials have failed. Answers with
    /// their numbers.
    pub async fn fetch_failed(
        &self,
        run: i64,
        reason: String,
        now: Timestamp,
    ) -> Result<Vec<u32>, StoreError> {
        self.write(move |connection| {
            let now = now.micros();
            let message = format!("its source could not be fetched: {reason}");
            connection.execute(
                "UPDATE run SET fetch_failure = ?2, changed_at = ?3 WHERE key = ?1",
                params![run, message, now],
            )?;
            let mut fail = connection.prepare_cached(
                "UPDATE trial SET state = 4, changed_at = ?2, ended_at = ?2, message = ?3
                 WHERE run = ?1 AND state IN (0, 6) RETURNING number",
            )?;
            let rows = fail.query_map(params![run, now, message], |row| row.get(0))?;
            let mut numbers = rows.collect::<Result<Vec<u32>, _>>()?;
            numbers.sort_unstable();
            runs::note_end(connection, run, now)?;
            Ok(numbers)
        })
        .await
    }
}

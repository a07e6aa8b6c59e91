//! Marks files of ended runs for deletion, and records that they were deleted. The mark comes
//! first, so that a server that is killed in between continues.

use rusqlite::{Connection, OptionalExtension, params};
use sweep_planner::api::Timestamp;

use super::Store;
use super::error::StoreError;
use super::sql::sql;

/// Which files of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum FileScope {
    /// The source, and the trials' copies of it with all that they made in them.
    Work,
    /// All: output and records of the supervisor too.
    All,
}

impl Store {
    /// Marks these files of the runs that ended before a time for deletion; never of a run with a
    /// trial that waits, runs or is held. Returns how many runs were marked.
    pub async fn mark_for_discard(
        &self,
        files: FileScope,
        before: Timestamp,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        self.write(move |connection| {
            Ok(connection.execute(
                sql!(
                    "INSERT INTO discarded (run, what, at)
                     SELECT key, ?1, ?3 FROM run
                     WHERE ended_at < ?2
                       AND NOT EXISTS (SELECT 1 FROM trial_count WHERE run = run.key
                                       AND state IN ({queued}, {starting}, {running}, {held})
                                       AND trials > 0)
                       AND NOT EXISTS (SELECT 1 FROM discarded WHERE run = run.key AND what >= ?1)"
                ),
                params![files as u8, before.micros(), now.micros()],
            )?)
        })
        .await
    }

    /// Keys and ids of the runs whose files are marked and may still exist.
    pub async fn pending_discards(
        &self,
        files: FileScope,
    ) -> Result<Vec<(i64, String)>, StoreError> {
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT run.key, run.id FROM discarded JOIN run ON run.key = discarded.run
                 WHERE NOT discarded.done AND discarded.what = ?1 ORDER BY run.key",
            )?;
            let rows = statement.query_map([files as u8], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// Records that these files of a run are deleted.
    pub async fn finish_discard(&self, run: i64, files: FileScope) -> Result<(), StoreError> {
        self.write(move |connection| {
            connection.execute(
                "UPDATE discarded SET done = 1 WHERE run = ?1 AND what = ?2",
                params![run, files as u8],
            )?;
            Ok(())
        })
        .await
    }

    /// When these files of a run were deleted, or all of them; `None` if they are kept.
    pub async fn discarded_at(
        &self,
        run: i64,
        files: FileScope,
    ) -> Result<Option<Timestamp>, StoreError> {
        self.read(move |connection| query_discarded_at(connection, run, files))
            .await
    }
}

/// See [`Store::discarded_at`].
pub(super) fn query_discarded_at(
    connection: &Connection,
    run: i64,
    files: FileScope,
) -> Result<Option<Timestamp>, StoreError> {
    let at = connection
        .prepare_cached(
            "SELECT at FROM discarded WHERE run = ?1 AND what >= ?2 ORDER BY at LIMIT 1",
        )?
        .query_row(params![run, files as u8], |row| row.get(0))
        .optional()?;
    Ok(at.map(Timestamp::from_micros))
}

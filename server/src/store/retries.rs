//! Retries of failed trials, release of held ones, and the state of uploads.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, Row, params};
use sweep_planner::api::{Attempt, Timestamp};

use super::columns::read_state;
use super::error::StoreError;
use super::sql::sql;
use super::waiting_changes::{self, WaitingChange};
use super::{FileScope, Store, discard, finished};
use crate::model::TrialState;

impl Store {
    /// Queues failed trials of a run again, all or those of `numbers`, each as a new attempt; how
    /// the last one ended is kept. Answers with their numbers; `None` if the run's source is gone.
    pub async fn retry(
        &self,
        run: i64,
        numbers: Option<Vec<u32>>,
        now: Timestamp,
    ) -> Result<Option<Vec<u32>>, StoreError> {
        let numbers = Arc::new(numbers);
        let again = self.write_after_changes(run, move |connection| {
            if waiting_changes::query_change(connection, run)?.is_some() {
                return Ok(None);
            }
            if discard::query_discarded_at(connection, run, FileScope::Work)?.is_some() {
                return Ok(Some(None));
            }
            let failed = failed_trials(connection, run)?;
            let chosen = |number: &u32| {
                let some = Option::as_ref(&numbers);
                some.is_none_or(|some| some.contains(number))
            };
            let again: Vec<u32> = failed.into_iter().filter(chosen).collect();
            for number in &again {
                begin_new_attempt(connection, run, *number, now.micros())?;
            }
            if !again.is_empty() {
                connection.execute(
                    "UPDATE run SET ended_at = NULL, stop_wanted = 0, failures = 0,
                                    fetch_failure = '', changed_at = ?2 WHERE key = ?1",
                    params![run, now.micros()],
                )?;
            }
            Ok(Some(Some(again)))
        });
        again.await
    }

    /// Queues the held trials of a run. Answers with their numbers.
    pub async fn release(&self, run: i64, now: Timestamp) -> Result<Vec<u32>, StoreError> {
        let change = WaitingChange {
            state: TrialState::Queued,
            at: now.micros(),
            message: "released".to_owned(),
        };
        let begun = self.write_after_changes(run, move |connection| {
            let before = waiting_changes::query_change(connection, run)?;
            if before.is_some_and(|before| before.ends_trials()) {
                return Ok(None);
            }
            connection.execute(
                "UPDATE run SET failures = 0, held_for_budget = 0 WHERE key = ?1",
                [run],
            )?;
            Ok(Some(waiting_changes::begin(connection, run, &change)?))
        });
        let begun = begun.await?;
        self.finish_begun(run, begun).await
    }

    /// How the earlier attempts of a trial ended, oldest first.
    pub async fn attempts(&self, run: i64, number: u32) -> Result<Vec<Attempt>, StoreError> {
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT * FROM trial_attempt WHERE run = ?1 AND number = ?2 ORDER BY attempt",
            )?;
            let mut rows = statement.query(params![run, number])?;
            let mut attempts = Vec::new();
            while let Some(row) = rows.next()? {
                attempts.push(read_attempt(row)?);
            }
            Ok(attempts)
        })
        .await
    }

    /// The SHA-256 of a run's uploaded source: `None` if the run takes no upload, empty while it
    /// waits for one.
    pub async fn upload_hash(&self, run: String) -> Result<Option<String>, StoreError> {
        self.read(move |connection| {
            let query = "SELECT upload FROM run WHERE id = ?1 AND deleted_at IS NULL";
            let found = connection.query_row(query, [run], |row| row.get(0));
            Ok(found.optional()?.flatten())
        })
        .await
    }

    /// Records that the source of a run was uploaded, with the digest of its script, so that its trials
    /// may start. False if one had been before.
    pub async fn record_upload(
        &self,
        run: String,
        hash: String,
        script_digest: Option<String>,
    ) -> Result<bool, StoreError> {
        self.write(move |connection| {
            let query = "UPDATE run SET upload = ?2 WHERE id = ?1 AND upload = '' RETURNING key";
            let changed = connection.query_row(query, [run, hash], |row| row.get(0));
            let changed: Option<i64> = changed.optional()?;
            if let Some(key) = changed {
                finished::record_script_digest(connection, key, script_digest.as_deref())?;
            }
            Ok(changed.is_some())
        })
        .await
    }
}

fn failed_trials(connection: &Connection, run: i64) -> Result<Vec<u32>, StoreError> {
    let query = sql!(
        "SELECT number FROM trial INDEXED BY trial_state
         WHERE run = ?1 AND state = {failed} ORDER BY number"
    );
    let mut statement = connection.prepare_cached(query)?;
    let rows = statement.query_map([run], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn begin_new_attempt(
    connection: &Connection,
    run: i64,
    number: u32,
    now: i64,
) -> Result<(), StoreError> {
    for query in [
        "INSERT INTO trial_attempt (run, number, attempt, state, message, started_at, ended_at,
                                    exit_code, signal, billed_seconds)
         SELECT run, number, attempt, state, message, started_at, ended_at, exit_code, signal,
                billed_seconds
         FROM trial WHERE run = ?1 AND number = ?2",
        "DELETE FROM metric_point WHERE run = ?1 AND number = ?2",
        "DELETE FROM metric_last WHERE run = ?1 AND number = ?2",
    ] {
        let mut statement = connection.prepare_cached(query)?;
        statement.execute(params![run, number])?;
    }
    connection
        .prepare_cached(sql!(
            "UPDATE trial SET attempt = attempt + 1, state = {queued}, stop_wanted = 0,
                 message = 'tried again', changed_at = ?3, started_at = NULL, ended_at = NULL,
                 exit_code = NULL, signal = NULL, billed_seconds = NULL, metrics_read = 0,
                 gpus = '[]'
             WHERE run = ?1 AND number = ?2"
        ))?
        .execute(params![run, number, now])?;
    Ok(())
}

fn read_attempt(row: &Row<'_>) -> Result<Attempt, StoreError> {
    let time = |column: &str| -> rusqlite::Result<Option<Timestamp>> {
        let micros: Option<i64> = row.get(column)?;
        Ok(micros.map(Timestamp::from_micros))
    };
    Ok(Attempt {
        attempt: row.get("attempt")?,
        state: read_state(row)?.to_wire(),
        message: row.get("message")?,
        start_timestamp: time("started_at")?,
        finish_timestamp: time("ended_at")?,
        exit_code: row.get("exit_code")?,
        signal: row.get("signal")?,
        billed_seconds: row
            .get::<_, Option<i64>>("billed_seconds")?
            .map(i64::unsigned_abs),
    })
}

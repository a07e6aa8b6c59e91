//! Recording what becomes of trials.

use rusqlite::{Connection, OptionalExtension, params};
use sweep_planner::api::Timestamp;

use super::trials::State;
use super::{Store, StoreError, metrics, runs};

/// A change of a trial's state.
#[derive(Clone, Debug)]
pub struct Change {
    /// The run's key.
    pub run: i64,
    /// The trial's number.
    pub number: u32,
    /// Its new state.
    pub state: State,
    /// When this was found out.
    pub at: Timestamp,
    /// The cause, for a person.
    pub message: String,
    /// When its script started, if known.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Its exit status.
    pub exit_code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
}

impl Store {
    /// Records points, then changes, all or none. A trial that has ended changes no more.
    pub async fn record(
        &self,
        points: Vec<metrics::NewPoints>,
        changes: Vec<Change>,
    ) -> Result<(), StoreError> {
        self.write(move |connection| {
            points
                .iter()
                .try_for_each(|one| metrics::add(connection, one))?;
            changes.iter().try_for_each(|one| apply(connection, one))
        })
        .await
    }
}

fn apply(connection: &Connection, change: &Change) -> Result<(), StoreError> {
    let micros = |time: Option<Timestamp>| time.map(Timestamp::micros);
    let billed: Option<Option<i64>> = connection
        .prepare_cached(
            // Started and ended are the supervisor's times. A begun second is a billed one,
            // and the provider's least and step hold, as in the estimate.
            "UPDATE trial SET state = ?3, changed_at = ?4, message = ?5,
                 started_at = coalesce(started_at, ?6), ended_at = ?7, exit_code = ?8,
                 signal = ?9,
                 billed_seconds = (
                     SELECT (max(bill_minimum, (?7 - coalesce(started_at, ?6) + 999999) / 1000000)
                             + bill_increment - 1) / bill_increment * bill_increment
                     FROM run WHERE key = ?1)
             WHERE run = ?1 AND number = ?2 AND state IN (0, 1, 2, 6)
             RETURNING billed_seconds",
        )?
        .query_row(
            params![
                change.run,
                change.number,
                change.state as u8,
                change.at.micros(),
                change.message,
                micros(change.started_at),
                micros(change.ended_at),
                change.exit_code,
                change.signal
            ],
            |row| row.get(0),
        )
        .optional()?;
    let Some(billed) = billed else { return Ok(()) };
    connection
        .prepare_cached(
            "UPDATE run SET changed_at = ?2, started_at = coalesce(started_at, ?3),
                 billed_seconds = billed_seconds + ?4
             WHERE key = ?1",
        )?
        .execute(params![
            change.run,
            change.at.micros(),
            micros(change.started_at),
            billed.unwrap_or(0)
        ])?;
    let end = change.ended_at.unwrap_or(change.at);
    runs::note_end(connection, change.run, end.micros())
}

//! Recording what becomes of trials.

use rusqlite::{Connection, OptionalExtension, params};
use sweep_planner::api::Timestamp;

use super::trials::State;
use super::{ActiveTrial, Claim, Store, StoreError, claims, metrics, runs};

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

/// What came of it.
#[derive(Clone, Debug, Default)]
pub struct Recorded {
    /// Trials that are held from now on, since too many before them failed.
    pub held: Vec<(i64, u32)>,
    /// Trials that are to be started.
    pub claimed: Vec<ActiveTrial>,
}

impl Store {
    /// Records points, then changes, then claims trials for the slots that are free now: all or
    /// none, with one flush of the disk. A trial that has ended changes no more.
    pub async fn record(
        &self,
        points: Vec<metrics::NewPoints>,
        changes: Vec<Change>,
        claim: Option<Claim>,
    ) -> Result<Recorded, StoreError> {
        self.write(move |connection| {
            points
                .iter()
                .try_for_each(|one| metrics::add(connection, one))?;
            let mut held = Vec::new();
            for change in &changes {
                if change.state == State::Queued {
                    put_back(connection, change)?;
                } else if apply(connection, change)? {
                    count_failures(connection, change, &mut held)?;
                }
            }
            let claimed = claim.map(|claim| claims::take(connection, &claim));
            let claimed = claimed.transpose()?.unwrap_or_default();
            Ok(Recorded { held, claimed })
        })
        .await
    }
}

/// Puts a trial that was claimed and has not started back into the queue; one that is to be
/// stopped is.
fn put_back(connection: &Connection, change: &Change) -> Result<(), StoreError> {
    let at = change.at.micros();
    connection
        .prepare_cached(
            "UPDATE trial SET state = CASE WHEN stop_wanted THEN 5 ELSE 0 END, gpus = '[]',
                 changed_at = ?3, ended_at = CASE WHEN stop_wanted THEN ?3 END,
                 message = CASE WHEN stop_wanted THEN 'stopped before it started' ELSE ?4 END
             WHERE run = ?1 AND number = ?2 AND state = 1",
        )?
        .execute(params![change.run, change.number, at, change.message])?;
    runs::note_end(connection, change.run, at)
}

/// Makes one change; false if the trial had ended.
fn apply(connection: &Connection, change: &Change) -> Result<bool, StoreError> {
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
    let Some(billed) = billed else {
        return Ok(false);
    };
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
    runs::note_end(connection, change.run, end.micros())?;
    Ok(true)
}

/// Counts failures in a row, in the order in which trials end. At the run's bound what has not
/// started is held: a sick machine or a wrong command need not fail all of it.
fn count_failures(
    connection: &Connection,
    change: &Change,
    held: &mut Vec<(i64, u32)>,
) -> Result<(), StoreError> {
    let query = match change.state {
        State::Failed => {
            "UPDATE run SET failures = failures + 1 WHERE key = ?1 RETURNING failures, stop_after"
        }
        State::Succeeded => {
            "UPDATE run SET failures = 0 WHERE key = ?1 RETURNING failures, stop_after"
        }
        _ => return Ok(()),
    };
    let mut count = connection.prepare_cached(query)?;
    let (failures, bound): (u32, u32) =
        count.query_row([change.run], |row| Ok((row.get(0)?, row.get(1)?)))?;
    if bound == 0 || failures < bound {
        return Ok(());
    }
    let mut hold = connection.prepare_cached(
        "UPDATE trial INDEXED BY trial_state SET state = 6, changed_at = ?2, message = ?3
         WHERE run = ?1 AND state = 0 RETURNING number",
    )?;
    let message = format!("held: {failures} trials in a row failed");
    let parameters = params![change.run, change.at.micros(), message];
    let numbers = hold.query_map(parameters, |row| row.get::<_, u32>(0))?;
    for number in numbers {
        held.push((change.run, number?));
    }
    Ok(())
}

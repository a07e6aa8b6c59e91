//! Billed seconds as they are stored. The core computes them ([`Rounding::billed_seconds_between`]); SQL only stores
//! them.

use rusqlite::{Connection, OptionalExtension, Row, params};
use sweep_planner::api::Timestamp;
use sweep_planner::estimate::billing::Rounding;

use super::error::StoreError;
use super::sql::sql;
use crate::model::StateChange;

/// How a run's billed time is rounded.
pub(super) fn read_rounding(row: &Row<'_>) -> rusqlite::Result<Rounding> {
    Ok(Rounding {
        minimum: row.get::<_, i64>("bill_minimum")?.unsigned_abs(),
        increment: row.get::<_, i64>("bill_increment")?.unsigned_abs(),
    })
}

/// Seconds as SQLite holds them.
pub(super) fn to_sql_seconds(seconds: u64) -> i64 {
    i64::try_from(seconds).unwrap_or(i64::MAX)
}

/// What an attempt is billed once it is over; one that never started is not billed.
fn bill_attempt(rounding: Rounding, start: Option<i64>, end: Option<i64>) -> Option<i64> {
    Some(to_sql_seconds(
        rounding.billed_seconds_between(start?, end?),
    ))
}

/// What a trial is billed once `change` is made; the outer `None` if it has ended already.
pub(super) fn bill_change(
    connection: &Connection,
    change: &StateChange,
) -> Result<Option<Option<i64>>, StoreError> {
    let mut trial = connection.prepare_cached(sql!(
        "SELECT trial.started_at, bill_minimum, bill_increment
             FROM trial JOIN run ON run.key = trial.run
             WHERE trial.run = ?1 AND trial.number = ?2
               AND trial.state IN ({queued}, {starting}, {running}, {held})"
    ))?;
    let found = trial.query_row(params![change.run, change.number], |row| {
        // The times are the supervisor's; the first start that was recorded counts.
        let start: Option<i64> = row.get(0)?;
        let start = start.or(change.started_at.map(Timestamp::micros));
        let end = change.ended_at.map(Timestamp::micros);
        Ok(bill_attempt(read_rounding(row)?, start, end))
    });
    Ok(found.optional()?)
}

/// What is stored of a run's bill.
struct BilledRun {
    run: i64,
    rounding: Rounding,
    total: i64,
}

/// Bills everything stored again, from its times: each trial that has ended, each earlier attempt,
/// and the runs' totals. Until now a trial was billed from its run's first start on, the time that
/// it waited included. Needs no more memory than the figures of one run that change. O(trials).
pub(super) fn rebill_all(connection: &Connection) -> Result<(), StoreError> {
    let mut runs =
        connection.prepare("SELECT key, bill_minimum, bill_increment, billed_seconds FROM run")?;
    let runs = runs.query_map([], |row| {
        Ok(BilledRun {
            run: row.get("key")?,
            rounding: read_rounding(row)?,
            total: row.get("billed_seconds")?,
        })
    })?;
    let (mut trials, mut totals) = (0, 0);
    for run in runs.collect::<Result<Vec<_>, _>>()? {
        let total =
            rebill_attempts(connection, &run, &CURRENT_ATTEMPTS, &mut trials)?.saturating_add(
                rebill_attempts(connection, &run, &EARLIER_ATTEMPTS, &mut trials)?,
            );
        if total != run.total {
            let update = "UPDATE run SET billed_seconds = ?2 WHERE key = ?1";
            connection.execute(update, [run.run, total])?;
            totals += 1;
        }
    }
    if trials > 0 || totals > 0 {
        tracing::warn!(
            trials,
            runs = totals,
            "billed seconds corrected: trials had been billed for the time that they waited"
        );
    }
    Ok(())
}

/// Where attempts are stored: how they are read, and how one is changed.
struct AttemptQueries {
    read: &'static str,
    change: &'static str,
}

const CURRENT_ATTEMPTS: AttemptQueries = AttemptQueries {
    read: sql!(
        "SELECT number, attempt, started_at,
             CASE WHEN state IN ({succeeded}, {failed}, {cancelled}, {deleted})
                  THEN ended_at END, billed_seconds
         FROM trial WHERE run = ?1"
    ),
    change: "UPDATE trial SET billed_seconds = ?4
             WHERE run = ?1 AND number = ?2 AND attempt = ?3",
};

const EARLIER_ATTEMPTS: AttemptQueries = AttemptQueries {
    read: "SELECT number, attempt, started_at, ended_at, billed_seconds
           FROM trial_attempt WHERE run = ?1",
    change: "UPDATE trial_attempt SET billed_seconds = ?4
             WHERE run = ?1 AND number = ?2 AND attempt = ?3",
};

/// Corrects what is wrong, counts it, and returns what all of them are billed.
fn rebill_attempts(
    connection: &Connection,
    run: &BilledRun,
    attempts: &AttemptQueries,
    changed: &mut u64,
) -> Result<i64, StoreError> {
    let (mut total, mut wrong) = (0_i64, Vec::new());
    let mut read = connection.prepare_cached(attempts.read)?;
    let mut rows = read.query([run.run])?;
    while let Some(row) = rows.next()? {
        let right = bill_attempt(run.rounding, row.get(2)?, row.get(3)?);
        total = total.saturating_add(right.unwrap_or(0));
        if right != row.get::<_, Option<i64>>(4)? {
            wrong.push((row.get::<_, u32>(0)?, row.get::<_, u32>(1)?, right));
        }
    }
    let mut change = connection.prepare_cached(attempts.change)?;
    for (number, attempt, right) in wrong {
        change.execute(params![run.run, number, attempt, right])?;
        *changed += 1;
    }
    Ok(total)
}

#[cfg(test)]
mod tests;

//! Trials: reading, stopping, deleting.

use rusqlite::{Connection, Row, params};
use sweep_planner::api::Timestamp;

use super::arguments::{RunArguments, parse_index};
use super::columns::state_numbered;
use super::error::StoreError;
use super::metrics::LastValues;
use super::sql::sql;
use super::{Store, run_end, waiting_changes};
use crate::model::{TrialRecord, TrialState};

/// How many trials a row of `trial_block` counts, as a power of two.
pub(super) const BLOCK_BITS: u32 = 10;

impl Store {
    /// Cancels a trial at once if it has not started, else stores a stop request. False if nothing
    /// changed: it had ended, or was to be stopped already.
    pub async fn stop_trial(
        &self,
        run: i64,
        number: u32,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let changed = self.write_after_changes(run, move |connection| {
            let before = waiting_changes::query_change(connection, run)?;
            if before.is_some_and(|before| before.state == TrialState::Failed) {
                return Ok(None);
            }
            let changed = connection.execute(
                sql!(
                    "UPDATE trial SET stop_wanted = 1,
                         state = CASE WHEN state IN ({queued}, {held})
                                 THEN {cancelled} ELSE state END,
                         ended_at = CASE WHEN state IN ({queued}, {held}) THEN ?3 ELSE ended_at END,
                         message = CASE WHEN state IN ({queued}, {held})
                                   THEN 'stopped before it started' ELSE message END,
                         changed_at = ?3
                     WHERE run = ?1 AND number = ?2
                       AND (state IN ({queued}, {held})
                            OR state IN ({starting}, {running}) AND NOT stop_wanted)"
                ),
                params![run, number, now.micros()],
            )?;
            run_end::record_run_end(connection, run, now.micros())?;
            Ok(Some(changed > 0))
        });
        changed.await
    }

    /// Hides a trial that has ended. False if it has not.
    pub async fn delete_trial(
        &self,
        run: i64,
        number: u32,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let changed = self.write_after_changes(run, move |connection| {
            let before = waiting_changes::query_change(connection, run)?;
            if before.is_some_and(|before| before.ends_trials()) {
                return Ok(None);
            }
            let changed = connection.execute(
                sql!(
                    "UPDATE trial SET state = {deleted}, message = 'deleted', changed_at = ?3
                     WHERE run = ?1 AND number = ?2
                       AND state IN ({succeeded}, {failed}, {cancelled})"
                ),
                params![run, number, now.micros()],
            )?;
            Ok(Some(changed > 0))
        });
        changed.await
    }

    /// One trial.
    pub async fn trial(&self, run: i64, number: u32) -> Result<Option<TrialRecord>, StoreError> {
        let query = move |connection: &Connection| {
            let arguments = RunArguments::load(connection, run)?;
            query_by_number(connection, run, &[number], Some(arguments))
        };
        Ok(self.read(query).await?.pop())
    }

    /// The states of these trials: `values` are left out, which are the same as ever. One that does
    /// not exist is left out.
    pub async fn trial_states(
        &self,
        run: i64,
        numbers: Vec<u32>,
    ) -> Result<Vec<TrialRecord>, StoreError> {
        self.read(move |connection| query_by_number(connection, run, &numbers, None))
            .await
    }

    /// A page of a run's trials in launch order, at any offset: O(log n + page), and with a state
    /// O(n / 1024 + page).
    pub async fn trials(
        &self,
        run: i64,
        state: Option<TrialState>,
        offset: u64,
        limit: u32,
    ) -> Result<Vec<TrialRecord>, StoreError> {
        self.read(move |connection| match state {
            None => query_page(connection, run, offset, limit),
            Some(state) => query_page_in_state(connection, run, state, offset, limit),
        })
        .await
    }
}

/// Numbers have no gaps, so the offset is a number and nothing is skipped over.
fn query_page(
    connection: &Connection,
    run: i64,
    offset: u64,
    limit: u32,
) -> Result<Vec<TrialRecord>, StoreError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {TRIAL_COLUMNS} FROM trial WHERE run = ?1 AND number >= ?2 ORDER BY number LIMIT ?3"
    ))?;
    let mut arguments = RunArguments::load(connection, run)?;
    let mut last = LastValues::prepare(connection, run)?;
    let offset = i64::try_from(offset).unwrap_or(i64::MAX);
    let mut rows = statement.query(params![run, offset, limit])?;
    let mut trials = Vec::new();
    while let Some(row) = rows.next()? {
        trials.push(read_trial(row, Some(&mut arguments), &mut last)?);
    }
    Ok(trials)
}

/// The counts per block show in which block the page begins; within it, `OFFSET` skips entries of
/// the index only.
fn query_page_in_state(
    connection: &Connection,
    run: i64,
    state: TrialState,
    offset: u64,
    limit: u32,
) -> Result<Vec<TrialRecord>, StoreError> {
    let mut blocks = connection.prepare_cached(
        "SELECT block, trials FROM trial_block WHERE run = ?1 AND state = ?2 ORDER BY block",
    )?;
    let mut rows = blocks.query(params![run, state as u8])?;
    let mut left = offset;
    let first = loop {
        let Some(row) = rows.next()? else {
            return Ok(Vec::new());
        };
        let trials: i64 = row.get(1)?;
        match left.checked_sub(trials.unsigned_abs()) {
            Some(rest) => left = rest,
            None => break row.get::<_, i64>(0)? << BLOCK_BITS,
        }
    };
    let mut numbers = connection.prepare_cached(
        "SELECT number FROM trial INDEXED BY trial_state
         WHERE run = ?1 AND state = ?2 AND number >= ?3 ORDER BY number LIMIT ?4 OFFSET ?5",
    )?;
    let left = i64::try_from(left).unwrap_or(i64::MAX);
    let parameters = params![run, state as u8, first, limit, left];
    let numbers: Vec<u32> = numbers
        .query_map(parameters, |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let arguments = RunArguments::load(connection, run)?;
    query_by_number(connection, run, &numbers, Some(arguments))
}

/// Without `arguments`, the `values` of the trials stay empty.
fn query_by_number(
    connection: &Connection,
    run: i64,
    numbers: &[u32],
    mut arguments: Option<RunArguments<'_>>,
) -> Result<Vec<TrialRecord>, StoreError> {
    let query = format!("SELECT {TRIAL_COLUMNS} FROM trial WHERE run = ?1 AND number = ?2");
    let mut statement = connection.prepare_cached(&query)?;
    let mut last = LastValues::prepare(connection, run)?;
    let mut trials = Vec::with_capacity(numbers.len());
    for number in numbers {
        let mut rows = statement.query(params![run, number])?;
        if let Some(row) = rows.next()? {
            trials.push(read_trial(row, arguments.as_mut(), &mut last)?);
        }
    }
    Ok(trials)
}

/// The columns of [`read_trial`], which reads them by position: rusqlite looks up a name for every row.
const TRIAL_COLUMNS: &str = "number, space_index, passed, state, stop_wanted, message, changed_at,
                       started_at, ended_at, exit_code, signal, billed_seconds, attempt, likely_run,
                       likely_bill";

/// The run time and the billed time of an estimate, both known or neither.
pub(super) fn read_likely(run: Option<i64>, bill: Option<i64>) -> Option<(u64, u64)> {
    Some((run?.unsigned_abs(), bill?.unsigned_abs()))
}

fn read_trial(
    row: &Row<'_>,
    arguments: Option<&mut RunArguments<'_>>,
    last: &mut LastValues<'_>,
) -> Result<TrialRecord, StoreError> {
    let time = |column: usize| -> rusqlite::Result<Option<Timestamp>> {
        Ok(row
            .get::<_, Option<i64>>(column)?
            .map(Timestamp::from_micros))
    };
    let text = |column: usize| -> Result<&str, StoreError> {
        Ok(row
            .get_ref(column)?
            .as_str()
            .map_err(rusqlite::Error::from)?)
    };
    let (number, index) = (row.get(0)?, text(1)?);
    let values = match arguments {
        Some(arguments) => arguments.read_values(index, text(2)?)?,
        None => Vec::new(),
    };
    Ok(TrialRecord {
        number,
        index: parse_index(index)?,
        values,
        state: state_numbered(row.get(3)?)?,
        stop_wanted: row.get(4)?,
        message: row.get(5)?,
        changed_at: Timestamp::from_micros(row.get(6)?),
        started_at: time(7)?,
        ended_at: time(8)?,
        exit_code: row.get(9)?,
        signal: row.get(10)?,
        billed_seconds: row.get::<_, Option<i64>>(11)?.map(i64::unsigned_abs),
        attempt: row.get(12)?,
        likely: read_likely(row.get(13)?, row.get(14)?),
        metrics: last.read(number)?,
    })
}

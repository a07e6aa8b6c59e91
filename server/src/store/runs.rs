//! Reading, stopping and deleting runs.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, Row, params};
use sweep_planner::api::{RunState, Timestamp};

use super::columns::from_json;
use super::error::StoreError;
use super::sql::sql;
use super::trials::read_likely;
use super::waiting_changes::{self, WaitingChange};
use super::{Store, bills, budgets, run_end};
use crate::model::price::BillingTerms;
use crate::model::{RunRecord, RunningSince, StateSums, TrialState, Viewer};
use crate::system::clock;

/// Which runs to list.
#[derive(Clone, Debug, Default)]
pub struct RunFilter {
    /// Names that begin so.
    pub prefix: String,
    /// Only these states, if any are given.
    pub states: Vec<RunState>,
    /// Not these states.
    pub excluded_states: Vec<RunState>,
    /// Only these accounts, if any are given.
    pub accounts: Vec<String>,
}

impl RunFilter {
    fn matches(&self, run: &RunRecord) -> bool {
        let state = run.state();
        (self.states.is_empty() || self.states.contains(&state))
            && !self.excluded_states.contains(&state)
            && (self.accounts.is_empty() || self.accounts.contains(&run.account))
    }
}

/// How many runs one reading of a list looks at, and how many bytes of settings they have together
/// before it ends: a list of any length is read in steps of bounded time and memory.
const BATCH_RUNS_MAX: usize = 200;
const BATCH_BYTES_MAX: u32 = 256 << 10;

/// A part of a list of runs.
#[derive(Debug)]
pub struct RunBatch<T> {
    /// What was made of each run.
    pub runs: Vec<T>,
    /// Where the list goes on.
    pub rest: ListRest,
}

/// What follows a [`RunBatch`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListRest {
    /// Nothing.
    Nothing,
    /// Perhaps more, behind the run of this key.
    Perhaps(i64),
    /// At least one more, which was left out since enough were read.
    More,
}

impl Store {
    /// Runs of a cluster that the viewer sees, newest first, from the one behind the key `after` on:
    /// as many as fit into one reading, `limit` at most. `convert` works on the reading connection's
    /// thread. Deleted runs are left out unless asked for by state.
    pub async fn runs<T: Send + 'static>(
        &self,
        viewer: Viewer,
        cluster: String,
        filter: RunFilter,
        (after, limit): (i64, usize),
        convert: impl Fn(&RunRecord) -> T + Send + 'static,
    ) -> Result<RunBatch<T>, StoreError> {
        self.read(move |connection| {
            let deleted = filter.states.contains(&RunState::Deleted);
            let mut statement = connection.prepare_cached(
                "SELECT *, length(spec) + length(columns) + ifnull(length(fixed), 0) AS length
                 FROM run NOT INDEXED
                 WHERE key < ?1 AND cluster = ?2 AND substr(name, 1, length(?3)) = ?3
                   AND (deleted_at IS NULL OR ?4) AND (?5 IS NULL OR account = ?5)
                 ORDER BY key DESC",
            )?;
            let only = viewer.only_account();
            let mut rows =
                statement.query(params![after, cluster, filter.prefix, deleted, only])?;
            let (mut runs, mut rest, mut bytes) = (Vec::new(), ListRest::Nothing, 0);
            for read in 1.. {
                let Some(row) = rows.next()? else {
                    return Ok(RunBatch {
                        runs,
                        rest: ListRest::Nothing,
                    });
                };
                let run = read_run(connection, row)?;
                if filter.matches(&run) {
                    if runs.len() == limit {
                        rest = ListRest::More;
                        break;
                    }
                    runs.push(convert(&run));
                }
                bytes += row.get::<_, u32>("length")?;
                if read == BATCH_RUNS_MAX || bytes > BATCH_BYTES_MAX {
                    rest = ListRest::Perhaps(run.key);
                    break;
                }
            }
            Ok(RunBatch { runs, rest })
        })
        .await
    }

    /// The key of a run by its id, deleted or not, unless it is not to be seen by the viewer.
    pub async fn run_key(
        &self,
        viewer: Viewer,
        cluster: String,
        id: String,
    ) -> Result<Option<i64>, StoreError> {
        self.read(move |connection| {
            let query = "SELECT key FROM run WHERE cluster = ?1 AND id = ?2
                           AND (?3 IS NULL OR account = ?3)";
            let key = connection
                .prepare_cached(query)?
                .query_row(params![cluster, id, viewer.only_account()], |row| {
                    row.get(0)
                })
                .optional()?;
            Ok(key)
        })
        .await
    }

    /// A run by its id, unless deleted or not to be seen by the viewer.
    pub async fn run(
        &self,
        viewer: Viewer,
        cluster: String,
        id: String,
    ) -> Result<Option<RunRecord>, StoreError> {
        self.read(move |connection| query_by_id(connection, &viewer, &cluster, &id))
            .await
    }

    /// A run by its name, unless deleted or not to be seen by the viewer. Where several accounts
    /// have one of this name: the viewer's own, else the newest.
    pub async fn run_by_name(
        &self,
        viewer: Viewer,
        cluster: String,
        name: String,
    ) -> Result<Option<RunRecord>, StoreError> {
        self.read(move |connection| {
            let query = "SELECT * FROM run
                         WHERE cluster = ?1 AND name = ?2 AND deleted_at IS NULL
                           AND (?3 IS NULL OR account = ?3)
                         ORDER BY account IS NOT ?4, key DESC LIMIT 1";
            let parameters = params![cluster, name, viewer.only_account(), viewer.account()];
            query_run(connection, query, parameters)
        })
        .await
    }

    /// A run by its key, deleted or not, for the server's own work: a caller's request leads to a key
    /// only by a run that the caller sees.
    pub async fn run_by_key(&self, key: i64) -> Result<Option<RunRecord>, StoreError> {
        self.read(move |connection| {
            query_run(connection, "SELECT * FROM run WHERE key = ?1", params![key])
        })
        .await
    }

    /// The ids of all runs, deleted ones too.
    pub async fn run_ids(&self) -> Result<Vec<String>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare("SELECT id FROM run")?;
            let ids = statement
                .query_map([], |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            Ok(ids)
        })
        .await
    }

    /// Stops a run: trials that have not started are cancelled at once, for running ones a stop
    /// request is stored. Returns the numbers of those cancelled; `None` where nothing changed, since
    /// the same was asked for before. With `delete` the run is hidden as well.
    pub async fn stop_run(
        &self,
        key: i64,
        now: Timestamp,
        delete: bool,
    ) -> Result<Option<Vec<u32>>, StoreError> {
        let now = now.micros();
        let change = WaitingChange {
            state: TrialState::Cancelled,
            at: now,
            message: "stopped before it started".to_owned(),
        };
        let begun = self.write_after_changes(key, move |connection| {
            let before = waiting_changes::query_change(connection, key)?;
            let before = before.map(|before| before.state);
            if before == Some(TrialState::Failed) {
                return Ok(None);
            }
            let begun = waiting_changes::begin(connection, key, &change)?;
            let stops_any = begun.changes_any() && before != Some(TrialState::Cancelled);
            connection.execute(
                sql!(
                    "UPDATE trial INDEXED BY trial_state SET stop_wanted = 1
                     WHERE run = ?1 AND state IN ({starting}, {running})"
                ),
                [key],
            )?;
            let changed = connection.execute(
                "UPDATE run SET stop_wanted = 1, changed_at = ?2,
                                deleted_at = CASE WHEN ?3 THEN ?2 ELSE deleted_at END
                 WHERE key = ?1
                   AND (NOT stop_wanted OR ?4 OR ?3 AND deleted_at IS NULL)",
                params![key, now, delete, stops_any],
            )?;
            run_end::record_run_end(connection, key, now)?;
            Ok(Some((begun, changed > 0)))
        });
        let (begun, changed) = begun.await?;
        let stopped = self.finish_begun(key, begun).await?;
        Ok(changed.then_some(stopped))
    }
}

pub(super) fn query_by_id(
    connection: &Connection,
    viewer: &Viewer,
    cluster: &str,
    id: &str,
) -> Result<Option<RunRecord>, StoreError> {
    let query = "SELECT * FROM run WHERE cluster = ?1 AND id = ?2 AND deleted_at IS NULL
                   AND (?3 IS NULL OR account = ?3)";
    query_run(
        connection,
        query,
        params![cluster, id, viewer.only_account()],
    )
}

fn query_run(
    connection: &Connection,
    query: &str,
    parameters: impl rusqlite::Params,
) -> Result<Option<RunRecord>, StoreError> {
    let mut statement = connection.prepare_cached(query)?;
    let mut rows = statement.query(parameters)?;
    rows.next()?
        .map(|row| read_run(connection, row))
        .transpose()
}

fn read_run(connection: &Connection, row: &Row<'_>) -> Result<RunRecord, StoreError> {
    let key = row.get("key")?;
    let time = |column: &str| -> rusqlite::Result<Option<Timestamp>> {
        Ok(row
            .get::<_, Option<i64>>(column)?
            .map(Timestamp::from_micros))
    };
    let (counts, sums) = query_state_counts(connection, key)?;
    let running = if counts[TrialState::Running as usize] > 0 {
        query_running(connection, key)?
    } else {
        Vec::new()
    };
    let rate: Option<String> = row.get("rate")?;
    let budget = row.get::<_, Option<i64>>("budget")?.map(|budget| {
        let holds = row.get("held_for_budget")?;
        let waiting = [TrialState::Queued, TrialState::Held].map(|state| sums[state as usize]);
        let now = clock::now().micros();
        budgets::query_record(connection, budget, &rate, holds, (key, waiting), now)
    });
    Ok(RunRecord {
        key,
        id: row.get("id")?,
        cluster: row.get("cluster")?,
        name: row.get("name")?,
        description: row.get("description")?,
        account: row.get("account")?,
        spec: Arc::new(from_json("run spec", &row.get::<_, String>("spec")?)?),
        columns: from_json("run columns", &row.get::<_, String>("columns")?)?,
        fixed_arguments: row
            .get::<_, Option<String>>("fixed")?
            .map(|fixed| from_json("fixed arguments", &fixed))
            .transpose()?,
        terms: BillingTerms {
            rate,
            rounding: bills::read_rounding(row)?,
        },
        trials: row.get("trials")?,
        counts,
        billed_seconds: row.get::<_, i64>("billed_seconds")?.unsigned_abs(),
        running,
        sums,
        estimate: row
            .get::<_, Option<String>>("estimate")?
            .map(|estimate| from_json("run estimate", &estimate))
            .transpose()?,
        parallel: row.get("parallel")?,
        budget: budget.transpose()?,
        stop_wanted: row.get("stop_wanted")?,
        awaits_upload: row.get::<_, Option<String>>("upload")?.as_deref() == Some(""),
        fetched_commit: row.get("fetched")?,
        fetch_failure: row.get("fetch_failure")?,
        created_at: Timestamp::from_micros(row.get("created_at")?),
        changed_at: Timestamp::from_micros(row.get("changed_at")?),
        started_at: time("started_at")?,
        ended_at: time("ended_at")?,
        deleted_at: time("deleted_at")?,
    })
}

type StateCounts = (
    [u32; TrialState::ALL.len()],
    [StateSums; TrialState::ALL.len()],
);

/// How many trials are in each state, and the sums of their estimates.
fn query_state_counts(connection: &Connection, key: i64) -> Result<StateCounts, StoreError> {
    let query = "SELECT state, trials, likely_run, likely_bill, high_bill, ran, billed
                 FROM trial_count WHERE run = ?1";
    let mut statement = connection.prepare_cached(query)?;
    let mut rows = statement.query([key])?;
    let (mut counts, mut sums) = StateCounts::default();
    while let Some(row) = rows.next()? {
        let state = usize::from(row.get::<_, u8>(0)?);
        let sum = |column| Ok::<u64, StoreError>(row.get::<_, i64>(column)?.unsigned_abs());
        if let (Some(count), Some(sums)) = (counts.get_mut(state), sums.get_mut(state)) {
            *count = row.get(1)?;
            *sums = StateSums {
                likely_run: sum(2)?,
                likely_bill: sum(3)?,
                high_bill: sum(4)?,
                ran: sum(5)?,
                billed: sum(6)?,
            };
        }
    }
    Ok((counts, sums))
}

fn query_running(connection: &Connection, key: i64) -> Result<Vec<RunningSince>, StoreError> {
    let query = sql!(
        "SELECT started_at, likely_run, likely_bill FROM trial INDEXED BY trial_state
         WHERE run = ?1 AND state = {running} AND started_at IS NOT NULL"
    );
    let mut statement = connection.prepare_cached(query)?;
    let rows = statement.query_map([key], |row| {
        Ok(RunningSince {
            start: Timestamp::from_micros(row.get(0)?),
            likely: read_likely(row.get(1)?, row.get(2)?),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

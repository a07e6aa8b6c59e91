//! Trials of one script that have ended, for planning more of it.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, Row, params};
use sweep_planner::api::{FixedArgument, MetricValue, RunSpec, Timestamp};

use super::arguments::RunArguments;
use super::columns::{from_json, state_numbered};
use super::error::StoreError;
use super::sql::sql;
use super::{Store, bills};
use crate::model::price::BillingTerms;
use crate::model::{Mount, NewRun, TrialState};

/// How many trials one reading has at most, after how many bytes of their values it ends, and how many
/// runs it looks at: an answer of any length is read in steps of bounded time and memory.
const SLICE_TRIALS_MAX: usize = 512;
const SLICE_BYTES_MAX: usize = 256 << 10;
const SLICE_RUNS_MAX: usize = 100;
/// How many metrics of a run are read: those that were seen first.
const METRICS_MAX: u32 = 3;

/// Where a list of finished trials goes on: in this run, at the trials below this number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FinishedPlace {
    run: i64,
    below: i64,
}

impl FinishedPlace {
    /// The newest run's last trial.
    pub const NEWEST: Self = Self {
        run: i64::MAX,
        below: i64::MAX,
    };
}

/// A part of a list of finished trials.
#[derive(Debug)]
pub struct FinishedSlice {
    /// Each with some of its trials, at least one.
    pub runs: Vec<FinishedRunRecord>,
    /// Where the list goes on; `None` at its end.
    pub rest: Option<FinishedPlace>,
}

/// A run of the script, with some of its trials that have ended.
#[derive(Debug)]
pub struct FinishedRunRecord {
    /// Its id on the wire.
    pub id: String,
    /// As its owner reads it.
    pub name: String,
    /// The cluster that its trials ran on.
    pub cluster: String,
    /// What it is.
    pub spec: RunSpec,
    /// What its trials read.
    pub mounts: Vec<Mount>,
    /// The swept arguments.
    pub columns: Vec<String>,
    /// The arguments that are not swept; `None` where they are not listed.
    pub fixed_arguments: Option<Vec<FixedArgument>>,
    /// What its trials are billed by.
    pub terms: BillingTerms,
    /// How many of its trials might run at once by its own limit.
    pub parallel: Option<u32>,
    /// How many trials it has.
    pub trial_count: u32,
    /// Whether none of them waits or runs.
    pub has_ended: bool,
    /// SHA-256 of the script that they ran.
    pub digest: Option<String>,
    /// The last one first.
    pub trials: Vec<FinishedTrialRecord>,
}

/// A trial that has ended.
#[derive(Debug)]
pub struct FinishedTrialRecord {
    /// Launch order, from 0.
    pub number: u32,
    /// The text passed for each of the run's columns.
    pub values: Vec<Option<String>>,
    /// How it ended.
    pub state: TrialState,
    /// When its script started.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Whole billed seconds.
    pub billed_seconds: Option<u64>,
    /// The last values of the run's first metrics.
    pub metrics: BTreeMap<String, MetricValue>,
}

/// Stores what script a run runs.
pub(super) fn insert_run_script(
    connection: &Connection,
    row: i64,
    run: &NewRun,
) -> Result<(), StoreError> {
    connection.execute(
        "INSERT INTO run_script (account, path, run, digest) VALUES (?1, ?2, ?3, ?4)",
        params![run.account, run.script_path(), row, run.script_digest],
    )?;
    Ok(())
}

/// Stores the digest of a run's script, whose source came after the launch.
pub(super) fn record_script_digest(
    connection: &Connection,
    run: i64,
    digest: Option<&str>,
) -> Result<(), StoreError> {
    let query = "UPDATE run_script SET digest = ?2 WHERE run = ?1";
    connection.execute(query, params![run, digest])?;
    Ok(())
}

impl Store {
    /// Trials of an account's own runs of a script that have ended, newest run first, from a place on,
    /// at most `limit`: as many as fit into one reading.
    pub async fn finished_trials(
        &self,
        account: String,
        script: String,
        place: FinishedPlace,
        limit: usize,
    ) -> Result<FinishedSlice, StoreError> {
        self.read(move |connection| {
            let reading = Reading {
                connection,
                left: limit.min(SLICE_TRIALS_MAX),
                bytes: 0,
                runs: Vec::new(),
            };
            reading.read(&account, &script, place)
        })
        .await
    }
}

/// One reading of a list.
struct Reading<'c> {
    connection: &'c Connection,
    /// How many more trials it may have.
    left: usize,
    bytes: usize,
    runs: Vec<FinishedRunRecord>,
}

impl Reading<'_> {
    fn read(
        mut self,
        account: &str,
        script: &str,
        place: FinishedPlace,
    ) -> Result<FinishedSlice, StoreError> {
        let mut keys = self.connection.prepare_cached(
            "SELECT run, digest FROM run_script WHERE account = ?1 AND path = ?2 AND run <= ?3
             ORDER BY run DESC LIMIT ?4",
        )?;
        let most = SLICE_RUNS_MAX as i64;
        let keys = keys.query_map(params![account, script, place.run, most], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
        let keys: Vec<(i64, Option<String>)> = keys.collect::<Result<_, _>>()?;
        let is_last = keys.len() < SLICE_RUNS_MAX;
        let mut last = None;
        for (key, digest) in keys {
            let below = if key == place.run {
                place.below
            } else {
                i64::MAX
            };
            if let Some(below) = self.read_run(key, digest, below)? {
                return Ok(FinishedSlice {
                    runs: self.runs,
                    rest: Some(FinishedPlace { run: key, below }),
                });
            }
            last = Some(key);
        }
        let behind = |key: i64| FinishedPlace {
            run: key - 1,
            below: i64::MAX,
        };
        Ok(FinishedSlice {
            runs: self.runs,
            rest: last.filter(|_| !is_last).map(behind),
        })
    }

    /// Reads trials of one run; the number below which it goes on where the reading is full.
    fn read_run(
        &mut self,
        key: i64,
        digest: Option<String>,
        below: i64,
    ) -> Result<Option<i64>, StoreError> {
        if self.left == 0 || self.bytes > SLICE_BYTES_MAX {
            return Ok(Some(below));
        }
        let numbers = query_ended(self.connection, key, below, self.left)?;
        if numbers.is_empty() {
            return Ok(None);
        }
        let Some(mut run) = query_run(self.connection, key, digest)? else {
            return Ok(None);
        };
        let is_full = numbers.len() == self.left;
        self.left -= numbers.len();
        let mut trials = TrialReader::prepare(self.connection, key)?;
        let mut rest = None;
        for number in numbers {
            if self.bytes > SLICE_BYTES_MAX {
                rest = Some(i64::from(number) + 1);
                break;
            }
            if let Some(trial) = trials.read(number)? {
                let texts = trial.values.iter().flatten().map(String::len);
                self.bytes += texts.sum::<usize>();
                run.trials.push(trial);
            }
        }
        let end = run.trials.last().map(|trial| i64::from(trial.number));
        self.runs.push(run);
        Ok(rest.or(end.filter(|_| is_full)))
    }
}

/// The numbers of trials that have ended, the highest first: the newest of each state, of which the
/// index holds the order.
fn query_ended(
    connection: &Connection,
    run: i64,
    below: i64,
    limit: usize,
) -> Result<Vec<u32>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT number FROM trial INDEXED BY trial_state
         WHERE run = ?1 AND state = ?2 AND number < ?3 ORDER BY number DESC LIMIT ?4",
    )?;
    let mut numbers: Vec<u32> = Vec::new();
    for state in [
        TrialState::Succeeded,
        TrialState::Failed,
        TrialState::Cancelled,
    ] {
        let rows = statement.query_map(params![run, state as u8, below, limit as i64], |row| {
            row.get(0)
        })?;
        for number in rows {
            numbers.push(number?);
        }
    }
    numbers.sort_unstable_by_key(|number| std::cmp::Reverse(*number));
    numbers.truncate(limit);
    Ok(numbers)
}

/// A run without trials; `None` where it is deleted or not published.
fn query_run(
    connection: &Connection,
    key: i64,
    digest: Option<String>,
) -> Result<Option<FinishedRunRecord>, StoreError> {
    let mut statement = connection.prepare_cached(sql!(
        "SELECT id, name, cluster, spec, mounts, columns, fixed, rate, bill_minimum, bill_increment,
                parallel, trials,
                NOT EXISTS (SELECT 1 FROM trial_count
                            WHERE trial_count.run = run.key AND trial_count.trials > 0
                              AND state IN ({queued}, {starting}, {running}, {held})) AS has_ended
         FROM run WHERE key = ?1 AND cluster <> '' AND deleted_at IS NULL"
    ))?;
    let mut rows = statement.query([key])?;
    let Some(row) = rows.next()? else {
        return Ok(None);
    };
    read_run(row, digest).map(Some)
}

fn read_run(row: &Row<'_>, digest: Option<String>) -> Result<FinishedRunRecord, StoreError> {
    let text = |column: &str| row.get::<_, String>(column);
    let fixed: Option<String> = row.get("fixed")?;
    let fixed_arguments = fixed.map(|fixed| from_json("fixed arguments", &fixed));
    Ok(FinishedRunRecord {
        id: text("id")?,
        name: text("name")?,
        cluster: text("cluster")?,
        spec: from_json("run spec", &text("spec")?)?,
        mounts: from_json("run datastores", &text("mounts")?)?,
        columns: from_json("run columns", &text("columns")?)?,
        fixed_arguments: fixed_arguments.transpose()?,
        terms: BillingTerms {
            rate: row.get("rate")?,
            rounding: bills::read_rounding(row)?,
        },
        parallel: row.get("parallel")?,
        trial_count: row.get("trials")?,
        has_ended: row.get("has_ended")?,
        digest,
        trials: Vec::new(),
    })
}

/// Reads trials of one run.
struct TrialReader<'c> {
    connection: &'c Connection,
    run: i64,
    arguments: RunArguments<'c>,
    /// By their ids.
    metric_names: Vec<String>,
}

impl<'c> TrialReader<'c> {
    fn prepare(connection: &'c Connection, run: i64) -> Result<Self, StoreError> {
        let query = "SELECT name FROM metric_name WHERE run = ?1 AND id < ?2 ORDER BY id";
        let mut names = connection.prepare_cached(query)?;
        let names = names.query_map(params![run, METRICS_MAX], |row| row.get(0))?;
        Ok(Self {
            connection,
            run,
            arguments: RunArguments::load(connection, run)?,
            metric_names: names.collect::<Result<_, _>>()?,
        })
    }

    fn read(&mut self, number: u32) -> Result<Option<FinishedTrialRecord>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT space_index, passed, state, started_at, ended_at, billed_seconds
             FROM trial WHERE run = ?1 AND number = ?2",
        )?;
        let found = statement.query_row(params![self.run, number], |row| {
            let time = |column: usize| row.get::<_, Option<i64>>(column);
            Ok((
                (row.get::<_, String>(0)?, row.get::<_, String>(1)?),
                row.get::<_, u8>(2)?,
                (time(3)?, time(4)?, time(5)?),
            ))
        });
        let Some(((index, passed), state, (started, ended, billed))) = found.optional()? else {
            return Ok(None);
        };
        Ok(Some(FinishedTrialRecord {
            number,
            values: self.arguments.read_values(&index, &passed)?,
            state: state_numbered(state)?,
            started_at: started.map(Timestamp::from_micros),
            ended_at: ended.map(Timestamp::from_micros),
            billed_seconds: billed.map(i64::unsigned_abs),
            metrics: self.read_metrics(number)?,
        }))
    }

    fn read_metrics(&self, number: u32) -> Result<BTreeMap<String, MetricValue>, StoreError> {
        let mut last = BTreeMap::new();
        if self.metric_names.is_empty() {
            return Ok(last);
        }
        // The larger source wins.
        let mut statement = self.connection.prepare_cached(
            "SELECT name, value FROM metric_last WHERE run = ?1 AND number = ?2 AND name < ?3
             ORDER BY source",
        )?;
        let rows = statement.query_map(params![self.run, number, METRICS_MAX], |row| {
            Ok((row.get::<_, u32>(0)?, row.get::<_, Option<f64>>(1)?))
        })?;
        for row in rows {
            let (name, value) = row?;
            if let Some(name) = self.metric_names.get(name as usize) {
                last.insert(name.clone(), MetricValue(value.unwrap_or(f64::NAN)));
            }
        }
        Ok(last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::price::{Pricing, billing_terms};
    use crate::store::changes::tests::store_with_waiting_run;

    async fn numbers_in_steps(store: &Store, account: &str, limit: usize) -> Vec<u32> {
        let (mut place, mut numbers) = (Some(FinishedPlace::NEWEST), Vec::new());
        while let Some(at) = place {
            let slice = store.finished_trials(account.into(), "a.sh".into(), at, limit);
            let slice = slice.await.unwrap();
            assert!(slice.runs.iter().all(|run| !run.trials.is_empty()));
            let trials = slice.runs.iter().flat_map(|run| &run.trials);
            numbers.extend(trials.map(|trial| trial.number));
            place = slice.rest;
        }
        numbers
    }

    #[tokio::test]
    async fn a_large_run_is_read_in_steps_each_trial_once() {
        let folder = tempfile::tempdir().unwrap();
        let terms = billing_terms(
            &Pricing::None,
            sweep_planner::estimate::Catalogue::embedded(),
            "m5a.large",
            false,
        );
        let (store, run) = store_with_waiting_run(folder.path(), 1500, 0, terms).await;
        assert_eq!(numbers_in_steps(&store, "u", 512).await, [0_u32; 0]);
        store
            .write(move |connection| {
                for (state, remainder) in [(TrialState::Succeeded, 0), (TrialState::Failed, 1)] {
                    connection.execute(
                        "UPDATE trial SET state = ?2 WHERE run = ?1 AND number % ?3 = ?4",
                        params![run, state as u8, 3, remainder],
                    )?;
                }
                Ok(())
            })
            .await
            .unwrap();
        let expected: Vec<u32> = (0..1500).rev().filter(|number| number % 3 < 2).collect();
        for limit in [7, 512, 10_000] {
            assert_eq!(numbers_in_steps(&store, "u", limit).await, expected);
        }
        assert_eq!(numbers_in_steps(&store, "other", 512).await, [0_u32; 0]);
        let script = |script: &str| {
            store.finished_trials("u".into(), script.into(), FinishedPlace::NEWEST, 9)
        };
        assert!(script("b.sh").await.unwrap().runs.is_empty());
        let run = script("a.sh").await.unwrap().runs.remove(0);
        assert_eq!((run.digest, run.has_ended), (None, false));
    }
}

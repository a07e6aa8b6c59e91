//! Creating a run with all its trials, once.
//!
//! The trials of a large run are written in slices, each in a transaction of its own, between which
//! other changes are committed. Until the last one the run has no cluster, so that nothing finds it.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, params};

use super::budgets::BudgetRefusal;
use super::columns::to_json;
use super::error::StoreError;
use super::slice::Slice;
use super::trials::BLOCK_BITS;
use super::{Store, arguments, bills, budgets, finished};
use crate::model::{NewRun, PILOT_MESSAGE, StateSums, TrialState};

/// How many rows are written between two looks at the clock.
const ROWS_PER_LOOK: usize = 256;
/// How many trials of a run that is not wanted after all are deleted in one transaction.
const DELETED_PER_SLICE: u32 = 4096;

/// What became of a [`NewRun`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CreateOutcome {
    /// It was created.
    Created,
    /// The same request with the same key has made this run (its id) before.
    Existing(String),
    /// The key was used for another request.
    KeyReused,
    /// The account has a run of this name.
    NameTaken,
    /// It cannot have its budget.
    BudgetRefused(BudgetRefusal),
}

impl Store {
    /// Creates a run and all its trials; where the run is large, in many transactions, of which the
    /// last alone makes it exist. O(trials + listed values).
    pub async fn create_run(&self, run: NewRun) -> Result<CreateOutcome, StoreError> {
        if !run.trials.is_large() {
            return self
                .write(move |connection| insert_at_once(connection, run))
                .await;
        }
        let mut writer = LaunchWriter::new(run);
        let others = self.inner.writer.waiting();
        loop {
            let others = others.clone();
            let written = (writer.row, writer.next_trial);
            let step = self.write_slice(move |connection| {
                let outcome = writer.write_slice(connection, &Slice::begin(others))?;
                Ok((writer, outcome))
            });
            match step.await {
                Ok((done, Some(CreateOutcome::Created))) => {
                    // Millions of small pieces take a while.
                    tokio::task::spawn_blocking(move || drop(done));
                    return Ok(CreateOutcome::Created);
                }
                Ok((next, None)) => writer = next,
                Ok((next, Some(refused))) => {
                    self.delete_unpublished(next.row, next.next_trial).await?;
                    return Ok(refused);
                }
                Err(error) => {
                    // The error counts, not whether the rest can be removed at once.
                    let _ = self.delete_unpublished(written.0, written.1).await;
                    return Err(error);
                }
            }
        }
    }

    /// Deletes the rows of a run that was never published, in slices. What a failure leaves behind,
    /// the next start removes.
    async fn delete_unpublished(&self, key: Option<i64>, trials: u32) -> Result<(), StoreError> {
        let Some(key) = key else { return Ok(()) };
        let mut left = trials;
        while left > 0 {
            left = left.saturating_sub(DELETED_PER_SLICE);
            let query = "DELETE FROM trial WHERE run = ?1 AND number >= ?2";
            self.write_slice(move |connection| Ok(connection.execute(query, params![key, left])?))
                .await?;
        }
        self.write_slice(move |connection| {
            Ok(connection.execute("DELETE FROM run WHERE key = ?1 AND cluster = ''", [key])?)
        })
        .await?;
        Ok(())
    }

    /// Removes what a server that was killed has half-written of runs: none of them was ever
    /// answered. To be called before anything is launched. Returns how many runs they were.
    pub async fn remove_unpublished(&self) -> Result<usize, StoreError> {
        self.write(|connection| Ok(connection.execute("DELETE FROM run WHERE cluster = ''", [])?))
            .await
    }

    /// The run that an idempotency key has created before, or [`CreateOutcome::KeyReused`]; `None` if the
    /// key is new.
    pub async fn find_launch(
        &self,
        account: String,
        key: String,
        request_hash: [u8; 32],
    ) -> Result<Option<CreateOutcome>, StoreError> {
        self.read(move |connection| query_launch(connection, &account, &key, &request_hash))
            .await
    }

    /// Whether a run of this account that is not deleted has this name.
    pub async fn is_name_taken(
        &self,
        cluster: String,
        account: String,
        name: String,
    ) -> Result<bool, StoreError> {
        self.read(move |connection| query_name_taken(connection, &cluster, &account, &name))
            .await
    }
}

fn insert_at_once(connection: &Connection, run: NewRun) -> Result<CreateOutcome, StoreError> {
    let outcome = LaunchWriter::new(run).write_slice(connection, &Slice::unbroken())?;
    // An unbroken slice ends with the run published, or refused before anything of it is written.
    outcome.ok_or(StoreError::Panicked)
}

/// Whether a launch is refused: its key has made a run before, its name is taken, or its group has
/// another budget.
fn query_refusal(
    connection: &Connection,
    run: &NewRun,
) -> Result<Option<CreateOutcome>, StoreError> {
    if let Some((key, hash)) = &run.idempotency_key
        && let Some(before) = query_launch(connection, &run.account, key, hash)?
    {
        return Ok(Some(before));
    }
    if query_name_taken(connection, &run.cluster, &run.account, &run.name)? {
        return Ok(Some(CreateOutcome::NameTaken));
    }
    match &run.budget {
        Some(budget) => {
            let refusal = budgets::query_refusal(connection, &run.account, budget)?;
            Ok(refusal.map(CreateOutcome::BudgetRefused))
        }
        None => Ok(None),
    }
}

/// Writes a run, a slice at a time.
struct LaunchWriter {
    run: NewRun,
    /// The run's key, once it has a row.
    row: Option<i64>,
    /// The list, in the order of `NewTrials::lists`, and its block that are written next.
    next_values: (usize, usize),
    /// The number of the trial that is written next.
    next_trial: u32,
    /// How many trials were written in each state, by blocks of [`BLOCK_BITS`].
    counts: BTreeMap<(TrialState, u32), u32>,
    /// Sums over the trials that are written in each state.
    sums: BTreeMap<TrialState, StateSums>,
}

impl LaunchWriter {
    fn new(run: NewRun) -> Self {
        Self {
            run,
            row: None,
            next_values: (0, 0),
            next_trial: 0,
            counts: BTreeMap::new(),
            sums: BTreeMap::new(),
        }
    }

    /// Writes until the slice's time is over. `Some` once the run is published, or refused: then
    /// nothing more of it is to be written.
    fn write_slice(
        &mut self,
        connection: &Connection,
        slice: &Slice,
    ) -> Result<Option<CreateOutcome>, StoreError> {
        let row = match self.row {
            Some(row) => row,
            None => {
                if let Some(refusal) = query_refusal(connection, &self.run)? {
                    return Ok(Some(refusal));
                }
                let row = insert_run(connection, &self.run)?;
                arguments::insert_template(connection, row, &self.run.trials)?;
                finished::insert_run_script(connection, row, &self.run)?;
                self.row = Some(row);
                row
            }
        };
        if !self.write_values(connection, row, slice)?
            || !self.write_trials(connection, row, slice)?
        {
            return Ok(None);
        }
        // Asked again: two requests with one key or name may have been written at the same time.
        if let Some(refusal) = query_refusal(connection, &self.run)? {
            return Ok(Some(refusal));
        }
        if let Some(budget) = &self.run.budget {
            budgets::attach(connection, row, &self.run.account, budget)?;
        }
        publish(connection, row, &self.run, &self.counts, &self.sums)?;
        Ok(Some(CreateOutcome::Created))
    }

    /// Writes the values of lists; true once all are written.
    fn write_values(
        &mut self,
        connection: &Connection,
        row: i64,
        slice: &Slice,
    ) -> Result<bool, StoreError> {
        let (mut list, mut block) = self.next_values;
        for values in self.run.trials.lists().skip(list) {
            while arguments::insert_values(connection, row, values, block)? {
                block += 1;
                if slice.is_over() {
                    self.next_values = (list, block);
                    return Ok(false);
                }
            }
            (list, block) = (list + 1, 0);
        }
        self.next_values = (list, block);
        Ok(true)
    }

    /// Writes trials in launch order; true once all are written.
    fn write_trials(
        &mut self,
        connection: &Connection,
        row: i64,
        slice: &Slice,
    ) -> Result<bool, StoreError> {
        let mut insert = connection.prepare_cached(
            "INSERT INTO trial (run, number, space_index, passed, argv, changed_at, state, message,
                                likely_run, likely_bill, high_bill)
             VALUES (?1, ?2, ?3, '', '', ?4, ?5, ?6, ?7, ?8, ?9)",
        )?;
        let created_at = self.run.created_at.micros();
        let mut indices = self.run.trials.chosen().iter_from(self.next_trial.into());
        loop {
            for index in indices.by_ref().take(ROWS_PER_LOOK) {
                let (state, number) = (self.run.trials.first_state(index), self.next_trial);
                let message = match state {
                    TrialState::Held => PILOT_MESSAGE,
                    _ => "",
                };
                let figures = self.run.estimate.figures(number);
                let (run, bill) = figures.likely.unzip();
                let figures = [run, bill, figures.high_bill];
                let [run, bill, high] = figures.map(|micros| micros.unwrap_or(0) / 1000);
                let sums = self.sums.entry(state).or_default();
                sums.likely_run += run;
                sums.likely_bill += bill;
                sums.high_bill += high;
                let [run, bill, high] = figures.map(|micros| micros.map(bills::to_sql_seconds));
                insert.execute(params![
                    row,
                    number,
                    index.to_string(),
                    created_at,
                    state as u8,
                    message,
                    run,
                    bill,
                    high
                ])?;
                *self
                    .counts
                    .entry((state, number >> BLOCK_BITS))
                    .or_default() += 1;
                self.next_trial += 1;
            }
            if self.next_trial == self.run.trials.count() {
                return Ok(true);
            }
            if slice.is_over() {
                return Ok(false);
            }
        }
    }
}

/// Makes a run that is completely written exist: gives it its cluster and name, counts its trials,
/// and remembers its idempotency key.
fn publish(
    connection: &Connection,
    row: i64,
    run: &NewRun,
    counts: &BTreeMap<(TrialState, u32), u32>,
    sums: &BTreeMap<TrialState, StateSums>,
) -> Result<(), StoreError> {
    connection.execute(
        "UPDATE run SET cluster = ?2, name = ?3 WHERE key = ?1",
        params![row, run.cluster, run.name],
    )?;
    let mut in_state = connection.prepare_cached(
        "INSERT INTO trial_count (run, state, trials, likely_run, likely_bill, high_bill)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for (state, sums) in sums {
        let blocks = counts.range((*state, 0)..=(*state, u32::MAX));
        in_state.execute(params![
            row,
            *state as u8,
            blocks.map(|(_, trials)| trials).sum::<u32>(),
            bills::to_sql_seconds(sums.likely_run),
            bills::to_sql_seconds(sums.likely_bill),
            bills::to_sql_seconds(sums.high_bill)
        ])?;
    }
    let mut in_block = connection.prepare_cached(
        "INSERT INTO trial_block (run, state, block, trials) VALUES (?1, ?2, ?3, ?4)",
    )?;
    for ((state, block), trials) in counts {
        in_block.execute(params![row, *state as u8, block, trials])?;
    }
    if let Some((key, hash)) = &run.idempotency_key {
        connection.execute(
            "INSERT INTO launch (account, key, request_hash, run) VALUES (?1, ?2, ?3, ?4)",
            params![run.account, key, hash, row],
        )?;
    }
    Ok(())
}

fn query_launch(
    connection: &Connection,
    account: &str,
    key: &str,
    request_hash: &[u8; 32],
) -> Result<Option<CreateOutcome>, StoreError> {
    let row: Option<(Vec<u8>, String)> = connection
        .prepare_cached(
            "SELECT request_hash, run.id FROM launch JOIN run ON run.key = launch.run
             WHERE launch.account = ?1 AND launch.key = ?2",
        )?
        .query_row([account, key], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(row.map(|(hash, id)| {
        if hash == request_hash {
            CreateOutcome::Existing(id)
        } else {
            CreateOutcome::KeyReused
        }
    }))
}

fn query_name_taken(
    connection: &Connection,
    cluster: &str,
    account: &str,
    name: &str,
) -> Result<bool, StoreError> {
    let query = "SELECT 1 FROM run
                 WHERE cluster = ?1 AND account = ?2 AND name = ?3 AND deleted_at IS NULL";
    let mut statement = connection.prepare_cached(query)?;
    Ok(statement.exists([cluster, account, name])?)
}

fn insert_run(connection: &Connection, run: &NewRun) -> Result<i64, StoreError> {
    let fixed_arguments = run.fixed_arguments.as_ref();
    let fixed_arguments = fixed_arguments
        .map(|fixed| to_json("fixed arguments", fixed))
        .transpose()?;
    let estimate = run.estimate.kept.as_ref();
    let estimate = estimate
        .map(|kept| to_json("run estimate", kept))
        .transpose()?;
    connection.execute(
        "INSERT INTO run (id, cluster, name, description, account, spec, columns, rate, parallel,
                          bill_minimum, bill_increment, trials, created_at, changed_at, priority,
                          stop_after, cpus, gpus, upload, mounts, fetched, fixed, estimate)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?13, ?14, ?15, ?16, ?17,
                 ?18, ?19, ?20, ?21, ?22)",
        params![
            run.id,
            // See `publish`.
            "",
            run.id,
            run.description,
            run.account,
            to_json("run spec", &run.spec)?,
            to_json("run columns", &run.columns)?,
            run.terms.rate,
            run.parallel,
            bills::to_sql_seconds(run.terms.rounding.minimum),
            bills::to_sql_seconds(run.terms.rounding.increment.max(1)),
            run.trials.count(),
            run.created_at.micros(),
            run.priority,
            run.failure_limit,
            run.cpus,
            run.gpus,
            run.awaits_upload.then_some(""),
            to_json("run datastores", &run.mounts)?,
            run.awaits_fetch.then_some(""),
            fixed_arguments,
            estimate,
        ],
    )?;
    Ok(connection.last_insert_rowid())
}

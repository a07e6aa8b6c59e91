//! Budgets: one for all runs that are launched together. No trial is claimed that may exceed it.
//!
//! Nothing of a budget's use is stored: what is spent follows from the runs' billed seconds, what is
//! committed from the trials that are starting or running. So the two are never out of step with the
//! trials, and the check is in the transaction that claims them.

use rusqlite::{Connection, OptionalExtension, params};
use sweep_planner::api::Timestamp;
use sweep_planner::estimate::Money;
use sweep_planner::estimate::billing::{Rounding, cost_of_micros};

use super::error::StoreError;
use super::sql::sql;
use super::waiting_changes::{self, WaitingChange};
use super::{Store, bills};
use crate::model::{BudgetRecord, NewBudget, PILOT_MESSAGE, StateSums, TrialState};

/// How many runs share a budget at most: each is looked at when a trial of any of them is claimed.
pub(super) const GROUP_RUNS_MAX: u32 = 1000;

const MICROS_PER_SECOND: u64 = 1_000_000;

/// Why a run cannot have its budget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BudgetRefusal {
    /// The runs of its group have another budget, this one in USD.
    Differs(String),
    /// Its group has as many runs as a budget may have.
    GroupFull(u32),
}

/// How much of a budget is used.
#[derive(Clone, Debug)]
pub(super) struct BudgetUse {
    pub(super) amount: Money,
    /// Billed for trials that have ended.
    pub(super) spent: Money,
    /// For trials that are starting or running: their high figures, at least what has accrued.
    pub(super) committed: Money,
    /// What has accrued for them so far, which they cost at least.
    accrued: Money,
}

/// Whether a trial may start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Admission {
    /// Its high figure is left.
    Fits,
    /// It is left if trials that run cost less than their high figures.
    Waits,
    /// It is not left, whatever they cost.
    NeverFits,
}

impl BudgetUse {
    /// Reads a budget with what is used of it. O(runs of the group + their active trials).
    pub(super) fn load(connection: &Connection, budget: i64, now: i64) -> Result<Self, StoreError> {
        let mut statement =
            connection.prepare_cached("SELECT amount FROM budget WHERE key = ?1")?;
        let amount: String = statement.query_row([budget], |row| row.get(0))?;
        let mut found = Self {
            amount: parse_amount(&amount)?,
            spent: Money::zero(),
            committed: Money::zero(),
            accrued: Money::zero(),
        };
        let mut runs = connection.prepare_cached(
            "SELECT rate, sum(billed_seconds) FROM run WHERE budget = ?1 GROUP BY rate",
        )?;
        let mut rows = runs.query([budget])?;
        while let Some(row) = rows.next()? {
            let (rate, seconds): (Option<String>, i64) = (row.get(0)?, row.get(1)?);
            found.spent += cost(&rate, in_micros(seconds.unsigned_abs()))?;
        }
        found.add_active(connection, budget, now)?;
        Ok(found)
    }

    fn add_active(
        &mut self,
        connection: &Connection,
        budget: i64,
        now: i64,
    ) -> Result<(), StoreError> {
        let mut active = connection.prepare_cached(sql!(
            "SELECT run.rate, bill_minimum, bill_increment, trial.started_at, trial.high_bill
             FROM run JOIN trial INDEXED BY trial_state ON trial.run = run.key
             WHERE run.budget = ?1
               AND run.key IN (SELECT run FROM trial_count
                               WHERE state IN ({starting}, {running}) AND trials > 0)
               AND trial.state IN ({starting}, {running})"
        ))?;
        let mut rows = active.query([budget])?;
        while let Some(row) = rows.next()? {
            let (rate, start): (Option<String>, Option<i64>) = (row.get(0)?, row.get(3)?);
            let rounding: Rounding = bills::read_rounding(row)?;
            let seconds = start.map_or(0, |start| rounding.billed_seconds_between(start, now));
            let (accrued, high) = (in_micros(seconds), read_micros(row.get(4)?));
            self.accrued += cost(&rate, accrued)?;
            self.committed += cost(&rate, accrued.max(high))?;
        }
        Ok(())
    }

    /// Whether a trial may start that costs at most so much.
    pub(super) fn admit(&self, high: &Money) -> Admission {
        if self.enough_for(high) <= self.amount {
            Admission::Fits
        } else if self.spent.clone() + self.accrued.clone() + high.clone() <= self.amount {
            Admission::Waits
        } else {
            Admission::NeverFits
        }
    }

    /// The amount by which so much more may be started now.
    pub(super) fn enough_for(&self, more: &Money) -> Money {
        self.spent.clone() + self.committed.clone() + more.clone()
    }

    /// Counts a trial that is started from now on.
    pub(super) fn commit(&mut self, high: Money) {
        self.committed += high;
    }
}

/// What billed time at a run's rate costs; a run with a budget has one.
pub(super) fn cost(rate: &Option<String>, micros: u64) -> Result<Money, StoreError> {
    let rate = rate.as_deref().and_then(Money::from_decimal);
    let rate = rate.ok_or_else(|| StoreError::Unreadable {
        what: "rate of a run with a budget",
        why: "it is no decimal".to_owned(),
    })?;
    Ok(cost_of_micros(&rate, micros))
}

fn parse_amount(text: &str) -> Result<Money, StoreError> {
    Money::from_decimal(text).ok_or_else(|| StoreError::Unreadable {
        what: "budget",
        why: format!("`{text}` is no decimal"),
    })
}

fn in_micros(seconds: u64) -> u64 {
    seconds.saturating_mul(MICROS_PER_SECOND)
}

/// The high figure of a trial; one without can never fit.
pub(super) fn read_micros(micros: Option<i64>) -> u64 {
    micros.map_or(u64::MAX, i64::unsigned_abs)
}

/// Why a run cannot have its budget: runs of its group have another, or are too many.
pub(super) fn query_refusal(
    connection: &Connection,
    account: &str,
    budget: &NewBudget,
) -> Result<Option<BudgetRefusal>, StoreError> {
    let Some((key, amount)) = query_by_name(connection, account, &budget.group)? else {
        return Ok(None);
    };
    if parse_amount(&amount)? != parse_amount(&budget.amount)? {
        return Ok(Some(BudgetRefusal::Differs(amount)));
    }
    let runs: u32 = connection
        .prepare_cached("SELECT count(*) FROM run WHERE budget = ?1")?
        .query_row([key], |row| row.get(0))?;
    Ok((runs >= GROUP_RUNS_MAX).then_some(BudgetRefusal::GroupFull(GROUP_RUNS_MAX)))
}

/// Gives a run that is about to exist its budget, which runs of its group may have already.
pub(super) fn attach(
    connection: &Connection,
    run: i64,
    account: &str,
    budget: &NewBudget,
) -> Result<(), StoreError> {
    connection
        .prepare_cached("INSERT OR IGNORE INTO budget (account, name, amount) VALUES (?1, ?2, ?3)")?
        .execute([account, &budget.group, &budget.amount])?;
    connection
        .prepare_cached(
            "UPDATE run SET budget = (SELECT key FROM budget WHERE account = ?2 AND name = ?3)
             WHERE key = ?1",
        )?
        .execute(params![run, account, budget.group])?;
    Ok(())
}

fn query_by_name(
    connection: &Connection,
    account: &str,
    name: &str,
) -> Result<Option<(i64, String)>, StoreError> {
    let found = connection
        .prepare_cached("SELECT key, amount FROM budget WHERE account = ?1 AND name = ?2")?
        .query_row([account, name], |row| Ok((row.get(0)?, row.get(1)?)));
    Ok(found.optional()?)
}

/// A run's budget as it is now. O(runs of the group + their active trials).
pub(super) fn query_record(
    connection: &Connection,
    budget: i64,
    rate: &Option<String>,
    holds: bool,
    (run, waiting): (i64, [StateSums; 2]),
    now: i64,
) -> Result<BudgetRecord, StoreError> {
    let used = BudgetUse::load(connection, budget, now)?;
    let (group, amount) = connection
        .prepare_cached("SELECT name, amount FROM budget WHERE key = ?1")?
        .query_row([budget], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let next: Option<Option<i64>> = connection
        .prepare_cached(sql!(
            "SELECT high_bill FROM trial INDEXED BY trial_state
             WHERE run = ?1 AND state IN ({queued}, {held}) ORDER BY state, number LIMIT 1"
        ))?
        .query_row([run], |row| row.get(0))
        .optional()?;
    // High figures are whole milliseconds.
    let enough = |micros: u64| -> Result<f64, StoreError> {
        Ok(used
            .enough_for(&cost(rate, micros)?)
            .round_up_to_cents()
            .as_f64())
    };
    let all = waiting.iter().map(|sums| sums.high_bill).sum::<u64>();
    Ok(BudgetRecord {
        group,
        amount,
        spent: used.spent.as_f64(),
        committed: used.committed.as_f64(),
        holds,
        enough_for_next: next.map(|micros| enough(read_micros(micros))).transpose()?,
        enough_for_all: next.map(|_| enough(all.saturating_mul(1000))).transpose()?,
    })
}

/// Holds the waiting trials of a run, since the next one may exceed the budget.
pub(super) fn hold(
    connection: &Connection,
    run: i64,
    amount: &Money,
    now: Timestamp,
) -> Result<waiting_changes::Begun, StoreError> {
    connection
        .prepare_cached("UPDATE run SET held_for_budget = 1, changed_at = ?2 WHERE key = ?1")?
        .execute(params![run, now.micros()])?;
    let change = WaitingChange {
        state: TrialState::Held,
        at: now.micros(),
        message: format!(
            "held: the budget of {} has no room for it",
            amount.to_figure()
        ),
    };
    waiting_changes::begin(connection, run, &change)
}

impl Store {
    /// The amount of a budget by the name of its group; `None` where the account has none of it.
    pub async fn budget_amount(
        &self,
        account: String,
        group: String,
    ) -> Result<Option<String>, StoreError> {
        self.read(move |connection| {
            Ok(query_by_name(connection, &account, &group)?.map(|(_, amount)| amount))
        })
        .await
    }

    /// Sets the budget of a run and of those launched together with it. Answers with the runs (their
    /// keys) of which trials are held for lack of it; `None` where the run has no budget.
    pub async fn set_budget(
        &self,
        run: i64,
        amount: String,
    ) -> Result<Option<Vec<i64>>, StoreError> {
        self.write(move |connection| {
            let changed = connection.execute(
                "UPDATE budget SET amount = ?2 WHERE key = (SELECT budget FROM run WHERE key = ?1)",
                params![run, amount],
            )?;
            let mut held = connection.prepare_cached(
                "SELECT key FROM run
                 WHERE budget = (SELECT budget FROM run WHERE key = ?1) AND held_for_budget
                 ORDER BY priority DESC, key",
            )?;
            let held: Vec<i64> = held
                .query_map([run], |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            Ok((changed > 0).then_some(held))
        })
        .await
    }

    /// Queues the trials of a run that are held for lack of budget, unless so many failed in a row that
    /// they would be held for that; what does not fit is held again when it is its turn. Answers with
    /// their numbers.
    pub async fn release_for_budget(
        &self,
        run: i64,
        now: Timestamp,
    ) -> Result<Vec<u32>, StoreError> {
        let change = WaitingChange {
            state: TrialState::Queued,
            at: now.micros(),
            message: "released: the budget was raised".to_owned(),
        };
        let begun = self.write_after_changes(run, move |connection| {
            let before = waiting_changes::query_change(connection, run)?;
            if before.is_some_and(|before| before.ends_trials()) {
                return Ok(None);
            }
            let released = connection.execute(
                "UPDATE run SET held_for_budget = 0
                 WHERE key = ?1 AND held_for_budget AND (stop_after = 0 OR failures < stop_after)",
                [run],
            )?;
            if released == 0 {
                return Ok(Some(waiting_changes::Begun::Whole(Vec::new())));
            }
            if waits_for_pilot(connection, run)? {
                let numbers = release_but_for_pilot(connection, run, &change)?;
                return Ok(Some(waiting_changes::Begun::Whole(numbers)));
            }
            Ok(Some(waiting_changes::begin(connection, run, &change)?))
        });
        let begun = begun.await?;
        self.finish_begun(run, begun).await
    }
}

/// Whether trials of a run wait for a person's yes after its pilot, which no budget gives.
/// O(held trials) for a run with a pilot.
fn waits_for_pilot(connection: &Connection, run: i64) -> Result<bool, StoreError> {
    let mut statement = connection.prepare_cached(sql!(
        "SELECT 1 FROM run WHERE key = ?1 AND spec ->> '$.sweepOptions.pilot' IS NOT NULL
           AND EXISTS (SELECT 1 FROM trial INDEXED BY trial_state
                       WHERE run = ?1 AND state = {held} AND message = ?2)"
    ))?;
    Ok(statement.exists(params![run, PILOT_MESSAGE])?)
}

/// Queues the held trials of a run that do not wait for its pilot: of the pilot itself, so they are few.
fn release_but_for_pilot(
    connection: &Connection,
    run: i64,
    change: &WaitingChange,
) -> Result<Vec<u32>, StoreError> {
    let mut statement = connection.prepare_cached(sql!(
        "UPDATE trial INDEXED BY trial_state
         SET state = {queued}, changed_at = ?2, message = ?3
         WHERE run = ?1 AND state = {held} AND message <> ?4 RETURNING number"
    ))?;
    let parameters = params![run, change.at, change.message, PILOT_MESSAGE];
    let numbers = statement.query_map(parameters, |row| row.get(0))?;
    Ok(numbers.collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests;

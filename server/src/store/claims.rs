//! Claims queued trials, and lists those that are claimed or running.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use rusqlite::{Connection, Row, params};
use sweep_planner::api::{RunSpec, Timestamp};

use super::Store;
use super::arguments::RunArguments;
use super::budgets::{self, Admission, BudgetUse};
use super::columns::{from_json, read_state, to_json};
use super::error::StoreError;
use super::sql::sql;
use super::waiting_changes::Begun;
use crate::model::{ActiveTrial, TrialState};

/// Which trials to claim.
#[derive(Clone, Debug)]
pub struct Claim {
    /// Of this cluster.
    pub cluster: String,
    /// At most so many.
    pub slots: usize,
    /// CPUs of the cluster, all together; `None`: they are not counted.
    pub cpus: Option<u32>,
    /// The numbers of the cluster's GPUs.
    pub gpus: Vec<u32>,
    /// Now.
    pub now: Timestamp,
}

impl Store {
    /// The trials of a cluster that are starting or running.
    pub async fn active_trials(&self, cluster: String) -> Result<Vec<ActiveTrial>, StoreError> {
        self.read(move |connection| {
            let mut runs = HashMap::new();
            let mut statement = connection.prepare_cached(&[ACTIVE_SELECT, OF_CLUSTER].concat())?;
            let mut rows = statement.query([cluster])?;
            let mut active = Vec::new();
            while let Some(row) = rows.next()? {
                active.push(read_active(connection, row, &mut runs)?);
            }
            Ok(active)
        })
        .await
    }

    /// The trials of a cluster that are starting or running and are to be stopped.
    pub async fn stop_requests(&self, cluster: String) -> Result<Vec<(i64, u32)>, StoreError> {
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(sql!(
                "SELECT trial.run, trial.number
                     FROM run JOIN trial INDEXED BY trial_state ON trial.run = run.key
                     WHERE trial.run IN (SELECT run FROM trial_count
                                         WHERE state IN ({starting}, {running}) AND trials > 0)
                       AND trial.state IN ({starting}, {running}) AND trial.stop_wanted
                       AND run.cluster = ?1"
            ))?;
            let rows = statement.query_map([cluster], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }
}

const ACTIVE_SELECT: &str = "SELECT run.key, run.id, run.name, run.account, run.spec, trial.number,
                             trial.space_index, trial.argv, trial.state, trial.metrics_read, trial.attempt,
                             trial.gpus, trial.high_bill, run.mounts,
                             min(coalesce(run.parallel, run.trials), run.trials) AS run_parallel
                      FROM run JOIN trial INDEXED BY trial_state ON trial.run = run.key";
const OF_CLUSTER: &str = sql!(
    " WHERE run.key IN (SELECT run FROM trial_count
                        WHERE state IN ({starting}, {running}) AND trials > 0)
        AND run.cluster = ?1 AND trial.state IN ({starting}, {running})"
);
const QUEUED_OF_RUN: &str =
    sql!(" WHERE run.key = ?1 AND trial.state = {queued} ORDER BY trial.number LIMIT ?2");

/// What the trials of a run have in common.
struct Common<'c> {
    spec: Arc<RunSpec>,
    arguments: RunArguments<'c>,
}

fn read_active<'c>(
    connection: &'c Connection,
    row: &Row<'_>,
    runs: &mut HashMap<i64, Common<'c>>,
) -> Result<ActiveTrial, StoreError> {
    let run = row.get("key")?;
    let common = match runs.entry(run) {
        Entry::Occupied(known) => known.into_mut(),
        Entry::Vacant(new) => new.insert(Common {
            spec: Arc::new(from_json("run spec", &row.get::<_, String>("spec")?)?),
            arguments: RunArguments::load(connection, run)?,
        }),
    };
    let (index, argv): (String, String) = (row.get("space_index")?, row.get("argv")?);
    Ok(ActiveTrial {
        run,
        run_id: row.get("id")?,
        run_name: row.get("name")?,
        account: row.get("account")?,
        spec: Arc::clone(&common.spec),
        number: row.get("number")?,
        argv: common.arguments.read_argv(&index, &argv)?,
        state: read_state(row)?,
        attempt: row.get("attempt")?,
        run_parallel: row.get("run_parallel")?,
        gpus: from_json("trial GPUs", &row.get::<_, String>("gpus")?)?,
        mounts: from_json("run datastores", &row.get::<_, String>("mounts")?)?,
        metrics_read: row.get::<_, i64>("metrics_read")?.unsigned_abs(),
    })
}

/// How many runs a claim holds for lack of budget, each of up to a thousand trials at once.
const HOLDS_MAX: usize = 2;

/// What a claim has done.
#[derive(Debug, Default)]
pub(super) struct Claimed {
    /// Trials that are to be started.
    pub(super) trials: Vec<ActiveTrial>,
    /// Runs of which waiting trials are held from now on, since the budget has no room for the next.
    pub(super) holds: Vec<(i64, Begun)>,
    /// Whether a trial waits for what running ones leave of its budget.
    pub(super) waits_for_budget: bool,
}

/// Claims queued trials: by priority of their run, then launch order, within the run's own limit,
/// the free CPUs and GPUs, and the budgets.
pub(super) fn claim_trials(connection: &Connection, claim: &Claim) -> Result<Claimed, StoreError> {
    let mut runs = HashMap::new();
    let mut taken: Vec<ActiveTrial> = Vec::new();
    let mut free = FreeResources::load(connection, claim)?;
    let mut budgets = Budgets::new(connection, claim);
    for run in list_candidates(connection, &claim.cluster)? {
        // How many the slots and the run's own limit allow, and how many of those fit the free CPUs
        // and GPUs.
        let may = run.limit.min(claim.slots - taken.len());
        let (cpus, gpus) = free.needs_of(&run, claim);
        let fit = may.min(free.capacity_for(cpus, gpus));
        let mut queued = connection.prepare_cached(&[ACTIVE_SELECT, QUEUED_OF_RUN].concat())?;
        let mut rows = queued.query(params![run.key, i64::try_from(fit).unwrap_or(i64::MAX)])?;
        // Each trial claimed takes its share at once, so that the next run sees what is left.
        let before = taken.len();
        while let Some(row) = rows.next()? {
            if let Some(budget) = &run.budget
                && !budgets.admit(&run, budget, row.get("high_bill")?)?
            {
                break;
            }
            taken.push(ActiveTrial {
                state: TrialState::Starting,
                gpus: free.allocate(cpus, gpus),
                ..read_active(connection, row, &mut runs)?
            });
        }
        // No slot is left for the runs behind this one.
        if taken.len() == claim.slots {
            break;
        }
        if fit < may && taken.len() - before == fit {
            // The run may have more queued trials, which lack CPUs or GPUs. Reserving them keeps
            // smaller runs behind it from taking them away for ever.
            free.reserve(cpus, gpus);
        }
    }
    // Written after the loop: an update would change the index that its query walks.
    let mut start = connection.prepare_cached(sql!(
        "UPDATE trial SET state = {starting}, changed_at = ?3, gpus = ?4
         WHERE run = ?1 AND number = ?2"
    ))?;
    for trial in &taken {
        let gpus = to_json("trial GPUs", &trial.gpus)?;
        start.execute(params![trial.run, trial.number, claim.now.micros(), gpus])?;
    }
    Ok(Claimed {
        trials: taken,
        waits_for_budget: budgets.waits,
        holds: budgets.hold()?,
    })
}

/// The budgets of the runs of a claim, each read once.
struct Budgets<'c> {
    connection: &'c Connection,
    now: Timestamp,
    uses: HashMap<i64, BudgetUse>,
    /// Runs whose next trial never fits, with the budget.
    used_up: Vec<(i64, i64)>,
    /// Whether the next trial of a run may fit later.
    waits: bool,
}

impl<'c> Budgets<'c> {
    fn new(connection: &'c Connection, claim: &Claim) -> Self {
        Self {
            connection,
            now: claim.now,
            uses: HashMap::new(),
            used_up: Vec::new(),
            waits: false,
        }
    }

    /// Whether a budget has room for the next trial of a run, which it then counts.
    fn admit(
        &mut self,
        run: &Candidate,
        budget: &CandidateBudget,
        high_bill: Option<i64>,
    ) -> Result<bool, StoreError> {
        let used = match self.uses.entry(budget.key) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                let now = self.now.micros();
                new.insert(BudgetUse::load(self.connection, budget.key, now)?)
            }
        };
        let high = budgets::cost(&budget.rate, budgets::read_micros(high_bill))?;
        match used.admit(&high) {
            Admission::Fits => used.commit(high),
            Admission::Waits => {
                self.waits = true;
                return Ok(false);
            }
            Admission::NeverFits => {
                self.used_up.push((run.key, budget.key));
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Holds the waiting trials of runs whose next one never fits: of a few, since they may be many.
    /// The others are held by the next claims; until then they are not admitted either.
    fn hold(self) -> Result<Vec<(i64, Begun)>, StoreError> {
        let hold = |(run, budget): &(i64, i64)| {
            let used = self.uses.get(budget).ok_or(StoreError::Panicked)?;
            let begun = budgets::hold(self.connection, *run, &used.amount, self.now)?;
            Ok((*run, begun))
        };
        self.used_up.iter().take(HOLDS_MAX).map(hold).collect()
    }
}

/// CPUs and GPUs of a cluster that no active trial holds.
struct FreeResources {
    cpus: Option<u32>,
    gpus: Vec<u32>,
}

impl FreeResources {
    fn load(connection: &Connection, claim: &Claim) -> Result<Self, StoreError> {
        let mut free = Self {
            cpus: claim.cpus,
            gpus: claim.gpus.clone(),
        };
        // Most clusters count neither: they need no query.
        if claim.cpus.is_none() && claim.gpus.is_empty() {
            return Ok(free);
        }
        let mut statement = connection.prepare_cached(sql!(
            "SELECT max(run.cpus, 1), trial.gpus
             FROM run JOIN trial INDEXED BY trial_state ON trial.run = run.key
             WHERE run.key IN (SELECT run FROM trial_count
                               WHERE state IN ({starting}, {running}) AND trials > 0)
               AND run.cluster = ?1 AND trial.state IN ({starting}, {running})"
        ))?;
        let mut rows = statement.query([&claim.cluster])?;
        while let Some(row) = rows.next()? {
            let cpus: u32 = row.get(0)?;
            free.cpus = free.cpus.map(|free| free.saturating_sub(cpus));
            let gpus: Vec<u32> = from_json("trial GPUs", &row.get::<_, String>(1)?)?;
            free.gpus.retain(|gpu| !gpus.contains(gpu));
        }
        Ok(free)
    }

    /// CPUs and GPUs that a trial of a run takes; never more than the cluster has, or it would wait
    /// for ever.
    fn needs_of(&self, run: &Candidate, claim: &Claim) -> (u32, usize) {
        let cpus = claim.cpus.map_or(0, |all| run.cpus.max(1).min(all));
        (cpus, (run.gpus as usize).min(claim.gpus.len()))
    }

    /// How many trials that take so much fit what is free.
    fn capacity_for(&self, cpus: u32, gpus: usize) -> usize {
        // `usize::MAX`: what is not counted, or not asked for, limits nothing.
        let by_cpus = match (self.cpus, cpus) {
            (Some(free), 1..) => (free / cpus) as usize,
            _ => usize::MAX,
        };
        by_cpus.min(self.gpus.len().checked_div(gpus).unwrap_or(usize::MAX))
    }

    fn allocate(&mut self, cpus: u32, gpus: usize) -> Vec<u32> {
        self.cpus = self.cpus.map(|free| free.saturating_sub(cpus));
        self.gpus.drain(..gpus.min(self.gpus.len())).collect()
    }

    /// Reserves everything of the kind that a waiting trial lacks, so that it accumulates.
    fn reserve(&mut self, cpus: u32, gpus: usize) {
        if self.cpus.is_some_and(|free| free < cpus) {
            self.cpus = Some(0);
        }
        if self.gpus.len() < gpus {
            self.gpus.clear();
        }
    }
}

/// A run with queued trials.
struct Candidate {
    key: i64,
    /// How many more it may start.
    limit: usize,
    cpus: u32,
    gpus: u32,
    budget: Option<CandidateBudget>,
}

struct CandidateBudget {
    key: i64,
    /// USD per hour of one trial of the run.
    rate: Option<String>,
}

/// The runs with queued trials, in the order in which they get slots: by priority, then oldest
/// first.
fn list_candidates(connection: &Connection, cluster: &str) -> Result<Vec<Candidate>, StoreError> {
    let mut statement = connection.prepare_cached(sql!(
        "SELECT run.key, run.parallel, (
                 SELECT coalesce(sum(trials), 0) FROM trial_count
                 WHERE trial_count.run = run.key AND state IN ({starting}, {running})
             ), run.cpus, run.gpus, run.budget, run.rate
         FROM run
         WHERE run.key IN (SELECT run FROM trial_count WHERE state = {queued} AND trials > 0)
           AND run.cluster = ?1 AND run.upload IS NOT '' AND run.fetched IS NOT ''
           AND run.key NOT IN (SELECT run FROM waiting_change WHERE state <> {queued})
         ORDER BY run.priority DESC, run.key"
    ))?;
    let rows = statement.query_map([cluster], |row| {
        let limit: Option<u32> = row.get(1)?;
        let active: u32 = row.get(2)?;
        let (budget, rate): (Option<i64>, _) = (row.get(5)?, row.get(6)?);
        Ok(Candidate {
            key: row.get(0)?,
            limit: limit.map_or(usize::MAX, |limit| limit.saturating_sub(active) as usize),
            cpus: row.get(3)?,
            gpus: row.get(4)?,
            budget: budget.map(|key| CandidateBudget { key, rate }),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

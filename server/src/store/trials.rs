//! Trials: claiming, recording, reading.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, Row, params};
use sweep_planner::api::{ExperimentState, MetricValue, RunSpec, Timestamp};

use super::{Store, StoreError, from_json, metrics, runs};

/// The state of a trial; its number is what the database holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum State {
    /// Created, waiting for a slot.
    Queued,
    /// Claimed: it is being handed to the engine.
    Starting,
    /// Its script runs.
    Running,
    /// Ended with exit status 0.
    Succeeded,
    /// Ended otherwise, or could not start.
    Failed,
    /// Stopped by a person.
    Cancelled,
    /// Held back, waiting for a person.
    Held,
    /// Hidden by a person.
    Deleted,
}

impl State {
    /// Every state, by number.
    pub const ALL: [Self; 8] = [
        Self::Queued,
        Self::Starting,
        Self::Running,
        Self::Succeeded,
        Self::Failed,
        Self::Cancelled,
        Self::Held,
        Self::Deleted,
    ];

    /// Whether a trial in this state changes no more by itself.
    pub fn ended(self) -> bool {
        matches!(
            self,
            Self::Succeeded | Self::Failed | Self::Cancelled | Self::Deleted
        )
    }

    /// The word of the wire.
    pub fn to_wire(self) -> ExperimentState {
        match self {
            Self::Queued => ExperimentState::Queued,
            Self::Starting => ExperimentState::ImageBuilding,
            Self::Running => ExperimentState::Running,
            Self::Succeeded => ExperimentState::Succeeded,
            Self::Failed => ExperimentState::Failed,
            Self::Cancelled => ExperimentState::Cancelled,
            Self::Held => ExperimentState::Paused,
            Self::Deleted => ExperimentState::Deleted,
        }
    }

    /// The state of a word of the wire, if a trial of ours can be in it.
    pub fn from_wire(state: ExperimentState) -> Option<Self> {
        Self::ALL.into_iter().find(|ours| ours.to_wire() == state)
    }

    fn read(row: &Row<'_>) -> Result<Self, StoreError> {
        let number: u8 = row.get("state")?;
        Self::ALL
            .get(usize::from(number))
            .copied()
            .ok_or_else(|| StoreError::Unreadable {
                what: "trial state",
                why: format!("{number} is none"),
            })
    }
}

/// A trial as stored, with the last value of each of its metrics.
#[derive(Clone, Debug)]
pub struct TrialRecord {
    /// Launch order, from 0.
    pub number: u32,
    /// Its index in the space of the command.
    pub index: u128,
    /// The text passed for each of the run's columns.
    pub passed: Vec<Option<String>>,
    /// Script and arguments.
    pub argv: Vec<String>,
    /// Its state.
    pub state: State,
    /// Whether somebody wants it stopped.
    pub stop_wanted: bool,
    /// Why it is in this state, if the state does not say it all.
    pub message: String,
    /// When its state last changed.
    pub changed_at: Timestamp,
    /// When its script started.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Its exit status, if it ended by itself.
    pub exit_code: Option<i32>,
    /// The signal that ended it, if one did.
    pub signal: Option<i32>,
    /// Whole billed seconds, once it has ended.
    pub billed_seconds: Option<u64>,
    /// The last value of each metric.
    pub metrics: BTreeMap<String, MetricValue>,
}

/// A trial that is starting or running: what the dispatcher works on.
#[derive(Clone, Debug)]
pub struct ActiveTrial {
    /// The run's key.
    pub run: i64,
    /// The run's id.
    pub run_id: String,
    /// The run's name.
    pub run_name: String,
    /// Whose it is.
    pub account: String,
    /// What the run is.
    pub spec: Arc<RunSpec>,
    /// Its number in the run.
    pub number: u32,
    /// Script and arguments.
    pub argv: Vec<String>,
    /// [`State::Starting`] or [`State::Running`].
    pub state: State,
    /// How far its metrics have been read, in bytes.
    pub metrics_read: u64,
}

/// Which trials to claim.
#[derive(Clone, Debug)]
pub struct Claim {
    /// Of this cluster.
    pub cluster: String,
    /// At most so many.
    pub slots: usize,
    /// Now.
    pub now: Timestamp,
}

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
    /// Takes queued trials for starting: by priority of their run, then launch order, within the
    /// run's own limit. The claim is durable before it is answered.
    pub async fn claim(&self, claim: Claim) -> Result<Vec<ActiveTrial>, StoreError> {
        self.write(move |connection| take(connection, &claim)).await
    }

    /// The trials of a cluster that are starting or running.
    pub async fn active(&self, cluster: String) -> Result<Vec<ActiveTrial>, StoreError> {
        self.read(move |connection| {
            let mut specs = HashMap::new();
            let mut statement = connection.prepare_cached(&format!(
                "{ACTIVE} WHERE run.key IN (SELECT run FROM trial_count
                                            WHERE state IN (1, 2) AND trials > 0)
                     AND run.cluster = ?1 AND trial.state IN (1, 2)"
            ))?;
            let mut rows = statement.query([cluster])?;
            let mut active = Vec::new();
            while let Some(row) = rows.next()? {
                active.push(read_active(row, &mut specs)?);
            }
            Ok(active)
        })
        .await
    }

    /// The trials of a cluster that are starting or running and are to be stopped.
    pub async fn to_stop(&self, cluster: String) -> Result<Vec<(i64, u32)>, StoreError> {
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT trial.run, trial.number FROM trial JOIN run ON run.key = trial.run
                 WHERE trial.run IN (SELECT run FROM trial_count
                                     WHERE state IN (1, 2) AND trials > 0)
                   AND trial.state IN (1, 2) AND trial.stop_wanted AND run.cluster = ?1",
            )?;
            let rows = statement.query_map([cluster], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

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

    /// Stops a trial: at once if it has not started, else the wish is noted. False if it had
    /// ended already.
    pub async fn stop_trial(
        &self,
        run: i64,
        number: u32,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.write(move |connection| {
            let changed = connection.execute(
                "UPDATE trial SET stop_wanted = 1,
                     state = CASE WHEN state IN (0, 6) THEN 5 ELSE state END,
                     ended_at = CASE WHEN state IN (0, 6) THEN ?3 ELSE ended_at END,
                     message = CASE WHEN state IN (0, 6) THEN 'stopped before it started'
                               ELSE message END,
                     changed_at = ?3
                 WHERE run = ?1 AND number = ?2 AND state IN (0, 1, 2, 6)",
                params![run, number, now.micros()],
            )?;
            runs::note_end(connection, run, now.micros())?;
            Ok(changed > 0)
        })
        .await
    }

    /// Hides a trial that has ended. False if it has not.
    pub async fn delete_trial(
        &self,
        run: i64,
        number: u32,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.write(move |connection| {
            let changed = connection.execute(
                "UPDATE trial SET state = 7, message = 'deleted', changed_at = ?3
                 WHERE run = ?1 AND number = ?2 AND state IN (3, 4, 5)",
                params![run, number, now.micros()],
            )?;
            Ok(changed > 0)
        })
        .await
    }

    /// One trial.
    pub async fn trial(&self, run: i64, number: u32) -> Result<Option<TrialRecord>, StoreError> {
        Ok(self.trials_numbered(run, vec![number]).await?.pop())
    }

    /// These trials; one that does not exist is left out.
    pub async fn trials_numbered(
        &self,
        run: i64,
        numbers: Vec<u32>,
    ) -> Result<Vec<TrialRecord>, StoreError> {
        self.read(move |connection| {
            let mut statement =
                connection.prepare_cached("SELECT * FROM trial WHERE run = ?1 AND number = ?2")?;
            let mut trials = Vec::with_capacity(numbers.len());
            for number in numbers {
                let mut rows = statement.query(params![run, number])?;
                if let Some(row) = rows.next()? {
                    trials.push(read(connection, run, row)?);
                }
            }
            Ok(trials)
        })
        .await
    }

    /// A page of a run's trials in launch order. Without a state O(log n + page).
    pub async fn trials(
        &self,
        run: i64,
        state: Option<State>,
        offset: u64,
        limit: u32,
    ) -> Result<Vec<TrialRecord>, StoreError> {
        self.read(move |connection| {
            let offset = i64::try_from(offset).unwrap_or(i64::MAX);
            let (query, state) = match state {
                // Numbers have no gaps, so the offset is a number and nothing is skipped over.
                None => (
                    "SELECT * FROM trial WHERE run = ?1 AND number >= ?3 AND ?2 IS NULL
                          ORDER BY number LIMIT ?4",
                    None,
                ),
                Some(state) => (
                    "SELECT * FROM trial WHERE run = ?1 AND state = ?2
                                 ORDER BY number LIMIT ?4 OFFSET ?3",
                    Some(state as u8),
                ),
            };
            let mut statement = connection.prepare_cached(query)?;
            let mut rows = statement.query(params![run, state, offset, limit])?;
            let mut trials = Vec::new();
            while let Some(row) = rows.next()? {
                trials.push(read(connection, run, row)?);
            }
            Ok(trials)
        })
        .await
    }
}

const ACTIVE: &str = "SELECT run.key, run.id, run.name, run.account, run.spec, trial.number,
                             trial.argv, trial.state, trial.metrics_read
                      FROM run JOIN trial ON trial.run = run.key";

fn read_active(
    row: &Row<'_>,
    specs: &mut HashMap<i64, Arc<RunSpec>>,
) -> Result<ActiveTrial, StoreError> {
    let run = row.get("key")?;
    let spec = match specs.get(&run) {
        Some(spec) => Arc::clone(spec),
        None => {
            let spec = Arc::new(from_json("run spec", &row.get::<_, String>("spec")?)?);
            specs.insert(run, Arc::clone(&spec));
            spec
        }
    };
    Ok(ActiveTrial {
        run,
        run_id: row.get("id")?,
        run_name: row.get("name")?,
        account: row.get("account")?,
        spec,
        number: row.get("number")?,
        argv: from_json("trial arguments", &row.get::<_, String>("argv")?)?,
        state: State::read(row)?,
        metrics_read: row.get::<_, i64>("metrics_read")?.unsigned_abs(),
    })
}

fn take(connection: &Connection, claim: &Claim) -> Result<Vec<ActiveTrial>, StoreError> {
    let mut specs = HashMap::new();
    let mut taken = Vec::new();
    for (run, limit) in candidates(connection, &claim.cluster)? {
        let free = (claim.slots - taken.len()).min(limit);
        if free == 0 {
            continue;
        }
        let mut queued = connection.prepare_cached(&format!(
            "{ACTIVE} WHERE run.key = ?1 AND trial.state = 0 ORDER BY trial.number LIMIT ?2"
        ))?;
        let mut rows = queued.query(params![run, i64::try_from(free).unwrap_or(i64::MAX)])?;
        while let Some(row) = rows.next()? {
            taken.push(ActiveTrial {
                state: State::Starting,
                ..read_active(row, &mut specs)?
            });
        }
        if taken.len() == claim.slots {
            break;
        }
    }
    let mut start = connection.prepare_cached(
        "UPDATE trial SET state = 1, changed_at = ?3 WHERE run = ?1 AND number = ?2",
    )?;
    for trial in &taken {
        start.execute(params![trial.run, trial.number, claim.now.micros()])?;
    }
    Ok(taken)
}

/// The runs with queued trials, in the order of their right to a slot, and how many more trials
/// each may start.
fn candidates(connection: &Connection, cluster: &str) -> Result<Vec<(i64, usize)>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT run.key, run.parallel, (
                 SELECT coalesce(sum(trials), 0) FROM trial_count
                 WHERE trial_count.run = run.key AND state IN (1, 2))
         FROM run
         WHERE run.key IN (SELECT run FROM trial_count WHERE state = 0 AND trials > 0)
           AND run.cluster = ?1
         ORDER BY run.priority DESC, run.key",
    )?;
    let rows = statement.query_map([cluster], |row| {
        let limit: Option<u32> = row.get(1)?;
        let active: u32 = row.get(2)?;
        let free = limit.map_or(usize::MAX, |limit| limit.saturating_sub(active) as usize);
        Ok((row.get(0)?, free))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn apply(connection: &Connection, change: &Change) -> Result<(), StoreError> {
    let micros = |time: Option<Timestamp>| time.map(Timestamp::micros);
    let billed: Option<Option<i64>> = connection
        .prepare_cached(
            // Started and ended are the supervisor's times. A started second is a billed one.
            "UPDATE trial SET state = ?3, changed_at = ?4, message = ?5,
                 started_at = coalesce(started_at, ?6), ended_at = ?7, exit_code = ?8,
                 signal = ?9,
                 billed_seconds = max(0, (?7 - coalesce(started_at, ?6) + 999999) / 1000000)
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

fn read(connection: &Connection, run: i64, row: &Row<'_>) -> Result<TrialRecord, StoreError> {
    let time = |column: &str| -> rusqlite::Result<Option<Timestamp>> {
        Ok(row
            .get::<_, Option<i64>>(column)?
            .map(Timestamp::from_micros))
    };
    let number = row.get("number")?;
    let index: String = row.get("space_index")?;
    Ok(TrialRecord {
        number,
        index: index.parse().map_err(|_| StoreError::Unreadable {
            what: "trial index",
            why: format!("`{index}` is no number"),
        })?,
        passed: from_json("trial values", &row.get::<_, String>("passed")?)?,
        argv: from_json("trial arguments", &row.get::<_, String>("argv")?)?,
        state: State::read(row)?,
        stop_wanted: row.get("stop_wanted")?,
        message: row.get("message")?,
        changed_at: Timestamp::from_micros(row.get("changed_at")?),
        started_at: time("started_at")?,
        ended_at: time("ended_at")?,
        exit_code: row.get("exit_code")?,
        signal: row.get("signal")?,
        billed_seconds: row
            .get::<_, Option<i64>>("billed_seconds")?
            .map(i64::unsigned_abs),
        metrics: metrics::last(connection, run, number)?,
    })
}

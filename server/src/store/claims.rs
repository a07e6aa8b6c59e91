//! Taking trials for starting, and finding those that were taken.

use std::collections::HashMap;
use std::sync::Arc;

use rusqlite::{Connection, Row, params};
use sweep_planner::api::{RunSpec, Timestamp};

use super::trials::State;
use super::{Store, StoreError, from_json};

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

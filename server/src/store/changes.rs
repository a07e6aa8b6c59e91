//! Records metrics, state changes and claims of trials in one transaction.

use std::collections::HashMap;

use rusqlite::{Connection, params};
use sweep_planner::api::Timestamp;

use super::error::StoreError;
use super::sql::sql;
use super::waiting_changes::{self, Begun, WaitingChange};
use super::{Claim, Store, bills, claims, metrics, run_end};
use crate::model::metric::NewMetricPoints;
use crate::model::{ActiveTrial, StateChange, TrialKey, TrialState};

/// The result of [`Store::record`].
#[derive(Clone, Debug, Default)]
pub struct RecordOutcome {
    /// Trials that are held from now on, since too many before them failed.
    pub held: Vec<(i64, u32)>,
    /// Runs of which so many trials are held from now on that they are recorded by
    /// [`Store::finish_waiting_change`], and how many.
    pub holding: Vec<(i64, u32)>,
    /// Like `held`, for lack of budget.
    pub held_for_budget: Vec<(i64, u32)>,
    /// Like `holding`, for lack of budget.
    pub holding_for_budget: Vec<(i64, u32)>,
    /// Whether a trial waits for what running ones leave of its budget.
    pub waits_for_budget: bool,
    /// Trials that are to be started.
    pub claimed: Vec<ActiveTrial>,
    /// Trials of which nothing was recorded, and why.
    pub failed: Vec<((i64, u32), String)>,
    /// Why no trials were claimed, if that failed.
    pub unclaimed: Option<String>,
}

impl Store {
    /// Records points, then changes, then claims trials for the slots that are free now, with one
    /// flush of the disk: of each trial all or nothing, so that one of which something cannot be
    /// recorded holds up no other. A trial that has ended changes no more.
    pub async fn record(
        &self,
        points: Vec<NewMetricPoints>,
        changes: Vec<StateChange>,
        claim: Option<Claim>,
    ) -> Result<RecordOutcome, StoreError> {
        self.write(move |connection| {
            let mut recorded = RecordOutcome::default();
            for (key, steps) in group_by_trial(&points, &changes) {
                match in_savepoint(connection, || record_trial(connection, &steps))? {
                    Ok(holds) => recorded.add_holds(holds),
                    Err(error) => recorded.failed.push((key, error.to_string())),
                }
            }
            if let Some(claim) = claim {
                match in_savepoint(connection, || claims::claim_trials(connection, &claim))? {
                    Ok(claimed) => {
                        recorded.claimed = claimed.trials;
                        recorded.waits_for_budget = claimed.waits_for_budget;
                        let (held, holding) = split_holds(claimed.holds);
                        recorded.held_for_budget = held;
                        recorded.holding_for_budget = holding;
                    }
                    Err(error) => recorded.unclaimed = Some(error.to_string()),
                }
            }
            Ok(recorded)
        })
        .await
    }
}

impl RecordOutcome {
    fn add_holds(&mut self, holds: Vec<(i64, Begun)>) {
        let (held, holding) = split_holds(holds);
        self.held.extend(held);
        self.holding.extend(holding);
    }
}

/// The trials that are held, and the runs of which trials are still to be, with how many.
fn split_holds(holds: Vec<(i64, Begun)>) -> (Vec<TrialKey>, Vec<(i64, u32)>) {
    let (mut held, mut holding) = (Vec::new(), Vec::new());
    for (run, begun) in holds {
        match begun {
            Begun::Whole(numbers) => {
                held.extend(numbers.into_iter().map(|number| (run, number)));
            }
            Begun::Marked(trials) => holding.push((run, trials)),
        }
    }
    (held, holding)
}

/// The points and changes to record of one trial.
#[derive(Default)]
struct TrialUpdates<'a> {
    points: Vec<&'a NewMetricPoints>,
    changes: Vec<&'a StateChange>,
}

/// Groups points and changes by trial: first the trials that have only points, then the others in
/// the order of their changes, which decides what counts as failures in a row. O(points and
/// changes).
fn group_by_trial<'a>(
    points: &'a [NewMetricPoints],
    changes: &'a [StateChange],
) -> Vec<((i64, u32), TrialUpdates<'a>)> {
    // The map has no order of its own, so `order` lists the keys as they come.
    let mut all: HashMap<(i64, u32), TrialUpdates<'a>> = HashMap::new();
    let mut order = Vec::new();
    for one in points {
        let key = (one.run, one.number);
        all.entry(key).or_default().points.push(one);
        order.push(key);
    }
    // Keys of changes are appended below, after those of the points.
    for change in changes {
        let key = (change.run, change.number);
        all.entry(key).or_default().changes.push(change);
    }
    // A trial with points and a change is recorded at the place of its change.
    order.retain(|key| all.get(key).is_some_and(|steps| steps.changes.is_empty()));
    order.extend(changes.iter().map(|change| (change.run, change.number)));
    // `remove` yields each trial once, however often its key is listed.
    let taken = order
        .into_iter()
        .filter_map(|key| Some((key, all.remove(&key)?)));
    taken.collect()
}

/// The points first: whoever sees a trial ended sees all that it measured.
fn record_trial(
    connection: &Connection,
    steps: &TrialUpdates<'_>,
) -> Result<Vec<(i64, Begun)>, StoreError> {
    let mut holds = Vec::new();
    for points in &steps.points {
        metrics::insert_points(connection, points)?;
    }
    for change in &steps.changes {
        if change.state == TrialState::Queued {
            requeue(connection, change)?;
        } else if apply_change(connection, change)?
            && let Some(begun) = count_failures(connection, change)?
        {
            holds.push((change.run, begun));
        }
    }
    Ok(holds)
}

/// Runs a part of a job in a savepoint of its own, and rolls back that part alone if it fails. The
/// outer error is one after which SQLite has rolled back the whole transaction.
fn in_savepoint<T>(
    connection: &Connection,
    part: impl FnOnce() -> Result<T, StoreError>,
) -> Result<Result<T, StoreError>, StoreError> {
    let run = |query: &str| connection.prepare_cached(query)?.execute([]);
    run("SAVEPOINT part")?;
    let result = part();
    match result {
        // Some errors, such as a full disk, roll everything back.
        Err(error) if connection.is_autocommit() => return Err(error),
        Err(_) => run("ROLLBACK TO part")?,
        Ok(_) => 0,
    };
    run("RELEASE part")?;
    Ok(result)
}

/// Puts a trial that was claimed and has not started back into the queue; one that is to be
/// stopped is, and one whose run is held meanwhile is held too.
fn requeue(connection: &Connection, change: &StateChange) -> Result<(), StoreError> {
    let at = change.at.micros();
    let mut query =
        connection.prepare_cached("SELECT failures, stop_after FROM run WHERE key = ?1")?;
    let (failures, bound): (u32, u32) =
        query.query_row([change.run], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let (state, message) = if reaches_failure_limit(failures, bound) {
        (TrialState::Held, held_message(failures))
    } else {
        (TrialState::Queued, change.message.clone())
    };
    connection
        .prepare_cached(sql!(
            "UPDATE trial SET state = CASE WHEN stop_wanted THEN {cancelled} ELSE ?5 END,
                 gpus = '[]', changed_at = ?3, ended_at = CASE WHEN stop_wanted THEN ?3 END,
                 message = CASE WHEN stop_wanted THEN 'stopped before it started' ELSE ?4 END
             WHERE run = ?1 AND number = ?2 AND state = {starting}"
        ))?
        .execute(params![change.run, change.number, at, message, state as u8])?;
    run_end::record_run_end(connection, change.run, at)
}

/// Whether a run with so many failures in a row is held.
fn reaches_failure_limit(failures: u32, bound: u32) -> bool {
    bound > 0 && failures >= bound
}

fn held_message(failures: u32) -> String {
    format!("held: {failures} trials in a row failed")
}

/// Stores one change; false if the trial had ended already.
fn apply_change(connection: &Connection, change: &StateChange) -> Result<bool, StoreError> {
    let micros = |time: Option<Timestamp>| time.map(Timestamp::micros);
    let Some(billed) = bills::bill_change(connection, change)? else {
        return Ok(false);
    };
    connection
        .prepare_cached(
            "UPDATE trial SET state = ?3, changed_at = ?4, message = ?5,
                 started_at = coalesce(started_at, ?6), ended_at = ?7, exit_code = ?8,
                 signal = ?9, billed_seconds = ?10
             WHERE run = ?1 AND number = ?2",
        )?
        .execute(params![
            change.run,
            change.number,
            change.state as u8,
            change.at.micros(),
            change.message,
            micros(change.started_at),
            micros(change.ended_at),
            change.exit_code,
            change.signal,
            billed
        ])?;
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
    run_end::record_run_end(connection, change.run, end.micros())?;
    Ok(true)
}

/// Counts failures in a row, in the order in which trials end. At the run's bound the trials that
/// have not started are held, so that a broken machine or a wrong command does not fail all of
/// them.
fn count_failures(
    connection: &Connection,
    change: &StateChange,
) -> Result<Option<Begun>, StoreError> {
    let query = match change.state {
        TrialState::Failed => {
            "UPDATE run SET failures = failures + 1 WHERE key = ?1 RETURNING failures, stop_after"
        }
        TrialState::Succeeded => {
            "UPDATE run SET failures = 0 WHERE key = ?1 RETURNING failures, stop_after"
        }
        _ => return Ok(None),
    };
    let mut count = connection.prepare_cached(query)?;
    let (failures, bound): (u32, u32) =
        count.query_row([change.run], |row| Ok((row.get(0)?, row.get(1)?)))?;
    if !reaches_failure_limit(failures, bound) {
        return Ok(None);
    }
    let before = waiting_changes::query_change(connection, change.run)?;
    if before.is_some_and(|before| before.state != TrialState::Queued) {
        // None of its trials counts as queued any more.
        return Ok(None);
    }
    let hold = WaitingChange {
        state: TrialState::Held,
        at: change.at.micros(),
        message: held_message(failures),
    };
    waiting_changes::begin(connection, change.run, &hold).map(Some)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::model::metric::{MetricSource, NewMetricPoint};
    use crate::model::price::{BillingTerms, billing_terms};
    use crate::model::{Account, LaunchEstimate, NewRun, NewTrials, Viewer};

    fn now() -> Timestamp {
        Timestamp::from_micros(1)
    }

    /// The trials of a command as the wire has it.
    pub(crate) fn new_trials(command: &str) -> NewTrials {
        let request = sweep_planner::api::CreateRun {
            spec: sweep_planner::api::RunSpec {
                run_controller_command: command.to_owned(),
                ..Default::default()
            },
            ..Default::default()
        };
        let checked = sweep_planner::launch::check_request(&request, 1).unwrap();
        NewTrials::new(checked).unwrap()
    }

    /// A store with one account, `u`.
    pub(crate) async fn new_store(folder: &std::path::Path) -> Store {
        let store = Store::open(&folder.join("sweep.db")).unwrap();
        let account = Account {
            id: "u".into(),
            name: "ada".into(),
            salt: Vec::new(),
            key_hash: Vec::new(),
            created_at: now(),
            admin: true,
            revoked_at: None,
        };
        store.insert_account(account).await.unwrap();
        store
    }

    /// A run of so many trials, held after so many failures in a row.
    pub(crate) fn new_run(trials: u32, stop_after: u32) -> NewRun {
        NewRun {
            id: "r".into(),
            cluster: "local".into(),
            name: "r".into(),
            description: String::new(),
            account: "u".into(),
            spec: sweep_planner::api::RunSpec::default(),
            columns: Vec::new(),
            fixed_arguments: None,
            terms: terms(),
            parallel: None,
            priority: 0,
            failure_limit: stop_after,
            cpus: 0,
            gpus: 0,
            awaits_upload: false,
            awaits_fetch: false,
            mounts: Vec::new(),
            script_digest: None,
            created_at: now(),
            trials: new_trials(&format!("a.sh  'range({trials})'")),
            estimate: LaunchEstimate::default(),
            budget: None,
            idempotency_key: None,
        }
    }

    fn terms() -> BillingTerms {
        billing_terms(
            &crate::model::price::Pricing::AsIf,
            sweep_planner::estimate::Catalogue::embedded(),
            "m5a.large",
            false,
        )
    }

    /// A store with a run of so many trials that wait, and the run's key.
    pub(crate) async fn store_with_waiting_run(
        folder: &std::path::Path,
        trials: u32,
        stop_after: u32,
        terms: BillingTerms,
    ) -> (Store, i64) {
        let store = new_store(folder).await;
        let run = NewRun {
            terms,
            ..new_run(trials, stop_after)
        };
        store.create_run(run).await.unwrap();
        let viewer = Viewer::Account("u".into());
        let record = store.run(viewer, "local".into(), "r".into()).await.unwrap();
        (store, record.unwrap().key)
    }

    /// A run of so many trials, all of which are claimed but the last.
    pub(crate) async fn store_with_claimed_run(
        folder: &std::path::Path,
        trials: u32,
        stop_after: u32,
    ) -> (Store, i64) {
        let (store, run) = store_with_waiting_run(folder, trials, stop_after, terms()).await;
        let claim = Claim {
            cluster: "local".into(),
            slots: trials as usize - 1,
            cpus: None,
            gpus: Vec::new(),
            now: now(),
        };
        let recorded = store.record(Vec::new(), Vec::new(), Some(claim)).await;
        assert_eq!(recorded.unwrap().claimed[0].run, run);
        (store, run)
    }

    fn change(run: i64, number: u32, state: TrialState) -> StateChange {
        StateChange {
            run,
            number,
            state,
            at: now(),
            message: "waits for room".into(),
            started_at: None,
            ended_at: state.ended().then_some(now()),
            exit_code: None,
            signal: None,
        }
    }

    #[tokio::test]
    async fn what_is_put_back_into_a_held_run_is_held() {
        for (stop_after, state) in [
            (1, TrialState::Held),
            (2, TrialState::Queued),
            (0, TrialState::Queued),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let (store, run) = store_with_claimed_run(folder.path(), 3, stop_after).await;
            let changes = vec![
                change(run, 0, TrialState::Failed),
                change(run, 1, TrialState::Queued),
            ];
            store.record(Vec::new(), changes, None).await.unwrap();
            let trials = store.trials(run, None, 0, 10).await.unwrap();
            let states: Vec<TrialState> = trials.iter().map(|trial| trial.state).collect();
            assert_eq!(states, [TrialState::Failed, state, state], "{stop_after}");
        }
    }

    #[tokio::test]
    async fn what_cannot_be_recorded_or_read_holds_up_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let (store, run) = store_with_claimed_run(folder.path(), 4, 0).await;
        let damage = "CREATE TRIGGER sick BEFORE INSERT ON metric_point WHEN new.number = 0
                      BEGIN SELECT raise(ABORT, 'sick'); END;
                      UPDATE run SET spec = '{'";
        let database = Connection::open(folder.path().join("sweep.db")).unwrap();
        database.execute_batch(damage).unwrap();
        let points = |number| NewMetricPoints {
            run,
            number,
            source: MetricSource::Output,
            read_to: Some(9),
            replace: false,
            points: vec![NewMetricPoint {
                name: "a".into(),
                step: Some(1.0),
                value: 2.0,
            }],
        };
        let changes = [0, 1, 2].map(|number| change(run, number, TrialState::Succeeded));
        let claim = Claim {
            cluster: "local".into(),
            slots: 1,
            cpus: None,
            gpus: Vec::new(),
            now: now(),
        };
        let recorded = store.record(
            vec![points(0), points(1)],
            changes.into(),
            Some(claim.clone()),
        );
        let recorded = recorded.await.unwrap();
        assert_eq!(recorded.failed.len(), 1, "{recorded:?}");
        assert_eq!(recorded.failed[0].0, (run, 0));
        assert!(recorded.unclaimed.is_some() && recorded.claimed.is_empty());
        let states = |store: Store| async move {
            let trials = store.trials(run, None, 0, 10).await.unwrap();
            trials.iter().map(|trial| trial.state).collect::<Vec<_>>()
        };
        let (done, waits) = (TrialState::Succeeded, TrialState::Queued);
        assert_eq!(
            states(store.clone()).await,
            [TrialState::Starting, done, done, waits]
        );
        let series = crate::store::SeriesWindow {
            names: Vec::new(),
            from: 0,
            to: u64::MAX,
            max_points: 10,
        };
        assert_eq!(store.series(run, 1, series).await.unwrap().len(), 1);
        // Once it can be, it is.
        database
            .execute_batch("DROP TRIGGER sick; UPDATE run SET spec = '{}'")
            .unwrap();
        let changes = vec![change(run, 0, TrialState::Succeeded)];
        let recorded = store.record(vec![points(0)], changes, Some(claim)).await;
        let recorded = recorded.unwrap();
        assert_eq!((recorded.failed.len(), recorded.claimed.len()), (0, 1));
        let starting = TrialState::Starting;
        assert_eq!(states(store).await, [done, done, done, starting]);
    }
}

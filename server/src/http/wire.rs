//! Stored records as the wire shows them.

use sweep_planner::api::{
    Event, Experiment, ExperimentSpec, ExperimentState, ExperimentStatus, Run, RunState, RunStatus,
    SpaceIndex, Timestamp, TrialChanges, TrialRow,
};

use crate::app::App;
use crate::model::names::{experiment_id, experiment_name};
use crate::model::{RunRecord, State, TrialRecord};
use crate::store::StoreError;

/// The billed seconds of a run's attempts until `now`, of those that run too.
pub fn billed_in_all(run: &RunRecord, now: Timestamp) -> u64 {
    let running = run.running_since.iter();
    running
        .map(|since| run.terms.billed(*since, now))
        .fold(run.billed_seconds, u64::saturating_add)
}

/// A run; `brief` leaves the list of its trials empty.
pub fn run(app: &App, record: &RunRecord, brief: bool) -> Run {
    let billed = billed_in_all(record, app.clock.now());
    let mut spec = (*record.spec).clone();
    spec.user_id.clone_from(&record.account);
    spec.desired_state = if record.stop_wanted {
        RunState::Canceled
    } else {
        RunState::Succeeded
    };
    let experiment_ids = if brief {
        Vec::new()
    } else {
        (0..record.trials)
            .map(|number| experiment_id(&record.id, number))
            .collect()
    };
    let state = record.state();
    Run {
        id: record.id.clone(),
        name: record.name.clone(),
        description: record.description.clone(),
        created_at: record.created_at,
        updated_at: record.changed_at,
        spec,
        status: RunStatus {
            phase: state,
            message: run_message(app, record),
            experiment_ids,
            experiment_counts: record.experiment_counts(),
            cost: record.terms.cost(billed),
            hourly_cost: record.terms.hourly(),
            upload_url: String::new(),
            start_timestamp: record.started_at,
            finish_timestamp: if state.ended() { record.ended_at } else { None },
            deleted_timestamp: record.deleted_at,
            columns: record.columns.clone(),
            held: i32::try_from(record.count(State::Held)).unwrap_or(i32::MAX),
            commit: record.fetched.clone().unwrap_or_default(),
        },
    }
}

/// Why a run does not go on, where the state does not say it.
fn run_message(app: &App, record: &RunRecord) -> String {
    let held = record.count(State::Held);
    let waiting = record.count(State::Queued) > 0;
    if record.awaits_upload && !record.state().ended() {
        "waits for the upload of its source".to_owned()
    } else if !record.fetch_failure.is_empty() {
        record.fetch_failure.clone()
    } else if let Some(short) = app.disk.look_if_short().filter(|_| waiting) {
        format!("waits: {}", short.message())
    } else if record.fetched.as_deref() == Some("") && !record.state().ended() {
        "its source is being fetched".to_owned()
    } else if held > 0 {
        format!("{held} trials are held, since too many before them failed in a row")
    } else {
        String::new()
    }
}

/// What a trial has been billed for until `now`.
fn billed(run: &RunRecord, trial: &TrialRecord, now: Timestamp) -> Option<u64> {
    if trial.state == State::Running {
        return trial.started_at.map(|start| run.terms.billed(start, now));
    }
    trial.billed_seconds
}

fn cost(run: &RunRecord, trial: &TrialRecord, now: Timestamp) -> Option<f64> {
    billed(run, trial, now).and_then(|seconds| run.terms.cost(seconds))
}

/// A trial as a row of a table, as it is `now`.
pub fn row(run: &RunRecord, trial: &TrialRecord, now: Timestamp) -> TrialRow {
    TrialRow {
        id: experiment_id(&run.id, trial.number),
        name: experiment_name(&run.name, trial.number),
        number: trial.number,
        index: SpaceIndex(trial.index),
        values: trial.passed.clone(),
        state: trial.state.to_wire(),
        message: trial.message.clone(),
        start_timestamp: trial.started_at,
        finish_timestamp: trial.ended_at,
        exit_code: trial.exit_code,
        signal: trial.signal,
        billed_seconds: billed(run, trial, now),
        cost: cost(run, trial, now),
        metrics: trial.metrics.clone(),
        attempt: trial.attempt,
    }
}

/// A trial as Grid's client reads it, as it is `now`.
pub fn experiment(run: &RunRecord, trial: &TrialRecord, now: Timestamp) -> Experiment {
    let spec = &run.spec;
    Experiment {
        id: experiment_id(&run.id, trial.number),
        name: experiment_name(&run.name, trial.number),
        description: String::new(),
        created_at: run.created_at,
        updated_at: trial.changed_at,
        spec: ExperimentSpec {
            command: trial.argv.clone(),
            cluster_id: run.cluster.clone(),
            run_id: run.id.clone(),
            run_controller_id: String::new(),
            desired_state: if trial.stop_wanted {
                ExperimentState::Cancelled
            } else {
                ExperimentState::Succeeded
            },
            dry_run: false,
            env: spec.env.clone(),
            image: spec.image.clone(),
            instance_type: spec.instance_type.clone(),
            resources: spec.resources.clone(),
            scratch: spec.scratch.clone(),
            datastores: spec.datastores.clone(),
            source_code: spec.source_code.clone(),
            use_spot: spec.use_spot,
            auto_resume: spec.auto_resume,
            actions: spec.actions.clone(),
            user_id: run.account.clone(),
        },
        status: ExperimentStatus {
            phase: trial.state.to_wire(),
            message: trial.message.clone(),
            cost: cost(run, trial, now),
            hourly_cost: run.terms.hourly(),
            start_timestamp: trial.started_at,
            finish_timestamp: trial.ended_at,
            deleted_timestamp: None,
            index: Some(SpaceIndex(trial.index)),
            exit_code: trial.exit_code,
            signal: trial.signal,
            metrics: trial.metrics.clone(),
            attempts: Vec::new(),
            datastores: None,
        },
    }
}

/// Above so many changed trials, watchers are told to read again instead.
const ANNOUNCED_MAX: usize = 200;

/// Tells those who watch how a run and some of its trials are now.
pub async fn publish(app: &App, run_key: i64, numbers: Vec<u32>) -> Result<(), StoreError> {
    if !app.events.heard() {
        app.events.unheard();
        return Ok(());
    }
    let Some(record) = app.store.run_by_key(run_key).await? else {
        return Ok(());
    };
    if numbers.len() > ANNOUNCED_MAX {
        app.events.publish(&Event::Reload);
    } else if !numbers.is_empty() {
        let trials = app.store.trials_numbered(run_key, numbers).await?;
        let now = app.clock.now();
        app.events.publish(&Event::Trials(TrialChanges {
            cluster_id: record.cluster.clone(),
            run_id: record.id.clone(),
            trials: trials
                .iter()
                .map(|trial| row(&record, trial, now))
                .collect(),
        }));
    }
    app.events
        .publish(&Event::Run(Box::new(run(app, &record, true))));
    Ok(())
}

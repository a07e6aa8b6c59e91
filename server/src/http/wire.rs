//! Stored records as the wire shows them.

use sweep_planner::api::{
    Actions, Artifact, Availability, Cluster, ClusterSpec, ClusterState, ClusterStatus,
    ClusterType, Datastore, DatastoreSpec, DatastoreStatus, Experiment, ExperimentSpec,
    ExperimentState, ExperimentStatus, InstanceType, Int64, Run, RunSpec, RunState, RunStates,
    RunStatus, Scalar, SpaceIndex, Timestamp, TrialRow, TrialsInState, User, UserStatus,
};
use sweep_planner::estimate::{Catalogue, Machine};
use sweep_planner::sweep::Ranges;

use crate::app::App;
use crate::config::ClusterConfig;
use crate::model::names::{experiment_id, experiment_name};
use crate::model::price::billing_terms;
use crate::model::{Account, RunRecord, TrialRecord, TrialState, Viewer};
use crate::sources::{ArtifactFile, datastores};
use crate::store::StateSpan;
use crate::system::clock;
use crate::upkeep::disk::LowSpace;

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Billed seconds of all attempts of a run, counting those that still run until `now`.
pub fn billed_seconds_so_far(run: &RunRecord, now: Timestamp) -> u64 {
    let running = run.running_since.iter();
    running
        .map(|since| run.terms.billed_seconds(*since, now))
        .fold(run.billed_seconds, u64::saturating_add)
}

/// In place of the value of another account's environment variable.
pub const HIDDEN_VALUE: &str = "(hidden)";

/// The environment variables of a run: an administrator sees only the names of others'.
fn environment(viewer: &Viewer, run: &RunRecord) -> BTreeMap<String, Scalar> {
    if viewer.owns(run) {
        return run.spec.env.clone();
    }
    let names = run.spec.env.keys();
    names
        .map(|name| (name.clone(), Scalar(HIDDEN_VALUE.to_owned())))
        .collect()
}

/// A run without the list of its trials, which may be long: [`super::run_answers`] writes it.
pub fn run_to_wire(app: &App, viewer: &Viewer, record: &RunRecord) -> Run {
    let mut spec = (*record.spec).clone();
    spec.user_id.clone_from(&record.account);
    spec.env = environment(viewer, record);
    spec.desired_state = desired_state(record);
    Run {
        id: record.id.clone(),
        name: record.name.clone(),
        description: record.description.clone(),
        created_at: record.created_at,
        updated_at: record.changed_at,
        spec,
        status: RunStatus {
            columns: record.columns.clone(),
            fixed_arguments: record.fixed_arguments.clone(),
            ..run_status(app, record)
        },
    }
}

/// A run as its changes are announced: without what was settled at its launch.
pub fn run_to_event(app: &App, record: &RunRecord) -> Run {
    Run {
        id: record.id.clone(),
        name: record.name.clone(),
        description: String::new(),
        created_at: record.created_at,
        updated_at: record.changed_at,
        spec: RunSpec {
            cluster_id: record.cluster.clone(),
            desired_state: desired_state(record),
            user_id: record.account.clone(),
            ..RunSpec::default()
        },
        status: run_status(app, record),
    }
}

fn desired_state(record: &RunRecord) -> RunState {
    if record.stop_wanted {
        RunState::Canceled
    } else {
        RunState::Succeeded
    }
}

/// What became of a run, without the lists that never change.
fn run_status(app: &App, record: &RunRecord) -> RunStatus {
    let billed = billed_seconds_so_far(record, app.clock.now());
    let state = record.state();
    RunStatus {
        phase: state,
        message: run_status_message(app, record),
        experiment_ids: Vec::new(),
        experiment_counts: record.experiment_counts(),
        cost: record.terms.cost(billed),
        hourly_cost: record.terms.usd_per_hour(),
        upload_url: String::new(),
        start_timestamp: record.started_at,
        finish_timestamp: if state.has_ended() {
            record.ended_at
        } else {
            None
        },
        deleted_timestamp: record.deleted_at,
        columns: Vec::new(),
        fixed_arguments: None,
        held: i32::try_from(record.count(TrialState::Held)).unwrap_or(i32::MAX),
        commit: record.fetched_commit.clone().unwrap_or_default(),
    }
}

/// Why a run makes no progress, where its state does not show it, and what of its request is not done
/// here; else empty.
fn run_status_message(app: &App, record: &RunRecord) -> String {
    let (progress, undone) = (progress_message(app, record), undone_message(&record.spec));
    let separator = if progress.is_empty() || undone.is_empty() {
        ""
    } else {
        "; "
    };
    [progress.as_str(), separator, &undone].concat()
}

/// What Grid did around its images and this server, which has none, does not.
fn undone_message(spec: &RunSpec) -> String {
    let image = &spec.image;
    let dependencies = image.dependency_file_info.as_ref();
    let members = [
        ("actions", spec.actions != Actions::default()),
        ("dockerfile", !image.dockerfile.is_empty()),
        (
            "dependency file",
            dependencies.is_some_and(|file| !file.path.is_empty()),
        ),
    ];
    let asked: Vec<&str> = members
        .into_iter()
        .filter_map(|(name, asked)| asked.then_some(name))
        .collect();
    if asked.is_empty() {
        return String::new();
    }
    format!(
        "not done, since this server builds no images: {}",
        asked.join(", ")
    )
}

fn progress_message(app: &App, record: &RunRecord) -> String {
    let held = record.count(TrialState::Held);
    let waiting = record.count(TrialState::Queued) > 0;
    if record.awaits_upload && !record.state().has_ended() {
        "waits for the upload of its source".to_owned()
    } else if !record.fetch_failure.is_empty() {
        record.fetch_failure.clone()
    } else if let Some(short) = app.disk.recheck_if_low().filter(|_| waiting) {
        format!("waits: {}", short.message())
    } else if record.fetched_commit.as_deref() == Some("") && !record.state().has_ended() {
        "its source is being fetched".to_owned()
    } else if held > 0 && record.spec.sweep_options.pilot.is_some() {
        pilot_message(record, held)
    } else if held > 0 {
        format!("{held} trials are held, since too many before them failed in a row")
    } else {
        String::new()
    }
}

/// Why trials of a pilot run are held. As long as all of them are that are no pilot's, none of these was
/// released.
fn pilot_message(record: &RunRecord, held: u32) -> String {
    let pilot = record.spec.sweep_options.pilot.as_ref();
    let pilot = pilot.and_then(|pilot| pilot.as_str().parse::<Ranges>().ok());
    let others = pilot.map(|pilot| u128::from(record.trials).saturating_sub(pilot.len()));
    match (others == Some(held.into()), held) {
        (true, 1) => "1 trial waits for your yes: pilot".to_owned(),
        (true, _) => format!("{held} trials wait for your yes: pilot"),
        (false, 1) => "1 trial is held until it is released".to_owned(),
        (false, _) => format!("{held} trials are held until they are released"),
    }
}

/// Billed seconds of a trial's last attempt, until `now` if it still runs.
fn trial_billed_seconds(run: &RunRecord, trial: &TrialRecord, now: Timestamp) -> Option<u64> {
    if trial.state == TrialState::Running {
        return trial
            .started_at
            .map(|start| run.terms.billed_seconds(start, now));
    }
    trial.billed_seconds
}

fn trial_cost(run: &RunRecord, trial: &TrialRecord, now: Timestamp) -> Option<f64> {
    trial_billed_seconds(run, trial, now).and_then(|seconds| run.terms.cost(seconds))
}

/// A trial as a row of a table, as it is `now`.
pub fn trial_to_row(run: &RunRecord, trial: &TrialRecord, now: Timestamp) -> TrialRow {
    TrialRow {
        id: experiment_id(&run.id, trial.number),
        name: experiment_name(&run.name, trial.number),
        number: trial.number,
        index: SpaceIndex(trial.index),
        values: trial.values.clone(),
        state: trial.state.to_wire(),
        message: trial.message.clone(),
        start_timestamp: trial.started_at,
        finish_timestamp: trial.ended_at,
        exit_code: trial.exit_code,
        signal: trial.signal,
        billed_seconds: trial_billed_seconds(run, trial, now),
        cost: trial_cost(run, trial, now),
        metrics: trial.metrics.clone(),
        attempt: trial.attempt,
    }
}

/// A trial with its script and arguments as Grid's client reads it, as it is `now`.
pub fn trial_to_experiment(
    viewer: &Viewer,
    run: &RunRecord,
    trial: &TrialRecord,
    command: Vec<String>,
    now: Timestamp,
) -> Experiment {
    let spec = &run.spec;
    Experiment {
        id: experiment_id(&run.id, trial.number),
        name: experiment_name(&run.name, trial.number),
        description: String::new(),
        created_at: run.created_at,
        updated_at: trial.changed_at,
        spec: ExperimentSpec {
            command,
            cluster_id: run.cluster.clone(),
            run_id: run.id.clone(),
            run_controller_id: String::new(),
            desired_state: if trial.stop_wanted {
                ExperimentState::Cancelled
            } else {
                ExperimentState::Succeeded
            },
            dry_run: false,
            env: environment(viewer, run),
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
            cost: trial_cost(run, trial, now),
            hourly_cost: run.terms.usd_per_hour(),
            start_timestamp: trial.started_at,
            finish_timestamp: trial.ended_at,
            deleted_timestamp: None,
            index: Some(SpaceIndex(trial.index)),
            exit_code: trial.exit_code,
            signal: trial.signal,
            metrics: trial.metrics.clone(),
            attempts: Vec::new(),
            datastores: None,
            execution: None,
        },
    }
}

/// The states of a run's trials from a number on.
pub fn states(run: &RunRecord, stretches: &[StateSpan], from: u32) -> RunStates {
    let states = TrialState::ALL
        .into_iter()
        .filter(|state| run.count(*state) > 0)
        .map(|state| TrialsInState {
            state: state.to_wire(),
            count: run.count(state),
            trials: format_ranges(stretches.iter().filter(|stretch| stretch.state == state)),
        });
    let next = stretches.last().map_or(from, |stretch| stretch.last + 1);
    RunStates {
        id: run.id.clone(),
        trials: run.trials,
        states: states.collect(),
        next: (next < run.trials).then_some(next),
    }
}

/// As `sweepOptions.trials` writes them: `0-3,7`.
fn format_ranges<'a>(stretches: impl Iterator<Item = &'a StateSpan>) -> String {
    let mut text = String::new();
    for StateSpan { first, last, .. } in stretches {
        let comma = if text.is_empty() { "" } else { "," };
        // Writing to a text cannot fail.
        let _ = if first == last {
            write!(text, "{comma}{first}")
        } else {
            write!(text, "{comma}{first}-{last}")
        };
    }
    text
}

/// A file that a trial made; `url`: where it can be read.
pub fn artifact(file: &ArtifactFile, url: String) -> Artifact {
    Artifact {
        filename: file.name.clone(),
        url,
        size_bytes: Int64(i64::try_from(file.size).unwrap_or(i64::MAX)),
        md5_checksum: String::new(),
        last_modified: Some(file.modified),
    }
}

/// A cluster.
pub fn cluster(app: &App, name: &str, settings: &ClusterConfig) -> Cluster {
    Cluster {
        id: name.to_owned(),
        name: name.to_owned(),
        created_at: app.first_used_at,
        spec: ClusterSpec {
            cluster_type: ClusterType::Global,
            desired_state: ClusterState::Running,
            engine: settings.engine.to_string(),
            price: settings.price.to_wire(),
        },
        status: ClusterStatus {
            phase: ClusterState::Running,
            slots: Some(settings.slots()),
            message: {
                let mut parts = app.stalls(Some(name));
                parts.extend(app.disk.check_space().map(LowSpace::message));
                parts.join("; ")
            },
        },
    }
}

/// A machine as trials of a cluster are priced; `None` if its price is not known.
pub fn instance_type(
    settings: &ClusterConfig,
    catalogue: &Catalogue,
    machine: &Machine,
    spot: bool,
) -> Option<InstanceType> {
    let terms = billing_terms(&settings.price, catalogue, &machine.name, spot);
    let hourly_cost = terms.usd_per_hour()?;
    Some(InstanceType {
        name: machine.name.clone(),
        cpu: Int64(machine.vcpus.unwrap_or(0).into()),
        gpu: Int64(machine.gpu_count.into()),
        memory: machine
            .memory_gb
            .map_or_else(String::new, |memory| memory.to_string()),
        spot,
        hourly_cost,
        availability: Availability::Available,
        overprovisioned_ondemand_count: 0,
    })
}

/// A datastore as one of a cluster; its files are counted the first time.
pub fn datastore(
    app: &App,
    account: &Account,
    cluster: &str,
    datastore: &datastores::Datastore,
) -> Datastore {
    let mib = app.datastores.size_bytes(datastore).div_ceil(1 << 20);
    let modified = std::fs::metadata(&datastore.folder).and_then(|meta| meta.modified());
    let made = modified.map_or(Timestamp::from_micros(0), clock::to_timestamp);
    Datastore {
        id: datastore.id(),
        name: datastore.name.clone(),
        created_at: made,
        updated_at: made,
        spec: DatastoreSpec {
            cluster_id: cluster.to_owned(),
            version: i32::try_from(datastore.version).unwrap_or(i32::MAX),
            size_mib: Int64(i64::try_from(mib).unwrap_or(i64::MAX)),
            source: String::new(),
            source_type: "DATASTORE_SOURCE_TYPE_EXPANDED_FILES".to_owned(),
            user_id: account.id.clone(),
        },
        status: DatastoreStatus {
            phase: "DATASTORE_OPTIMIZATION_STATUS_SUCCEEDED".to_owned(),
            message: String::new(),
        },
    }
}

/// An account as a user.
pub fn user(account: &Account) -> User {
    User {
        id: account.id.clone(),
        username: account.name.clone(),
        status: UserStatus {
            verified: true,
            completed_signup: true,
            installed_grid: true,
            verified_at: Some(account.created_at),
        },
        ..User::default()
    }
}

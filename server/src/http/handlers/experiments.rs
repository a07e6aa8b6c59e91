//! Trials by Grid's name for them.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use sweep_planner::api::{
    Experiment, ExperimentList, ExperimentState, SeriesList, UpdateExperiment, paths,
};

use super::find_cluster;
use crate::app::App;
use crate::http::error::ApiError;
use crate::http::extract::{ClusterPath, ExperimentPath, JsonBody, PathParam, QueryParams};
use crate::http::openapi::tags;
use crate::http::wire;
use crate::model::{RunRecord, TrialRecord, TrialState, Viewer, names};
use crate::runner::metrics::unread::read_unread;
use crate::runner::protocol::TrialFolder;
use crate::store::SeriesWindow;

/// How many points of a metric are answered where the call does not say, and at most.
const SERIES_POINTS: u64 = 1_000;
const SERIES_POINTS_MAX: u64 = 10_000;
/// How much a list of experiments answers at most, in bytes of JSON.
const LIST_BYTES_MAX: usize = 32 << 20;

/// Experiments by their names.
///
/// Names that do not exist are left out.
#[utoipa::path(
    get,
    path = paths::EXPERIMENTS,
    operation_id = "listExperiments",
    tag = tags::EXPERIMENTS,
    params(
        ClusterPath,
        ("names" = Option<Vec<String>>, Query, description = "`<run>-expN`; repeatable."),
    ),
    responses((status = 200, description = "The experiments.", body = ExperimentList)),
)]
pub async fn list(
    State(app): State<Arc<App>>,
    viewer: Viewer,
    PathParam(ClusterPath { cluster: name }): PathParam<ClusterPath>,
    params: QueryParams,
) -> Result<Response, ApiError> {
    find_cluster(&app, &name)?;
    let (mut experiments, mut bytes) = (Vec::new(), 0);
    for asked in params.get_all("names") {
        let Some((run, number)) = names::parse_experiment_name(asked) else {
            continue;
        };
        let run = app
            .store
            .run_by_name(viewer.clone(), name.clone(), run.to_owned())
            .await?;
        let Some(run) = run else { continue };
        if let Some(trial) = app.store.trial(run.key, number).await?
            && trial.state != TrialState::Deleted
        {
            let experiment = to_experiment(&app, &viewer, &run, &trial).await?;
            bytes += serde_json::to_vec(&experiment).map_or(0, |json| json.len());
            if bytes > LIST_BYTES_MAX {
                return Err(ApiError::Invalid(format!(
                    "These experiments have more than {} MiB of arguments and settings together. \
                     Ask for fewer names at once.",
                    LIST_BYTES_MAX >> 20
                )));
            }
            experiments.push(experiment);
        }
    }
    let write = move || Json(ExperimentList { experiments }).into_response();
    Ok(tokio::task::spawn_blocking(write).await?)
}

/// One experiment. One that does not exist is a 404 without a message in `details`.
#[utoipa::path(
    get,
    path = paths::EXPERIMENT,
    operation_id = "getExperiment",
    tag = tags::EXPERIMENTS,
    params(ExperimentPath),
    responses((status = 200, description = "The experiment.", body = Experiment)),
)]
pub async fn get(
    State(app): State<Arc<App>>,
    viewer: Viewer,
    PathParam(ExperimentPath {
        cluster: name,
        experiment: id,
    }): PathParam<ExperimentPath>,
) -> Result<Json<Experiment>, ApiError> {
    let (run, trial) = find(&app, &viewer, name, &id).await?;
    let mut experiment = to_experiment(&app, &viewer, &run, &trial).await?;
    if trial.attempt > 0 {
        experiment.status.attempts = app.store.attempts(run.key, trial.number).await?;
    }
    let folder = TrialFolder::for_attempt(&app.config.data, &run.id, trial.number, trial.attempt);
    let started = app.file_reads.run(move || folder.read_start()).await;
    // None where it has not started yet, or is long cleared away.
    if let Some(start) = started.ok().and_then(|read| read.ok().flatten()) {
        experiment.status.datastores = start.datastores;
        experiment.status.execution = start.execution;
    }
    Ok(Json(experiment))
}

/// Stops an experiment, if `spec.desiredState` is `EXPERIMENT_STATE_CANCELLED`.
#[utoipa::path(
    put,
    path = paths::EXPERIMENT,
    operation_id = "updateExperiment",
    tag = tags::EXPERIMENTS,
    params(ExperimentPath),
    request_body = UpdateExperiment,
    responses((status = 200, description = "The experiment.", body = Experiment)),
)]
pub async fn update(
    State(app): State<Arc<App>>,
    viewer: Viewer,
    PathParam(ExperimentPath {
        cluster: name,
        experiment: id,
    }): PathParam<ExperimentPath>,
    JsonBody(update): JsonBody<UpdateExperiment>,
) -> Result<Json<Experiment>, ApiError> {
    let (run, trial) = find(&app, &viewer, name.clone(), &id).await?;
    match update.spec.desired_state {
        ExperimentState::Cancelled => {
            let (number, now) = (trial.number, app.clock.now());
            let changed = app.store.stop_trial(run.key, number, now).await?;
            app.wake_dispatcher(&run.cluster);
            if changed {
                app.announce(run.key, vec![number]).await?;
            }
        }
        // What every client sends back when it means no change.
        ExperimentState::Succeeded | ExperimentState::Unspecified => {}
        other => {
            return Err(ApiError::Invalid(format!(
                "An experiment cannot be brought to {}; EXPERIMENT_STATE_CANCELLED stops it.",
                other.as_str()
            )));
        }
    }
    let (run, trial) = find(&app, &viewer, name, &id).await?;
    Ok(Json(to_experiment(&app, &viewer, &run, &trial).await?))
}

/// Hides an experiment that has ended.
#[utoipa::path(
    delete,
    path = paths::EXPERIMENT,
    operation_id = "deleteExperiment",
    tag = tags::EXPERIMENTS,
    params(ExperimentPath),
    responses((status = 200, description = "Hidden.", body = Object)),
)]
pub async fn delete(
    State(app): State<Arc<App>>,
    viewer: Viewer,
    PathParam(ExperimentPath {
        cluster: name,
        experiment: id,
    }): PathParam<ExperimentPath>,
) -> Result<Json<Value>, ApiError> {
    let (run, trial) = find(&app, &viewer, name, &id).await?;
    if !app
        .store
        .delete_trial(run.key, trial.number, app.clock.now())
        .await?
    {
        return Err(ApiError::Conflict(
            "This experiment has not ended. Stop it before deleting it.".to_owned(),
        ));
    }
    app.announce(run.key, vec![trial.number]).await?;
    Ok(Json(json!({})))
}

/// Metrics of an experiment over their steps (ours).
#[utoipa::path(
    get,
    path = paths::METRICS,
    operation_id = "listMetrics",
    tag = tags::EXPERIMENTS,
    params(
        ExperimentPath,
        ("name" = Option<Vec<String>>, Query, description = "Only these metrics; repeatable."),
        (
            "points" = Option<u64>,
            Query,
            description = "Points of each metric: 1000 where absent, at least 5, at most 10000, and of \
                           all metrics together at most 100000. Where there are more: the first, \
                           the last and, of each of equal intervals between them, the smallest, the \
                           largest and the first NaN.",
        ),
        ("from" = Option<u64>, Query, description = "Only points with at least so many before them."),
        ("to" = Option<u64>, Query, description = "Only points with fewer than so many before them."),
    ),
    responses((status = 200, description = "The metrics.", body = SeriesList)),
)]
pub async fn metrics(
    State(app): State<Arc<App>>,
    viewer: Viewer,
    PathParam(ExperimentPath {
        cluster: name,
        experiment: id,
    }): PathParam<ExperimentPath>,
    params: QueryParams,
) -> Result<Json<SeriesList>, ApiError> {
    let (run, trial) = find(&app, &viewer, name, &id).await?;
    let window = SeriesWindow {
        names: params.get_all("name").map(str::to_owned).collect(),
        from: params.parse_first("from")?.unwrap_or(0),
        to: params.parse_first("to")?.unwrap_or(u64::MAX),
        max_points: params
            .parse_first("points")?
            .unwrap_or(SERIES_POINTS)
            .clamp(5, SERIES_POINTS_MAX),
    };
    let series = app.store.series(run.key, trial.number, window).await?;
    let folder = TrialFolder::for_attempt(&app.config.data, &run.id, trial.number, trial.attempt);
    let read = app.file_reads.run(move || read_unread(&folder)).await;
    let unread = read.unwrap_or_default();
    Ok(Json(SeriesList { series, unread }))
}

async fn to_experiment(
    app: &App,
    viewer: &Viewer,
    run: &RunRecord,
    trial: &TrialRecord,
) -> Result<Experiment, ApiError> {
    let command = app.store.trial_argv(run.key, trial.number).await?;
    let now = app.clock.now();
    Ok(wire::trial_to_experiment(viewer, run, trial, command, now))
}

/// A trial and its run by the trial's id; 404 also where the run is not to be seen by the viewer.
pub async fn find(
    app: &App,
    viewer: &Viewer,
    name: String,
    id: &str,
) -> Result<(RunRecord, TrialRecord), ApiError> {
    find_cluster(app, &name)?;
    let (run, number) = names::parse_experiment_id(id).ok_or(ApiError::ExperimentNotFound)?;
    let run = app
        .store
        .run(viewer.clone(), name, run.to_owned())
        .await?
        .ok_or(ApiError::ExperimentNotFound)?;
    let trial = app.store.trial(run.key, number).await?;
    let trial = trial.filter(|trial| trial.state != TrialState::Deleted);
    trial
        .map(|trial| (run, trial))
        .ok_or(ApiError::ExperimentNotFound)
}

//! Trials by Grid's name for them.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};
use sweep_planner::api::{
    Experiment, ExperimentList, ExperimentState, SeriesList, UpdateExperiment,
};

use super::find_cluster;
use crate::app::App;
use crate::http::error::ApiError;
use crate::http::extract::{JsonBody, PathParam, QueryParams};
use crate::http::wire;
use crate::model::{RunRecord, TrialRecord, TrialState, names};
use crate::runner::protocol::TrialFolder;
use crate::store::SeriesWindow;

/// How many points of a metric are answered where the call does not say, and at most.
const SERIES_POINTS: u64 = 1_000;
const SERIES_POINTS_MAX: u64 = 10_000;

/// `GET /v1/core/{cluster}/experiments?names=…`.
pub async fn list(
    State(app): State<Arc<App>>,
    PathParam(name): PathParam<String>,
    params: QueryParams,
) -> Result<Json<ExperimentList>, ApiError> {
    find_cluster(&app, &name)?;
    let mut experiments = Vec::new();
    for asked in params.get_all("names") {
        let Some((run, number)) = names::parse_experiment_name(asked) else {
            continue;
        };
        let run = app.store.run_by_name(name.clone(), run.to_owned()).await?;
        let Some(run) = run else { continue };
        if let Some(trial) = app.store.trial(run.key, number).await?
            && trial.state != TrialState::Deleted
        {
            experiments.push(wire::trial_to_experiment(&run, &trial, app.clock.now()));
        }
    }
    Ok(Json(ExperimentList { experiments }))
}

/// `GET /v1/core/{cluster}/experiments/{experiment}`.
pub async fn get(
    State(app): State<Arc<App>>,
    PathParam((name, id)): PathParam<(String, String)>,
) -> Result<Json<Experiment>, ApiError> {
    let (run, trial) = find(&app, name, &id).await?;
    let mut experiment = wire::trial_to_experiment(&run, &trial, app.clock.now());
    if trial.attempt > 0 {
        experiment.status.attempts = app.store.attempts(run.key, trial.number).await?;
    }
    if !run.spec.datastores.is_empty() {
        let folder =
            TrialFolder::for_attempt(&app.config.data, &run.id, trial.number, trial.attempt);
        let started = tokio::task::spawn_blocking(move || folder.read_start()).await?;
        // Not yet started, or long cleared away.
        experiment.status.datastores = started.ok().flatten().and_then(|note| note.datastores);
    }
    Ok(Json(experiment))
}

/// `PUT /v1/core/{cluster}/experiments/{experiment}`: a wish for `EXPERIMENT_STATE_CANCELLED`
/// stops it.
pub async fn update(
    State(app): State<Arc<App>>,
    PathParam((name, id)): PathParam<(String, String)>,
    JsonBody(update): JsonBody<UpdateExperiment>,
) -> Result<Json<Experiment>, ApiError> {
    let (run, trial) = find(&app, name.clone(), &id).await?;
    match update.spec.desired_state {
        ExperimentState::Cancelled => {
            app.store
                .stop_trial(run.key, trial.number, app.clock.now())
                .await?;
            app.wake_dispatcher(&run.cluster);
            app.announce(run.key, vec![trial.number]).await?;
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
    let (run, trial) = find(&app, name, &id).await?;
    Ok(Json(wire::trial_to_experiment(
        &run,
        &trial,
        app.clock.now(),
    )))
}

/// `DELETE /v1/core/{cluster}/experiments/{experiment}`: hides one that has ended.
pub async fn delete(
    State(app): State<Arc<App>>,
    PathParam((name, id)): PathParam<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    let (run, trial) = find(&app, name, &id).await?;
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

/// `GET /v1/core/{cluster}/experiments/{experiment}/metrics`.
pub async fn metrics(
    State(app): State<Arc<App>>,
    PathParam((name, id)): PathParam<(String, String)>,
    params: QueryParams,
) -> Result<Json<SeriesList>, ApiError> {
    let (run, trial) = find(&app, name, &id).await?;
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
    Ok(Json(SeriesList { series }))
}

/// A trial and its run by the trial's id.
pub async fn find(app: &App, name: String, id: &str) -> Result<(RunRecord, TrialRecord), ApiError> {
    find_cluster(app, &name)?;
    let (run, number) = names::parse_experiment_id(id).ok_or(ApiError::ExperimentNotFound)?;
    let run = app
        .store
        .run(name, run.to_owned())
        .await?
        .ok_or(ApiError::ExperimentNotFound)?;
    let trial = app.store.trial(run.key, number).await?;
    let trial = trial.filter(|trial| trial.state != TrialState::Deleted);
    trial
        .map(|trial| (run, trial))
        .ok_or(ApiError::ExperimentNotFound)
}

//! Trials by Grid's name for them.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};
use sweep_planner::api::{
    Experiment, ExperimentList, ExperimentState, SeriesList, UpdateExperiment,
};

use super::cluster;
use crate::app::App;
use crate::http::error::ApiError;
use crate::http::extract::{At, Body, Params};
use crate::http::wire;
use crate::model::{RunRecord, State as TrialState, TrialRecord, names};
use crate::runner::protocol::Folder;
use crate::store::Window;

/// How many points of a metric are answered where the call does not say, and at most.
const SERIES_POINTS: u64 = 1_000;
const SERIES_POINTS_MAX: u64 = 10_000;

/// `GET /v1/core/{cluster}/experiments?names=…`.
pub async fn list(
    State(app): State<Arc<App>>,
    At(name): At<String>,
    params: Params,
) -> Result<Json<ExperimentList>, ApiError> {
    cluster(&app, &name)?;
    let mut experiments = Vec::new();
    for asked in params.all("names") {
        let Some((run, number)) = names::parse_experiment_name(asked) else {
            continue;
        };
        let run = app.store.run_named(name.clone(), run.to_owned()).await?;
        let Some(run) = run else { continue };
        if let Some(trial) = app.store.trial(run.key, number).await?
            && trial.state != TrialState::Deleted
        {
            experiments.push(wire::experiment(&run, &trial, app.clock.now()));
        }
    }
    Ok(Json(ExperimentList { experiments }))
}

/// `GET /v1/core/{cluster}/experiments/{experiment}`.
pub async fn get(
    State(app): State<Arc<App>>,
    At((name, id)): At<(String, String)>,
) -> Result<Json<Experiment>, ApiError> {
    let (run, trial) = find(&app, name, &id).await?;
    let mut experiment = wire::experiment(&run, &trial, app.clock.now());
    if trial.attempt > 0 {
        experiment.status.attempts = app.store.attempts(run.key, trial.number).await?;
    }
    if !run.spec.datastores.is_empty() {
        let folder = Folder::of(&app.config.data, &run.id, trial.number, trial.attempt);
        let started = tokio::task::spawn_blocking(move || folder.started()).await?;
        // Not yet started, or long cleared away.
        experiment.status.datastores = started.ok().flatten().and_then(|note| note.datastores);
    }
    Ok(Json(experiment))
}

/// `PUT /v1/core/{cluster}/experiments/{experiment}`: a wish for `EXPERIMENT_STATE_CANCELLED`
/// stops it.
pub async fn update(
    State(app): State<Arc<App>>,
    At((name, id)): At<(String, String)>,
    Body(update): Body<UpdateExperiment>,
) -> Result<Json<Experiment>, ApiError> {
    let (run, trial) = find(&app, name.clone(), &id).await?;
    match update.spec.desired_state {
        ExperimentState::Cancelled => {
            app.store
                .stop_trial(run.key, trial.number, app.clock.now())
                .await?;
            app.wake(&run.cluster);
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
    Ok(Json(wire::experiment(&run, &trial, app.clock.now())))
}

/// `DELETE /v1/core/{cluster}/experiments/{experiment}`: hides one that has ended.
pub async fn delete(
    State(app): State<Arc<App>>,
    At((name, id)): At<(String, String)>,
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
    At((name, id)): At<(String, String)>,
    params: Params,
) -> Result<Json<SeriesList>, ApiError> {
    let (run, trial) = find(&app, name, &id).await?;
    let window = Window {
        names: params.all("name").map(str::to_owned).collect(),
        from: params.read("from")?.unwrap_or(0),
        to: params.read("to")?.unwrap_or(u64::MAX),
        most: params
            .read("points")?
            .unwrap_or(SERIES_POINTS)
            .clamp(5, SERIES_POINTS_MAX),
    };
    let series = app.store.series(run.key, trial.number, window).await?;
    Ok(Json(SeriesList { series }))
}

/// A trial and its run by the trial's id.
pub async fn find(app: &App, name: String, id: &str) -> Result<(RunRecord, TrialRecord), ApiError> {
    cluster(app, &name)?;
    let (run, number) = names::parse_experiment_id(id).ok_or(ApiError::NoExperiment)?;
    let run = app
        .store
        .run(name, run.to_owned())
        .await?
        .ok_or(ApiError::NoExperiment)?;
    let trial = app.store.trial(run.key, number).await?;
    let trial = trial.filter(|trial| trial.state != TrialState::Deleted);
    trial
        .map(|trial| (run, trial))
        .ok_or(ApiError::NoExperiment)
}

//! Runs: list, read, stop, delete, and all their trials in one call.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};
use sweep_planner::api::{
    ExperimentState, Run, RunList, RunState, TRIAL_PAGE_MAX, TrialPage, UpdateRun, paths,
};

use super::find_cluster;
use crate::app::App;
use crate::http::error::{ApiError, truncated};
use crate::http::extract::{ClusterPath, JsonBody, PathParam, QueryParams, RunPath};
use crate::http::openapi::tags;
use crate::http::wire;
use crate::model::{RunRecord, TrialState, Viewer};
use crate::store::RunFilter;

/// How many trials a page holds where the call does not say.
const TRIAL_PAGE_SIZE: u32 = 200;

/// Runs, newest first.
#[utoipa::path(
    get,
    path = paths::RUNS,
    operation_id = "listRuns",
    tag = tags::RUNS,
    params(
        ClusterPath,
        ("query" = Option<String>, Query, description = "Only names that begin so."),
        ("phaseIn" = Option<Vec<RunState>>, Query, description = "Only these states; repeatable."),
        ("phaseNotIn" = Option<Vec<RunState>>, Query, description = "Not these states; repeatable."),
        ("userIds" = Option<Vec<String>>, Query, description = "Only these accounts' runs; repeatable."),
        ("brief" = Option<bool>, Query, description = "Leave `experimentIds` empty (ours)."),
    ),
    responses((status = 200, description = "The runs.", body = RunList)),
)]
pub async fn list(
    State(app): State<Arc<App>>,
    viewer: Viewer,
    PathParam(ClusterPath { cluster: name }): PathParam<ClusterPath>,
    params: QueryParams,
) -> Result<Json<RunList>, ApiError> {
    find_cluster(&app, &name)?;
    let filter = RunFilter {
        prefix: params.get("query").unwrap_or_default().to_owned(),
        states: params.parse_all("phaseIn", RunState::from_wire)?,
        excluded_states: params.parse_all("phaseNotIn", RunState::from_wire)?,
        accounts: params.get_all("userIds").map(str::to_owned).collect(),
    };
    let brief = params.parse_first("brief")?.unwrap_or(false);
    let runs = app.store.runs(viewer.clone(), name, filter).await?;
    Ok(Json(RunList {
        runs: runs
            .iter()
            .map(|run| wire::run_to_wire(&app, &viewer, run, brief))
            .collect(),
    }))
}

/// One run.
#[utoipa::path(
    get,
    path = paths::RUN,
    operation_id = "getRun",
    tag = tags::RUNS,
    params(
        RunPath,
        ("brief" = Option<bool>, Query, description = "Leave `experimentIds` empty (ours)."),
    ),
    responses((status = 200, description = "The run.", body = Run)),
)]
pub async fn get(
    State(app): State<Arc<App>>,
    viewer: Viewer,
    PathParam(RunPath {
        cluster: name,
        run: id,
    }): PathParam<RunPath>,
    params: QueryParams,
) -> Result<Json<Run>, ApiError> {
    let brief = params.parse_first("brief")?.unwrap_or(false);
    Ok(Json(wire::run_to_wire(
        &app,
        &viewer,
        &find(&app, &viewer, name, id).await?,
        brief,
    )))
}

/// Stops a run, if `spec.desiredState` is `RUN_STATE_CANCELED`.
#[utoipa::path(
    put,
    path = paths::RUN,
    operation_id = "updateRun",
    tag = tags::RUNS,
    params(RunPath),
    request_body = UpdateRun,
    responses((status = 200, description = "The run.", body = Run)),
)]
pub async fn update(
    State(app): State<Arc<App>>,
    viewer: Viewer,
    PathParam(RunPath {
        cluster: name,
        run: id,
    }): PathParam<RunPath>,
    JsonBody(update): JsonBody<UpdateRun>,
) -> Result<Json<Run>, ApiError> {
    let mut run = find(&app, &viewer, name.clone(), id.clone()).await?;
    match update.spec.desired_state {
        RunState::Canceled => {
            if !run.state().has_ended() {
                stop_and_publish(&app, &run, false).await?;
                run = find(&app, &viewer, name, id).await?;
            }
        }
        // What every client sends back when it means no change.
        RunState::Succeeded | RunState::Unspecified => {}
        other => {
            return Err(ApiError::Invalid(format!(
                "A run cannot be brought to {}; RUN_STATE_CANCELED stops it.",
                other.as_str()
            )));
        }
    }
    Ok(Json(wire::run_to_wire(&app, &viewer, &run, false)))
}

/// Stops and hides a run.
#[utoipa::path(
    delete,
    path = paths::RUN,
    operation_id = "deleteRun",
    tag = tags::RUNS,
    params(RunPath),
    responses((status = 200, description = "Hidden.", body = Object)),
)]
pub async fn delete(
    State(app): State<Arc<App>>,
    viewer: Viewer,
    PathParam(RunPath {
        cluster: name,
        run: id,
    }): PathParam<RunPath>,
) -> Result<Json<Value>, ApiError> {
    let run = find(&app, &viewer, name, id).await?;
    stop_and_publish(&app, &run, true).await?;
    Ok(Json(json!({})))
}

async fn stop_and_publish(app: &App, run: &RunRecord, delete: bool) -> Result<(), ApiError> {
    let stopped = app.store.stop_run(run.key, app.clock.now(), delete).await?;
    app.wake_dispatcher(&run.cluster);
    app.announce(run.key, stopped).await?;
    Ok(())
}

/// A page of a run's trials with all that a table shows (ours).
#[utoipa::path(
    get,
    path = paths::TRIALS,
    operation_id = "listTrials",
    tag = tags::RUNS,
    params(
        RunPath,
        ("offset" = Option<u64>, Query, description = "Trials before this page; 0 where absent."),
        (
            "limit" = Option<u32>,
            Query,
            description = "Trials on this page: 200 where absent; above 1000, 1000.",
        ),
        ("state" = Option<ExperimentState>, Query, description = "Only trials in this state."),
    ),
    responses((status = 200, description = "The page.", body = TrialPage)),
)]
pub async fn trials(
    State(app): State<Arc<App>>,
    viewer: Viewer,
    PathParam(RunPath {
        cluster: name,
        run: id,
    }): PathParam<RunPath>,
    params: QueryParams,
) -> Result<Json<TrialPage>, ApiError> {
    let run = find(&app, &viewer, name, id).await?;
    let offset = params.parse_first("offset")?.unwrap_or(0);
    let limit = params
        .parse_first("limit")?
        .unwrap_or(TRIAL_PAGE_SIZE)
        .min(TRIAL_PAGE_MAX);
    let wire = params.parse_all("state", ExperimentState::from_wire)?.pop();
    let state = wire
        .map(|wire| {
            TrialState::from_wire(wire).ok_or_else(|| {
                ApiError::Invalid(format!("No trial of ours is ever in {}.", wire.as_str()))
            })
        })
        .transpose()?;
    let total = state.map_or(run.trials, |state| run.counts[state as usize]);
    let trials = app.store.trials(run.key, state, offset, limit).await?;
    let now = app.clock.now();
    Ok(Json(TrialPage {
        columns: run.columns.clone(),
        metric_names: app.store.metric_names(run.key).await?,
        trials: trials
            .iter()
            .map(|trial| wire::trial_to_row(&run, trial, now))
            .collect(),
        total: total.into(),
        offset,
        now,
    }))
}

/// A run by its id; 404 also where it is not to be seen by the viewer.
pub async fn find(
    app: &App,
    viewer: &Viewer,
    name: String,
    id: String,
) -> Result<RunRecord, ApiError> {
    find_cluster(app, &name)?;
    let missing = run_not_found(&name, &id);
    app.store
        .run(viewer.clone(), name, id)
        .await?
        .ok_or(missing)
}

/// The 404 of a run.
pub fn run_not_found(name: &str, id: &str) -> ApiError {
    ApiError::NotFound(format!(
        "There is no run `{}` on cluster `{name}`.",
        truncated(id)
    ))
}

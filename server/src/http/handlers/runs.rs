//! Runs: list, read, stop, delete, and all their trials in one call.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};
use sweep_planner::api::{
    ExperimentState, Run, RunList, RunState, TRIAL_PAGE_MAX, TrialPage, UpdateRun,
};

use super::cluster;
use crate::app::App;
use crate::http::error::{ApiError, short};
use crate::http::extract::{At, Body, Params};
use crate::http::wire;
use crate::model::{RunRecord, State as TrialState};
use crate::store::RunFilter;

/// How many trials a page holds where the call does not say.
const TRIAL_PAGE: u32 = 200;

/// `GET /v1/core/{cluster}/runs`.
pub async fn list(
    State(app): State<Arc<App>>,
    At(name): At<String>,
    params: Params,
) -> Result<Json<RunList>, ApiError> {
    cluster(&app, &name)?;
    let filter = RunFilter {
        prefix: params.get("query").unwrap_or_default().to_owned(),
        only: params.words("phaseIn", RunState::from_wire)?,
        not: params.words("phaseNotIn", RunState::from_wire)?,
        accounts: params.all("userIds").map(str::to_owned).collect(),
    };
    let brief = params.read("brief")?.unwrap_or(false);
    let runs = app.store.runs(name, filter).await?;
    Ok(Json(RunList {
        runs: runs.iter().map(|run| wire::run(&app, run, brief)).collect(),
    }))
}

/// `GET /v1/core/{cluster}/runs/{run}`.
pub async fn get(
    State(app): State<Arc<App>>,
    At((name, id)): At<(String, String)>,
    params: Params,
) -> Result<Json<Run>, ApiError> {
    let brief = params.read("brief")?.unwrap_or(false);
    Ok(Json(wire::run(&app, &find(&app, name, id).await?, brief)))
}

/// `PUT /v1/core/{cluster}/runs/{run}`: a wish for `RUN_STATE_CANCELED` stops it.
pub async fn update(
    State(app): State<Arc<App>>,
    At((name, id)): At<(String, String)>,
    Body(update): Body<UpdateRun>,
) -> Result<Json<Run>, ApiError> {
    let mut run = find(&app, name.clone(), id.clone()).await?;
    match update.spec.desired_state {
        RunState::Canceled => {
            if !run.state().ended() {
                stop(&app, &run, false).await?;
                run = find(&app, name, id).await?;
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
    Ok(Json(wire::run(&app, &run, false)))
}

/// `DELETE /v1/core/{cluster}/runs/{run}`: stops it and hides it.
pub async fn delete(
    State(app): State<Arc<App>>,
    At((name, id)): At<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    let run = find(&app, name, id).await?;
    stop(&app, &run, true).await?;
    Ok(Json(json!({})))
}

async fn stop(app: &App, run: &RunRecord, delete: bool) -> Result<(), ApiError> {
    let stopped = app.store.stop_run(run.key, app.clock.now(), delete).await?;
    app.wake(&run.cluster);
    app.announce(run.key, stopped).await?;
    Ok(())
}

/// `GET /v1/core/{cluster}/runs/{run}/trials`.
pub async fn trials(
    State(app): State<Arc<App>>,
    At((name, id)): At<(String, String)>,
    params: Params,
) -> Result<Json<TrialPage>, ApiError> {
    let run = find(&app, name, id).await?;
    let offset = params.read("offset")?.unwrap_or(0);
    let limit = params
        .read("limit")?
        .unwrap_or(TRIAL_PAGE)
        .min(TRIAL_PAGE_MAX);
    let wire = params.words("state", ExperimentState::from_wire)?.pop();
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
            .map(|trial| wire::row(&run, trial, now))
            .collect(),
        total: total.into(),
        offset,
        now,
    }))
}

/// A run by its id.
pub async fn find(app: &App, name: String, id: String) -> Result<RunRecord, ApiError> {
    cluster(app, &name)?;
    let missing = missing(&name, &id);
    app.store.run(name, id).await?.ok_or(missing)
}

/// The 404 of a run.
pub fn missing(name: &str, id: &str) -> ApiError {
    ApiError::NotFound(format!(
        "There is no run `{}` on cluster `{name}`.",
        short(id)
    ))
}

//! Runs: list, read, stop, delete, and all their trials in one call.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use sweep_planner::api::{
    ExperimentState, Run, RunList, RunState, TRIAL_PAGE_MAX, TrialPage, UpdateRun, paths,
};

use super::find_cluster;
use crate::app::App;
use crate::http::error::{ApiError, truncated};
use crate::http::extract::{ClusterPath, JsonBody, PathParam, QueryParams, RunPath};
use crate::http::openapi::tags;
use crate::http::run_answers::{ListRequest, answer_list, answer_run};
use crate::http::wire;
use crate::model::{RunRecord, TrialState, Viewer};
use crate::store::{RunFilter, StoreError};

/// How many trials a page holds where the call does not say.
const TRIAL_PAGE_SIZE: u32 = 200;
/// How many runs a page holds at most, where the call asks for pages.
const PAGE_SIZE_MAX: usize = 1_000;

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
        (
            "pageSize" = Option<u64>,
            Query,
            description = "How many runs at most: above 1000, 1000. All of them where absent.",
        ),
        ("pageToken" = Option<String>, Query, description = "`nextPageToken` of the page before."),
    ),
    responses((status = 200, description = "The runs.", body = RunList)),
)]
pub async fn list(
    State(app): State<Arc<App>>,
    viewer: Viewer,
    PathParam(ClusterPath { cluster: name }): PathParam<ClusterPath>,
    params: QueryParams,
) -> Result<Response, ApiError> {
    find_cluster(&app, &name)?;
    let filter = RunFilter {
        prefix: params.get("query").unwrap_or_default().to_owned(),
        states: params.parse_all("phaseIn", RunState::from_wire)?,
        excluded_states: params.parse_all("phaseNotIn", RunState::from_wire)?,
        accounts: params.get_all("userIds").map(str::to_owned).collect(),
    };
    let page_size: Option<usize> = params.parse_first("pageSize")?;
    let after = match params.get("pageToken").filter(|token| !token.is_empty()) {
        Some(token) => Some(find_page_start(&app, &viewer, &name, token).await?),
        None => None,
    };
    let request = ListRequest {
        viewer,
        cluster: name,
        filter,
        brief: params.parse_first("brief")?.unwrap_or(false),
        after,
        page_size: page_size.map(|size| size.clamp(1, PAGE_SIZE_MAX)),
    };
    answer_list(app, request).await
}

/// The key of the run behind which a page begins: a page's token is the id of its last run, which
/// shows nothing that the caller does not know.
async fn find_page_start(
    app: &App,
    viewer: &Viewer,
    cluster: &str,
    token: &str,
) -> Result<i64, ApiError> {
    let (viewer, cluster, id) = (viewer.clone(), cluster.to_owned(), token.to_owned());
    let key = app.store.run_key(viewer, cluster, id).await?;
    key.ok_or_else(|| {
        ApiError::Invalid(format!(
            "`pageToken` does not take the value `{}`.",
            truncated(token)
        ))
    })
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
) -> Result<Response, ApiError> {
    let brief = params.parse_first("brief")?.unwrap_or(false);
    let run = find(&app, &viewer, name, id).await?;
    answer_run(app, viewer, run, brief).await
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
) -> Result<Response, ApiError> {
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
    answer_run(app, viewer, run, false).await
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

/// As a task of its own: a client that goes away meanwhile leaves nothing half done.
async fn stop_and_publish(app: &Arc<App>, run: &RunRecord, delete: bool) -> Result<(), ApiError> {
    let (app, key, cluster) = (Arc::clone(app), run.key, run.cluster.clone());
    let task = tokio::spawn(async move {
        let stopped = app.store.stop_run(key, app.clock.now(), delete).await;
        let stopped = stopped.map_err(|error| stop_without_storing(&app, key, &cluster, error))?;
        app.wake_dispatcher(&cluster);
        if let Some(stopped) = stopped {
            app.announce(key, stopped).await?;
        }
        Ok(())
    });
    task.await?
}

/// The answer where a stop cannot be stored. On a full disk it is 507, and the trials that run are
/// stopped all the same, since one of them may be what fills it.
fn stop_without_storing(app: &App, run: i64, cluster: &str, error: StoreError) -> ApiError {
    if !error.is_disk_full() {
        return error.into();
    }
    app.stop_without_storing(cluster, run);
    ApiError::InsufficientStorage(
        "The server's disk is full, so this cannot be stored. The trials of the run that run are \
         stopped; those that wait still wait, and the run is not deleted. Free some space there and \
         try again."
            .to_owned(),
    )
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
) -> Result<Response, ApiError> {
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
    let metric_names = app.store.metric_names(run.key).await?;
    let now = app.clock.now();
    let write = move || {
        Json(TrialPage {
            trials: trials
                .iter()
                .map(|trial| wire::trial_to_row(&run, trial, now))
                .collect(),
            columns: run.columns,
            metric_names,
            total: total.into(),
            offset,
            now,
        })
        .into_response()
    };
    // A thousand rows may have megabytes of values.
    Ok(tokio::task::spawn_blocking(write).await?)
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

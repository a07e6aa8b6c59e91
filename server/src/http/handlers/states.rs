//! The states of all trials of several runs in one call.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use sweep_planner::api::{StateList, paths};

use super::{find_cluster, runs};
use crate::app::App;
use crate::http::error::ApiError;
use crate::http::extract::{ClusterPath, PathParam, QueryParams};
use crate::http::openapi::tags;
use crate::http::wire;
use crate::model::Viewer;

/// How many runs one call may ask for.
const RUNS_MAX: usize = 100;
/// How many stretches of trials in one state one call answers with: at most some 200 KB.
const SPANS_MAX: usize = 10_000;

/// The states of all trials of several runs, in few bytes (ours).
#[utoipa::path(
    get,
    path = paths::STATES,
    operation_id = "listStates",
    tag = tags::RUNS,
    params(
        ClusterPath,
        ("run" = Vec<String>, Query, description = "The ids of runs; repeatable, at most 100."),
        (
            "from" = Option<u32>,
            Query,
            description = "Only trials with this number or a higher one; 0 where absent.",
        ),
    ),
    responses((status = 200, description = "The states.", body = StateList)),
)]
pub async fn list(
    State(app): State<Arc<App>>,
    viewer: Viewer,
    PathParam(ClusterPath { cluster: name }): PathParam<ClusterPath>,
    params: QueryParams,
) -> Result<Json<StateList>, ApiError> {
    find_cluster(&app, &name)?;
    let from = params.parse_first("from")?.unwrap_or(0);
    let ids: Vec<&str> = params.get_all("run").collect();
    if ids.len() > RUNS_MAX {
        return Err(ApiError::Invalid(format!(
            "One call takes at most {RUNS_MAX} runs, found {}.",
            ids.len()
        )));
    }
    let (mut answer, mut room) = (Vec::with_capacity(ids.len()), SPANS_MAX);
    for (at, id) in ids.iter().enumerate() {
        // Each run may use an equal share of what the runs before it have left.
        let share = room / (ids.len() - at);
        let found = app
            .store
            .state_spans(viewer.clone(), name.clone(), (*id).to_owned(), from, share)
            .await?;
        let (run, stretches) = found.ok_or_else(|| runs::run_not_found(&name, id))?;
        room -= stretches.len();
        answer.push(wire::states(&run, &stretches, from));
    }
    Ok(Json(StateList {
        runs: answer,
        now: app.clock.now(),
    }))
}

//! The states of all trials of several runs in one call.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use sweep_planner::api::StateList;

use super::{cluster, runs};
use crate::app::App;
use crate::http::error::ApiError;
use crate::http::extract::{At, Params};
use crate::http::wire;

/// How many runs one call may ask for.
const RUNS_MAX: usize = 100;
/// How many stretches of trials in one state one call answers with: at most some 200 KB.
const STRETCHES_MAX: usize = 10_000;

/// `GET /v1/core/{cluster}/states?run=…`.
pub async fn list(
    State(app): State<Arc<App>>,
    At(name): At<String>,
    params: Params,
) -> Result<Json<StateList>, ApiError> {
    cluster(&app, &name)?;
    let from = params.read("from")?.unwrap_or(0);
    let ids: Vec<&str> = params.all("run").collect();
    if ids.len() > RUNS_MAX {
        return Err(ApiError::Invalid(format!(
            "One call takes at most {RUNS_MAX} runs, found {}.",
            ids.len()
        )));
    }
    let (mut answer, mut room) = (Vec::with_capacity(ids.len()), STRETCHES_MAX);
    for (at, id) in ids.iter().enumerate() {
        // Each run may use an equal share of what the runs before it have left.
        let share = room / (ids.len() - at);
        let found = app
            .store
            .states(name.clone(), (*id).to_owned(), from, share)
            .await?;
        let (run, stretches) = found.ok_or_else(|| runs::missing(&name, id))?;
        room -= stretches.len();
        answer.push(wire::states(&run, &stretches, from));
    }
    Ok(Json(StateList {
        runs: answer,
        now: app.clock.now(),
    }))
}

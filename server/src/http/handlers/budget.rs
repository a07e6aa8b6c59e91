//! Setting the budget of runs that were launched together.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use sweep_planner::api::{Run, UpdateBudget, paths};
use sweep_planner::launch::parse_budget;

use super::runs;
use crate::app::App;
use crate::http::error::{ApiError, to_sentence};
use crate::http::extract::{JsonBody, PathParam, RunPath};
use crate::http::openapi::tags;
use crate::http::run_answers::answer_run;
use crate::model::Viewer;

/// Sets the budget of a run and of those launched together with it, and queues their trials that are
/// held for lack of it (ours). What does not fit is held again when it is its turn.
#[utoipa::path(
    post,
    path = paths::BUDGET,
    operation_id = "setBudget",
    tag = tags::RUNS,
    params(RunPath),
    request_body = UpdateBudget,
    responses((status = 200, description = "The run.", body = Run)),
)]
pub async fn set(
    State(app): State<Arc<App>>,
    viewer: Viewer,
    PathParam(RunPath {
        cluster: name,
        run: id,
    }): PathParam<RunPath>,
    JsonBody(request): JsonBody<UpdateBudget>,
) -> Result<Response, ApiError> {
    let run = runs::find(&app, &viewer, name.clone(), id.clone()).await?;
    let amount = parse_budget(Some(&request.budget))
        .map_err(|refusal| ApiError::Invalid(to_sentence(&refusal)))?;
    let amount = amount.and_then(|amount| amount.to_exact_decimal());
    let amount = amount.ok_or(ApiError::Invalid("A budget is missing.".to_owned()))?;
    // A task of its own: a client that goes away meanwhile leaves nothing half done.
    let task = tokio::spawn(async move {
        let held = app.store.set_budget(run.key, amount.clone()).await?;
        let held = held.ok_or_else(|| {
            ApiError::Conflict(
                "This run was launched without a budget, so it has none to change.".to_owned(),
            )
        })?;
        tracing::info!(run = %run.name, %amount, holding = held.len(), "a budget was set");
        for key in held {
            let released = app.store.release_for_budget(key, app.clock.now()).await?;
            if let Some(released_run) = app.store.run_by_key(key).await? {
                app.wake_dispatcher(&released_run.cluster);
            }
            if !released.is_empty() {
                app.announce(key, released).await?;
            }
        }
        app.wake_dispatcher(&name);
        let run = runs::find(&app, &viewer, name, id).await?;
        app.announce(run.key, Vec::new()).await?;
        answer_run(app, viewer, run, true).await
    });
    task.await?
}

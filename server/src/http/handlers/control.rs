//! Control of a run beyond stopping it: what a launch asks for, trying again, releasing.

use std::ops::RangeInclusive;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use sweep_planner::api::{RetryRun, Run, RunSpec, Scalar, paths};
use sweep_planner::estimate::Catalogue;

use super::runs;
use crate::app::App;
use crate::config::{ClusterConfig, Config};
use crate::http::error::{ApiError, truncated};
use crate::http::extract::{JsonBody, PathParam, RunPath};
use crate::http::openapi::tags;
use crate::http::run_answers::answer_run;
use crate::model::Viewer;

/// The longest time limit, in seconds: ten years.
const TIME_LIMIT_MAX: i64 = 315_360_000;
const PRIORITY_RANGE: RangeInclusive<i64> = -1000..=1000;

/// The scheduling options of a run: priority, failure limit, and what each trial takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RunControls {
    pub(super) priority: i32,
    pub(super) failure_limit: u32,
    pub(super) cpus: u32,
    pub(super) gpus: u32,
}

/// Reads the scheduling options of a request; what is absent gets the server's default.
pub(super) fn read_controls(
    config: &Config,
    cluster: &ClusterConfig,
    spec: &RunSpec,
) -> Result<RunControls, ApiError> {
    let options = &spec.sweep_options;
    let wrong = |name: &str| ApiError::Internal(format!("`{name}` is out of its range"));
    parse_number(
        "time_limit",
        options.time_limit.as_ref(),
        0..=TIME_LIMIT_MAX,
    )?;
    let priority =
        parse_number("priority", options.priority.as_ref(), PRIORITY_RANGE)?.unwrap_or(0);
    let stop_after = options.stop_after_failures.as_ref();
    let stop_after = parse_number("stop_after_failures", stop_after, 0..=i64::from(u32::MAX))?;
    let cpus = check_share("CPUs", spec.resources.cpu.0, cluster.cpus)?;
    let there = u32::try_from(cluster.gpus.len()).unwrap_or(u32::MAX);
    let shared = (there > 0).then_some(there);
    let gpus = match check_share("GPUs", spec.resources.gpu.0, shared)? {
        // As many as the machine that the command names has.
        0 => machine_gpus(&config.catalogue, &spec.instance_type).min(there),
        asked => asked,
    };
    Ok(RunControls {
        priority: i32::try_from(priority).map_err(|_| wrong("priority"))?,
        failure_limit: match stop_after {
            Some(stop_after) => {
                u32::try_from(stop_after).map_err(|_| wrong("stop_after_failures"))?
            }
            None => config.limits.failures_in_row,
        },
        cpus,
        gpus: if shared.is_some() { gpus } else { 0 },
    })
}

fn parse_number(
    name: &str,
    text: Option<&Scalar>,
    range: RangeInclusive<i64>,
) -> Result<Option<i64>, ApiError> {
    let Some(text) = text else { return Ok(None) };
    let read = text.0.parse().ok().filter(|value| range.contains(value));
    read.map(Some).ok_or_else(|| {
        ApiError::Invalid(format!(
            "`sweepOptions.{name}` takes a whole number from {} to {}, found `{}`.",
            range.start(),
            range.end(),
            truncated(&text.0)
        ))
    })
}

/// Refuses a trial that asks for more than its cluster has; `None`: the cluster does not count it.
fn check_share(what: &str, asked: i64, there: Option<u32>) -> Result<u32, ApiError> {
    let asked = u32::try_from(asked.max(0)).unwrap_or(u32::MAX);
    match there {
        Some(there) if asked > there => Err(ApiError::Invalid(format!(
            "A trial asks for {asked} {what}, and this cluster has {there}: it would never start."
        ))),
        _ => Ok(asked),
    }
}

fn machine_gpus(catalogue: &Catalogue, instance_type: &str) -> u32 {
    let quote = catalogue.quote(instance_type, false);
    quote.machine.map_or(0, |machine| machine.gpu_count)
}

/// The numbers of a million trials, with what is around them.
const RETRY_VALUES_MAX: usize = 1_100_000;

/// Queues failed trials again, each as a new attempt (ours).
#[utoipa::path(
    post,
    path = paths::RETRY,
    operation_id = "retryTrials",
    tag = tags::RUNS,
    params(RunPath),
    request_body = RetryRun,
    responses((status = 200, description = "The run.", body = Run)),
)]
pub async fn retry(
    State(app): State<Arc<App>>,
    viewer: Viewer,
    PathParam(RunPath {
        cluster: name,
        run: id,
    }): PathParam<RunPath>,
    JsonBody(request): JsonBody<RetryRun, RETRY_VALUES_MAX>,
) -> Result<Response, ApiError> {
    let run = runs::find(&app, &viewer, name.clone(), id.clone()).await?;
    let again = app
        .store
        .retry(run.key, request.numbers, app.clock.now())
        .await?
        .ok_or_else(|| {
            ApiError::Conflict(
                "The source of this run has been deleted, as the server's settings ask for old \
                 runs, so nothing can be tried again. Launch anew."
                    .to_owned(),
            )
        })?;
    if again.is_empty() {
        return Err(ApiError::Conflict(
            "None of these trials has failed, so there is nothing to try again.".to_owned(),
        ));
    }
    wake_and_publish(app, viewer, name, id, again).await
}

/// Queues held trials (ours).
#[utoipa::path(
    post,
    path = paths::RELEASE,
    operation_id = "releaseTrials",
    tag = tags::RUNS,
    params(RunPath),
    responses((status = 200, description = "The run.", body = Run)),
)]
pub async fn release(
    State(app): State<Arc<App>>,
    viewer: Viewer,
    PathParam(RunPath {
        cluster: name,
        run: id,
    }): PathParam<RunPath>,
) -> Result<Response, ApiError> {
    let run = runs::find(&app, &viewer, name.clone(), id.clone()).await?;
    // A task of its own: a client that goes away meanwhile leaves nothing half done.
    let task = tokio::spawn(async move {
        let released = app.store.release(run.key, app.clock.now()).await?;
        wake_and_publish(app, viewer, name, id, released).await
    });
    task.await?
}

async fn wake_and_publish(
    app: Arc<App>,
    viewer: Viewer,
    name: String,
    id: String,
    numbers: Vec<u32>,
) -> Result<Response, ApiError> {
    app.wake_dispatcher(&name);
    app.fetch_wake.notify_one();
    let run = runs::find(&app, &viewer, name, id).await?;
    if !numbers.is_empty() {
        app.announce(run.key, numbers).await?;
    }
    answer_run(app, viewer, run, true).await
}

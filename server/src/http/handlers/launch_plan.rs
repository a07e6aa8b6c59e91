//! Reads the command of a launch again, by the code that showed the plan.

use std::sync::Arc;

use sweep_planner::api::{CreateRun, FixedArgument, Int64, RunSpec, Scalar};
use sweep_planner::launch::{Refusal, check_request, list_fixed_arguments};
use sweep_planner::sweep::{self, Part};
use tokio::sync::SemaphorePermit;

use super::launch_estimate::{check_high_figures, estimate_launch};
use super::launch_limits::check_arguments;
use crate::app::App;
use crate::config::Config;
use crate::http::error::{ApiError, to_sentence, truncated};
use crate::model::{LaunchEstimate, NewTrials};
use crate::sources::stays_below;

/// What a run takes from its command.
pub(super) struct ExpandedLaunch {
    /// The request's, with the options that the plan decides.
    pub(super) spec: RunSpec,
    pub(super) columns: Vec<String>,
    pub(super) fixed_arguments: Option<Vec<FixedArgument>>,
    pub(super) parallel: Option<u32>,
    pub(super) trials: NewTrials,
    pub(super) estimate: LaunchEstimate,
}

/// Reads a launch off the async threads. A large one has its turn, which lasts until the run is
/// written; while others have theirs, nothing but its request is kept.
pub(super) async fn expand_in_turn<'a>(
    app: &'a Arc<App>,
    cluster: &str,
    request: CreateRun,
    drawn_seed: u32,
) -> Result<(ExpandedLaunch, Option<SemaphorePermit<'a>>), ApiError> {
    let request = Arc::new(request);
    let expanded = expand(app, cluster, &request, drawn_seed).await?;
    if !expanded.trials.is_large() {
        return Ok((expanded, None));
    }
    if let Some(turn) = app.launches.try_admit_writing() {
        return Ok((expanded, Some(turn)));
    }
    tokio::task::spawn_blocking(move || drop(expanded)).await?;
    let turn = app.launches.admit_writing().await?;
    Ok((
        expand(app, cluster, &request, drawn_seed).await?,
        Some(turn),
    ))
}

async fn expand(
    app: &Arc<App>,
    cluster: &str,
    request: &Arc<CreateRun>,
    drawn_seed: u32,
) -> Result<ExpandedLaunch, ApiError> {
    let _turn = app.launches.admit_reading().await?;
    let (app, request, cluster) = (Arc::clone(app), Arc::clone(request), cluster.to_owned());
    let recheck = move || recheck(&request, drawn_seed, &cluster, &app.config);
    tokio::task::spawn_blocking(recheck).await?
}

fn recheck(
    request: &CreateRun,
    drawn_seed: u32,
    cluster: &str,
    config: &Config,
) -> Result<ExpandedLaunch, ApiError> {
    let launch = check_request(request, drawn_seed).map_err(|refusal| match refusal {
        Refusal::DigestMismatch { .. } => ApiError::Conflict(to_sentence(&refusal)),
        other => ApiError::Invalid(to_sentence(&other)),
    })?;
    let most = config.limits.trials;
    if launch.chosen.len() > most.into() {
        return Err(ApiError::Invalid(format!(
            "This server launches at most {most} trials at once, found {}.",
            launch.chosen.len()
        )));
    }
    let nothing = || ApiError::Invalid("No trial is chosen.".to_owned());
    let plan = Arc::clone(&launch.plan);
    let part = plan.parts().first().ok_or_else(nothing)?;
    check_script(part.script())?;
    let (digest, parallel) = (sweep::digest(part, &launch.chosen), launch.parallel);
    let trials = NewTrials::new(launch).ok_or_else(nothing)?;
    check_arguments(part, trials.count(), &config.limits)?;
    let spec = with_server_defaults(request.spec.clone(), part, &digest);
    let estimate = estimate_launch(config, cluster, &spec, &trials)?;
    if spec.sweep_options.budget.is_some() {
        check_high_figures(&estimate, trials.count())?;
    }
    Ok(ExpandedLaunch {
        estimate,
        spec,
        columns: plan.columns().to_vec(),
        fixed_arguments: list_fixed_arguments(part),
        parallel,
        trials,
    })
}

/// The request's spec with the options that the plan decides (machine, disk, strategy, digest,
/// seed).
fn with_server_defaults(mut spec: RunSpec, part: &Part, digest: &str) -> RunSpec {
    let options = part.options();
    spec.instance_type.clone_from(&options.instance_type);
    spec.resources.storage_gb = Int64(options.disk_gb.into());
    spec.sweep_type = options.strategy.name().to_owned();
    spec.sweep_options.digest = Some(Scalar(digest.to_owned()));
    if part.needs_seed() {
        spec.sweep_options.seed = Some(Scalar(part.seed().value.to_string()));
    }
    spec
}

/// A script lies in the source folder; whether it exists is known once the source is there.
fn check_script(script: &str) -> Result<(), ApiError> {
    if stays_below(script) {
        Ok(())
    } else {
        Err(ApiError::Invalid(format!(
            "`{}` is not below the source folder. Name the script relative to it.",
            truncated(script)
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_stay_in_their_folder() {
        for script in ["a.py", "a/b.py", "./a.py"] {
            assert!(check_script(script).is_ok(), "{script}");
        }
        for script in ["/etc/x.py", "../a.py", "a/../../b.py"] {
            assert!(check_script(script).is_err(), "{script}");
        }
    }
}

//! Trials that have ended, for planning more of the same script.

use std::path::Path;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use sweep_planner::api::{FinishedTrialList, paths};
use sweep_planner::launch::normalize_script;

use crate::app::App;
use crate::config::Config;
use crate::http::auth::Identity;
use crate::http::error::{ApiError, truncated};
use crate::http::extract::QueryParams;
use crate::http::openapi::tags;
use crate::http::run_answers::{FinishedRequest, answer_finished};
use crate::sources::{IgnoreRules, digest_script, stays_below};

/// The longest path of a script that is looked for, in bytes: that of Linux.
const PATH_MAX: usize = 4096;

/// The caller's own trials of a script that have ended, on every cluster, newest run first (ours).
///
/// Nobody sees those of another account, administrators neither.
#[utoipa::path(
    get,
    path = paths::FINISHED_TRIALS,
    operation_id = "listFinishedTrials",
    tag = tags::RUNS,
    params((
        "script" = String,
        Query,
        description = "The script's path in its source; at most 4096 bytes.",
    )),
    responses((status = 200, description = "The trials.", body = FinishedTrialList)),
)]
pub async fn list(
    State(app): State<Arc<App>>,
    identity: Identity,
    params: QueryParams,
) -> Result<Response, ApiError> {
    let asked = params.get("script").unwrap_or_default();
    let script = normalize_script("", asked);
    if script.is_empty() || asked.len() > PATH_MAX || !stays_below(asked) {
        return Err(ApiError::Invalid(format!(
            "`script` does not take the value `{}`: name a script by its path below the source folder.",
            truncated(asked)
        )));
    }
    let (at, path) = (Arc::clone(&app), script.clone());
    let digest = move || digest_of_source(&at.config, &path);
    let request = FinishedRequest {
        account: identity.account.id,
        digest: app.file_reads.run(digest).await?,
        script,
    };
    answer_finished(app, request).await
}

/// The digest of a script of the server's own source, unless a launch would leave it out.
fn digest_of_source(config: &Config, script: &str) -> Option<String> {
    let ignored = IgnoreRules::load(&config.source, config.data.path());
    if ignored.ignores_file(&config.source, Path::new(script)) {
        return None;
    }
    digest_script(&config.source, "", script)
}

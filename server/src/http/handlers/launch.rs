//! Creating a run.

use std::path::Path;
use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use sha2::{Digest, Sha256};
use sweep_planner::api::{CreateRun, IDEMPOTENCY_KEY, IDEMPOTENCY_KEY_MAX, Run, RunSpec, paths};
use tokio::sync::SemaphorePermit;

use super::copy_refusal::copy_refusal;
use super::launch_estimate::{check_price, read_budget};
use super::launch_limits::check_texts;
use super::launch_plan::expand_in_turn;
use super::{control, ensure_disk_space, find_cluster, inputs, runs, storage_error, uploads};
use crate::app::App;
use crate::http::auth::Identity;
use crate::http::error::{ApiError, to_sentence, truncated};
use crate::http::extract::{ClusterPath, JsonBody, PathParam, QueryParams};
use crate::http::openapi::tags;
use crate::http::run_answers::answer_with_run;
use crate::model::{NewRun, RunRecord, Viewer, price};
use crate::sources::{
    IgnoreRules, ScriptError, SourceError, SourceLimits, digest_script, ensure_script, remove_tree,
    snapshot, strip_current_dirs,
};
use crate::store::{BudgetRefusal, CreateOutcome};
use crate::system::random;
use crate::upkeep::disk::is_full;

/// The longest name of a run, and description, in characters.
const NAME_MAX: usize = 200;
/// How often a name is drawn before giving up on finding a free one.
const NAME_DRAWS: usize = 20;

/// Launches a run. Answers once the run and all its trials are durable.
#[utoipa::path(
    post,
    path = paths::RUNS,
    operation_id = "createRun",
    tag = tags::RUNS,
    params(
        ClusterPath,
        (
            "Idempotency-Key" = Option<String>,
            Header,
            description = "Requests with the same key create one run, also across a restart (ours): \
                           up to 128 visible ASCII characters. The same key with another request \
                           is refused with 422.",
            max_length = 128,
        ),
        ("brief" = Option<bool>, Query, description = "Leave `experimentIds` empty (ours)."),
    ),
    request_body = CreateRun,
    responses((status = 200, description = "The run, as it was understood.", body = Run)),
)]
pub async fn create(
    State(app): State<Arc<App>>,
    identity: Identity,
    PathParam(ClusterPath { cluster: name }): PathParam<ClusterPath>,
    params: QueryParams,
    headers: HeaderMap,
    JsonBody(request): JsonBody<CreateRun>,
) -> Result<Response, ApiError> {
    find_cluster(&app, &name)?;
    let viewer = identity.viewer();
    let brief = params.parse_first("brief")?.unwrap_or(false);
    let key = read_idempotency_key(&headers, &request)?;
    if let Some(run) = replay_of_key(&app, &identity, &name, key.as_ref()).await? {
        // The first request may have failed between its commit and this call.
        wake_workers(&app, &name);
        return answer_run(app, viewer, headers, run, brief).await;
    }
    // Dropped once the run is written or refused.
    let (mut run, turn) = prepare_run(&app, &identity, &name, request, key.clone()).await?;
    let id = run.id.clone();
    if !run.awaits_upload && !run.awaits_fetch {
        run.script_digest = snapshot_source(&app, &run).await?;
    }
    let created = app.store.create_run(run).await;
    drop(turn);
    if !matches!(created, Ok(CreateOutcome::Created)) {
        remove_source(&app, &id).await;
    }
    match created? {
        CreateOutcome::Created => {
            wake_workers(&app, &name);
            let record = runs::find(&app, &viewer, name.clone(), id).await?;
            tracing::info!(run = %record.name, trials = record.trials, "launched");
            app.announce(record.key, Vec::new()).await?;
            answer_run(app, viewer, headers, record, brief).await
        }
        CreateOutcome::NameTaken => Err(ApiError::AlreadyExists(
            "Another run has taken this name just now. Launch again.".to_owned(),
        )),
        CreateOutcome::BudgetRefused(BudgetRefusal::Differs(amount)) => {
            Err(ApiError::Conflict(format!(
                "The runs of this group share a budget of ${amount}. Send the same budget, or another \
             group."
            )))
        }
        CreateOutcome::BudgetRefused(BudgetRefusal::GroupFull(most)) => Err(ApiError::Conflict(
            format!("A budget is shared by at most {most} runs. Launch the rest as another group."),
        )),
        CreateOutcome::Existing(_) | CreateOutcome::KeyReused => {
            let run = replay_of_key(&app, &identity, &name, key.as_ref()).await?;
            let run = run.ok_or(ApiError::Unavailable("Launch again."))?;
            answer_run(app, viewer, headers, run, brief).await
        }
    }
}

/// Answers with a run, and where its source is to be uploaded to.
async fn answer_run(
    app: Arc<App>,
    viewer: Viewer,
    headers: HeaderMap,
    run: RunRecord,
    brief: bool,
) -> Result<Response, ApiError> {
    let trials = if brief { 0 } else { run.trials };
    let shown = move || uploads::run_with_upload_url(&app, &viewer, &headers, &run);
    answer_with_run(shown, trials).await
}

/// Checks a launch and makes the run that it asks for. Nothing is written. A [`NewRun`] is made here
/// alone, with all its members at once, so that one that is forgotten does not compile.
///
/// A large run comes with its turn, which lasts until it is written.
async fn prepare_run<'a>(
    app: &'a Arc<App>,
    identity: &Identity,
    cluster: &str,
    mut request: CreateRun,
    key: Option<(String, [u8; 32])>,
) -> Result<(NewRun, Option<SemaphorePermit<'a>>), ApiError> {
    let settings = find_cluster(app, cluster)?;
    check_texts(&request)?;
    check_support(cluster, &request)?;
    ensure_disk_space(app)?;
    inputs::check_repository(app, &request)?;
    request.spec.sweep_options = inputs::resolve_python(app, &request).await?;
    let controls = control::read_controls(&app.config, settings, &request.spec)?;
    let (mounts, datastores) =
        inputs::resolve_datastores(app, request.spec.datastores.clone()).await?;
    let (name, description) = (request.name.clone(), request.description.clone());
    let awaits_upload = request.local_dir;
    let awaits_fetch = !request.spec.source_code.is_empty();
    let id = random::ulid(app.clock.now())?;
    let budget = read_budget(app, &identity.account.id, &id, &request).await?;
    let (expanded, turn) = expand_in_turn(app, cluster, request, random::seed()?).await?;
    let spec = RunSpec {
        datastores,
        cluster_id: cluster.to_owned(),
        user_id: identity.account.id.clone(),
        ..expanded.spec
    };
    let terms = price::billing_terms(
        &settings.price,
        &app.config.catalogue,
        &spec.instance_type,
        spec.use_spot,
    );
    if budget.is_some() {
        check_price(&terms, &spec.instance_type)?;
    }
    let run = NewRun {
        id,
        cluster: cluster.to_owned(),
        name: choose_name(app, cluster, &identity.account.id, name).await?,
        description,
        account: identity.account.id.clone(),
        columns: expanded.columns,
        fixed_arguments: expanded.fixed_arguments,
        terms,
        spec,
        estimate: expanded.estimate,
        budget,
        parallel: expanded.parallel,
        priority: controls.priority,
        failure_limit: controls.failure_limit,
        cpus: controls.cpus,
        gpus: controls.gpus,
        awaits_upload,
        awaits_fetch,
        mounts,
        script_digest: None,
        created_at: app.clock.now(),
        trials: expanded.trials,
        idempotency_key: key,
    };
    Ok((run, turn))
}

/// Wakes the dispatcher and the fetcher for a new run.
fn wake_workers(app: &App, cluster: &str) {
    app.wake_dispatcher(cluster);
    app.fetch_wake.notify_one();
}

/// The key of a request and the hash of what it asks for.
fn read_idempotency_key(
    headers: &HeaderMap,
    request: &CreateRun,
) -> Result<Option<(String, [u8; 32])>, ApiError> {
    let Some(value) = headers.get(IDEMPOTENCY_KEY) else {
        return Ok(None);
    };
    let key = value.to_str().unwrap_or_default();
    let fits = (1..=IDEMPOTENCY_KEY_MAX).contains(&key.len())
        && key.bytes().all(|byte| byte.is_ascii_graphic());
    if !fits {
        return Err(ApiError::Invalid(format!(
            "{IDEMPOTENCY_KEY} takes 1 to {IDEMPOTENCY_KEY_MAX} visible ASCII characters."
        )));
    }
    let body =
        serde_json::to_vec(request).map_err(|error| ApiError::Internal(error.to_string()))?;
    Ok(Some((key.to_owned(), Sha256::digest(body).into())))
}

/// The run that an earlier request with this idempotency key has created.
async fn replay_of_key(
    app: &App,
    identity: &Identity,
    cluster: &str,
    key: Option<&(String, [u8; 32])>,
) -> Result<Option<RunRecord>, ApiError> {
    let Some((key, hash)) = key else {
        return Ok(None);
    };
    let account = identity.account.id.clone();
    match app.store.find_launch(account, key.clone(), *hash).await? {
        Some(CreateOutcome::Existing(id)) => Ok(Some(
            runs::find(app, &identity.viewer(), cluster.to_owned(), id).await?,
        )),
        Some(_) => Err(ApiError::Unprocessable(format!(
            "This {IDEMPOTENCY_KEY} was used for another request. Use a new one for a new run."
        ))),
        None => Ok(None),
    }
}

/// Refuses what this server cannot do, before anything is written.
fn check_support(cluster: &str, request: &CreateRun) -> Result<(), ApiError> {
    let spec = &request.spec;
    if !spec.cluster_id.is_empty() && spec.cluster_id != cluster {
        return Err(ApiError::Invalid(format!(
            "The address says cluster `{cluster}`, the request `{}`.",
            truncated(&spec.cluster_id)
        )));
    }
    if request.description.chars().count() > NAME_MAX {
        return Err(ApiError::Invalid(format!(
            "A description has at most {NAME_MAX} characters."
        )));
    }
    if spec.dry_run {
        return Err(ApiError::Unimplemented(
            "This server has no dry runs; `sweep plan --estimate` says what a run would cost."
                .to_owned(),
        ));
    }
    inputs::check_working_folder(&spec.relative_work_dir)
}

/// The name asked for, if it fits and the account has no run of it; a drawn one where none is asked for.
async fn choose_name(
    app: &App,
    cluster: &str,
    account: &str,
    asked: String,
) -> Result<String, ApiError> {
    let taken = |name: &str| {
        let (cluster, account) = (cluster.to_owned(), account.to_owned());
        app.store.is_name_taken(cluster, account, name.to_owned())
    };
    if !asked.is_empty() {
        if !is_run_name(&asked) {
            return Err(ApiError::Invalid(format!(
                "`{}` is no name for a run: lower-case letters, digits and -, no - at either end, \
                 at most {NAME_MAX} characters.",
                truncated(&asked)
            )));
        }
        if taken(&asked).await? {
            return Err(ApiError::AlreadyExists(format!(
                "There is a run named `{asked}` already. Choose another name."
            )));
        }
        return Ok(asked);
    }
    for _ in 0..NAME_DRAWS {
        let name = random::run_name()?;
        if !taken(&name).await? {
            return Ok(name);
        }
    }
    Err(ApiError::Unavailable(
        "No free name was found for this run. Give it one with --name.",
    ))
}

/// The rule of Grid's client, which lets letters of any alphabet pass.
fn is_run_name(name: &str) -> bool {
    (1..=NAME_MAX).contains(&name.chars().count())
        && name
            .chars()
            .all(|letter| letter == '-' || letter.is_alphanumeric() && !letter.is_uppercase())
        && !name.starts_with('-')
        && !name.ends_with('-')
}

/// Copies the source folder as it is now: what all trials of the run will run. Refuses a script
/// that is not in it; answers with the script's digest.
async fn snapshot_source(app: &Arc<App>, run: &NewRun) -> Result<Option<String>, ApiError> {
    let (id, folder) = (run.id.clone(), run.spec.relative_work_dir.clone());
    let (at, script) = (Arc::clone(app), run.script().to_owned());
    let to = app.config.data.source(&id);
    let copy = move || copy_source(&at, &to, &folder, script);
    let kept = tokio::task::spawn_blocking(copy).await?;
    if kept.is_err() {
        remove_source(app, &id).await;
    }
    kept
}

fn copy_source(
    app: &App,
    to: &Path,
    folder: &str,
    script: String,
) -> Result<Option<String>, ApiError> {
    let config = &app.config;
    let limits = SourceLimits {
        bytes: config.limits.source_bytes,
        files: config.limits.source_files,
    };
    let ignored = IgnoreRules::load(&config.source, config.data.path());
    snapshot(&config.source, to, &ignored, limits, &app.disk).map_err(|error| match error {
        SourceError::TooLarge(_) => ApiError::Invalid(to_sentence(&error)),
        SourceError::NoRoom(short) => storage_error(&short.message()),
        SourceError::Io(_, full) if is_full(&full) => storage_error(&full.to_string()),
        SourceError::Io(path, error) => copy_refusal(&config.source, &path, &error),
    })?;
    if let Err(no_script) = ensure_script(to, folder, &script) {
        let path = strip_current_dirs(&Path::new(folder).join(&script));
        let left_out = ignored.ignores_file(&config.source, &path);
        let reason = if left_out && config.source.join(&path).is_file() {
            ScriptError::LeftOut(script)
        } else {
            no_script
        };
        return Err(ApiError::Invalid(reason.to_string()));
    }
    Ok(digest_script(to, folder, &script))
}

async fn remove_source(app: &App, id: &str) {
    let folder = app.config.data.source(id);
    // A failure leaves a folder behind that the next start removes.
    let _ = tokio::task::spawn_blocking(move || remove_tree(&folder)).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_runs() {
        for name in ["hp", "a-b-1", "1a", "a--b", "été"] {
            assert!(is_run_name(name), "{name}");
        }
        let long = "a".repeat(NAME_MAX + 1);
        for name in [
            "", "-a", "a-", "A", "a b", "a_b", "a/b", "..", "\u{0}", &long,
        ] {
            assert!(!is_run_name(name), "{name}");
        }
    }
}

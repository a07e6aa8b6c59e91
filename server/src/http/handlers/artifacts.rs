//! Files that a trial made.

use std::path::Path;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use sweep_planner::api::{Artifact, ArtifactPage, paths};

use super::experiments;
use crate::app::App;
use crate::http::attachment::send_file;
use crate::http::error::ApiError;
use crate::http::extract::{ExperimentPath, PathParam, QueryParams};
use crate::http::openapi::{Binary, tags};
use crate::http::{address, signed, wire};
use crate::model::Viewer;
use crate::runner::protocol::TrialFolder;
use crate::sources::{ArtifactFile, Caches, list_artifacts, open_in};
use crate::store::FileScope;

/// How many a page holds where the call does not say, and at most.
const PAGE_SIZE: usize = 25;
const PAGE_SIZE_MAX: usize = 1_000;
/// How long an address of an artifact works, or of an output.
pub(super) const URL_LIFETIME_MICROS: i64 = 3_600_000_000;

/// Files that an experiment wrote, without caches: models and checkpoints first, then results, plots,
/// other files and logs.
///
/// 410 where they have been deleted, as the server's settings ask for old runs.
#[utoipa::path(
    get,
    path = paths::ARTIFACTS,
    operation_id = "listArtifacts",
    tag = tags::EXPERIMENTS,
    params(
        ExperimentPath,
        ("pageToken" = Option<String>, Query, description = "`nextPageToken` of the page before."),
        ("pageSize" = Option<u64>, Query, description = "25 where absent, at most 1000."),
        (
            "all" = Option<bool>,
            Query,
            description = "`true`: caches too (`__pycache__`, `.cache`, data sets that libraries \
                           fetch, …), as the last ones (ours).",
        ),
    ),
    responses((status = 200, description = "The page.", body = ArtifactPage)),
)]
pub async fn list(
    State(app): State<Arc<App>>,
    viewer: Viewer,
    PathParam(ExperimentPath {
        cluster: name,
        experiment: id,
    }): PathParam<ExperimentPath>,
    params: QueryParams,
    headers: HeaderMap,
) -> Result<Json<ArtifactPage>, ApiError> {
    let (run, trial) = experiments::find(&app, &viewer, name.clone(), &id).await?;
    ensure_not_discarded(&app, run.key).await?;
    let start: usize = params.parse_first("pageToken")?.unwrap_or(0);
    let size: usize = params
        .parse_first("pageSize")?
        .unwrap_or(PAGE_SIZE)
        .clamp(1, PAGE_SIZE_MAX);
    let caches = read_caches(&params)?;
    let folder = TrialFolder::for_attempt(&app.config.data, &run.id, trial.number, trial.attempt);
    let source = app.config.data.source(&run.id);
    let list = move || match folder.open_work() {
        Ok(work) => list_artifacts(work, &source, caches),
        Err(_) => Vec::new(),
    };
    let found = app.file_reads.run(list).await?;
    let origin = address::origin(&app, &headers);
    let expires = app.clock.now().micros() + URL_LIFETIME_MICROS;
    let shown = |file: &ArtifactFile| {
        let url = address::artifact(&app, &origin, &name, &id, &file.name, expires);
        wire::artifact(file, url)
    };
    let artifacts: Vec<Artifact> = found.iter().skip(start).take(size).map(shown).collect();
    let next = start + artifacts.len();
    let token = |at: usize| at.to_string();
    Ok(Json(ArtifactPage {
        artifacts,
        next_page_token: if next < found.len() {
            token(next)
        } else {
            String::new()
        },
        previous_page_token: if start > 0 {
            token(start.saturating_sub(size))
        } else {
            String::new()
        },
        archive_url: address::archive(&app, &origin, &name, &id, caches, expires),
    }))
}

/// One file, by an address from the list; needs no credentials and works for an hour.
#[utoipa::path(
    get,
    path = paths::ARTIFACT_FILE,
    operation_id = "getArtifact",
    tag = tags::EXPERIMENTS,
    params(
        ExperimentPath,
        ("path" = String, Query, description = "The file's name, as in the list."),
        ("expires" = i64, Query, description = "As in the address: microseconds since 1970."),
        ("signature" = String, Query, description = "As in the address."),
    ),
    responses((
        status = 200,
        description = "The file.",
        body = inline(Binary),
        content_type = "application/octet-stream",
        headers(("Content-Disposition" = String, description = "`attachment`.")),
    )),
)]
pub async fn download(
    State(app): State<Arc<App>>,
    PathParam(ExperimentPath {
        cluster: name,
        experiment: id,
    }): PathParam<ExperimentPath>,
    params: QueryParams,
) -> Result<Response, ApiError> {
    let path = params.get("path").unwrap_or_default().to_owned();
    if !signed::verify_signature(&app, [&id, &path], &params)? {
        return Err(ApiError::Forbidden(
            "This address of an artifact is wrong or too old; list the artifacts again.".to_owned(),
        ));
    }
    let (run, trial) = experiments::find(&app, &Viewer::SignedAddress, name, &id).await?;
    ensure_not_discarded(&app, run.key).await?;
    let folder = TrialFolder::for_attempt(&app.config.data, &run.id, trial.number, trial.attempt);
    let missing = || ApiError::NotFound("This file is not there any more.".to_owned());
    let open = move || open_in(&folder.open_work()?, Path::new(&path));
    let opened = app.file_reads.run(open).await?;
    let file = opened.map_err(|_| missing())?;
    send_file(file, None).await.map_err(|_| missing())
}

/// What a call asks for by `all`.
pub(super) fn read_caches(params: &QueryParams) -> Result<Caches, ApiError> {
    Ok(match params.parse_first("all")? {
        Some(true) => Caches::Listed,
        _ => Caches::Hidden,
    })
}

/// Refuses with 410 if the files of a run's trials were deleted, or are marked for it.
pub(super) async fn ensure_not_discarded(app: &App, run: i64) -> Result<(), ApiError> {
    let deleted = app.store.discarded_at(run, FileScope::Work).await?;
    deleted.map_or(Ok(()), |at| {
        Err(ApiError::Gone(format!(
            "The files of this run's trials were deleted at {at}, as the server's settings ask for \
             old runs."
        )))
    })
}

//! Files that a trial made.

use std::path::Path;
use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use sweep_planner::api::{Artifact, ArtifactPage};
use tokio_util::io::ReaderStream;

use super::experiments;
use crate::app::App;
use crate::http::error::ApiError;
use crate::http::extract::{At, Params};
use crate::http::{address, signed, wire};
use crate::runner::protocol::Folder;
use crate::sources::{Made, made, open_below};
use crate::store::Files;

/// How many a page holds where the call does not say, and at most.
const PAGE: usize = 25;
const PAGE_MAX: usize = 1_000;
/// How long an address of an artifact works.
const ADDRESS_LIFE_MICROS: i64 = 3_600_000_000;

/// `GET /v1/core/{cluster}/experiments/{experiment}/artifacts`.
pub async fn list(
    State(app): State<Arc<App>>,
    At((name, id)): At<(String, String)>,
    params: Params,
    headers: HeaderMap,
) -> Result<Json<ArtifactPage>, ApiError> {
    let (run, trial) = experiments::find(&app, name.clone(), &id).await?;
    kept(&app, run.key).await?;
    let start: usize = params.read("pageToken")?.unwrap_or(0);
    let size: usize = params.read("pageSize")?.unwrap_or(PAGE).clamp(1, PAGE_MAX);
    let folder = Folder::of(&app.config.data, &run.id, trial.number, trial.attempt);
    let source = app.config.data.source(&run.id);
    let found = tokio::task::spawn_blocking(move || made(&folder.work(), &source)).await?;
    let host = address::host(&headers);
    let expires = app.clock.now().micros() + ADDRESS_LIFE_MICROS;
    let shown = |file: &Made| {
        let url = address::artifact(&app, host, &name, &id, &file.name, expires);
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
        archive_url: address::archive(&app, host, &name, &id, expires),
    }))
}

/// `GET …/artifacts/file?path=…&expires=…&signature=…`: whoever has the address may read it.
pub async fn file(
    State(app): State<Arc<App>>,
    At((name, id)): At<(String, String)>,
    params: Params,
) -> Result<Response, ApiError> {
    let path = params.get("path").unwrap_or_default().to_owned();
    if !signed::is_signed(&app, [&id, &path], &params)? {
        return Err(ApiError::Forbidden(
            "This address of an artifact is wrong or too old; list the artifacts again.".to_owned(),
        ));
    }
    let (run, trial) = experiments::find(&app, name, &id).await?;
    kept(&app, run.key).await?;
    let work = Folder::of(&app.config.data, &run.id, trial.number, trial.attempt).work();
    let missing = || ApiError::NotFound("This file is not there any more.".to_owned());
    let opened = tokio::task::spawn_blocking(move || open_below(&work, Path::new(&path))).await?;
    let file = tokio::fs::File::from_std(opened.map_err(|_| missing())?);
    let length = file.metadata().await.map_err(|_| missing())?.len();
    let mut response = Body::from_stream(ReaderStream::new(file)).into_response();
    let headers = response.headers_mut();
    let kind = HeaderValue::from_static("application/octet-stream");
    headers.insert(header::CONTENT_TYPE, kind);
    headers.insert(header::CONTENT_LENGTH, length.into());
    // A browser must save it, never render it on our origin, whatever it holds.
    headers.insert(
        header::CONTENT_DISPOSITION,
        HeaderValue::from_static("attachment"),
    );
    Ok(response)
}

/// Refuses with 410 if the files of a run's trials were deleted, or are marked for it.
pub(super) async fn kept(app: &App, run: i64) -> Result<(), ApiError> {
    let deleted = app.store.discarded_at(run, Files::Work).await?;
    deleted.map_or(Ok(()), |at| {
        Err(ApiError::Gone(format!(
            "The files of this run's trials were deleted at {at}, as the server's settings ask for \
             old runs."
        )))
    })
}

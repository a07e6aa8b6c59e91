//! Sources that a client uploads (`--localdir`): one PUT of a tar.gz to a signed address.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Extension;
use axum::body::Body as Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use sha2::{Digest, Sha256};
use sweep_planner::api::{Run, paths};
use tokio::io::AsyncWriteExt;
use tokio::sync::Mutex;

use super::ensure_disk_space;
use crate::app::App;
use crate::http::connections::Connection;
use crate::http::error::{ApiError, to_sentence};
use crate::http::extract::{PathParam, QueryParams, UploadPath};
use crate::http::openapi::{Binary, tags};
use crate::http::{address, signed, wire};
use crate::model::{RunRecord, Viewer};
use crate::sources::{
    SourceLimits, UnpackError, ensure_script, remove_tree, replace_source, unpack_tar_gz,
};
use crate::system::random::{self, to_hex};

/// How long an address takes an upload: a day.
const URL_LIFETIME_MICROS: i64 = 86_400_000_000;

/// A run as its launch is answered: with the address of its upload, as long as it waits for one.
pub(super) fn run_with_upload_url(
    app: &App,
    viewer: &Viewer,
    headers: &HeaderMap,
    run: &RunRecord,
    brief: bool,
) -> Run {
    let mut shown = wire::run_to_wire(app, viewer, run, brief);
    if run.awaits_upload {
        let expires = app.clock.now().micros() + URL_LIFETIME_MICROS;
        let origin = address::origin(app, headers);
        shown.status.upload_url = address::upload(app, &origin, &run.id, expires);
    }
    shown
}

/// Takes a run's source as tar.gz, at the address of its launch's `status.uploadUrl`.
///
/// Whoever has the address may send it; the address works for a day.
#[utoipa::path(
    put,
    path = paths::UPLOAD,
    operation_id = "uploadSource",
    tag = tags::RUNS,
    params(
        UploadPath,
        ("expires" = i64, Query, description = "As in the address: microseconds since 1970."),
        ("signature" = String, Query, description = "As in the address."),
    ),
    request_body(content = inline(Binary), content_type = "application/gzip"),
    responses((
        status = 200,
        description = "It has arrived.",
        headers(("ETag" = String, description = "Its SHA-256, in quotes.")),
    )),
)]
pub async fn receive(
    State(app): State<Arc<App>>,
    PathParam(UploadPath { run }): PathParam<UploadPath>,
    params: QueryParams,
    connection: Option<Extension<Arc<Connection>>>,
    body: Bytes,
) -> Result<Response, ApiError> {
    if !signed::verify_signature(&app, [address::UPLOAD, &run], &params)? {
        return Err(ApiError::Forbidden(
            "This address for an upload is wrong or too old; launch again.".to_owned(),
        ));
    }
    if let Some(Extension(connection)) = connection {
        connection.mark_trusted();
    }
    ensure_disk_space(&app)?;
    let before = app
        .store
        .upload_hash(run.clone())
        .await?
        .ok_or_else(upload_not_found)?;
    let folder = app.config.data.uploads();
    let id = random::ulid(app.clock.now())?;
    let file = app.config.data.upload(&run, &id);
    let received = save_body(&folder, &file, body, app.config.limits.source_bytes).await;
    // A task of its own, so that it is not cancelled when the client hangs up.
    let taken = tokio::spawn(async move {
        let taken = match received {
            Ok(hash) => accept_upload(&app, &run, &file, hash, &before).await,
            Err(error) => Err(error),
        };
        // What a killed server leaves behind is removed at the next start.
        let _ = tokio::fs::remove_file(&file).await;
        taken
    });
    let hash = taken.await??;
    Ok((StatusCode::OK, [(header::ETAG, format!("\"{hash}\""))]).into_response())
}

/// Writes the body to a file; answers with its SHA-256.
async fn save_body(folder: &Path, file: &Path, body: Bytes, most: u64) -> Result<String, ApiError> {
    let failed = |error| internal_error(&error);
    tokio::fs::create_dir_all(folder).await.map_err(failed)?;
    let mut file = tokio::fs::File::create(file).await.map_err(failed)?;
    let (mut hash, mut bytes) = (Sha256::new(), 0_u64);
    let mut pieces = body.into_data_stream();
    while let Some(piece) = pieces.next().await {
        let piece =
            piece.map_err(|error| ApiError::Invalid(format!("The upload broke off: {error}.")))?;
        bytes += piece.len() as u64;
        if bytes > most {
            return Err(ApiError::TooLarge(format!(
                "The source has more than {most} bytes. Name what the script does not need in a \
                 .gridignore file."
            )));
        }
        hash.update(&piece);
        file.write_all(&piece).await.map_err(failed)?;
    }
    file.flush().await.map_err(failed)?;
    Ok(to_hex(&hash.finalize()))
}

/// Unpacks and installs an uploaded source, and wakes the dispatchers.
async fn accept_upload(
    app: &App,
    run: &str,
    file: &Path,
    hash: String,
    before: &str,
) -> Result<String, ApiError> {
    // The same bytes again: a client repeats an upload whose answer it did not receive.
    if before == hash {
        return Ok(hash);
    }
    if !before.is_empty() {
        return Err(already_uploaded());
    }
    let folder = unpack_beside(app, file).await?;
    let put = install_source(app, run, &folder, &hash).await;
    // A successful install has moved it away.
    let _ = tokio::task::spawn_blocking(move || remove_tree(&folder)).await;
    put?;
    tracing::info!(%run, "source uploaded");
    app.wakes.values().for_each(|wake| wake.notify.notify_one());
    Ok(hash)
}

fn already_uploaded() -> ApiError {
    ApiError::Conflict(
        "The source of this run has come already, and it was another one.".to_owned(),
    )
}

/// Unpacks an uploaded file into a folder beside it; returns that folder.
async fn unpack_beside(app: &App, file: &Path) -> Result<PathBuf, ApiError> {
    let (file, to) = (file.to_owned(), file.with_extension("unfinished"));
    let limits = SourceLimits {
        bytes: app.config.limits.source_bytes,
        files: app.config.limits.source_files,
    };
    let unpacked = tokio::task::spawn_blocking(move || {
        let unpacked = unpack_tar_gz(&file, &to, limits);
        if unpacked.is_err() {
            let _ = remove_tree(&to);
        }
        unpacked.map(|()| to)
    });
    unpacked.await?.map_err(|error| match error {
        UnpackError::Disk(error) => internal_error(&error),
        UnpackError::TooLarge(_) => ApiError::TooLarge(to_sentence(&error)),
        other => ApiError::Invalid(to_sentence(&other)),
    })
}

/// Moves an unpacked source to where the trials copy it from, and lets them start. Uploads are
/// serialized, so that after one is recorded no other can replace its files.
async fn install_source(app: &App, run: &str, from: &Path, hash: &str) -> Result<(), ApiError> {
    static ONE: Mutex<()> = Mutex::const_new(());
    let _one = ONE.lock().await;
    match app.store.upload_hash(run.to_owned()).await? {
        Some(before) if before.is_empty() => {}
        Some(before) if before == hash => return Ok(()),
        Some(_) => return Err(already_uploaded()),
        None => return Err(upload_not_found()),
    }
    ensure_script_uploaded(app, run, from).await?;
    let (from, to) = (from.to_owned(), app.config.data.source(run));
    let put = tokio::task::spawn_blocking(move || replace_source(&from, &to));
    put.await?.map_err(|error| internal_error(&error))?;
    app.store
        .record_upload(run.to_owned(), hash.to_owned())
        .await?;
    Ok(())
}

/// Refuses a source without the run's script, and records its trials as failed before they started.
/// The address accepts another upload, for trials that are retried.
async fn ensure_script_uploaded(app: &App, run: &str, source: &Path) -> Result<(), ApiError> {
    let awaited = app.store.pending_upload(run.to_owned()).await?;
    let awaited = awaited.ok_or_else(upload_not_found)?;
    let (source, script) = (source.to_owned(), awaited.script);
    let there = move || ensure_script(&source, &script.folder, &script.path);
    let Err(no_script) = tokio::task::spawn_blocking(there).await? else {
        return Ok(());
    };
    let message = no_script.to_string();
    tracing::warn!(%run, %message, "the source does not contain the script");
    let failed = app
        .store
        .record_source_failure(awaited.run, message.clone(), app.clock.now());
    app.announce(awaited.run, failed.await?).await?;
    Err(ApiError::Unprocessable(format!(
        "{message} The trials of this run have failed; none has started. Try them again with the \
         right source sent to this address, or launch again."
    )))
}

fn internal_error(error: &std::io::Error) -> ApiError {
    ApiError::Internal(format!("an upload: {error}"))
}

fn upload_not_found() -> ApiError {
    ApiError::NotFound("There is no run that waits for this upload.".to_owned())
}

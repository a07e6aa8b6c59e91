//! Sources that a client uploads (`--localdir`): one PUT of a tar.gz to a signed address.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::body::Body as Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use sha2::{Digest, Sha256};
use sweep_planner::api::Run;
use tokio::io::AsyncWriteExt;
use tokio::sync::Mutex;

use super::room;
use crate::app::App;
use crate::http::error::{ApiError, sentence};
use crate::http::extract::{At, Params};
use crate::http::{address, signed, wire};
use crate::model::RunRecord;
use crate::sources::{SourceLimits, UnpackError, ensure_script, put_source, remove_tree, unpack};
use crate::system::random::{self, hex};

/// How long an address takes an upload: a day.
const ADDRESS_LIFE_MICROS: i64 = 86_400_000_000;

/// A run as its launch is answered: with the address of its upload, as long as it waits for one.
pub(super) fn with_address(app: &App, headers: &HeaderMap, run: &RunRecord, brief: bool) -> Run {
    let mut shown = wire::run(app, run, brief);
    if run.awaits_upload {
        let expires = app.clock.now().micros() + ADDRESS_LIFE_MICROS;
        let host = address::host(headers);
        shown.status.upload_url = address::upload(app, host, &run.id, expires);
    }
    shown
}

/// `PUT /v1/uploads/{run}?expires=…&signature=…`: whoever has the address may send the source.
pub async fn receive(
    State(app): State<Arc<App>>,
    At(run): At<String>,
    params: Params,
    body: Bytes,
) -> Result<Response, ApiError> {
    if !signed::is_signed(&app, [address::UPLOAD, &run], &params)? {
        return Err(ApiError::Forbidden(
            "This address for an upload is wrong or too old; launch again.".to_owned(),
        ));
    }
    room(&app)?;
    let before = app.store.upload(run.clone()).await?.ok_or_else(missing)?;
    let folder = app.config.data.uploads();
    let id = random::ulid(app.clock.now())?;
    let file = app.config.data.upload(&run, &id);
    let received = keep(&folder, &file, body, app.config.limits.source_bytes).await;
    // A task of its own, so that it is not cancelled when the client hangs up.
    let taken = tokio::spawn(async move {
        let taken = match received {
            Ok(hash) => take(&app, &run, &file, hash, &before).await,
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
async fn keep(folder: &Path, file: &Path, body: Bytes, most: u64) -> Result<String, ApiError> {
    let failed = |error| failed(&error);
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
    Ok(hex(&hash.finalize()))
}

/// Unpacks and installs an uploaded source, and wakes the dispatchers.
async fn take(
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
        return Err(came_already());
    }
    let folder = unpacked(app, file).await?;
    let put = put_in_place(app, run, &folder, &hash).await;
    // A successful install has moved it away.
    let _ = tokio::task::spawn_blocking(move || remove_tree(&folder)).await;
    put?;
    tracing::info!(%run, "source uploaded");
    app.wakes.values().for_each(|wake| wake.notify.notify_one());
    Ok(hash)
}

fn came_already() -> ApiError {
    ApiError::Conflict(
        "The source of this run has come already, and it was another one.".to_owned(),
    )
}

/// Unpacks an uploaded file into a folder beside it; returns that folder.
async fn unpacked(app: &App, file: &Path) -> Result<PathBuf, ApiError> {
    let (file, to) = (file.to_owned(), file.with_extension("unfinished"));
    let limits = SourceLimits {
        bytes: app.config.limits.source_bytes,
        files: app.config.limits.source_files,
    };
    let unpacked = tokio::task::spawn_blocking(move || {
        let unpacked = unpack(&file, &to, limits);
        if unpacked.is_err() {
            let _ = remove_tree(&to);
        }
        unpacked.map(|()| to)
    });
    unpacked.await?.map_err(|error| match error {
        UnpackError::Disk(error) => failed(&error),
        UnpackError::TooLarge(_) => ApiError::TooLarge(sentence(&error)),
        other => ApiError::Invalid(sentence(&other)),
    })
}

/// Moves an unpacked source to where the trials copy it from, and lets them start. Uploads are
/// serialized, so that after one is recorded no other can replace its files.
async fn put_in_place(app: &App, run: &str, from: &Path, hash: &str) -> Result<(), ApiError> {
    static ONE: Mutex<()> = Mutex::const_new(());
    let _one = ONE.lock().await;
    match app.store.upload(run.to_owned()).await? {
        Some(before) if before.is_empty() => {}
        Some(before) if before == hash => return Ok(()),
        Some(_) => return Err(came_already()),
        None => return Err(missing()),
    }
    check_script(app, run, from).await?;
    let (from, to) = (from.to_owned(), app.config.data.source(run));
    let put = tokio::task::spawn_blocking(move || put_source(&from, &to));
    put.await?.map_err(|error| failed(&error))?;
    app.store.uploaded(run.to_owned(), hash.to_owned()).await?;
    Ok(())
}

/// Refuses a source without the run's script, and records its trials as failed before they started.
/// The address accepts another upload, for trials that are retried.
async fn check_script(app: &App, run: &str, source: &Path) -> Result<(), ApiError> {
    let awaited = app.store.to_upload(run.to_owned()).await?;
    let awaited = awaited.ok_or_else(missing)?;
    let (source, script) = (source.to_owned(), awaited.script);
    let there = move || ensure_script(&source, &script.folder, &script.path);
    let Err(no_script) = tokio::task::spawn_blocking(there).await? else {
        return Ok(());
    };
    let message = no_script.to_string();
    tracing::warn!(%run, %message, "the source does not contain the script");
    let failed = app
        .store
        .source_failed(awaited.run, message.clone(), app.clock.now());
    app.announce(awaited.run, failed.await?).await?;
    Err(ApiError::Unprocessable(format!(
        "{message} The trials of this run have failed; none has started. Try them again with the \
         right source sent to this address, or launch again."
    )))
}

fn failed(error: &std::io::Error) -> ApiError {
    ApiError::Internal(format!("an upload: {error}"))
}

fn missing() -> ApiError {
    ApiError::NotFound("There is no run that waits for this upload.".to_owned())
}

//! Sources that a client uploads (`--localdir`): one PUT of a tar.gz to a signed address.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::body::{Body as Bytes, BodyDataStream, HttpBody};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use sha2::{Digest, Sha256};
use sweep_planner::api::{Run, paths};
use tokio::io::AsyncWriteExt;
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::ensure_disk_space;
use crate::app::App;
use crate::http::connections::Connection;
use crate::http::error::{ApiError, to_sentence};
use crate::http::extract::{PathParam, QueryParams, UploadPath};
use crate::http::openapi::{Binary, tags};
use crate::http::upload_turns::Replaced;
use crate::http::{address, signed, wire};
use crate::model::{RunRecord, Viewer};
use crate::sources::{
    ScriptError, SourceLimits, UnpackError, digest_script, ensure_script, remove_tree,
    replace_source, unpack_tar_gz,
};
use crate::system::random::{self, to_hex};
use crate::upkeep::disk::{LowSpace, ROOM_CHECK_BYTES, is_full};

/// For how long what is still sent of a refused upload is taken.
const DISCARD_MAX: Duration = Duration::from_secs(10);
/// How long an address takes an upload: a day.
const URL_LIFETIME_MICROS: i64 = 86_400_000_000;

/// A run as its launch is answered: with the address of its upload, as long as it waits for one, and
/// without the list of its trials.
pub(super) fn run_with_upload_url(
    app: &App,
    viewer: &Viewer,
    headers: &HeaderMap,
    run: &RunRecord,
) -> Run {
    let mut shown = wire::run_to_wire(app, viewer, run);
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
    let mut turn = app.upload_turns.announce(&run);
    turn.wait().await.map_err(|Replaced| upload_replaced())?;
    let before = app
        .store
        .upload_hash(run.clone())
        .await?
        .ok_or_else(upload_not_found)?;
    let id = random::ulid(app.clock.now())?;
    let file = ReceivedFile(app.config.data.upload(&run, &id));
    let announced = body.size_hint().lower();
    let mut pieces = body.into_data_stream();
    let received = tokio::select! {
        received = save_in_time(&app, &file.0, &mut pieces, announced) => received,
        () = turn.replaced() => Err(upload_replaced()),
    };
    let hash = match received {
        Ok(hash) => hash,
        Err(refused) => {
            drop((file, turn));
            let sent_on = [
                StatusCode::PAYLOAD_TOO_LARGE,
                StatusCode::INSUFFICIENT_STORAGE,
            ];
            if sent_on.contains(&refused.status()) {
                discard(pieces).await;
            }
            return Err(refused);
        }
    };
    // A task of its own, so that it is not cancelled when the client hangs up.
    let taken = tokio::spawn(async move {
        let taken = accept_upload(&app, &run, &file.0, hash, &before).await;
        drop((file, turn));
        taken
    });
    let hash = taken.await??;
    Ok((StatusCode::OK, [(header::ETAG, format!("\"{hash}\""))]).into_response())
}

/// A file of an upload that is under way; removed when it is over, however it ends. What a killed
/// server leaves behind is removed at the next start.
struct ReceivedFile(PathBuf);

impl Drop for ReceivedFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Takes what is still sent of an upload that is refused, for a while: a client that is cut off while it
/// sends does not read why.
async fn discard(mut pieces: BodyDataStream) {
    let rest = async { while let Some(Ok(_)) = pieces.next().await {} };
    let _ = timeout(DISCARD_MAX, rest).await;
}

/// [`save_body`], which ends after a time.
async fn save_in_time(
    app: &App,
    file: &Path,
    pieces: &mut BodyDataStream,
    announced: u64,
) -> Result<String, ApiError> {
    let whole = Duration::from_secs(app.config.limits.upload_seconds);
    timeout(whole, save_body(app, file, pieces, announced))
        .await
        .unwrap_or_else(|_| Err(ApiError::TimedOut(took_too_long(whole))))
}

/// Writes the body to a file, as long as it goes on and the disk keeps its free space; answers with its
/// SHA-256. `announced` is how many bytes it has at least.
async fn save_body(
    app: &App,
    file: &Path,
    pieces: &mut BodyDataStream,
    announced: u64,
) -> Result<String, ApiError> {
    let limits = &app.config.limits;
    let idle = Duration::from_secs(limits.upload_idle_seconds);
    ensure_size(announced, limits.source_bytes)?;
    ensure_room(app, announced)?;
    let mut file = create_file(file).map_err(|error| disk_error(&error))?;
    let (mut hash, mut bytes, mut checked) = (Sha256::new(), 0_u64, 0_u64);
    while let Some(piece) = timeout(idle, pieces.next())
        .await
        .map_err(|_| ApiError::TimedOut(stalled(idle)))?
    {
        let piece =
            piece.map_err(|error| ApiError::Invalid(format!("The upload broke off: {error}.")))?;
        bytes += piece.len() as u64;
        ensure_size(bytes, limits.source_bytes)?;
        if bytes >= checked {
            checked = bytes + ROOM_CHECK_BYTES;
            ensure_room(app, ROOM_CHECK_BYTES)?;
        }
        hash.update(&piece);
        let written = file.write_all(&piece).await;
        written.map_err(|error| disk_error(&error))?;
    }
    file.flush().await.map_err(|error| disk_error(&error))?;
    Ok(to_hex(&hash.finalize()))
}

/// At once, not by a task: one that went on after a cancellation would make the file when it is removed.
fn create_file(file: &Path) -> std::io::Result<tokio::fs::File> {
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::File::create_new(file).map(tokio::fs::File::from_std)
}

fn ensure_size(bytes: u64, most: u64) -> Result<(), ApiError> {
    if bytes > most {
        return Err(ApiError::TooLarge(format!(
            "The source has more than {most} bytes. Name what the script does not need in a \
             .gridignore file."
        )));
    }
    Ok(())
}

fn ensure_room(app: &App, bytes: u64) -> Result<(), ApiError> {
    app.disk
        .check_room(bytes)
        .map_or(Ok(()), |short| Err(no_room(short)))
}

/// Unpacks and installs an uploaded source, and wakes the dispatchers.
async fn accept_upload(
    app: &Arc<App>,
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
async fn unpack_beside(app: &Arc<App>, file: &Path) -> Result<PathBuf, ApiError> {
    let (file, to) = (file.to_owned(), file.with_extension("unfinished"));
    let limits = SourceLimits {
        bytes: app.config.limits.source_bytes,
        files: app.config.limits.source_files,
    };
    let app = Arc::clone(app);
    let unpacked = tokio::task::spawn_blocking(move || {
        let unpacked = unpack_tar_gz(&file, &to, limits, &app.disk);
        if unpacked.is_err() {
            let _ = remove_tree(&to);
        }
        unpacked.map(|()| to)
    });
    unpacked.await?.map_err(|error| match error {
        UnpackError::Disk(error) => disk_error(&error),
        UnpackError::NoRoom(short) => no_room(short),
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
    let script = ensure_script_uploaded(app, run, from).await?;
    let (from, to) = (from.to_owned(), app.config.data.source(run));
    let put = tokio::task::spawn_blocking(move || replace_source(&from, &to));
    put.await?.map_err(|error| disk_error(&error))?;
    app.store
        .record_upload(run.to_owned(), hash.to_owned(), script)
        .await?;
    Ok(())
}

/// Refuses a source without the run's script, and records its trials as failed before they started.
/// The address accepts another upload, for trials that are retried. Answers with the script's digest.
async fn ensure_script_uploaded(
    app: &App,
    run: &str,
    source: &Path,
) -> Result<Option<String>, ApiError> {
    let awaited = app.store.pending_upload(run.to_owned()).await?;
    let awaited = awaited.ok_or_else(upload_not_found)?;
    let (source, script) = (source.to_owned(), awaited.script);
    let there = move || {
        ensure_script(&source, &script.folder, &script.path)?;
        Ok::<_, ScriptError>(digest_script(&source, &script.folder, &script.path))
    };
    let no_script = match tokio::task::spawn_blocking(there).await? {
        Ok(digest) => return Ok(digest),
        Err(no_script) => no_script,
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

/// 507 for a full disk, else our fault.
fn disk_error(error: &std::io::Error) -> ApiError {
    if is_full(error) {
        ApiError::InsufficientStorage(format!(
            "The upload was not kept: the server's disk is full ({error}). Free some space there and \
             try again."
        ))
    } else {
        ApiError::Internal(format!("an upload: {error}"))
    }
}

fn no_room(short: LowSpace) -> ApiError {
    ApiError::InsufficientStorage(format!(
        "The upload was not kept, since it would not leave enough room: {}. Free some space there and \
         try again.",
        short.message()
    ))
}

fn stalled(idle: Duration) -> String {
    format!(
        "The upload was ended, since nothing of it came for {} s. Send it again.",
        idle.as_secs()
    )
}

fn took_too_long(whole: Duration) -> String {
    format!(
        "The upload was ended, since it took more than {} s. Send less, or name what the script does \
         not need in a .gridignore file.",
        whole.as_secs()
    )
}

fn upload_replaced() -> ApiError {
    ApiError::Conflict(
        "Another upload to this address has begun since, and replaces this one.".to_owned(),
    )
}

fn upload_not_found() -> ApiError {
    ApiError::NotFound("There is no run that waits for this upload.".to_owned())
}

//! All files that a trial made, as one tar.
//!
//! The headers are the crate `tar`'s. The rest is written by hand, since files change while it is
//! written: each is as long as it is when its turn comes, no link is followed, memory is bounded.

use std::io::{self, BufWriter, Write};
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use tokio::sync::mpsc::{Sender, channel};

use super::artifacts::{ensure_not_discarded, read_caches};
use super::experiments;
use crate::app::App;
use crate::http::attachment::disposition;
use crate::http::error::ApiError;
use crate::http::extract::{ExperimentPath, PathParam, QueryParams};
use crate::http::openapi::{Binary, tags};
use crate::http::{address, signed};
use crate::model::Viewer;
use crate::runner::protocol::TrialFolder;
use crate::sources::{list_artifacts, write_tar};
use sweep_planner::api::paths;

/// How much is sent at once, in bytes, and how many such pieces may wait for the client.
const CHUNK_BYTES: usize = 64 << 10;
const CHUNKS_QUEUED_MAX: usize = 8;

/// All files that an experiment wrote, as one tar (ours), by `archiveUrl` of their list.
///
/// Needs no credentials and works for an hour.
#[utoipa::path(
    get,
    path = paths::ARTIFACTS_TAR,
    operation_id = "getArtifactArchive",
    tag = tags::EXPERIMENTS,
    params(
        ExperimentPath,
        ("all" = Option<bool>, Query, description = "As in the address: `true` for caches too."),
        ("expires" = i64, Query, description = "As in the address: microseconds since 1970."),
        ("signature" = String, Query, description = "As in the address."),
    ),
    responses((
        status = 200,
        description = "The archive.",
        body = inline(Binary),
        content_type = "application/x-tar",
        headers(("Content-Disposition" = String, description = "`attachment`, with a file name.")),
    )),
)]
pub async fn download_all(
    State(app): State<Arc<App>>,
    PathParam(ExperimentPath {
        cluster: name,
        experiment: id,
    }): PathParam<ExperimentPath>,
    params: QueryParams,
) -> Result<Response, ApiError> {
    if !signed::verify_signature(&app, [address::ARCHIVE, &id], &params)? {
        return Err(ApiError::Forbidden(
            "This address of artifacts is wrong or too old; list the artifacts again.".to_owned(),
        ));
    }
    let (run, trial) = experiments::find(&app, &Viewer::SignedAddress, name, &id).await?;
    ensure_not_discarded(&app, run.key).await?;
    let folder = TrialFolder::for_attempt(&app.config.data, &run.id, trial.number, trial.attempt);
    let source = app.config.data.source(&run.id);
    let caches = read_caches(&params)?;
    let (sender, receiver) = channel(CHUNKS_QUEUED_MAX);
    // One that is slow to take it keeps a thread, of which others need some.
    let permit = app.file_reads.begin_archive(&run.account).await?;
    // Ends by itself when everything is sent or the client has hung up.
    drop(tokio::task::spawn_blocking(move || {
        let _permit = permit;
        let Ok(work) = folder.open_work() else {
            // As where the trial has made nothing.
            let out = BufWriter::new(ChannelWriter(sender));
            return drop(tar::Builder::new(out).into_inner());
        };
        let Ok(again) = folder.open_work() else {
            return;
        };
        let names: Vec<String> = list_artifacts(again, &source, caches)
            .into_iter()
            .map(|file| file.name)
            .collect();
        let out = BufWriter::with_capacity(CHUNK_BYTES, ChannelWriter(sender.clone()));
        if let Err(error) = write_tar(&work, &names, out) {
            // Aborts the response, so that the client does not take it for a complete archive.
            let _ = sender.blocking_send(Err(error));
        }
    }));
    let pieces = stream::unfold(receiver, |mut receiver| async {
        receiver.recv().await.map(|piece| (piece, receiver))
    });
    let mut response = Body::from_stream(pieces).into_response();
    let headers = response.headers_mut();
    let kind = HeaderValue::from_static("application/x-tar");
    headers.insert(header::CONTENT_TYPE, kind);
    let file_name = id + ".tar";
    headers.insert(header::CONTENT_DISPOSITION, disposition(Some(&file_name)));
    Ok(response)
}

/// Writes to a channel; blocks while it is full.
struct ChannelWriter(Sender<io::Result<Bytes>>);

impl Write for ChannelWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let piece = Bytes::copy_from_slice(bytes);
        let sent = self.0.blocking_send(Ok(piece));
        sent.map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

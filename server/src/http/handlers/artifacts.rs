//! Files that a trial made.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use sweep_planner::api::{Artifact, ArtifactPage, Int64, Timestamp, paths};
use tokio_util::io::ReaderStream;

use super::{At, Params, archive, experiments};
use crate::app::App;
use crate::http::error::ApiError;
use crate::http::signed;
use crate::runner::protocol::Folder;
use crate::sources::open_below;
use crate::store::Files;

/// How many a page holds where the call does not say, and at most.
const PAGE: usize = 25;
const PAGE_MAX: usize = 1_000;
/// How long an address of an artifact works.
const ADDRESS_LIFE_MICROS: i64 = 3_600_000_000;
/// How many files and folders are looked at.
const ENTRIES_MAX: usize = 100_000;

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
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or_default();
    let expires = app.clock.now().micros() + ADDRESS_LIFE_MICROS;
    let shown = |file: &Made| Artifact {
        filename: file.name.clone(),
        url: address(&app, host, &name, &id, &file.name, expires),
        size_bytes: Int64(i64::try_from(file.size).unwrap_or(i64::MAX)),
        md5_checksum: String::new(),
        last_modified: Some(file.modified),
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
        archive_url: archive::address(&app, host, &name, &id, expires),
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
    // Never shown as a page of ours, whatever it holds.
    headers.insert(
        header::CONTENT_DISPOSITION,
        HeaderValue::from_static("attachment"),
    );
    Ok(response)
}

/// Refuses where the files of a run's trials were deleted, or are about to be.
pub(super) async fn kept(app: &App, run: i64) -> Result<(), ApiError> {
    let deleted = app.store.discarded_at(run, Files::Work).await?;
    deleted.map_or(Ok(()), |at| {
        Err(ApiError::Gone(format!(
            "The files of this run's trials were deleted at {at}, as the server's settings ask for \
             old runs."
        )))
    })
}

pub(super) struct Made {
    pub(super) name: String,
    size: u64,
    modified: Timestamp,
}

/// The files below `work` that were not in the source, by name.
pub(super) fn made(work: &Path, source: &Path) -> Vec<Made> {
    let mut found = Vec::new();
    let mut folders = vec![work.to_owned()];
    let mut entries = 0;
    while let Some(folder) = folders.pop() {
        // A folder may vanish while the trial runs.
        let Ok(listing) = fs::read_dir(&folder) else {
            continue;
        };
        for entry in listing.flatten() {
            entries += 1;
            if entries > ENTRIES_MAX {
                break;
            }
            let (path, Ok(meta)) = (entry.path(), entry.metadata()) else {
                continue;
            };
            let Ok(relative) = path.strip_prefix(work) else {
                continue;
            };
            if meta.is_dir() {
                folders.push(path);
            } else if meta.is_file() && !source.join(relative).exists() {
                let Some(name) = relative.to_str().map(str::to_owned) else {
                    continue;
                };
                let modified = timestamp(meta.modified().unwrap_or(UNIX_EPOCH));
                found.push(Made {
                    name,
                    size: meta.len(),
                    modified,
                });
            }
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

pub(super) fn timestamp(time: SystemTime) -> Timestamp {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

fn address(app: &App, host: &str, cluster: &str, id: &str, path: &str, expires: i64) -> String {
    let base = paths::artifacts(cluster, id);
    let query = signed::query(app, [id, path], expires);
    let path = escaped(path);
    format!("http://{host}{base}/file?path={path}&{query}")
}

/// Percent-encoding of all but RFC 3986's unreserved characters and `/`.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                escaped.push(byte as char);
            }
            _ => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_trial_made_is_listed() {
        let root = tempfile::tempdir().unwrap();
        let (work, source) = (root.path().join("work"), root.path().join("source"));
        fs::create_dir_all(work.join("out")).unwrap();
        fs::create_dir_all(&source).unwrap();
        fs::write(root.path().join("secret"), "s").unwrap();
        for (folder, name) in [(&work, "a.py"), (&source, "a.py"), (&work, "out/m.csv")] {
            fs::write(folder.join(name), "1,2").unwrap();
        }
        std::os::unix::fs::symlink(root.path().join("secret"), work.join("link")).unwrap();
        let names: Vec<_> = made(&work, &source)
            .into_iter()
            .map(|file| file.name)
            .collect();
        assert_eq!(names, ["out/m.csv"]);
    }

    #[test]
    fn addresses_are_escaped() {
        assert_eq!(escaped("a b/é&=.csv"), "a%20b/%C3%A9%26%3D.csv");
    }
}

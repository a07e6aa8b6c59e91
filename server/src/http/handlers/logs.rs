//! Output of trials.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use sweep_planner::api::{LOG_PAGE_MAX, LogMatch, LogMatches, LogPage};

use super::experiments;
use crate::app::App;
use crate::http::error::ApiError;
use crate::http::extract::{At, Params};
use crate::runner::output::{Stretch, read_output, search_output};
use crate::runner::protocol::Folder;
use crate::store::Files;

/// How much a page holds where the call does not say, in bytes.
const LOG_PAGE: u32 = 256 << 10;
/// How many lines a search answers with.
const MATCHES_MAX: usize = 100;

/// `GET /v1/core/{cluster}/experiments/{experiment}/logs`.
pub async fn get(
    State(app): State<Arc<App>>,
    At((name, id)): At<(String, String)>,
    params: Params,
) -> Result<Response, ApiError> {
    // The state is read before the output: a trial that has ended writes no more.
    let (run, trial) = experiments::find(&app, name, &id).await?;
    let limit = params.read("limit")?.unwrap_or(LOG_PAGE).min(LOG_PAGE_MAX);
    let tail: Option<u64> = params.read("tail")?;
    let offset: u64 = params.read("offset")?.unwrap_or(0);
    let attempt: u32 = params.read("attempt")?.unwrap_or(trial.attempt);
    if attempt > trial.attempt {
        return Err(ApiError::NotFound(format!(
            "There is no attempt {attempt} of this experiment."
        )));
    }
    if let Some(at) = app.store.discarded_at(run.key, Files::All).await? {
        return Err(ApiError::Gone(format!(
            "The output of this run was deleted at {at}, as the server's settings ask for old runs."
        )));
    }
    let folder = Folder::of(&app.config.data, &run.id, trial.number, attempt);
    if let Some(text) = params.get("search").filter(|text| !text.is_empty()) {
        return Ok(search(folder, text.to_owned(), offset)
            .await?
            .into_response());
    }
    let read = tokio::task::spawn_blocking(move || {
        let path = folder.output();
        let size = std::fs::metadata(&path).map_or(0, |meta| meta.len());
        let offset = tail.map_or(offset, |tail| size.saturating_sub(tail));
        let stretch = read_output(&path, offset, limit.max(4))?;
        let dropped = folder.ended()?.map_or(0, |ended| ended.dropped);
        Ok::<_, std::io::Error>((stretch, dropped))
    });
    let (stretch, dropped) = read
        .await?
        .map_err(|error| ApiError::Internal(format!("an output: {error}")))?;
    let ended = attempt < trial.attempt || trial.state.ended();
    // A trial that never had a folder has only the reason why.
    let nothing = ended && stretch.size == 0 && trial.exit_code.is_none();
    let stretch = if nothing {
        reason(&trial.message, offset)
    } else {
        stretch
    };
    Ok(Json(LogPage {
        text: stretch.text,
        offset: stretch.offset,
        next_offset: stretch.next,
        size: stretch.size,
        ended,
        dropped,
    })
    .into_response())
}

/// The lines that hold a text.
async fn search(folder: Folder, text: String, offset: u64) -> Result<Json<LogMatches>, ApiError> {
    let searched = tokio::task::spawn_blocking(move || {
        search_output(&folder.output(), &text, offset, MATCHES_MAX)
    });
    let found = searched
        .await?
        .map_err(|error| ApiError::Internal(format!("an output: {error}")))?;
    let line = |(offset, text)| LogMatch { offset, text };
    Ok(Json(LogMatches {
        matches: found.lines.into_iter().map(line).collect(),
        next_offset: found.next,
    }))
}

fn reason(message: &str, offset: u64) -> Stretch {
    let text = if message.is_empty() {
        String::new()
    } else {
        format!("{message}\n")
    };
    let size = text.len() as u64;
    if offset == 0 {
        Stretch {
            text,
            offset: 0,
            next: size,
            size,
        }
    } else {
        Stretch {
            text: String::new(),
            offset: size,
            next: size,
            size,
        }
    }
}

//! Output of trials.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Serialize;
use sweep_planner::api::{LOG_PAGE_MAX, LogMatch, LogMatches, LogPage, paths};
use utoipa::ToSchema;

use super::artifacts::URL_LIFETIME_MICROS;
use super::experiments;
use crate::app::App;
use crate::http::attachment::send_file;
use crate::http::error::ApiError;
use crate::http::extract::{ExperimentPath, PathParam, QueryParams};
use crate::http::openapi::{Binary, tags};
use crate::http::{address, signed};
use crate::model::Viewer;
use crate::model::names::experiment_name;
use crate::runner::output_reader::{OutputSlice, OutputStart, read_output, search_output};
use crate::runner::protocol::{OUTPUT, TrialFolder, is_unusable};
use crate::store::FileScope;

/// How much a page holds where the call does not say, in bytes.
const LOG_PAGE_SIZE: u32 = 256 << 10;
/// How many lines a search answers with.
const MATCHES_MAX: usize = 100;

/// What the call answers, by whether it searches.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum LogAnswer {
    /// A section of the output.
    Section(LogPage),
    /// The lines that hold the text.
    Found(LogMatches),
}

/// A section of an experiment's output, or the lines that hold a text (ours).
///
/// 410 where the output has been deleted, as the server's settings ask for old runs.
#[utoipa::path(
    get,
    path = paths::LOGS,
    operation_id = "getLogs",
    tag = tags::EXPERIMENTS,
    params(
        ExperimentPath,
        ("offset" = Option<u64>, Query, description = "Where to begin, in bytes; 0 where absent."),
        (
            "limit" = Option<u32>,
            Query,
            description = "At most so many bytes: 262144 where absent; above 1048576, 1048576.",
        ),
        ("tail" = Option<u64>, Query, description = "Instead of `offset`: so many bytes before the end."),
        (
            "search" = Option<String>,
            Query,
            description = "Answers `LogMatches` instead: the first 100 lines from `offset` on that \
                           hold this text.",
        ),
        (
            "attempt" = Option<u32>,
            Query,
            description = "An earlier attempt, from 0; the latest where absent.",
        ),
    ),
    responses((status = 200, description = "The output, or what was found.", body = LogAnswer)),
)]
pub async fn get(
    State(app): State<Arc<App>>,
    viewer: Viewer,
    PathParam(ExperimentPath {
        cluster: name,
        experiment: id,
    }): PathParam<ExperimentPath>,
    params: QueryParams,
    headers: HeaderMap,
) -> Result<Json<LogAnswer>, ApiError> {
    // The state is read before the output: a trial that has ended writes no more.
    let (run, trial) = experiments::find(&app, &viewer, name.clone(), &id).await?;
    let limit = params
        .parse_first("limit")?
        .unwrap_or(LOG_PAGE_SIZE)
        .min(LOG_PAGE_MAX);
    let tail: Option<u64> = params.parse_first("tail")?;
    let offset: u64 = params.parse_first("offset")?.unwrap_or(0);
    let attempt: u32 = params.parse_first("attempt")?.unwrap_or(trial.attempt);
    if attempt > trial.attempt {
        return Err(ApiError::NotFound(format!(
            "There is no attempt {attempt} of this experiment."
        )));
    }
    ensure_not_discarded(&app, run.key).await?;
    let folder = TrialFolder::for_attempt(&app.config.data, &run.id, trial.number, attempt);
    if let Some(text) = params.get("search").filter(|text| !text.is_empty()) {
        let found = search_log(&app, folder, text.to_owned(), offset).await?;
        return Ok(Json(LogAnswer::Found(found)));
    }
    let start = tail.map_or(OutputStart::At(offset), OutputStart::BeforeEnd);
    let (stretch, dropped) = read_section(&app, folder, start, limit.max(4)).await?;
    let ended = attempt < trial.attempt || trial.state.ended();
    let download_url = if stretch.size > 0 {
        let expires = app.clock.now().micros() + URL_LIFETIME_MICROS;
        let origin = address::origin(&app, &headers);
        address::output(&app, &origin, &name, &id, attempt, expires)
    } else {
        String::new()
    };
    // A trial that never had a folder has only the reason why.
    let nothing = ended && stretch.size == 0 && trial.exit_code.is_none();
    let stretch = if nothing {
        reason_as_output(&trial.message, offset)
    } else {
        stretch
    };
    Ok(Json(LogAnswer::Section(LogPage {
        text: stretch.text,
        offset: stretch.offset,
        next_offset: stretch.next,
        size: stretch.size,
        ended,
        dropped,
        download_url,
    })))
}

/// The whole output of an experiment, byte for byte (ours), by `downloadUrl` of a section of it.
///
/// Needs no credentials and works for an hour. Of an output that still grows, what is there now.
#[utoipa::path(
    get,
    path = paths::OUTPUT_FILE,
    operation_id = "getOutputFile",
    tag = tags::EXPERIMENTS,
    params(
        ExperimentPath,
        ("attempt" = u32, Query, description = "As in the address: an attempt, from 0."),
        ("expires" = i64, Query, description = "As in the address: microseconds since 1970."),
        ("signature" = String, Query, description = "As in the address."),
    ),
    responses((
        status = 200,
        description = "The output.",
        body = inline(Binary),
        content_type = "application/octet-stream",
        headers(("Content-Disposition" = String, description = "`attachment`, with a file name.")),
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
    let attempt: u32 = params.parse_first("attempt")?.unwrap_or(0);
    let subject = address::output_subject(&id, attempt);
    if !signed::verify_signature(&app, [address::OUTPUT, &subject], &params)? {
        return Err(ApiError::Forbidden(
            "This address of an output is wrong or too old; read the output again.".to_owned(),
        ));
    }
    let (run, trial) = experiments::find(&app, &Viewer::SignedAddress, name, &id).await?;
    ensure_not_discarded(&app, run.key).await?;
    let folder = TrialFolder::for_attempt(&app.config.data, &run.id, trial.number, attempt);
    let missing = || ApiError::NotFound("This output is not there any more.".to_owned());
    // The trial may have put a link or a pipe in its place.
    let opened = app.file_reads.run(move || folder.open_file(OUTPUT)).await?;
    let file = opened.map_err(|_| missing())?;
    let file_name = experiment_name(&run.name, trial.number) + ".log";
    send_file(file, Some(&file_name))
        .await
        .map_err(|_| missing())
}

/// Refuses with 410 if the outputs of a run's trials were deleted.
async fn ensure_not_discarded(app: &App, run: i64) -> Result<(), ApiError> {
    let deleted = app.store.discarded_at(run, FileScope::All).await?;
    deleted.map_or(Ok(()), |at| {
        Err(ApiError::Gone(format!(
            "The output of this run was deleted at {at}, as the server's settings ask for old runs."
        )))
    })
}

/// A section of an output, and how many bytes of it were not kept.
async fn read_section(
    app: &App,
    folder: TrialFolder,
    start: OutputStart,
    limit: u32,
) -> Result<(OutputSlice, u64), ApiError> {
    let read = app.file_reads.run(move || {
        let section = read_output(&folder, start, limit)?;
        // What is no record says nothing of the output.
        let ended = folder.read_end().ok().flatten();
        Ok((section, ended.map_or(0, |ended| ended.dropped)))
    });
    read.await?.map_err(|error| output_error(&error))
}

/// Why an output cannot be read. What the trial has put in its place is none.
fn output_error(error: &std::io::Error) -> ApiError {
    if is_unusable(error) {
        ApiError::NotFound(format!(
            "The trial has replaced its output by something else: {error}."
        ))
    } else {
        ApiError::Internal(format!("an output: {error}"))
    }
}

/// The lines that hold a text.
async fn search_log(
    app: &App,
    folder: TrialFolder,
    text: String,
    offset: u64,
) -> Result<LogMatches, ApiError> {
    let search = move || search_output(&folder, &text, offset, MATCHES_MAX);
    let found = app.file_reads.run(search).await?;
    let found = found.map_err(|error| output_error(&error))?;
    let line = |(offset, text)| LogMatch { offset, text };
    Ok(LogMatches {
        matches: found.lines.into_iter().map(line).collect(),
        next_offset: found.next,
    })
}

fn reason_as_output(message: &str, offset: u64) -> OutputSlice {
    let text = if message.is_empty() {
        String::new()
    } else {
        format!("{message}\n")
    };
    let size = text.len() as u64;
    if offset == 0 {
        OutputSlice {
            text,
            offset: 0,
            next: size,
            size,
        }
    } else {
        OutputSlice {
            text: String::new(),
            offset: size,
            next: size,
            size,
        }
    }
}

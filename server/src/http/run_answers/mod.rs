//! Answers with runs: written off the async threads, and sent in pieces where they are long, so that
//! neither the number of runs nor that of their trials is in memory at once, or keeps other requests
//! waiting. A run of a million trials has 35 MB of ids.

mod finished;

mod list;

mod text;

use std::collections::VecDeque;
use std::sync::Arc;

use axum::body::Body;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, StreamExt};
use sweep_planner::api::Run;

use self::text::Piece;
use super::error::ApiError;
use super::wire;
use crate::app::App;
use crate::model::{RunRecord, Viewer};

pub use finished::{FinishedRequest, answer_finished};
pub use list::{ListRequest, answer_list};

/// Up to so many bytes an answer is sent at once, with its length.
const WHOLE_BYTES_MAX: usize = 256 << 10;

/// Answers with one run; `brief` leaves the list of its trials empty.
///
/// # Errors
/// 500 where it cannot be written.
pub async fn answer_run(
    app: Arc<App>,
    viewer: Viewer,
    record: RunRecord,
    brief: bool,
) -> Result<Response, ApiError> {
    let trials = if brief { 0 } else { record.trials };
    let run = move || wire::run_to_wire(&app, &viewer, &record);
    answer_with_run(run, trials).await
}

/// Answers with the run that `make` makes without the ids of its trials, which are the first
/// `trials`.
///
/// # Errors
/// 500 where it cannot be written.
pub async fn answer_with_run(
    make: impl FnOnce() -> Run + Send + 'static,
    trials: u32,
) -> Result<Response, ApiError> {
    let write = move || text::write_run(&make(), trials);
    let pieces = tokio::task::spawn_blocking(write).await??;
    answer(OneRun(pieces.into())).await
}

/// What an answer is made of.
trait Pieces: Send + 'static {
    /// The next bytes, few at a time; `None` at the end.
    fn next(&mut self) -> impl Future<Output = Result<Option<Vec<u8>>, ApiError>> + Send;
}

struct OneRun(VecDeque<Piece>);

impl Pieces for OneRun {
    async fn next(&mut self) -> Result<Option<Vec<u8>>, ApiError> {
        text::take_bytes(&mut self.0)
    }
}

/// A short answer as one, a longer one piece by piece. Between two pieces other tasks of the thread
/// have their turn.
async fn answer(mut pieces: impl Pieces) -> Result<Response, ApiError> {
    let json = [(header::CONTENT_TYPE, "application/json")];
    let mut begun = Vec::new();
    while begun.len() <= WHOLE_BYTES_MAX {
        match pieces.next().await? {
            Some(bytes) => begun.extend(bytes),
            None => return Ok((json, begun).into_response()),
        }
    }
    let begun = stream::iter([Ok(begun)]);
    let rest = stream::unfold(Some(pieces), |pieces| async {
        tokio::task::yield_now().await;
        let mut pieces = pieces?;
        match pieces.next().await {
            Ok(bytes) => Some((Ok(bytes?), Some(pieces))),
            Err(error) => {
                if let ApiError::Internal(cause) = &error {
                    tracing::error!(%cause, "an answer breaks off");
                }
                // The connection ends without the end of the answer, so the caller knows.
                Some((Err(error), None))
            }
        }
    });
    Ok((json, Body::from_stream(begun.chain(rest))).into_response())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use sweep_planner::api::{RunSpec, RunStatus, Timestamp};

    use super::*;

    fn run() -> Run {
        Run {
            id: "01run".into(),
            name: "name".into(),
            description: String::new(),
            created_at: Timestamp::from_micros(0),
            updated_at: Timestamp::from_micros(0),
            spec: RunSpec::default(),
            status: RunStatus::default(),
        }
    }

    /// On one thread: whoever else has something to do gets to do it while a long answer is written.
    #[tokio::test]
    async fn other_requests_have_their_turn_while_a_long_answer_is_sent() {
        let turns = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&turns);
        let other = tokio::spawn(async move {
            loop {
                counted.fetch_add(1, Ordering::Relaxed);
                tokio::task::yield_now().await;
            }
        });
        let answer = answer_with_run(run, 100_000).await.unwrap();
        let mut body = answer.into_body().into_data_stream();
        let (mut frames, mut longest) = (0, 0);
        let mut before = turns.load(Ordering::Relaxed);
        while let Some(frame) = body.next().await {
            let now = turns.load(Ordering::Relaxed);
            // The first piece is there already.
            assert!(frames == 0 || now > before, "nobody else has had a turn");
            before = now;
            longest = longest.max(frame.unwrap().len());
            frames += 1;
        }
        other.abort();
        assert!(frames > 20, "{frames}");
        assert!(longest <= WHOLE_BYTES_MAX * 3 / 2, "{longest}");
    }
}

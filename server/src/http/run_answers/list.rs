//! A list of runs, of which a few at a time are read, written and sent.

use std::collections::VecDeque;
use std::sync::Arc;

use axum::response::Response;

use super::text::{self, Piece, to_json};
use super::{Pieces, answer};
use crate::app::App;
use crate::http::error::ApiError;
use crate::http::wire;
use crate::model::{RunRecord, Viewer};
use crate::store::{ListRest, RunFilter};

/// What is asked for.
#[derive(Clone)]
pub struct ListRequest {
    /// Who asks.
    pub viewer: Viewer,
    /// Of which cluster.
    pub cluster: String,
    /// Which runs.
    pub filter: RunFilter,
    /// Whether the lists of trials stay empty.
    pub brief: bool,
    /// Behind the run of this key; `None`: from the newest on.
    pub after: Option<i64>,
    /// How many at most, and then the token of the next page; `None`: all.
    pub page_size: Option<usize>,
}

/// Answers with runs, newest first.
///
/// # Errors
/// Whatever keeps the first of them from being read.
pub async fn answer_list(app: Arc<App>, request: ListRequest) -> Result<Response, ApiError> {
    let place = Place::BehindKey(request.after.unwrap_or(i64::MAX));
    answer(RunList {
        left: request.page_size.unwrap_or(usize::MAX),
        app,
        request,
        place,
        last_id: None,
        pieces: VecDeque::from([Piece::Bytes(b"{\"runs\":[".to_vec())]),
    })
    .await
}

enum Place {
    BehindKey(i64),
    End,
}

struct RunList {
    app: Arc<App>,
    request: ListRequest,
    place: Place,
    /// How many more runs the page holds.
    left: usize,
    /// The id of the last run that was written.
    last_id: Option<String>,
    pieces: VecDeque<Piece>,
}

impl Pieces for RunList {
    async fn next(&mut self) -> Result<Option<Vec<u8>>, ApiError> {
        while self.pieces.is_empty() {
            match self.place {
                Place::BehindKey(key) => self.read_behind(key).await?,
                Place::End => return Ok(None),
            }
        }
        text::take_bytes(&mut self.pieces)
    }
}

impl RunList {
    /// Reads and writes some more runs, and the end of the list behind the last.
    async fn read_behind(&mut self, key: i64) -> Result<(), ApiError> {
        let ListRequest {
            viewer,
            cluster,
            filter,
            brief,
            ..
        } = self.request.clone();
        let (app, seen_by) = (Arc::clone(&self.app), viewer.clone());
        let write = move |run: &RunRecord| {
            let trials = if brief { 0 } else { run.trials };
            let shown = wire::run_to_wire(&app, &seen_by, run);
            (run.id.clone(), text::write_run(&shown, trials))
        };
        let store = &self.app.store;
        let batch = store
            .runs(viewer, cluster, filter, (key, self.left), write)
            .await?;
        for (id, run) in batch.runs {
            if self.last_id.replace(id).is_some() {
                self.pieces.push_back(Piece::Bytes(b",".to_vec()));
            }
            self.pieces.extend(run?);
            self.left -= 1;
        }
        match batch.rest {
            ListRest::Perhaps(key) => self.place = Place::BehindKey(key),
            ListRest::Nothing => self.end("")?,
            ListRest::More => {
                let last = self.last_id.take().unwrap_or_default();
                self.end(&last)?;
            }
        }
        Ok(())
    }

    fn end(&mut self, next_page_token: &str) -> Result<(), ApiError> {
        let mut end = b"]".to_vec();
        if self.request.page_size.is_some() {
            end.extend(b",\"nextPageToken\":");
            end.extend(to_json(&next_page_token)?);
        }
        end.push(b'}');
        self.pieces.push_back(Piece::Bytes(end));
        self.place = Place::End;
        Ok(())
    }
}

//! A list of finished trials, of which a few runs at a time are read, written and sent.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use axum::response::Response;
use sweep_planner::api::FINISHED_TRIALS_MAX;

use super::text::{self, Piece, to_json};
use super::{Pieces, answer};
use crate::app::App;
use crate::http::error::ApiError;
use crate::http::wire;
use crate::store::FinishedPlace;

/// How many bytes an answer has before older trials are left out, some more at most.
const ANSWER_BYTES_MAX: usize = 8 << 20;

/// What is asked for.
pub struct FinishedRequest {
    /// Whose trials.
    pub account: String,
    /// Of which script.
    pub script: String,
    /// That script's digest in the server's own source.
    pub digest: Option<String>,
}

/// Answers with an account's own finished trials of a script, newest run first.
///
/// # Errors
/// Whatever keeps the first of them from being read.
pub async fn answer_finished(
    app: Arc<App>,
    request: FinishedRequest,
) -> Result<Response, ApiError> {
    let mut begin = b"{\"script\":".to_vec();
    begin.extend(to_json(&request.script)?);
    begin.extend(b",\"digest\":");
    begin.extend(to_json(&request.digest)?);
    begin.extend(b",\"runs\":[");
    answer(FinishedAnswer {
        app,
        request,
        place: Some(FinishedPlace::NEWEST),
        trials_left: FINISHED_TRIALS_MAX as usize,
        bytes: 0,
        is_first: true,
        datastores: BTreeSet::new(),
        is_over: false,
        pieces: VecDeque::from([Piece::Bytes(begin)]),
    })
    .await
}

struct FinishedAnswer {
    app: Arc<App>,
    request: FinishedRequest,
    place: Option<FinishedPlace>,
    trials_left: usize,
    /// How many have been written.
    bytes: usize,
    is_first: bool,
    /// The names of those that the runs have read.
    datastores: BTreeSet<String>,
    is_over: bool,
    pieces: VecDeque<Piece>,
}

impl Pieces for FinishedAnswer {
    async fn next(&mut self) -> Result<Option<Vec<u8>>, ApiError> {
        while self.pieces.is_empty() && !self.is_over {
            let has_room = self.trials_left > 0 && self.bytes < ANSWER_BYTES_MAX;
            match self.place {
                Some(place) if has_room => self.read_from(place).await?,
                _ => self.end().await?,
            }
        }
        text::take_bytes(&mut self.pieces)
    }
}

impl FinishedAnswer {
    async fn read_from(&mut self, place: FinishedPlace) -> Result<(), ApiError> {
        let (account, script) = (self.request.account.clone(), self.request.script.clone());
        let store = &self.app.store;
        let slice = store
            .finished_trials(account, script, place, self.trials_left)
            .await?;
        self.place = slice.rest;
        for run in &slice.runs {
            self.trials_left = self.trials_left.saturating_sub(run.trials.len());
            let names = run.mounts.iter().map(|mount| mount.name.clone());
            self.datastores.extend(names);
        }
        let (app, is_first) = (Arc::clone(&self.app), self.is_first);
        self.is_first &= slice.runs.is_empty();
        let write = move || -> Result<Vec<u8>, ApiError> {
            let mut bytes = Vec::new();
            for (number, run) in slice.runs.into_iter().enumerate() {
                if number > 0 || !is_first {
                    bytes.push(b',');
                }
                bytes.extend(to_json(&wire::finished_run(&app, run))?);
            }
            Ok(bytes)
        };
        let written = tokio::task::spawn_blocking(write).await??;
        self.bytes += written.len();
        if !written.is_empty() {
            self.pieces.push_back(Piece::Bytes(written));
        }
        Ok(())
    }

    async fn end(&mut self) -> Result<(), ApiError> {
        self.is_over = true;
        let mut end = b"],\"more\":".to_vec();
        end.extend(to_json(&self.place.is_some())?);
        end.extend(b",\"newestVersions\":");
        end.extend(to_json(&self.newest_versions().await?)?);
        end.push(b'}');
        self.pieces.push_back(Piece::Bytes(end));
        Ok(())
    }

    /// The newest version of each datastore that the runs have read.
    async fn newest_versions(&mut self) -> Result<BTreeMap<String, u32>, ApiError> {
        let names = std::mem::take(&mut self.datastores);
        if names.is_empty() {
            return Ok(BTreeMap::new());
        }
        let app = Arc::clone(&self.app);
        let list = move || {
            let all = app.datastores.list().into_iter();
            // By name and version: the last one of a name is its newest.
            let known = all.map(|one| (one.name, one.version));
            known.filter(|(name, _)| names.contains(name)).collect()
        };
        Ok(tokio::task::spawn_blocking(list).await?)
    }
}

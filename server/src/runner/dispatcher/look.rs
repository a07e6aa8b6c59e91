//! Polls the engine for the trials that are starting or running.

use std::collections::HashMap;

use super::active::Active;
use super::outcome::{change, end, put_back};
use crate::model::metric::NewPoints;
use crate::model::{ActiveTrial, Change, Key, State};
use crate::runner::engine::{Engine, Seen};
use crate::system::clock::Clock;

/// The result of polling all active trials once.
#[derive(Default)]
pub(super) struct Found {
    pub(super) changes: Vec<Change>,
    pub(super) points: Vec<NewPoints>,
    pub(super) unknown: Vec<Key>,
    /// Whether the next poll will find more metrics without waiting.
    pub(super) more: bool,
}

/// Polls all active trials once. Blocks.
pub(super) fn look(engine: &dyn Engine, clock: &Clock, active: &mut HashMap<Key, Active>) -> Found {
    let mut found = Found::default();
    let keys: Vec<Key> = active
        .iter()
        .filter(|(_, one)| one.submitted)
        .map(|(key, _)| *key)
        .collect();
    let trials: Vec<&ActiveTrial> = keys.iter().map(|key| &active[key].trial).collect();
    let seen = engine.observe(&trials);
    let now = clock.now();
    for (key, seen) in keys.into_iter().zip(seen) {
        let Some(one) = active.get_mut(&key) else {
            continue;
        };
        let over = matches!(seen, Seen::Ended(_) | Seen::Lost { .. });
        match one.gatherer.gather(over) {
            Ok(gathered) => {
                found.points.extend(gathered.points);
                if gathered.more {
                    found.more = true;
                    if over {
                        // Its end is recorded together with the last of its metrics.
                        continue;
                    }
                }
            }
            Err(error) => {
                let run = &one.trial.run_name;
                tracing::warn!(%run, number = key.1, %error, "metrics cannot be read");
            }
        }
        match seen {
            Seen::Unknown => found.unknown.push(key),
            Seen::Running(at) if one.trial.state != State::Running => found.changes.push(Change {
                started_at: Some(at),
                ..change(key, State::Running, now, String::new())
            }),
            Seen::Starting | Seen::Running(_) => {}
            Seen::Ended(ended) => found.changes.push(end(key, now, ended)),
            Seen::NoRoom(reason) => {
                let run = &one.trial.run_name;
                tracing::warn!(%run, number = key.1, %reason, "a trial waits for disk space");
                found.changes.push(put_back(key, now, &reason));
            }
            Seen::Lost { started, reason } => found.changes.push(Change {
                started_at: started,
                ended_at: Some(now),
                ..change(key, State::Failed, now, reason)
            }),
        }
    }
    // In the order in which they ended, which decides what counts as failures in a row.
    found
        .changes
        .sort_by_key(|change| (change.ended_at, change.run, change.number));
    found
}

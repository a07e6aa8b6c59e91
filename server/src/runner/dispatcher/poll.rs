//! Polls the engine for the trials that are starting or running.

use std::collections::HashMap;

use super::outcome::{end_change, new_change, requeue_change};
use super::tracked_trial::TrackedTrial;
use crate::model::metric::NewMetricPoints;
use crate::model::{ActiveTrial, StateChange, TrialKey, TrialState};
use crate::runner::engine::{Engine, TrialStatus};
use crate::system::clock::Clock;

/// The result of polling all active trials once.
#[derive(Default)]
pub(super) struct PollResult {
    pub(super) changes: Vec<StateChange>,
    pub(super) points: Vec<NewMetricPoints>,
    pub(super) unknown: Vec<TrialKey>,
    /// Trials that have started since the last poll, and that could not, with the reason.
    pub(super) starts: Vec<Result<(), String>>,
    /// Whether the next poll will find more metrics without waiting.
    pub(super) more: bool,
}

/// Polls all active trials once. Blocks.
pub(super) fn poll_trials(
    engine: &dyn Engine,
    clock: &Clock,
    active: &mut HashMap<TrialKey, TrackedTrial>,
) -> PollResult {
    let mut found = PollResult::default();
    let keys: Vec<TrialKey> = active
        .iter()
        .filter(|(_, one)| one.submitted)
        .map(|(key, _)| *key)
        .collect();
    let trials: Vec<&ActiveTrial> = keys.iter().map(|key| &active[key].trial).collect();
    let seen = engine.observe(&trials);
    let now = clock.now();
    let trials = keys.len();
    for (key, seen) in keys.into_iter().zip(seen) {
        let Some(one) = active.get_mut(&key) else {
            continue;
        };
        let over = matches!(
            seen,
            TrialStatus::Ended(_) | TrialStatus::StartFailed(_) | TrialStatus::Lost { .. }
        );
        one.metrics_reader.share_points(trials);
        match one.metrics_reader.read_new(over) {
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
        if one.trial.state != TrialState::Running {
            found.starts.extend(start_result(&seen));
        }
        match seen {
            TrialStatus::Unknown => found.unknown.push(key),
            TrialStatus::Running(at) if one.trial.state != TrialState::Running => {
                found.changes.push(StateChange {
                    started_at: Some(at),
                    ..new_change(key, TrialState::Running, now, String::new())
                });
            }
            TrialStatus::Starting | TrialStatus::Running(_) => {}
            TrialStatus::Ended(ended) => found.changes.push(end_change(key, now, ended)),
            TrialStatus::DiskFull(reason) => {
                let run = &one.trial.run_name;
                tracing::warn!(%run, number = key.1, %reason, "a trial waits for disk space");
                found.changes.push(requeue_change(key, now, &reason));
            }
            TrialStatus::StartFailed(reason) => {
                let change = new_change(key, TrialState::Failed, now, reason);
                found.changes.push(change);
            }
            TrialStatus::Lost { started, reason } => found.changes.push(StateChange {
                started_at: started,
                ended_at: Some(now),
                ..new_change(key, TrialState::Failed, now, reason)
            }),
        }
    }
    // In the order in which they ended, which decides what counts as failures in a row.
    found
        .changes
        .sort_by_key(|change| (change.ended_at, change.run, change.number));
    found
}

/// Whether a trial that had not started before has started, if that is known.
fn start_result(seen: &TrialStatus) -> Option<Result<(), String>> {
    match seen {
        TrialStatus::Running(_)
        | TrialStatus::Lost {
            started: Some(_), ..
        } => Some(Ok(())),
        TrialStatus::StartFailed(reason) => Some(Err(reason.clone())),
        TrialStatus::Ended(ended) if ended.started.is_some() => Some(Ok(())),
        // The reason may be of another's command, which is for the trial's message alone.
        TrialStatus::Ended(ended) if !ended.stopped => {
            Some(Err("the messages of the trials say why".to_owned()))
        }
        _ => None,
    }
}

//! Turns what the engine reports into changes of a trial's record.

use sweep_planner::api::Timestamp;

use crate::model::{StateChange, TrialKey, TrialState};
use crate::runner::protocol::{EndCause, EndRecord};

/// A change to a state, found out at this time.
pub(super) fn new_change(
    key: TrialKey,
    state: TrialState,
    at: Timestamp,
    message: String,
) -> StateChange {
    StateChange {
        run: key.0,
        number: key.1,
        state,
        at,
        message,
        started_at: None,
        ended_at: state.ended().then_some(at),
        exit_code: None,
        signal: None,
    }
}

/// Back into the queue, for lack of room on the disk.
pub(super) fn requeue_change(key: TrialKey, at: Timestamp, reason: &str) -> StateChange {
    let message = format!("waits for room on the disk: {reason}");
    new_change(key, TrialState::Queued, at, message)
}

/// The change by which a trial that has ended is recorded.
pub(super) fn end_change(key: TrialKey, now: Timestamp, ended: EndRecord) -> StateChange {
    let (exit_code, signal, reason) = match ended.how {
        EndCause::Exited(code) => (Some(code), None, format!("exit status {code}")),
        EndCause::Killed(signal) => (
            None,
            Some(signal),
            format!("ended by {}", signal_name(signal)),
        ),
        EndCause::NotStarted(reason) => (None, None, reason),
    };
    let (state, message) = match exit_code {
        _ if ended.timed_out => (TrialState::Failed, format!("its time was up: {reason}")),
        _ if ended.stopped && ended.started.is_none() => (TrialState::Cancelled, reason),
        _ if ended.stopped => (TrialState::Cancelled, format!("stopped: {reason}")),
        Some(0) => (TrialState::Succeeded, String::new()),
        _ => (TrialState::Failed, reason),
    };
    StateChange {
        started_at: ended.started,
        ended_at: Some(ended.at),
        exit_code,
        signal,
        ..new_change(key, state, now, message)
    }
}

/// Whether a trial that changes to this state frees its slot.
pub(super) fn frees_slot(state: TrialState) -> bool {
    state.ended() || state == TrialState::Queued
}

/// A signal by its number and, where it is a usual one, its name.
fn signal_name(signal: i32) -> String {
    let name = match signal {
        1 => "SIGHUP",
        2 => "SIGINT",
        4 => "SIGILL",
        6 => "SIGABRT",
        7 => "SIGBUS",
        8 => "SIGFPE",
        9 => "SIGKILL",
        11 => "SIGSEGV",
        13 => "SIGPIPE",
        15 => "SIGTERM",
        _ => return format!("signal {signal}"),
    };
    format!("signal {signal} ({name})")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(how: EndCause, stopped: bool) -> StateChange {
        let at = Timestamp::from_micros(2);
        let started = Some(Timestamp::from_micros(1));
        end_change(
            (1, 2),
            at,
            EndRecord {
                started,
                at,
                how,
                stopped,
                timed_out: false,
                dropped: 0,
            },
        )
    }

    #[test]
    fn how_a_trial_ended_is_told_truly() {
        for (how, stopped, state, message) in [
            (EndCause::Exited(0), false, TrialState::Succeeded, ""),
            (
                EndCause::Exited(1),
                false,
                TrialState::Failed,
                "exit status 1",
            ),
            (
                EndCause::Killed(9),
                false,
                TrialState::Failed,
                "ended by signal 9 (SIGKILL)",
            ),
            (
                EndCause::Killed(15),
                true,
                TrialState::Cancelled,
                "stopped: ended by signal 15 (SIGTERM)",
            ),
            (
                EndCause::Exited(0),
                true,
                TrialState::Cancelled,
                "stopped: exit status 0",
            ),
            (
                EndCause::NotStarted("no python3".into()),
                false,
                TrialState::Failed,
                "no python3",
            ),
        ] {
            let change = ended(how, stopped);
            assert_eq!((change.state, change.message.as_str()), (state, message));
        }
        assert_eq!(ended(EndCause::Exited(3), false).exit_code, Some(3));
        assert_eq!(ended(EndCause::Killed(9), false).signal, Some(9));
    }
}

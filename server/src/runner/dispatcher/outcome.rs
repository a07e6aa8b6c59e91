//! Turns what the engine reports into changes of a trial's record.

use sweep_planner::api::Timestamp;

use crate::model::{Change, Key, State};
use crate::runner::protocol::{Ended, How};

/// A change to a state, found out at this time.
pub(super) fn change(key: Key, state: State, at: Timestamp, message: String) -> Change {
    Change {
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
pub(super) fn put_back(key: Key, at: Timestamp, reason: &str) -> Change {
    let message = format!("waits for room on the disk: {reason}");
    change(key, State::Queued, at, message)
}

/// The change by which a trial that has ended is recorded.
pub(super) fn end(key: Key, now: Timestamp, ended: Ended) -> Change {
    let (exit_code, signal, reason) = match ended.how {
        How::Exited(code) => (Some(code), None, format!("exit status {code}")),
        How::Killed(signal) => (
            None,
            Some(signal),
            format!("ended by {}", signal_name(signal)),
        ),
        How::NotStarted(reason) => (None, None, reason),
    };
    let (state, message) = match exit_code {
        _ if ended.timed_out => (State::Failed, format!("its time was up: {reason}")),
        _ if ended.stopped && ended.started.is_none() => (State::Cancelled, reason),
        _ if ended.stopped => (State::Cancelled, format!("stopped: {reason}")),
        Some(0) => (State::Succeeded, String::new()),
        _ => (State::Failed, reason),
    };
    Change {
        started_at: ended.started,
        ended_at: Some(ended.at),
        exit_code,
        signal,
        ..change(key, state, now, message)
    }
}

/// Whether a trial that changes to this state frees its slot.
pub(super) fn leaves(state: State) -> bool {
    state.ended() || state == State::Queued
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

    fn ended(how: How, stopped: bool) -> Change {
        let at = Timestamp::from_micros(2);
        let started = Some(Timestamp::from_micros(1));
        end(
            (1, 2),
            at,
            Ended {
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
            (How::Exited(0), false, State::Succeeded, ""),
            (How::Exited(1), false, State::Failed, "exit status 1"),
            (
                How::Killed(9),
                false,
                State::Failed,
                "ended by signal 9 (SIGKILL)",
            ),
            (
                How::Killed(15),
                true,
                State::Cancelled,
                "stopped: ended by signal 15 (SIGTERM)",
            ),
            (
                How::Exited(0),
                true,
                State::Cancelled,
                "stopped: exit status 0",
            ),
            (
                How::NotStarted("no python3".into()),
                false,
                State::Failed,
                "no python3",
            ),
        ] {
            let change = ended(how, stopped);
            assert_eq!((change.state, change.message.as_str()), (state, message));
        }
        assert_eq!(ended(How::Exited(3), false).exit_code, Some(3));
        assert_eq!(ended(How::Killed(9), false).signal, Some(9));
    }
}

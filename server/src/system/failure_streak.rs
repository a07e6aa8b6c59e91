//! How often something that is done again and again has failed in a row: once may be chance, many
//! times is worth a report.

use std::sync::{Mutex, PoisonError};

use sweep_planner::sweep::truncate_chars;

/// From how many on they are reported.
const REPORTED_FROM: u32 = 3;
/// The longest reason that is kept, in characters.
const REASON_MAX: usize = 300;

/// The failures since the last success.
#[derive(Debug, Default)]
pub struct FailureStreak(Mutex<Streak>);

#[derive(Debug, Default)]
struct Streak {
    count: u32,
    reason: String,
}

impl FailureStreak {
    /// Counts a failure; true for the one from which on they are reported.
    pub fn record_failure(&self, reason: &str) -> bool {
        let mut streak = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        streak.count = streak.count.saturating_add(1);
        // It goes into one line.
        let line: Vec<&str> = reason.split(char::is_control).map(str::trim).collect();
        streak.reason = truncate_chars(line.join(" ").trim(), REASON_MAX);
        streak.count == REPORTED_FROM
    }

    /// It has succeeded: true where failures were reported until now.
    pub fn record_success(&self) -> bool {
        let mut streak = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *streak).count >= REPORTED_FROM
    }

    /// How many have failed in a row, and why the last did, if that is to be reported.
    pub fn reported(&self) -> Option<(u32, String)> {
        let streak = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (streak.count >= REPORTED_FROM).then(|| (streak.count, streak.reason.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_in_a_row_are_reported_until_one_succeeds() {
        let failures = FailureStreak::default();
        assert!(!failures.record_failure("a"));
        assert!(!failures.record_success(), "not reported yet");
        let reported: Vec<bool> = (0..4)
            .map(|_| failures.record_failure("no\nprocess\u{1b}[2J"))
            .collect();
        assert_eq!(reported, [false, false, true, false]);
        assert_eq!(failures.reported(), Some((4, "no process [2J".to_owned())));
        failures.record_failure(&"x".repeat(5_000));
        let (count, reason) = failures.reported().unwrap();
        assert!(
            count == 5 && reason.chars().count() <= REASON_MAX + 1,
            "{reason}"
        );
        assert!(failures.record_success());
        assert_eq!(failures.reported(), None);
    }
}

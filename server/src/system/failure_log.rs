//! When to log something that fails again and again: at once, then at most once a minute, with how
//! often it has failed.

use std::time::{Duration, Instant};

/// The time between two lines.
const LINE_INTERVAL: Duration = Duration::from_secs(60);

/// What one worker tries again and again. Nothing is due while all succeeds.
#[derive(Debug, Default)]
pub struct FailureLog {
    /// When the last line was due; `None`: it has not failed, or works again since.
    last_line: Option<Instant>,
    /// Failures since then.
    unlogged: u64,
}

impl FailureLog {
    /// Counts a failure. Where a line is due: how many failures it stands for, this one included.
    pub fn count_failure(&mut self, now: Instant) -> Option<u64> {
        self.unlogged += 1;
        let due = self.last_line.is_none_or(|last| is_past(last, now));
        due.then(|| {
            self.last_line = Some(now);
            std::mem::take(&mut self.unlogged)
        })
    }

    /// Notes a success. Where a line is due, since it works again: how many failures no line stood
    /// for. One that works and fails by turns has its minute between two lines too.
    pub fn note_success(&mut self, now: Instant) -> Option<u64> {
        let last = self.last_line?;
        is_past(last, now).then(|| {
            self.last_line = None;
            std::mem::take(&mut self.unlogged)
        })
    }
}

fn is_past(last: Instant, now: Instant) -> bool {
    now.duration_since(last) >= LINE_INTERVAL
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lasting_failure_is_a_line_a_minute() {
        let (begun, mut log) = (Instant::now(), FailureLog::default());
        let at = |seconds| begun + Duration::from_secs(seconds);
        assert_eq!(log.note_success(at(0)), None);
        assert_eq!(log.count_failure(at(1)), Some(1));
        let lines: Vec<_> = (2..=200).filter_map(|s| log.count_failure(at(s))).collect();
        assert_eq!(lines, [60, 60, 60]);
        assert_eq!(log.note_success(at(201)), None);
        assert_eq!(log.note_success(at(241)), Some(19));
        assert_eq!(log.note_success(at(500)), None);
        assert_eq!(log.count_failure(at(501)), Some(1));
    }

    #[test]
    fn what_works_and_fails_by_turns_is_a_line_a_minute() {
        let (begun, mut log) = (Instant::now(), FailureLog::default());
        let mut lines = 0;
        for second in 0..600 {
            let now = begun + Duration::from_secs(second);
            lines += usize::from(log.count_failure(now).is_some());
            lines += usize::from(log.note_success(now).is_some());
        }
        assert_eq!(lines, 10);
    }
}

//! Exponential backoff for an engine that keeps failing.

use std::time::{Duration, Instant};

/// The first pause after a failure; each further failure doubles it, up to the longest.
const PAUSE_FIRST: Duration = Duration::from_secs(1);
const PAUSE_LONGEST: Duration = Duration::from_secs(60);

/// When an engine that failed is tried again.
#[derive(Default)]
pub(super) struct Pause {
    until: Option<Instant>,
    length: Duration,
}

impl Pause {
    pub(super) fn holds(&self) -> bool {
        self.until.is_some_and(|until| Instant::now() < until)
    }

    pub(super) fn failed(&mut self) {
        self.length = (self.length * 2).clamp(PAUSE_FIRST, PAUSE_LONGEST);
        self.until = Some(Instant::now() + self.length);
    }

    pub(super) fn worked(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_that_keeps_failing_is_left_alone_longer() {
        let mut pause = Pause::default();
        assert!(!pause.holds());
        let mut lengths = Vec::new();
        for _ in 0..8 {
            pause.failed();
            lengths.push(pause.length.as_secs());
        }
        assert!(pause.holds());
        assert_eq!(lengths, [1, 2, 4, 8, 16, 32, 60, 60]);
        pause.worked();
        assert!(!pause.holds());
    }
}

//! Exponential backoff for an engine that keeps failing.

use std::time::{Duration, Instant};

/// The first pause after a failure; each further failure doubles it, up to the longest.
const BACKOFF_FIRST: Duration = Duration::from_secs(1);
const BACKOFF_MAX: Duration = Duration::from_secs(60);

/// When an engine that failed is tried again.
#[derive(Default)]
pub(super) struct Backoff {
    until: Option<Instant>,
    length: Duration,
}

impl Backoff {
    pub(super) fn is_active(&self) -> bool {
        self.until.is_some_and(|until| Instant::now() < until)
    }

    /// Whether nothing has succeeded since a failure.
    pub(super) fn is_probing(&self) -> bool {
        !self.length.is_zero()
    }

    pub(super) fn record_failure(&mut self) {
        self.length = (self.length * 2).clamp(BACKOFF_FIRST, BACKOFF_MAX);
        self.until = Some(Instant::now() + self.length);
    }

    pub(super) fn reset(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_that_keeps_failing_is_left_alone_longer() {
        let mut pause = Backoff::default();
        assert!(!pause.is_active() && !pause.is_probing());
        let mut lengths = Vec::new();
        for _ in 0..8 {
            pause.record_failure();
            lengths.push(pause.length.as_secs());
        }
        assert!(pause.is_active() && pause.is_probing());
        assert_eq!(lengths, [1, 2, 4, 8, 16, 32, 60, 60]);
        pause.reset();
        assert!(!pause.is_active() && !pause.is_probing());
    }
}

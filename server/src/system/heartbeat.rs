//! Whether something that should get on does: it reports each step, and until when the next is due.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How much later than it is due a step may come.
const TOLERANCE: Duration = Duration::from_secs(30);

/// Nothing is due.
const NEVER: u64 = u64::MAX;

/// The steps of one worker. Those who ask wait for nothing.
#[derive(Debug)]
pub struct Heartbeat {
    tolerance: Duration,
    made: Instant,
    /// When the last step was reported, and when the next one is overdue; in milliseconds.
    last: AtomicU64,
    overdue: AtomicU64,
}

impl Default for Heartbeat {
    fn default() -> Self {
        Self::with_tolerance(TOLERANCE)
    }
}

impl Heartbeat {
    /// One that nothing is due from until its first step.
    pub fn with_tolerance(tolerance: Duration) -> Self {
        Self {
            tolerance,
            made: Instant::now(),
            last: AtomicU64::new(0),
            overdue: AtomicU64::new(NEVER),
        }
    }

    /// Reports a step; the next comes within this time.
    pub fn beat(&self, next_within: Duration) {
        let now = self.made.elapsed();
        let overdue = now + next_within + self.tolerance;
        self.last.store(millis(now), Ordering::Relaxed);
        self.overdue.store(millis(overdue), Ordering::Relaxed);
    }

    /// Reports a step after which none need come.
    pub fn rest(&self) {
        self.overdue.store(NEVER, Ordering::Relaxed);
    }

    /// How long ago the last step was, if the next is overdue.
    pub fn stalled_for(&self) -> Option<Duration> {
        let now = millis(self.made.elapsed());
        let is_overdue = now > self.overdue.load(Ordering::Relaxed);
        let since = now.saturating_sub(self.last.load(Ordering::Relaxed));
        is_overdue.then(|| Duration::from_millis(since))
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(NEVER - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_overdue_is_seen_until_it_comes() {
        let heart = Heartbeat::with_tolerance(Duration::ZERO);
        assert_eq!(heart.stalled_for(), None, "nothing is due yet");
        heart.beat(Duration::from_secs(3600));
        assert_eq!(heart.stalled_for(), None);
        heart.beat(Duration::ZERO);
        std::thread::sleep(Duration::from_millis(20));
        assert!(
            heart
                .stalled_for()
                .is_some_and(|since| since.as_millis() >= 10)
        );
        heart.rest();
        assert_eq!(heart.stalled_for(), None);
        let heart = Heartbeat::default();
        heart.beat(Duration::ZERO);
        std::thread::sleep(Duration::from_millis(20));
        assert_eq!(heart.stalled_for(), None, "within the tolerance");
    }
}

//! Slows down guessing of keys.
//!
//! Written by hand, since it counts failures only, by address, and lets callers known by their key go
//! on; a limiter of requests would slow down everybody.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How many wrong keys in a row are answered without delay.
const BURST: f64 = 30.0;
/// After that, one attempt per so many seconds.
const SECONDS_PER_ATTEMPT: f64 = 2.0;
/// Addresses remembered; beyond that, those whose bucket has drained are forgotten.
const ADDRESSES_MAX: usize = 10_000;

/// Counts wrong keys per address (a token bucket each).
#[derive(Debug, Default)]
pub struct Limiter {
    failures: Mutex<HashMap<IpAddr, (f64, Instant)>>,
}

impl Limiter {
    /// Seconds to wait before this address may try another key; `None`: none.
    pub fn seconds_to_wait(&self, address: IpAddr) -> Option<u32> {
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let (level, at) = failures.get(&address)?;
        let excess = level_after(*level, at.elapsed()) - (BURST - 1.0);
        (excess > 0.0).then(|| (excess * SECONDS_PER_ATTEMPT).ceil() as u32)
    }

    /// Counts a wrong key.
    pub fn record_failure(&self, address: IpAddr) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if failures.len() >= ADDRESSES_MAX {
            failures.retain(|_, (level, at)| level_after(*level, at.elapsed()) > 0.0);
        }
        let (level, at) = failures.entry(address).or_insert((0.0, Instant::now()));
        *level = level_after(*level, at.elapsed()) + 1.0;
        *at = Instant::now();
    }
}

fn level_after(level: f64, elapsed: Duration) -> f64 {
    (level - elapsed.as_secs_f64() / SECONDS_PER_ATTEMPT).max(0.0)
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn guessing_is_slowed_down_for_the_guesser_alone() {
        let limiter = Limiter::default();
        let (guesser, other) = (
            Ipv4Addr::new(10, 0, 0, 1).into(),
            Ipv4Addr::LOCALHOST.into(),
        );
        for _ in 0..BURST as u32 {
            assert_eq!(limiter.seconds_to_wait(guesser), None);
            limiter.record_failure(guesser);
        }
        assert!(limiter.seconds_to_wait(guesser).is_some());
        assert_eq!(limiter.seconds_to_wait(other), None);
    }

    #[test]
    fn it_is_forgotten_in_time() {
        assert_eq!(level_after(30.0, Duration::from_secs(60)), 0.0);
        assert_eq!(level_after(30.0, Duration::from_secs(2)), 29.0);
    }
}

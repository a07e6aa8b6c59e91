//! Slows down guessing of keys, without locking out anybody who has the right one.
//!
//! Wrong keys are counted for each user and address. After many, further keys for that user from
//! there, right or wrong, are looked at only a few per second, in the order in which they came: that
//! bounds guessing however many connections it uses, and the right key is taken all the same, after a
//! wait. Keys that were right before do not wait (see [`super::Auth`]).
//!
//! Written by hand, since it counts failures only; a limiter of requests would slow down everybody.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many wrong keys in a row are answered without delay.
const BURST: f64 = 30.0;
/// After so many seconds one wrong key is forgotten.
const SECONDS_PER_ATTEMPT: f64 = 2.0;
/// Beyond the burst, so many keys of a user from one address are looked at in [`HOLD`].
const ATTEMPTS_AT_ONCE: usize = 8;
const HOLD: Duration = Duration::from_secs(1);
/// Users and addresses remembered; beyond that, those with the fewest wrong keys are forgotten.
const BUCKETS_MAX: usize = 10_000;

/// Whose key is tried, and from where: what is counted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Attempt {
    network: IpAddr,
    /// Of the name as it was sent, whether there is such an account or not.
    user_hash: [u8; 16],
}

impl Attempt {
    /// Of IPv6 addresses the first half counts: the rest is the caller's to choose.
    pub fn new(address: IpAddr, user: &str) -> Self {
        let network = match address.to_canonical() {
            IpAddr::V6(long) => {
                let [a, b, c, d, ..] = long.segments();
                IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
            }
            short @ IpAddr::V4(_) => short,
        };
        let mut user_hash = [0; 16];
        user_hash.copy_from_slice(&Sha256::digest(user)[..16]);
        Self { network, user_hash }
    }
}

/// Wrong keys of a user from an address (a token bucket).
#[derive(Debug)]
struct Bucket {
    level: f64,
    at: Instant,
    turns: Arc<Semaphore>,
}

impl Bucket {
    fn level(&self) -> f64 {
        level_after(self.level, self.at.elapsed())
    }
}

/// Counts wrong keys per user and address.
#[derive(Debug, Default)]
pub struct Limiter {
    buckets: Mutex<HashMap<Attempt, Bucket>>,
}

impl Limiter {
    /// Waits until a key may be looked at: not at all unless many wrong ones came before. What it
    /// returns is to be held until the key has been looked at.
    pub async fn wait_turn(&self, attempt: &Attempt) -> Option<OwnedSemaphorePermit> {
        let turns = {
            let buckets = self.lock();
            let bucket = buckets.get(attempt)?;
            (bucket.level() >= BURST - 1.0).then(|| Arc::clone(&bucket.turns))?
        };
        // Never closed.
        let turn = turns.acquire_owned().await.ok()?;
        tokio::time::sleep(HOLD).await;
        Some(turn)
    }

    /// Counts a wrong key. After many, the seconds after which another would be answered without
    /// delay.
    pub fn record_failure(&self, attempt: &Attempt) -> Option<u32> {
        let mut buckets = self.lock();
        if buckets.len() >= BUCKETS_MAX && !buckets.contains_key(attempt) {
            forget_lowest(&mut buckets);
        }
        let bucket = buckets.entry(attempt.clone()).or_insert_with(|| Bucket {
            level: 0.0,
            at: Instant::now(),
            turns: Arc::new(Semaphore::new(ATTEMPTS_AT_ONCE)),
        });
        let before = bucket.level();
        // No higher than what a wait of a minute and a half forgets, however many came at once.
        bucket.level = (before + 1.0).min(BURST * 1.5);
        bucket.at = Instant::now();
        let excess = before - (BURST - 1.0);
        (excess > 0.0).then(|| (excess * SECONDS_PER_ATTEMPT).ceil() as u32)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Attempt, Bucket>> {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes room: by those whose wrong keys are all forgotten, else by the lower half. A guesser's own
/// bucket is a high one, so that it cannot be flushed out by others.
fn forget_lowest(buckets: &mut HashMap<Attempt, Bucket>) {
    buckets.retain(|_, bucket| bucket.level() > 0.0);
    if buckets.len() >= BUCKETS_MAX {
        let mut levels: Vec<f64> = buckets.values().map(Bucket::level).collect();
        let middle = levels.len() / 2;
        let (_, median, _) = levels.select_nth_unstable_by(middle, f64::total_cmp);
        let median = *median;
        let mut excess = buckets.len() - middle;
        buckets.retain(|_, bucket| {
            let keep = excess == 0 || bucket.level() > median;
            excess -= usize::from(!keep);
            keep
        });
    }
}

fn level_after(level: f64, elapsed: Duration) -> f64 {
    (level - elapsed.as_secs_f64() / SECONDS_PER_ATTEMPT).max(0.0)
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn attempt(host: u32, user: &str) -> Attempt {
        Attempt::new(Ipv4Addr::from_bits(host).into(), user)
    }

    fn fail(limiter: &Limiter, attempt: &Attempt, times: usize) {
        for _ in 0..times {
            limiter.record_failure(attempt);
        }
    }

    #[tokio::test]
    async fn guessing_is_slowed_down_for_that_user_from_that_address_alone() {
        let limiter = Limiter::default();
        let guesser = attempt(1, "ada");
        assert!(limiter.wait_turn(&guesser).await.is_none());
        fail(&limiter, &guesser, BURST as usize + 1);
        assert!(limiter.record_failure(&guesser).is_some());
        assert!(limiter.wait_turn(&guesser).await.is_some());
        for other in [attempt(1, "eve"), attempt(2, "ada")] {
            assert!(limiter.wait_turn(&other).await.is_none());
            assert_eq!(limiter.record_failure(&other), None);
        }
    }

    #[tokio::test]
    async fn many_connections_guess_no_faster() {
        let limiter = Arc::new(Limiter::default());
        let guesser = attempt(1, "ada");
        fail(&limiter, &guesser, BURST as usize + 10);
        let begun = Instant::now();
        let mut turns = tokio::task::JoinSet::new();
        for _ in 0..3 * ATTEMPTS_AT_ONCE {
            let (limiter, guesser) = (Arc::clone(&limiter), guesser.clone());
            turns.spawn(async move { limiter.wait_turn(&guesser).await.is_some() });
        }
        assert!(turns.join_all().await.into_iter().all(|waited| waited));
        assert!(begun.elapsed() >= 3 * HOLD);
    }

    #[test]
    fn a_flood_of_names_does_not_flush_out_a_guesser() {
        let limiter = Limiter::default();
        let guesser = attempt(1, "ada");
        fail(&limiter, &guesser, BURST as usize + 10);
        for host in 0..2 * BUCKETS_MAX as u32 {
            fail(&limiter, &attempt(host, "x"), 1);
            assert!(limiter.lock().len() <= BUCKETS_MAX);
        }
        assert!(limiter.record_failure(&guesser).is_some());
    }

    #[test]
    fn the_second_half_of_an_ipv6_address_does_not_count() {
        let of = |text: &str| Attempt::new(text.parse().unwrap(), "ada");
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:1"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_eq!(of("::ffff:10.0.0.1"), of("10.0.0.1"));
    }

    #[test]
    fn it_is_forgotten_in_time() {
        assert_eq!(level_after(30.0, Duration::from_secs(60)), 0.0);
        assert_eq!(level_after(30.0, Duration::from_secs(2)), 29.0);
    }
}

//! Slows down guessing of keys, without locking out anybody who has the right one.
//!
//! Wrong keys are counted for each user and address. After many, further keys for that user from
//! there, right or wrong, are looked at only a few per second, in the order in which they came: that
//! bounds guessing however many connections it uses, and the right key is taken all the same, after a
//! wait. Keys that were right before do not wait (see [`super::Auth`]).
//!
//! A key counts as wrong before it is looked at, and no more once it was right: of many at once no more
//! are looked at than of many in a row.
//!
//! Written by hand, since it counts failures only; a limiter of requests would slow down everybody.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::client_address::ClientAddress;

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
    network: ClientAddress,
    /// Of the name as it was sent, whether there is such an account or not.
    user_hash: [u8; 16],
}

impl Attempt {
    /// Of IPv6 addresses the first half counts: the rest is the caller's to choose.
    pub fn new(address: ClientAddress, user: &str) -> Self {
        let network = match address {
            ClientAddress::Known(address) => ClientAddress::Known(network_of(address)),
            unreadable @ ClientAddress::Unreadable { .. } => unreadable,
        };
        let mut user_hash = [0; 16];
        user_hash.copy_from_slice(&Sha256::digest(user)[..16]);
        Self { network, user_hash }
    }
}

fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(long) => {
            let [a, b, c, d, ..] = long.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        short @ IpAddr::V4(_) => short,
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
    /// Counts a key that is to be looked at, where that takes no waiting: few wrong ones came before.
    pub fn try_reserve(&self, attempt: &Attempt) -> Option<Reservation<'_>> {
        let mut buckets = self.lock();
        let level = buckets.get(attempt).map_or(0.0, Bucket::level);
        (level <= BURST - 1.0).then(|| self.count_in(&mut buckets, attempt, None))
    }

    /// Waits until a key may be looked at, and counts it then. `until_turn` is dropped once its turn
    /// has come.
    pub async fn reserve<W>(&self, attempt: &Attempt, until_turn: W) -> Reservation<'_> {
        let turns = {
            let buckets = self.lock();
            let bucket = buckets.get(attempt);
            bucket.map(|bucket| Arc::clone(&bucket.turns))
        };
        let Some(turns) = turns else {
            return self.count(attempt);
        };
        // Never closed.
        let turn = turns.acquire_owned().await.ok();
        drop(until_turn);
        tokio::time::sleep(HOLD).await;
        self.count_in(&mut self.lock(), attempt, turn)
    }

    /// Counts a key without waiting.
    pub fn count(&self, attempt: &Attempt) -> Reservation<'_> {
        self.count_in(&mut self.lock(), attempt, None)
    }

    fn count_in(
        &self,
        buckets: &mut HashMap<Attempt, Bucket>,
        attempt: &Attempt,
        turn: Option<OwnedSemaphorePermit>,
    ) -> Reservation<'_> {
        if buckets.len() >= BUCKETS_MAX && !buckets.contains_key(attempt) {
            forget_lowest(buckets);
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
        Reservation {
            limiter: self,
            attempt: attempt.clone(),
            before,
            _turn: turn,
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Attempt, Bucket>> {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A key that is looked at. It stays counted as a wrong one unless it is given back.
#[derive(Debug)]
pub struct Reservation<'a> {
    limiter: &'a Limiter,
    attempt: Attempt,
    /// How many wrong keys were remembered when it came.
    before: f64,
    _turn: Option<OwnedSemaphorePermit>,
}

impl Reservation<'_> {
    /// The key was right, and counts no more.
    pub fn give_back(self) {
        let mut buckets = self.limiter.lock();
        if let Some(bucket) = buckets.get_mut(&self.attempt) {
            bucket.level = (bucket.level() - 1.0).max(0.0);
            bucket.at = Instant::now();
            // Nobody holds a turn of it or waits for one.
            if bucket.level == 0.0 && Arc::strong_count(&bucket.turns) == 1 {
                buckets.remove(&self.attempt);
            }
        }
    }

    /// Where the key was wrong and many were before it: the seconds after which another would be
    /// answered without delay.
    pub fn retry_after(&self) -> Option<u32> {
        let excess = self.before - (BURST - 1.0);
        (excess > 0.0).then(|| (excess * SECONDS_PER_ATTEMPT).ceil() as u32)
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

    use futures_util::FutureExt;

    use super::*;

    fn attempt(host: u32, user: &str) -> Attempt {
        let address = ClientAddress::Known(Ipv4Addr::from_bits(host).into());
        Attempt::new(address, user)
    }

    fn fail(limiter: &Limiter, attempt: &Attempt, times: usize) {
        for _ in 0..times {
            drop(limiter.count(attempt));
        }
    }

    #[tokio::test]
    async fn guessing_is_slowed_down_for_that_user_from_that_address_alone() {
        let limiter = Limiter::default();
        let guesser = attempt(1, "ada");
        fail(&limiter, &guesser, BURST as usize + 1);
        assert!(limiter.try_reserve(&guesser).is_none());
        assert!(limiter.reserve(&guesser, ()).await.retry_after().is_some());
        for other in [attempt(1, "eve"), attempt(2, "ada")] {
            let reserved = limiter.try_reserve(&other).unwrap();
            assert_eq!(reserved.retry_after(), None);
        }
    }

    #[test]
    fn of_many_keys_at_once_no_more_are_looked_at_than_in_a_row() {
        let limiter = Limiter::default();
        let guesser = attempt(1, "ada");
        let at_once: Vec<_> = (0..100)
            .map_while(|_| limiter.try_reserve(&guesser))
            .collect();
        // One is forgotten every other second.
        assert!((30..40).contains(&at_once.len()), "{}", at_once.len());
        drop(at_once);
        assert!(limiter.try_reserve(&guesser).is_none());
    }

    #[test]
    fn a_right_key_counts_no_more_and_leaves_nothing_behind() {
        let limiter = Limiter::default();
        let honest = attempt(1, "ada");
        for _ in 0..100 {
            limiter.try_reserve(&honest).unwrap().give_back();
        }
        assert!(limiter.lock().is_empty());
        fail(&limiter, &honest, BURST as usize + 10);
        let level = || limiter.lock()[&honest].level();
        let before = level();
        limiter.count(&honest).give_back();
        assert!(level() <= before);
        assert!(limiter.try_reserve(&honest).is_none());
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
            turns.spawn(async move { drop(limiter.reserve(&guesser, ()).await) });
        }
        turns.join_all().await;
        assert!(begun.elapsed() >= 3 * HOLD);
    }

    #[test]
    fn whose_turn_has_come_waits_no_longer() {
        let runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = { runtime }.enable_time().build().unwrap();
        let limiter = Limiter::default();
        let guesser = attempt(1, "ada");
        fail(&limiter, &guesser, BURST as usize + 10);
        let waiting = Arc::new(());
        let mut guesses: Vec<_> = (0..ATTEMPTS_AT_ONCE + 3)
            .map(|_| Box::pin(limiter.reserve(&guesser, Arc::clone(&waiting))))
            .collect();
        runtime.block_on(async {
            for guess in &mut guesses {
                assert!(guess.now_or_never().is_none());
            }
        });
        assert_eq!(Arc::strong_count(&waiting) - 1, 3);
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
        assert!(limiter.count(&guesser).retry_after().is_some());
    }

    #[test]
    fn the_second_half_of_an_ipv6_address_does_not_count() {
        let of = |text: &str| {
            let address = ClientAddress::Known(text.parse().unwrap());
            Attempt::new(address, "ada")
        };
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:1"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_eq!(of("::ffff:10.0.0.1"), of("10.0.0.1"));
        let proxy = "10.0.0.1".parse().unwrap();
        let unreadable = Attempt::new(ClientAddress::Unreadable { proxy }, "ada");
        assert_ne!(unreadable, of("10.0.0.1"));
    }

    #[test]
    fn it_is_forgotten_in_time() {
        assert_eq!(level_after(30.0, Duration::from_secs(60)), 0.0);
        assert_eq!(level_after(30.0, Duration::from_secs(2)), 29.0);
    }
}

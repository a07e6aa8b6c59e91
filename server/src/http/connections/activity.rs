//! What one connection is doing, how long it may go on with that, and how soon it is closed for
//! another caller.

use std::time::{Duration, Instant};

/// Bytes a second that a transfer brings on average beyond its first [`Timeouts::stall`]: the rate
/// of Apache's `RequestReadTimeout`. Only the time counts in which the server waits for the peer.
const MIN_RATE: u64 = 500;
/// Bytes that stand for a second when the connection is chosen that is closed for another caller.
const EARNING_RATE: u64 = 10_000;
/// While the server works on a request, its connection is closed for no other caller for so long.
const SETTLED: Duration = Duration::from_secs(5);

/// How long a peer may keep the server waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Timeouts {
    /// From the first byte of a request to the end of its head; for the first request of a
    /// connection, from its opening.
    pub(super) header: Duration,
    /// For the next bytes of a body, or for room for the next bytes of an answer.
    pub(super) stall: Duration,
    /// From an answer to the first byte of the next request.
    pub(super) idle: Duration,
}

/// Why a connection is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Overdue {
    Header,
    Idle,
    Body,
    Write,
}

impl Overdue {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Header => "no whole request in time",
            Self::Idle => "no further request in time",
            Self::Body => "the body stalled",
            Self::Write => "the answer is not read",
        }
    }
}

/// How soon a connection is closed for another caller: the greatest first. The fields stand in the
/// order of their weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank {
    tier: Tier,
    /// Connections of the same address: who has most loses one first.
    share: usize,
    /// Microseconds without a whole request, or since the request began, less what its bytes earn.
    weight: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Tier {
    /// Answers a request with valid credentials or a valid signature, a stream of events for example.
    Trusted,
    /// Waits for a request, or answers any other one.
    Unknown,
}

/// The time that the server has waited for the peer during one transfer.
#[derive(Clone, Copy, Debug, Default)]
struct Transfer {
    waiting_since: Option<Instant>,
    waited: Duration,
    bytes: u64,
}

impl Transfer {
    fn wait(&mut self, now: Instant) {
        self.waiting_since.get_or_insert(now);
    }

    fn advance(&mut self, bytes: usize, now: Instant) {
        if let Some(since) = self.waiting_since.take() {
            self.waited += now.saturating_duration_since(since);
        }
        self.bytes = self.bytes.saturating_add(bytes as u64);
    }

    /// Whether this wait alone is longer than `stall`, or all waits together are longer than the
    /// bytes account for.
    fn is_overdue(&self, now: Instant, stall: Duration) -> bool {
        let Some(since) = self.waiting_since else {
            return false;
        };
        let wait = now.saturating_duration_since(since);
        let earned = Duration::from_secs(self.bytes / MIN_RATE);
        wait > stall || self.waited.saturating_add(wait) > stall.saturating_add(earned)
    }
}

#[derive(Clone, Copy, Debug)]
enum Phase {
    /// Since the opening, or since the last answer ended.
    Waiting {
        since: Instant,
        first_byte: Option<Instant>,
        is_new: bool,
    },
    /// From a whole head until the answer's body has been handed over.
    Answering { since: Instant },
}

/// The state of one connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Activity {
    phase: Phase,
    trusted: bool,
    body: Transfer,
    answer: Transfer,
}

impl Activity {
    pub(super) fn opened(now: Instant) -> Self {
        Self {
            phase: Phase::Waiting {
                since: now,
                first_byte: None,
                is_new: true,
            },
            trusted: false,
            body: Transfer::default(),
            answer: Transfer::default(),
        }
    }

    /// Bytes came from the peer.
    pub(super) fn received(&mut self, now: Instant) {
        if let Phase::Waiting { first_byte, .. } = &mut self.phase {
            first_byte.get_or_insert(now);
        }
    }

    pub(super) fn begin_request(&mut self, now: Instant) {
        self.phase = Phase::Answering { since: now };
        self.trusted = false;
        self.body = Transfer::default();
        // Of an answer whose last bytes are not written yet, the wait goes on.
        self.answer = Transfer {
            waiting_since: self.answer.waiting_since,
            ..Transfer::default()
        };
    }

    pub(super) fn end_answer(&mut self, now: Instant) {
        self.body.waiting_since = None;
        self.phase = Phase::Waiting {
            since: now,
            first_byte: None,
            is_new: false,
        };
    }

    pub(super) fn mark_trusted(&mut self) {
        self.trusted = true;
    }

    pub(super) fn wait_for_body(&mut self, now: Instant) {
        self.body.wait(now);
    }

    pub(super) fn advance_body(&mut self, bytes: usize, now: Instant) {
        self.body.advance(bytes, now);
    }

    pub(super) fn wait_to_write(&mut self, now: Instant) {
        self.answer.wait(now);
    }

    pub(super) fn advance_answer(&mut self, bytes: usize, now: Instant) {
        self.answer.advance(bytes, now);
        // The last bytes of an answer are written after its body has been handed over.
        if let Phase::Waiting { since, .. } = &mut self.phase {
            *since = now;
        }
    }

    /// Whether a part of a request has come, and no more.
    pub(super) fn is_half_sent(&self) -> bool {
        matches!(
            self.phase,
            Phase::Waiting {
                first_byte: Some(_),
                ..
            }
        )
    }

    pub(super) fn overdue(&self, now: Instant, timeouts: &Timeouts) -> Option<Overdue> {
        if self.answer.is_overdue(now, timeouts.stall) {
            return Some(Overdue::Write);
        }
        let older = |since: Instant, most| now.saturating_duration_since(since) > most;
        match self.phase {
            Phase::Waiting {
                since,
                first_byte,
                is_new,
            } => {
                let begun = first_byte.or(is_new.then_some(since));
                match begun {
                    Some(begun) => older(begun, timeouts.header).then_some(Overdue::Header),
                    None => {
                        let idle = self.answer.waiting_since.is_none();
                        (idle && older(since, timeouts.idle)).then_some(Overdue::Idle)
                    }
                }
            }
            Phase::Answering { .. } => self
                .body
                .is_overdue(now, timeouts.stall)
                .then_some(Overdue::Body),
        }
    }

    /// How soon the connection is closed for another caller; `None` while the server works on a
    /// young request. `share`: connections of the same address.
    pub(super) fn rank(&self, share: usize, now: Instant) -> Option<Rank> {
        let (tier, since, bytes) = match self.phase {
            Phase::Waiting { since, .. } => (Tier::Unknown, since, 0),
            Phase::Answering { since } => {
                let waits = self.body.waiting_since.or(self.answer.waiting_since);
                let young = now.saturating_duration_since(since) < SETTLED;
                let tier = match waits {
                    _ if self.trusted && young => return None,
                    None if young => return None,
                    _ if self.trusted => Tier::Trusted,
                    _ => Tier::Unknown,
                };
                (
                    tier,
                    since,
                    self.body.bytes.saturating_add(self.answer.bytes),
                )
            }
        };
        let age = now.saturating_duration_since(since);
        let earned = Duration::from_secs(bytes / EARNING_RATE);
        let weight = age.saturating_sub(earned).as_micros();
        Some(Rank {
            tier,
            share,
            weight: u64::try_from(weight).unwrap_or(u64::MAX),
        })
    }
}

impl Rank {
    pub(super) fn is_trusted(self) -> bool {
        self.tier == Tier::Trusted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMEOUTS: Timeouts = Timeouts {
        header: Duration::from_secs(15),
        stall: Duration::from_secs(60),
        idle: Duration::from_secs(75),
    };

    fn seconds(number: u64) -> Duration {
        Duration::from_secs(number)
    }

    fn answering(at: Instant) -> Activity {
        let mut activity = Activity::opened(at);
        activity.received(at);
        activity.begin_request(at);
        activity
    }

    #[test]
    fn a_half_request_does_not_live_longer_by_trickling() {
        let start = Instant::now();
        let mut activity = Activity::opened(start);
        for second in 1..=15 {
            activity.received(start + seconds(second));
            assert_eq!(activity.overdue(start + seconds(second), &TIMEOUTS), None);
        }
        assert!(activity.is_half_sent());
        let late = start + seconds(17);
        assert_eq!(activity.overdue(late, &TIMEOUTS), Some(Overdue::Header));
        let silent = Activity::opened(start);
        assert!(!silent.is_half_sent());
        assert_eq!(silent.overdue(late, &TIMEOUTS), Some(Overdue::Header));
    }

    #[test]
    fn between_requests_the_idle_time_counts() {
        let start = Instant::now();
        let mut activity = answering(start);
        assert_eq!(activity.overdue(start + seconds(9_999), &TIMEOUTS), None);
        activity.end_answer(start);
        assert_eq!(activity.overdue(start + seconds(75), &TIMEOUTS), None);
        let late = start + seconds(76);
        assert_eq!(activity.overdue(late, &TIMEOUTS), Some(Overdue::Idle));
        // The last bytes are still being read: no time of theirs is idle.
        activity.wait_to_write(start);
        activity.advance_answer(1_000_000, start + seconds(30));
        assert_eq!(activity.overdue(late, &TIMEOUTS), None);
        // A second request that begins is measured from its first byte.
        activity.received(start + seconds(80));
        let late = start + seconds(96);
        assert_eq!(activity.overdue(late, &TIMEOUTS), Some(Overdue::Header));
    }

    #[test]
    fn a_steady_body_lives_and_a_stalled_or_trickling_one_does_not() {
        let start = Instant::now();
        let upload = |bytes: usize, pause: u64, pieces: u64| {
            let mut activity = answering(start);
            let mut now = start;
            for _ in 0..pieces {
                activity.wait_for_body(now);
                now += seconds(pause);
                if activity.overdue(now, &TIMEOUTS).is_some() {
                    return Some(now - start);
                }
                activity.advance_body(bytes, now);
            }
            None
        };
        assert_eq!(upload(40_000, 59, 1_000), None);
        assert_eq!(upload(40_000, 61, 1_000), Some(seconds(61)));
        assert_eq!(upload(1, 10, 1_000), Some(seconds(70)));
        // While the server itself works, nothing is overdue.
        let mut activity = answering(start);
        activity.wait_for_body(start);
        activity.advance_body(1, start);
        assert_eq!(activity.overdue(start + seconds(9_999), &TIMEOUTS), None);
    }

    #[test]
    fn an_answer_that_is_not_read_ends() {
        let start = Instant::now();
        let mut activity = answering(start);
        activity.wait_to_write(start);
        assert_eq!(activity.overdue(start + seconds(60), &TIMEOUTS), None);
        let late = start + seconds(61);
        assert_eq!(activity.overdue(late, &TIMEOUTS), Some(Overdue::Write));
        activity.end_answer(start);
        assert_eq!(activity.overdue(late, &TIMEOUTS), Some(Overdue::Write));
    }

    #[test]
    fn who_waits_longest_goes_first_and_who_is_known_last() {
        let start = Instant::now();
        let now = start + seconds(60);
        let rank = |activity: &Activity, share| activity.rank(share, now).unwrap();
        let half = Activity::opened(start + seconds(10));
        let older_half = Activity::opened(start);
        assert!(rank(&older_half, 1) > rank(&half, 1));
        assert!(rank(&half, 2) > rank(&older_half, 1));
        // A body that does not come is no whole request either.
        let mut half_body = answering(start + seconds(5));
        half_body.wait_for_body(start + seconds(5));
        assert!(rank(&half_body, 1) > rank(&half, 1));
        assert!(rank(&half_body, 1) < rank(&older_half, 1));
        let mut unread = answering(start + seconds(5));
        unread.advance_answer(1_000, now);
        unread.wait_to_write(now);
        assert!(rank(&unread, 1) > rank(&half, 1));
        // Who reads gets to the end.
        let mut quick = answering(start);
        quick.advance_answer(10_000_000, now);
        assert!(rank(&quick, 1) < rank(&Activity::opened(now - seconds(1)), 1));
        let mut stream = answering(start);
        stream.mark_trusted();
        assert!(rank(&quick, 1) > rank(&stream, 9) && rank(&stream, 9).is_trusted());
        // What the server has only begun to work on is left alone.
        assert_eq!(answering(now - seconds(4)).rank(1, now), None);
        assert!(answering(now - seconds(6)).rank(1, now).is_some());
    }
}

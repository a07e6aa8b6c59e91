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
/// Once the peer has closed its side, an answer that does not move is given up after so long: whether
/// the peer has hung up or waits for its answer shows only when something is sent.
const HALF_CLOSED: Duration = Duration::from_secs(15);
/// The same while the rest of a body is waited for, which cannot come any more. Not at once, since the
/// handler may not have been given yet what has come.
const HALF_CLOSED_IN_BODY: Duration = Duration::from_secs(1);
/// How long the rest of a request is read that nobody wants, so that its sender gets to read the
/// answer.
const LINGER: Duration = Duration::from_secs(15);

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
    HalfClosed,
    Linger,
}

impl Overdue {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Header => "no whole request in time",
            Self::Idle => "no further request in time",
            Self::Body => "the body stalled",
            Self::Write => "the answer is not read",
            Self::HalfClosed => "the caller has closed its side",
            Self::Linger => "the caller goes on sending after the answer",
        }
    }
}

/// How soon a connection is closed for another caller: the greatest first. The fields stand in the
/// order of their weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank {
    tier: Tier,
    /// Connections of the same address without a trusted request: who has most loses one first.
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
    /// Closed for another before all others: its caller has sent a key that waits among many wrong
    /// ones, has closed its side, or has its answer and goes on sending.
    Dispensable,
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
    /// Answered and closed by the server, while the rest of the request is read and forgotten.
    Lingering { since: Instant },
}

/// The state of one connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Activity {
    phase: Phase,
    trusted: bool,
    /// Whether the request's key waits until it may be looked at.
    key_waits: bool,
    /// Whether the handler has left a part of the request's body unread.
    body_left: bool,
    /// When the peer closed its side, or, later than that, something of an answer was sent.
    half_closed: Option<Instant>,
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
            key_waits: false,
            body_left: false,
            half_closed: None,
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
        self.key_waits = false;
        self.body_left = false;
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

    pub(super) fn set_key_waits(&mut self, waits: bool) {
        self.key_waits = waits;
    }

    pub(super) fn leave_body(&mut self) {
        self.body_left = true;
    }

    /// The peer sends nothing any more.
    pub(super) fn half_close(&mut self, now: Instant) {
        self.half_closed.get_or_insert(now);
    }

    pub(super) fn is_answering(&self) -> bool {
        matches!(self.phase, Phase::Answering { .. })
    }

    /// Whether the connection counts in its address's share: all but those of trusted requests.
    pub(super) fn is_in_share(&self) -> bool {
        !(self.trusted && self.is_answering())
    }

    /// Begins to linger if the peer may still send what nobody reads; false if it cannot.
    pub(super) fn linger(&mut self, now: Instant) -> bool {
        let sends = self.half_closed.is_none() && (self.body_left || self.is_half_sent());
        if sends {
            self.phase = Phase::Lingering { since: now };
        }
        sends
    }

    pub(super) fn is_lingering(&self) -> bool {
        matches!(self.phase, Phase::Lingering { .. })
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
        if let Some(moved) = &mut self.half_closed {
            *moved = now;
        }
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
            Phase::Answering { .. } => {
                let patience = match self.body.waiting_since {
                    Some(_) => HALF_CLOSED_IN_BODY,
                    None => HALF_CLOSED,
                };
                if self.half_closed.is_some_and(|since| older(since, patience)) {
                    return Some(Overdue::HalfClosed);
                }
                self.body
                    .is_overdue(now, timeouts.stall)
                    .then_some(Overdue::Body)
            }
            Phase::Lingering { since } => older(since, LINGER).then_some(Overdue::Linger),
        }
    }

    /// How soon the connection is closed for another caller; `None` while the server works on a
    /// young request. `share`: connections of the same address that count in it.
    pub(super) fn rank(&self, share: usize, now: Instant) -> Option<Rank> {
        let (tier, since, bytes) = match self.phase {
            Phase::Waiting { since, .. } => (Tier::Unknown, since, 0),
            Phase::Lingering { since } => (Tier::Dispensable, since, 0),
            Phase::Answering { since } if self.key_waits || self.half_closed.is_some() => {
                (Tier::Dispensable, since, self.answer.bytes)
            }
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
mod tests;

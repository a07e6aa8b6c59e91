//! Wall clock of trials on P parallel slots (docs/cost-model.md, section 4).
//!
//! Trials start in the order in which they are listed, each on the slot that is free first; of
//! several, on the one with the lowest number. Times here are microseconds in 128 bits, so a
//! makespan is exact however long.

use super::Seconds;
use super::pace::Pace;
#[cfg(any(test, feature = "internals"))]
use super::pace::run_unbroken;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Where and when each trial runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// The slot of each trial, counted from 0.
    pub slots: Vec<u32>,
    /// The end of each trial, in microseconds from the start of the first.
    pub finish: Vec<u128>,
    /// The last end, in microseconds; 0 without trials.
    pub makespan: u128,
}

/// Simulates the trials in list order. O(n log P).
pub fn simulate(occupied: &[Seconds], parallel: u32) -> Schedule {
    let mut schedule = Schedule {
        slots: Vec::with_capacity(occupied.len()),
        finish: Vec::with_capacity(occupied.len()),
        makespan: 0,
    };
    let mut slots = Slots::new(occupied.len(), parallel);
    for trial in occupied {
        let (slot, finish) = slots.take(*trial);
        schedule.slots.push(slot);
        schedule.finish.push(finish);
        schedule.makespan = schedule.makespan.max(finish);
    }
    schedule
}

/// The end of the last trial in list order, in microseconds. O(n log P).
#[cfg(any(test, feature = "internals"))]
pub fn makespan(occupied: &[Seconds], parallel: u32) -> u128 {
    run_unbroken(makespan_in_stretches(
        occupied,
        parallel,
        &mut Pace::unbroken(),
    ))
}

/// The end of the last trial in list order, in microseconds, with pauses. O(n log P).
pub(super) async fn makespan_in_stretches(
    occupied: &[Seconds],
    parallel: u32,
    pace: &mut Pace<'_>,
) -> u128 {
    let mut slots = Slots::new(occupied.len(), parallel);
    let mut last = 0;
    for trial in occupied {
        let (_, finish) = slots.take(*trial);
        last = last.max(finish);
        if pace.is_due() {
            pace.pause().await;
        }
    }
    last
}

/// [`makespan`] with the longest trials first, which costs no more and often ends sooner.
/// O(n log n).
#[cfg(any(test, feature = "internals"))]
pub fn longest_first_makespan(occupied: &[Seconds], parallel: u32) -> u128 {
    let mut sorted = occupied.to_vec();
    sorted.sort_unstable_by(|a, b| b.cmp(a));
    makespan(&sorted, parallel)
}

/// The makespan of `trials` trials that all take the same time, in seconds. O(1).
pub(crate) fn uniform_makespan(trials: u128, occupied: Seconds, parallel: u32) -> f64 {
    let rounds = trials.div_ceil(u128::from(parallel.max(1)));
    rounds as f64 * occupied.as_f64()
}

/// The smallest number of slots with which the trials in list order take no longer than the
/// longest one; more buy nothing. 0 without trials. O(n log² n).
pub(super) async fn fewest_useful_slots(occupied: &[Seconds], pace: &mut Pace<'_>) -> u32 {
    let micros = |trial: &Seconds| u128::from(trial.micros());
    let Some(longest) = occupied.iter().max().map(micros) else {
        return 0;
    };
    let total: u128 = occupied.iter().map(micros).sum();
    let slots = |count: u128| u32::try_from(count).unwrap_or(u32::MAX);
    // One slot more never ends later, so halving finds the first that is enough.
    let mut low = slots(total.div_ceil(longest.max(1)).max(1));
    let mut high = slots(occupied.len() as u128);
    while low < high {
        let middle = low + (high - low) / 2;
        if end_by(longest, occupied, middle, pace).await {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    high
}

/// Whether the trials in list order all end by `limit`, in microseconds.
async fn end_by(limit: u128, occupied: &[Seconds], parallel: u32, pace: &mut Pace<'_>) -> bool {
    let mut slots = Slots::new(occupied.len(), parallel);
    for trial in occupied {
        if slots.take(*trial).1 > limit {
            return false;
        }
        if pace.is_due() {
            pace.pause().await;
        }
    }
    true
}

/// Bounds on the makespan, in seconds, from sums alone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MakespanBounds {
    /// No schedule in any order ends before.
    pub lower: f64,
    /// List order, whatever the list, ends no later.
    pub upper: f64,
}

/// `lower = max(longest, sum / P)`, `upper = sum / P + (1 - 1/P) longest`, in seconds; P is at
/// most the number of trials.
pub fn makespan_bounds(trials: u128, sum: f64, longest: f64, parallel: u32) -> MakespanBounds {
    let p = u128::from(parallel.max(1)).min(trials.max(1)) as f64;
    MakespanBounds {
        lower: longest.max(sum / p),
        upper: sum / p + (1.0 - 1.0 / p) * longest,
    }
}

/// When each slot is free, in microseconds; the pair's order breaks ties by the lowest slot.
struct Slots {
    free: BinaryHeap<Reverse<(u128, u32)>>,
}

impl Slots {
    /// `parallel` slots, or as many as there are trials, at least one.
    fn new(trials: usize, parallel: u32) -> Slots {
        let trials = u32::try_from(trials).unwrap_or(u32::MAX);
        let slots = parallel.min(trials).max(1);
        Slots {
            free: (0..slots).map(|slot| Reverse((0, slot))).collect(),
        }
    }

    /// Runs a trial on the slot that is free first: that slot, and the trial's end. O(log slots).
    fn take(&mut self, trial: Seconds) -> (u32, u128) {
        let micros = u128::from(trial.micros());
        let Some(mut first) = self.free.peek_mut() else {
            return (0, micros);
        };
        let Reverse((start, slot)) = *first;
        let finish = start + micros;
        *first = Reverse((finish, slot));
        (slot, finish)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    fn trials(seed: u64, n: usize) -> Vec<Seconds> {
        let mut state = seed;
        (0..n)
            .map(|_| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                Seconds::from_micros(1 + (state >> 40) % 1_000)
            })
            .collect()
    }

    /// The definition, by looking at every slot.
    fn by_definition(occupied: &[Seconds], parallel: usize) -> Schedule {
        let mut free = vec![0u128; parallel.min(occupied.len())];
        let (mut slots, mut finish) = (Vec::new(), Vec::new());
        for trial in occupied {
            let slot = (0..free.len())
                .min_by_key(|&slot| (free[slot], slot))
                .unwrap();
            free[slot] += u128::from(trial.micros());
            slots.push(slot as u32);
            finish.push(free[slot]);
        }
        let makespan = finish.iter().copied().max().unwrap_or(0);
        Schedule {
            slots,
            finish,
            makespan,
        }
    }

    #[test]
    fn agrees_with_the_definition_and_stays_within_bounds() {
        for seed in 0..40 {
            let occupied = trials(seed, 1 + seed as usize);
            let n = occupied.len();
            let sum: Seconds = occupied.iter().copied().sum();
            let longest = occupied.iter().max().unwrap();
            let mut last = u128::MAX;
            for parallel in 1..=12u32 {
                let schedule = simulate(&occupied, parallel);
                assert_eq!(schedule, by_definition(&occupied, parallel as usize));
                assert_eq!(makespan(&occupied, parallel), schedule.makespan);
                let seconds = schedule.makespan as f64 / 1e6;
                let bounds = makespan_bounds(n as u128, sum.as_f64(), longest.as_f64(), parallel);
                assert!(bounds.lower <= seconds + 1e-12 && seconds <= bounds.upper + 1e-12);
                let sorted = longest_first_makespan(&occupied, parallel) as f64 / 1e6;
                let p = f64::from(parallel);
                assert!(sorted <= (4.0 / 3.0 - 1.0 / (3.0 * p)) * seconds + 1e-12);
                assert!(schedule.makespan <= last);
                last = schedule.makespan;
            }
            let enough = run_unbroken(fewest_useful_slots(&occupied, &mut Pace::unbroken()));
            assert_eq!(makespan(&occupied, enough), u128::from(longest.micros()));
            assert!(enough == 1 || makespan(&occupied, enough - 1) > longest.micros().into());
        }
    }

    #[test]
    fn edges() {
        assert_eq!(simulate(&[], 4).makespan, 0);
        let none = run_unbroken(fewest_useful_slots(&[], &mut Pace::unbroken()));
        assert_eq!(none, 0);
        assert_eq!(makespan(&trials(1, 3), 0), makespan(&trials(1, 3), 1));
        assert_eq!(simulate(&trials(1, 3), u32::MAX).slots, [0, 1, 2]);
        let longest = [Seconds::MAX; 30];
        assert_eq!(
            makespan(&longest, 1),
            30 * u128::from(Seconds::MAX.micros())
        );
        let minute = Seconds::from_whole(60);
        assert_eq!(uniform_makespan(9, minute, 4), 180.0);
        assert_eq!(
            uniform_makespan(9, minute, 4) * 1e6,
            makespan(&[minute; 9], 4) as f64
        );
        assert_eq!(
            uniform_makespan(u128::MAX, minute, 1),
            u128::MAX as f64 * 60.0
        );
    }
}

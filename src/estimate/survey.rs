//! The run times of the chosen trials of a plan, counted without listing them where there are
//! many.
//!
//! A plan may have 2^128 − 1 trials. Their run times are known exactly all the same when there is
//! a constant, or when a formula reads only a few axes: then it is enough to look at the values of
//! those axes, each combination standing for all trials that share it. Trials that a person took
//! out are looked at one by one. Only where neither helps is an evenly spread sample taken.

use super::Seconds;
use super::run_time::RunTime;
use crate::formula::{Fault, Value};
use crate::sweep::part::Slot;
use crate::sweep::{Part, Plan, Ranges, Strategy, Trial, axis};
use std::collections::BTreeMap;

/// The most trials or combinations that are looked at one by one.
pub(super) const EXACT: u128 = 100_000;

/// The most trials of a part that stand for the others where not all can be looked at.
const SAMPLE: u128 = 10_000;

/// How a part's run times were found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    /// Every trial takes the same time.
    Constant,
    /// Every chosen trial was looked at, in order.
    Each,
    /// Every combination of the values that the formula reads was looked at: so many.
    Combinations(u128),
    /// So many trials, evenly spread, stand for all.
    Sample(u128),
}

/// The run times of one part's chosen trials.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct PartSurvey {
    pub(super) part: u32,
    pub(super) trials: u128,
    pub(super) method: Method,
    /// Run times with the number of trials that have them; in order of the trials under
    /// [`Method::Each`].
    pub(super) runs: Vec<(Seconds, u128)>,
    /// Trials without a run time, and why the first one found has none.
    pub(super) faults: u128,
    pub(super) first_fault: Option<FirstFault>,
}

/// A trial without a run time.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct FirstFault {
    /// Its position in the plan.
    pub(super) position: u128,
    pub(super) fault: Fault,
}

/// The chosen trials of each part, parts without any left out.
/// O(parts + ranges × log).
pub(super) fn chosen_by_part(plan: &Plan, chosen: &Ranges) -> Vec<(u32, Vec<(u128, u128)>)> {
    let mut by_part = Vec::new();
    for (number, part) in (0u32..).zip(plan.parts()) {
        let start = plan.start(number);
        let Some(last) = part.len().checked_sub(1).map(|last| start + last) else {
            continue;
        };
        let ranges = chosen.ranges();
        let first = ranges.partition_point(|(_, end)| *end < start);
        let inside: Vec<(u128, u128)> = ranges
            .iter()
            .skip(first)
            .take_while(|(begin, _)| *begin <= last)
            .map(|(begin, end)| ((*begin).max(start) - start, (*end).min(last) - start))
            .collect();
        if !inside.is_empty() {
            by_part.push((number, inside));
        }
    }
    by_part
}

/// How many numbers the ranges hold; they lie within one part, so that the sum fits.
pub(super) fn count(ranges: &[(u128, u128)]) -> u128 {
    ranges.iter().fold(0, |sum: u128, (a, b)| {
        sum.saturating_add(b - a).saturating_add(1)
    })
}

/// Surveys every part. Looks at O([`EXACT`]) trials or combinations altogether.
pub(super) fn survey(plan: &Plan, chosen: &Ranges, run_time: &RunTime) -> Vec<PartSurvey> {
    let by_part = chosen_by_part(plan, chosen);
    let total = by_part
        .iter()
        .fold(0, |n: u128, (_, ranges)| n.saturating_add(count(ranges)));
    let mut budget = EXACT;
    let mut left = by_part.len() as u128;
    let mut surveys = Vec::with_capacity(by_part.len());
    for (number, ranges) in &by_part {
        let Some(part) = plan.parts().get(*number as usize) else {
            continue;
        };
        let reader = Reader::new(part, run_time);
        let view = PartView {
            part,
            number: *number,
            start: plan.start(*number),
            ranges,
            reader,
        };
        // In a small selection every trial is looked at, since their order makes the wall clock.
        let survey = if total <= EXACT {
            view.each()
        } else {
            view.cheapest(budget, left)
        };
        let looked_at = match survey.method {
            Method::Constant => 0,
            Method::Each => survey.trials,
            Method::Combinations(n) | Method::Sample(n) => n,
        };
        budget = budget.saturating_sub(looked_at);
        left = left.saturating_sub(1);
        surveys.push(survey);
    }
    surveys
}

/// Reads a run time from trials of one part: its arguments found once.
pub(super) struct Reader<'a> {
    part: &'a Part,
    run_time: &'a RunTime,
    /// For each of the run time's names the argument behind it.
    slots: Vec<Option<Slot>>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(part: &'a Part, run_time: &'a RunTime) -> Reader<'a> {
        let slots = run_time
            .names()
            .iter()
            .map(|name| part.find(name))
            .collect();
        Reader {
            part,
            run_time,
            slots,
        }
    }

    /// The run time of the trial at `index` of the part's space. O(axes + formula).
    pub(super) fn run(&self, index: u128) -> Result<Seconds, Fault> {
        // A run time asks for its names one after the other, in their order.
        let mut slots = self.slots.iter();
        self.run_time.of(|_| {
            let slot = slots.next().copied().flatten()?;
            let text = self.part.value(slot, index)?;
            // Run times are made of numbers; what a text says does not matter.
            Some(axis::number(&text).map_or(Value::Text(""), Value::Number))
        })
    }

    /// The axes that the run time reads, ascending.
    fn axes(&self) -> Vec<usize> {
        let axes = self
            .slots
            .iter()
            .flatten()
            .filter_map(|slot| self.part.axis_of(*slot));
        let mut axes: Vec<usize> = axes.map(|axis| axis as usize).collect();
        axes.sort_unstable();
        axes.dedup();
        axes
    }
}

struct PartView<'a> {
    part: &'a Part,
    number: u32,
    start: u128,
    /// Chosen trials by their place in the part.
    ranges: &'a [(u128, u128)],
    reader: Reader<'a>,
}

impl PartView<'_> {
    fn empty(&self, method: Method) -> PartSurvey {
        PartSurvey {
            part: self.number,
            trials: count(self.ranges),
            method,
            runs: Vec::new(),
            faults: 0,
            first_fault: None,
        }
    }

    /// The exact way that costs least, else a sample.
    fn cheapest(&self, budget: u128, parts_left: u128) -> PartSurvey {
        let trials = count(self.ranges);
        let axes = self.reader.axes();
        let combinations = axes
            .iter()
            .filter_map(|axis| self.part.axes().get(*axis))
            .try_fold(1u128, |n, axis| n.checked_mul(axis.len()));
        let left_out = self.part.len() - trials;
        let is_whole_space = self.part.strategy() != Strategy::RandomSearch
            || self.part.len() == self.part.space_len();
        if let Some(combinations) = combinations.filter(|_| is_whole_space)
            && (combinations == 1 || combinations.saturating_add(left_out) <= budget)
            && left_out <= EXACT
        {
            return self.combinations(&axes, combinations);
        }
        if axes.is_empty() {
            return self.constant();
        }
        if trials <= budget {
            return self.each();
        }
        self.sample((budget / parts_left.max(1)).clamp(1, SAMPLE))
    }

    /// All trials as the first one: nothing that the run time reads differs.
    fn constant(&self) -> PartSurvey {
        let mut survey = self.empty(Method::Constant);
        let first = self.ranges.first().map_or(0, |(first, _)| *first);
        let trials = survey.trials;
        self.look(&mut survey, first, trials);
        survey
    }

    fn each(&self) -> PartSurvey {
        if self.reader.axes().is_empty() {
            return self.constant();
        }
        let mut survey = self.empty(Method::Each);
        for n in self.ranges.iter().flat_map(|(first, last)| *first..=*last) {
            self.look(&mut survey, n, 1);
        }
        survey
    }

    /// Each combination of the axes' values stands for all trials that share it; trials that are
    /// not chosen are taken off again.
    fn combinations(&self, axes: &[usize], combinations: u128) -> PartSurvey {
        let method = if axes.is_empty() {
            Method::Constant
        } else {
            Method::Combinations(combinations)
        };
        let mut survey = self.empty(method);
        let times = self.part.space_len() / combinations;
        let mut runs: BTreeMap<Seconds, u128> = BTreeMap::new();
        for index in combined_indices(self.part, axes) {
            match self.reader.run(index) {
                Ok(run) => *runs.entry(run).or_default() += times,
                Err(fault) => {
                    survey.faults += times;
                    let position = self.start + index;
                    survey
                        .first_fault
                        .get_or_insert(FirstFault { position, fault });
                }
            }
        }
        for index in gaps(self.ranges, self.part.len()) {
            match self.reader.run(index) {
                Ok(run) => {
                    runs.entry(run)
                        .and_modify(|times| *times = times.saturating_sub(1));
                }
                Err(_) => survey.faults = survey.faults.saturating_sub(1),
            }
        }
        survey.runs = runs.into_iter().filter(|(_, times)| *times > 0).collect();
        if survey.faults == 0 {
            survey.first_fault = None;
        }
        survey
    }

    /// One trial from each of `size` equal stretches of the chosen ones, standing for its stretch.
    ///
    /// Where in its stretch it lies follows multiples of the golden ratio: always the middle would
    /// see one value alone of every axis whose length divides the stretch.
    fn sample(&self, size: u128) -> PartSurvey {
        let mut survey = self.empty(Method::Sample(size));
        let step = survey.trials / size;
        let longer = survey.trials % size;
        let mut chosen = Ordinals {
            ranges: self.ranges,
            before: 0,
        };
        let mut first = 0u128;
        for n in 0..size {
            let stands_for = step + u128::from(n < longer);
            if let Some(place) = chosen.nth(first + spread(n, stands_for)) {
                self.look(&mut survey, place, stands_for);
            }
            first += stands_for;
        }
        survey
    }

    /// Counts the `n`-th trial of the part `times` times.
    fn look(&self, survey: &mut PartSurvey, n: u128, times: u128) {
        let Some(index) = self.part.index_at(n) else {
            return;
        };
        match self.reader.run(index) {
            Ok(run) => survey.runs.push((run, times)),
            Err(fault) => {
                survey.faults += times;
                let position = self.start + n;
                survey
                    .first_fault
                    .get_or_insert(FirstFault { position, fault });
            }
        }
    }
}

/// The n-th multiple of the golden ratio, modulo 1, as a place below `length`.
fn spread(n: u128, length: u128) -> u128 {
    /// 2^64 over the golden ratio.
    const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
    let fraction = u128::from((n as u64).wrapping_mul(GOLDEN));
    let (high, low) = (length >> 64, length & u128::from(u64::MAX));
    high * fraction + ((low * fraction) >> 64)
}

/// The indices, ascending, of the trials that have the first value on every axis but `axes`, and
/// each combination of values on those. The first axis varies fastest.
fn combined_indices(part: &Part, axes: &[usize]) -> impl Iterator<Item = u128> {
    // For each wanted axis the distance between neighbouring values, and how many there are.
    let mut stride = 1u128;
    let mut wanted = Vec::new();
    for (at, axis) in part.axes().iter().enumerate() {
        if axes.contains(&at) {
            wanted.push((stride, axis.len()));
        }
        stride = stride.saturating_mul(axis.len());
    }
    let mut digits = vec![0u128; wanted.len()];
    let mut next = Some(0u128);
    std::iter::from_fn(move || {
        let current = next?;
        let mut index = current;
        next = None;
        for (digit, (stride, len)) in digits.iter_mut().zip(&wanted) {
            if *digit + 1 < *len {
                *digit += 1;
                next = Some(index + stride);
                break;
            }
            index -= *digit * stride;
            *digit = 0;
        }
        Some(current)
    })
}

/// The numbers below `len` that are in none of the ranges.
fn gaps(ranges: &[(u128, u128)], len: u128) -> impl Iterator<Item = u128> {
    let starts = std::iter::once(0).chain(ranges.iter().map(|(_, last)| last.saturating_add(1)));
    let ends = ranges
        .iter()
        .map(|(first, _)| *first)
        .chain(std::iter::once(len));
    starts.zip(ends).flat_map(|(start, end)| start..end)
}

/// Finds the n-th number of sorted ranges for ascending n, walking over them once.
struct Ordinals<'a> {
    ranges: &'a [(u128, u128)],
    /// Numbers in the ranges before those that are left.
    before: u128,
}

impl Ordinals<'_> {
    /// The n-th number; n must not fall from call to call.
    fn nth(&mut self, n: u128) -> Option<u128> {
        while let Some(((first, last), rest)) = self.ranges.split_first() {
            let at = n.checked_sub(self.before)?;
            if at <= last - first {
                return Some(first + at);
            }
            self.before += last - first + 1;
            self.ranges = rest;
        }
        None
    }
}

/// The run time of one trial.
pub(super) fn run_of(plan: &Plan, trial: &Trial, run_time: &RunTime) -> Result<Seconds, Fault> {
    let part = plan
        .parts()
        .get(trial.part as usize)
        .ok_or(Fault::NotFinite)?;
    Reader::new(part, run_time).run(trial.index)
}

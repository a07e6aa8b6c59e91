//! The run times of a plan's chosen trials and how many trials have each, without listing the
//! trials where there are many.
//!
//! A plan may have 2^128 − 1 trials. Their run times are still known exactly where the run time is
//! a constant, or a formula that reads few axes: each combination of those axes' values stands for
//! all trials that share it, and the run times of trials that are not chosen are then subtracted
//! one by one. Only where neither helps does an evenly spread sample stand for all.

use super::Seconds;
use super::fitted::to_value;
use super::pace::Pace;
use super::run_time::RunTime;
use crate::formula::{ArgumentValue, EvalError};
use crate::sweep::part::ArgumentSlot;
use crate::sweep::{Part, Plan, Ranges, Strategy, Trial, axis};
use std::collections::BTreeMap;

/// Trials or combinations whose run times are computed one by one, at most, in a whole plan.
pub(super) const MAX_EXACT: u128 = 100_000;

/// Trials of one part in a sample, at most.
const MAX_SAMPLE: u128 = 10_000;

/// How much work a survey may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SurveyDepth {
    /// Up to [`MAX_EXACT`] run times: tens of milliseconds in a browser.
    Full,
    /// Up to [`MAX_AT_ONCE`] run times, fewer where each reads many values: the figures between two keys.
    Quick,
}

/// Run times that a quick survey computes at most, and values of arguments that it reads for them: with all
/// that follows from them about a millisecond in a browser.
const MAX_AT_ONCE: u128 = 500;
const MAX_VALUES_AT_ONCE: u128 = 2_000;

impl SurveyDepth {
    /// Run times in a whole plan.
    fn most(self, run_time: &RunTime) -> u128 {
        match self {
            SurveyDepth::Full => MAX_EXACT,
            SurveyDepth::Quick => {
                let values = run_time.names().len().max(1) as u128;
                (MAX_VALUES_AT_ONCE / values).clamp(1, MAX_AT_ONCE)
            }
        }
    }

    /// Whether a full survey would find more than one of this depth has found in `surveys`.
    pub(super) fn leaves_out(self, surveys: &[PartSurvey], run_time: &RunTime) -> bool {
        let trials = surveys
            .iter()
            .fold(0, |sum: u128, survey| sum.saturating_add(survey.trials));
        let is_final = |survey: &PartSurvey| match survey.method {
            SurveyMethod::Constant => true,
            // A full survey of so few would take them one by one, for the wall clock.
            SurveyMethod::Combinations(_) => trials > MAX_EXACT,
            SurveyMethod::EachTrial | SurveyMethod::Sample(_) => false,
        };
        self == SurveyDepth::Quick && trials > self.most(run_time) && !surveys.iter().all(is_final)
    }
}

/// How a part's run times were found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SurveyMethod {
    /// Every trial has the same run time, which was computed once.
    Constant,
    /// Every chosen trial's run time was computed, in order.
    EachTrial,
    /// So many combinations of the values that the formula reads were computed: all there are.
    Combinations(u128),
    /// The run times of so many trials, evenly spread, stand for all.
    Sample(u128),
}

/// The run times of one part's chosen trials.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct PartSurvey {
    pub(super) part: u32,
    pub(super) trials: u128,
    pub(super) method: SurveyMethod,
    /// Run times with the number of trials that have them; in order of the trials under
    /// [`SurveyMethod::EachTrial`].
    pub(super) run_times: Vec<(Seconds, u128)>,
    /// Trials without a run time: exact, except under [`SurveyMethod::Sample`].
    pub(super) without_run_time: u128,
    pub(super) first_error: Option<FirstError>,
}

impl PartSurvey {
    /// Multiplies every run time, as for a faster or a slower machine.
    pub(super) fn scale(&mut self, factor: f64) {
        for (run, _) in &mut self.run_times {
            *run = run.scale_unless_one(factor);
        }
    }
}

/// The first trial without a run time that was found.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct FirstError {
    /// Position in the plan, from 0.
    pub(super) position: u128,
    pub(super) error: EvalError,
}

/// The chosen trials of each part that has any, as its number and inclusive ranges of places in it.
/// O(parts × log ranges + ranges).
pub(super) fn chosen_by_part(plan: &Plan, chosen: &Ranges) -> Vec<(u32, Vec<(u128, u128)>)> {
    let mut by_part = Vec::new();
    for (number, part) in (0u32..).zip(plan.parts()) {
        let start = plan.part_start(number);
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

/// How many numbers inclusive, disjoint ranges hold.
pub(super) fn count_numbers(ranges: &[(u128, u128)]) -> u128 {
    ranges.iter().fold(0, |sum: u128, (a, b)| {
        sum.saturating_add(b - a).saturating_add(1)
    })
}

/// Surveys every part that has chosen trials. Computes as many run times altogether as the depth allows.
pub(super) async fn survey_parts(
    plan: &Plan,
    chosen: &Ranges,
    run_time: &RunTime,
    depth: SurveyDepth,
    pace: &mut Pace<'_>,
) -> Vec<PartSurvey> {
    let by_part = chosen_by_part(plan, chosen);
    let total = by_part.iter().fold(0, |n: u128, (_, ranges)| {
        n.saturating_add(count_numbers(ranges))
    });
    // Parts share one budget: what one leaves is for those after it.
    let most = depth.most(run_time);
    let mut budget = most;
    let mut left = by_part.len() as u128;
    let mut surveys = Vec::with_capacity(by_part.len());
    for (number, ranges) in &by_part {
        let Some(part) = plan.parts().get(*number as usize) else {
            continue;
        };
        let reader = RunTimeReader::new(part, run_time);
        let surveyor = PartSurveyor {
            part,
            number: *number,
            start: plan.part_start(*number),
            ranges,
            reader,
            most,
        };
        // Few trials are surveyed one by one, since the wall clock depends on their order.
        let survey = if total <= most {
            surveyor.survey_each_trial(pace).await
        } else {
            surveyor.survey_cheapest(budget, left, pace).await
        };
        let looked_at = match survey.method {
            SurveyMethod::Constant => 0,
            SurveyMethod::EachTrial => survey.trials,
            SurveyMethod::Combinations(n) | SurveyMethod::Sample(n) => n,
        };
        budget = budget.saturating_sub(looked_at);
        left = left.saturating_sub(1);
        surveys.push(survey);
    }
    surveys
}

/// Computes run times of trials of one part. The arguments that the run time names are found once,
/// not once per trial.
pub(super) struct RunTimeReader<'a> {
    part: &'a Part,
    run_time: &'a RunTime,
    /// The argument behind each of the run time's names; None where the part has none of that name.
    slots: Vec<Option<ArgumentSlot>>,
}

impl<'a> RunTimeReader<'a> {
    pub(super) fn new(part: &'a Part, run_time: &'a RunTime) -> RunTimeReader<'a> {
        let slots = run_time
            .names()
            .iter()
            .map(|name| part.find_argument(name))
            .collect();
        RunTimeReader {
            part,
            run_time,
            slots,
        }
    }

    /// The run time of the trial at `index` of the part's space. O(axes + formula).
    pub(super) fn run_time_at(&self, index: u128) -> Result<Seconds, EvalError> {
        // A run time asks for each of its names once, in their order, which is that of the slots.
        if self.run_time.reads_texts() {
            let text = |slot: &Option<ArgumentSlot>| self.part.value((*slot)?, index);
            let texts: Vec<_> = self.slots.iter().map(text).collect();
            let mut texts = texts.iter();
            return self
                .run_time
                .evaluate(|_| texts.next()?.as_ref().map(|text| to_value(text)));
        }
        let mut slots = self.slots.iter();
        self.run_time.evaluate(|_| {
            let slot = slots.next().copied().flatten()?;
            let text = self.part.value(slot, index)?;
            // Others compute with numbers only, so that any text stands for all texts.
            Some(axis::parse_number(&text).map_or(ArgumentValue::Text(""), ArgumentValue::Number))
        })
    }

    /// Whether every trial of the part has the same run time.
    pub(super) fn is_constant(&self) -> bool {
        self.axes().is_empty()
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

struct PartSurveyor<'a> {
    part: &'a Part,
    number: u32,
    start: u128,
    /// Chosen trials, as inclusive ranges of places in the part.
    ranges: &'a [(u128, u128)],
    reader: RunTimeReader<'a>,
    /// Trials that may be subtracted from whole combinations.
    most: u128,
}

impl PartSurveyor<'_> {
    fn empty_survey(&self, method: SurveyMethod) -> PartSurvey {
        PartSurvey {
            part: self.number,
            trials: count_numbers(self.ranges),
            method,
            run_times: Vec::new(),
            without_run_time: 0,
            first_error: None,
        }
    }

    /// Surveys the part in the cheapest exact way that the budget allows, else by a sample.
    async fn survey_cheapest(
        &self,
        budget: u128,
        parts_left: u128,
        pace: &mut Pace<'_>,
    ) -> PartSurvey {
        let trials = count_numbers(self.ranges);
        let axes = self.reader.axes();
        let combinations = axes
            .iter()
            .filter_map(|axis| self.part.axes().get(*axis))
            .try_fold(1u128, |n, axis| n.checked_mul(axis.len()));
        let left_out = self.part.len() - trials;
        // A random search proposes only some trials of the space, so that not every combination
        // stands for equally many.
        let is_whole_space = self.part.strategy() != Strategy::RandomSearch
            || self.part.len() == self.part.space_len();
        if let Some(combinations) = combinations.filter(|_| is_whole_space)
            && (combinations == 1 || combinations.saturating_add(left_out) <= budget)
            && left_out <= self.most
        {
            return self.survey_combinations(&axes, combinations, pace).await;
        }
        if axes.is_empty() {
            return self.survey_constant();
        }
        if trials <= budget {
            return self.survey_each_trial(pace).await;
        }
        let size = (budget / parts_left.max(1)).clamp(1, MAX_SAMPLE);
        self.survey_sample(size, pace).await
    }

    /// Computes the first trial's run time, which all share: nothing that it reads differs.
    fn survey_constant(&self) -> PartSurvey {
        let mut survey = self.empty_survey(SurveyMethod::Constant);
        let first = self.ranges.first().map_or(0, |(first, _)| *first);
        let trials = survey.trials;
        self.count_trial(&mut survey, first, trials);
        survey
    }

    async fn survey_each_trial(&self, pace: &mut Pace<'_>) -> PartSurvey {
        if self.reader.axes().is_empty() {
            return self.survey_constant();
        }
        let mut survey = self.empty_survey(SurveyMethod::EachTrial);
        for n in self.ranges.iter().flat_map(|(first, last)| *first..=*last) {
            self.count_trial(&mut survey, n, 1);
            if pace.is_due() {
                pace.pause().await;
            }
        }
        survey
    }

    /// Computes one run time per combination of the axes' values, for all trials that share it, and
    /// then subtracts the trials that are not chosen.
    async fn survey_combinations(
        &self,
        axes: &[usize],
        combinations: u128,
        pace: &mut Pace<'_>,
    ) -> PartSurvey {
        let method = if axes.is_empty() {
            SurveyMethod::Constant
        } else {
            SurveyMethod::Combinations(combinations)
        };
        let mut survey = self.empty_survey(method);
        let times = self.part.space_len() / combinations;
        let mut runs: BTreeMap<Seconds, u128> = BTreeMap::new();
        for index in combination_indices(self.part, axes) {
            match self.reader.run_time_at(index) {
                Ok(run) => *runs.entry(run).or_default() += times,
                Err(fault) => {
                    survey.without_run_time += times;
                    let position = self.start + index;
                    survey.first_error.get_or_insert(FirstError {
                        position,
                        error: fault,
                    });
                }
            }
            if pace.is_due() {
                pace.pause().await;
            }
        }
        for index in numbers_outside(self.ranges, self.part.len()) {
            match self.reader.run_time_at(index) {
                Ok(run) => {
                    runs.entry(run)
                        .and_modify(|times| *times = times.saturating_sub(1));
                }
                Err(_) => survey.without_run_time = survey.without_run_time.saturating_sub(1),
            }
            if pace.is_due() {
                pace.pause().await;
            }
        }
        survey.run_times = runs.into_iter().filter(|(_, times)| *times > 0).collect();
        if survey.without_run_time == 0 {
            survey.first_error = None;
        }
        survey
    }

    /// Cuts the chosen trials into `size` equal strata and computes one run time for each.
    ///
    /// The place within a stratum follows multiples of the golden ratio (a Weyl sequence): a fixed
    /// place would see only one value of each axis whose length divides the stratum's.
    async fn survey_sample(&self, size: u128, pace: &mut Pace<'_>) -> PartSurvey {
        let mut survey = self.empty_survey(SurveyMethod::Sample(size));
        let step = survey.trials / size;
        let longer = survey.trials % size;
        let mut chosen = Ordinals {
            ranges: self.ranges,
            before: 0,
        };
        let mut first = 0u128;
        for n in 0..size {
            let stands_for = step + u128::from(n < longer);
            if let Some(place) = chosen.nth(first + golden_offset(n, stands_for)) {
                self.count_trial(&mut survey, place, stands_for);
            }
            first += stands_for;
            if pace.is_due() {
                pace.pause().await;
            }
        }
        survey
    }

    /// Computes the run time of the part's `n`-th trial and counts it `times` times.
    fn count_trial(&self, survey: &mut PartSurvey, n: u128, times: u128) {
        let Some(index) = self.part.index_at(n) else {
            return;
        };
        match self.reader.run_time_at(index) {
            Ok(run) => survey.run_times.push((run, times)),
            Err(fault) => {
                survey.without_run_time += times;
                let position = self.start + n;
                survey.first_error.get_or_insert(FirstError {
                    position,
                    error: fault,
                });
            }
        }
    }
}

/// The fraction of the n-th multiple of the golden ratio, as a place below `length`.
fn golden_offset(n: u128, length: u128) -> u128 {
    /// 2^64 over the golden ratio.
    const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
    let fraction = u128::from((n as u64).wrapping_mul(GOLDEN));
    // `length * fraction` has up to 192 bits, so that its halves are multiplied apart.
    let (high, low) = (length >> 64, length & u128::from(u64::MAX));
    high * fraction + ((low * fraction) >> 64)
}

/// The indices, ascending, of one trial per combination of values on `axes`: the trial that has the
/// first value on every other axis. The first axis varies fastest.
fn combination_indices(part: &Part, axes: &[usize]) -> impl Iterator<Item = u128> {
    // For each wanted axis the distance between neighbouring values, and how many there are.
    let mut stride = 1u128;
    let mut wanted = Vec::new();
    for (at, axis) in part.axes().iter().enumerate() {
        if axes.contains(&at) {
            wanted.push((stride, axis.len()));
        }
        stride = stride.saturating_mul(axis.len());
    }
    // An odometer over the wanted axes, which keeps the index instead of computing it each time.
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
fn numbers_outside(ranges: &[(u128, u128)], len: u128) -> impl Iterator<Item = u128> {
    let starts = std::iter::once(0).chain(ranges.iter().map(|(_, last)| last.saturating_add(1)));
    let ends = ranges
        .iter()
        .map(|(first, _)| *first)
        .chain(std::iter::once(len));
    starts.zip(ends).flat_map(|(start, end)| start..end)
}

/// Finds the n-th number in sorted ranges for ascending n, in one walk over all of them.
struct Ordinals<'a> {
    ranges: &'a [(u128, u128)],
    /// How many numbers the ranges before `ranges` hold.
    before: u128,
}

impl Ordinals<'_> {
    /// The n-th number, None behind the last; n must not fall from call to call.
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

/// The run time of one trial. O(axes + formula).
pub(super) fn run_time_of_trial(
    plan: &Plan,
    trial: &Trial,
    run_time: &RunTime,
) -> Result<Seconds, EvalError> {
    let part = plan
        .parts()
        .get(trial.part as usize)
        .ok_or(EvalError::NotFinite)?;
    RunTimeReader::new(part, run_time).run_time_at(trial.index)
}

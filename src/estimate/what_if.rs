//! The same trials on other machines, and with more or fewer of them at once.
//!
//! The run times are computed once; each row is then a bill of its own. A row is to the last digit what [`super::estimate_plan`] gives for the command with
//! that machine in it.

use super::billing::Rounding;
use super::catalogue::Catalogue;
use super::offers::Offer;
use super::pace::{Pace, run_unbroken};
use super::plan_bill::{CostEstimate, PlanBill};
use super::quote::Quote;
use super::settings::{EstimateSettings, MachineRunTime};
use super::survey::{self, PartSurvey, SurveyDepth};
use super::tally::Tally;
use super::uncertainty::Spread;
use super::{Money, assumptions, wall_clock};
use crate::sweep::{Plan, Ranges};
use std::collections::BTreeSet;

/// The chosen trials of a plan, to be priced on any machine.
#[derive(Debug)]
pub struct WhatIf<'a> {
    catalogue: &'a Catalogue,
    /// With the machine for which the run time holds.
    settings: EstimateSettings,
    surveys: Option<Vec<PartSurvey>>,
    /// How the chosen trials' commands ask for machines, each way once.
    requested: Vec<(String, bool)>,
    /// The rows: machine and whether it is interruptible.
    rows: Vec<(String, bool)>,
    trials: u128,
    /// What rows share: sums by rounding, factor and interruptions, wall clocks by the latter two.
    tallies: Vec<(Rounding, f64, f64, Tally)>,
    walls: Vec<(f64, f64, Option<Spread<f64>>)>,
}

/// The plan on one machine, at list price or interruptible.
#[derive(Clone, Debug, PartialEq)]
pub struct MachineRow {
    /// The name for `--instance_type`.
    pub machine: String,
    /// Interruptible (`--use_spot`), or at list price.
    pub spot: bool,
    /// The hourly price and its source.
    pub quote: Quote,
    /// The cost of the chosen trials.
    pub cost: CostEstimate,
    /// Low, likely and high wall clock in seconds; None where a run time is unknown.
    pub wall_seconds: Option<Spread<f64>>,
    /// What is known of the run time on this machine.
    pub run_time: MachineRunTime,
    /// What the provider's rounding adds, where it is more than a tenth of the cost.
    pub rounding_note: Option<String>,
    /// Whether the commands ask for just this.
    pub is_requested: bool,
    /// What it is best at, by [`mark_machines`].
    pub marks: Marks,
}

/// What a row is best at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// Of the rows with a price none costs less.
    pub cheapest: bool,
    /// Of the rows with a price and a known run time none takes less time.
    pub fastest: bool,
    /// No row with a known run time is both cheaper and faster; or it is the cheapest.
    pub front: bool,
}

impl Marks {
    /// The marks by their names in JSON.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        self.select(["cheapest", "fastest", "front"])
    }

    /// The marks in words.
    pub fn words(self) -> impl Iterator<Item = &'static str> {
        self.select(["cheapest", "fastest", "Pareto-optimal"])
    }

    fn select(self, words: [&'static str; 3]) -> impl Iterator<Item = &'static str> {
        let marks = [self.cheapest, self.fastest, self.front];
        let all = words.into_iter().zip(marks);
        all.filter_map(|(word, is_set)| is_set.then_some(word))
    }
}

impl<'a> WhatIf<'a> {
    /// Computes the run times of the chosen trials (positions in the plan): as much work as one
    /// estimate. Without a machine of its own the run time is that of the machine which all the
    /// commands name.
    pub async fn new(
        plan: &Plan,
        chosen: &Ranges,
        settings: &EstimateSettings,
        catalogue: &'a Catalogue,
        pace: &mut Pace<'_>,
    ) -> WhatIf<'a> {
        let mut requested: Vec<(String, bool)> = Vec::new();
        for (part, _) in survey::chosen_by_part(plan, chosen) {
            let Some(part) = plan.parts().get(part as usize) else {
                continue;
            };
            let options = part.options();
            let name = catalogue.resolve_name(&options.instance_type).to_owned();
            let asked = (name, options.use_spot);
            if !requested.contains(&asked) {
                requested.push(asked);
            }
        }
        let mut settings = settings.clone();
        let first = requested.first().map(|(name, _)| name.clone());
        let is_single = requested
            .iter()
            .all(|(name, _)| Some(name) == first.as_ref());
        if settings.stated_on.is_none() {
            // Where several machines are named each run time holds on its own, and on no machine all do.
            settings.stated_on = Some(first.filter(|_| is_single).unwrap_or_default());
        }
        let surveys = match &settings.run_time {
            Some(run_time) => {
                Some(survey::survey_parts(plan, chosen, run_time, SurveyDepth::Full, pace).await)
            }
            None => None,
        };
        let rows = list_rows(&requested, &settings, catalogue);
        WhatIf {
            catalogue,
            settings,
            surveys,
            requested,
            rows,
            trials: chosen.clip(plan.len()).len(),
            tallies: Vec::new(),
            walls: Vec::new(),
        }
    }

    /// All rows, marked: the cheapest first and those without a price last.
    pub async fn all_rows(&mut self, pace: &mut Pace<'_>) -> Vec<MachineRow> {
        let mut rows = Vec::with_capacity(self.rows.len());
        for at in 0..self.rows.len() {
            rows.extend(self.row(at, pace).await);
            // A row takes much longer than a step.
            pace.pause().await;
        }
        rank_machines(&mut rows);
        rows
    }

    /// Row number `at`, without marks. The first of its rounding and factor takes O(run times), the others
    /// O(price list).
    async fn row(&mut self, at: usize, pace: &mut Pace<'_>) -> Option<MachineRow> {
        let (machine, spot) = self.rows.get(at)?.clone();
        let is_requested = self.requested.contains(&(machine.clone(), spot));
        let offer = Offer::look_up(&machine, spot, is_requested, &self.settings, self.catalogue);
        let run_time = self.settings.run_time_on(&machine, self.catalogue);
        let factor = run_time.factor();
        let bill = self.bill(&offer, factor, pace).await;
        let cost = bill.map_or_else(CostEstimate::default, |bill| {
            bill.spread(self.settings.noise())
        });
        let cost = CostEstimate {
            per_trial_hour: offer.cost_per_hour(),
            ..cost
        };
        let lines = cost.bill_lines.as_ref();
        let wall_seconds = self.wall_seconds(factor, offer.interruptions, pace).await;
        Some(MachineRow {
            rounding_note: lines
                .and_then(|lines| assumptions::note_rounding(lines, std::iter::once(&offer.meter))),
            wall_seconds,
            machine,
            spot,
            quote: offer.quote,
            cost,
            run_time,
            is_requested,
            marks: Marks::default(),
        })
    }

    async fn bill(&mut self, offer: &Offer, factor: f64, pace: &mut Pace<'_>) -> Option<PlanBill> {
        let surveys = self.surveys.as_ref()?;
        let rounding = offer.meter.rounding();
        let interruptions = offer.interruptions;
        let is_known = |(other, by, at, _): &(Rounding, f64, f64, Tally)| {
            *other == rounding && *by == factor && *at == interruptions
        };
        let known = self.tallies.iter().position(is_known);
        let at = match known {
            Some(at) => at,
            None => {
                let mut tally = Tally::default();
                for survey in surveys {
                    let mut survey = survey.clone();
                    survey.scale(factor);
                    tally
                        .add_survey(&offer.meter, &survey, interruptions, pace)
                        .await;
                }
                self.tallies.push((rounding, factor, interruptions, tally));
                self.tallies.len() - 1
            }
        };
        let (_, _, _, tally) = self.tallies.get(at)?;
        let mut bill = PlanBill::zero();
        for survey in surveys {
            bill.leave_out(survey.without_run_time);
        }
        bill.add(tally, offer.tariff.as_ref());
        Some(bill)
    }

    async fn wall_seconds(
        &mut self,
        factor: f64,
        interruptions: f64,
        pace: &mut Pace<'_>,
    ) -> Option<Spread<f64>> {
        let mut walls = self.walls.iter();
        if let Some((_, _, wall)) = walls.find(|(by, at, _)| *by == factor && *at == interruptions)
        {
            return wall.clone();
        }
        let parallel = self.settings.parallel();
        let wall = self.simulate(factor, interruptions, parallel, pace).await;
        self.walls.push((factor, interruptions, wall.clone()));
        wall
    }

    async fn simulate(
        &self,
        factor: f64,
        interruptions: f64,
        parallel: u32,
        pace: &mut Pace<'_>,
    ) -> Option<Spread<f64>> {
        let mut surveys = self.surveys.clone()?;
        for survey in &mut surveys {
            survey.scale(factor);
        }
        let (billing, noise) = (&self.settings.billing, self.settings.noise());
        let each = |_| interruptions;
        let wall =
            wall_clock::estimate_with_interruptions(&surveys, billing, parallel, noise, each, pace);
        wall.await.map(|wall| wall.seconds)
    }

    /// The wall clock with each of several numbers of trials at once.
    pub async fn by_parallel(&self, pace: &mut Pace<'_>) -> Vec<ParallelRow> {
        let mut rows = Vec::new();
        for parallel in self.parallel_steps() {
            rows.push(self.with_parallel(parallel, pace).await);
            pace.pause().await;
        }
        rows
    }

    /// The wall clock on the machine that the commands name with `parallel` trials at once; the cost
    /// does not depend on it. O(run times × log parallel).
    pub(super) async fn with_parallel(&self, parallel: u32, pace: &mut Pace<'_>) -> ParallelRow {
        let (machine, spot) = self
            .requested
            .first()
            .map_or(("", false), |(name, spot)| (name, *spot));
        let factor = self.settings.run_time_on(machine, self.catalogue).factor();
        let interruptions = self.settings.interruptions(spot);
        ParallelRow {
            parallel,
            wall_seconds: self.simulate(factor, interruptions, parallel, pace).await,
        }
    }

    /// Numbers of trials at once to compare: 1, 2, 3, 4, 6, 8, 12, 16, … up to the number of trials, at
    /// most 20 of them, with the number in force.
    fn parallel_steps(&self) -> Vec<u32> {
        let most = u32::try_from(self.trials).unwrap_or(u32::MAX);
        let in_force = self.settings.parallel().min(most);
        let powers = (0..10).flat_map(|power| [1u32 << power, (1 << power) + (1 << power) / 2]);
        let mut steps: Vec<u32> = powers.chain([in_force, most.min(1 << 10)]).collect();
        steps.retain(|step| *step <= most && *step > 0);
        steps.sort_unstable();
        steps.dedup();
        steps
    }
}

/// A number of trials that run at once, and how long all take.
#[derive(Clone, Debug, PartialEq)]
pub struct ParallelRow {
    /// Trials at once.
    pub parallel: u32,
    /// Low, likely and high wall clock in seconds; None where a run time is unknown.
    pub wall_seconds: Option<Spread<f64>>,
}

/// Every machine of the price list, each name once (a command cannot say whose it means), at list price
/// and interruptible; those that the commands name first where the list lacks them. On a cluster with a
/// price of its own the machine changes nothing, so that only what is asked for stands there.
fn list_rows(
    requested: &[(String, bool)],
    settings: &EstimateSettings,
    catalogue: &Catalogue,
) -> Vec<(String, bool)> {
    if settings.has_cluster_price() {
        return requested.to_vec();
    }
    let asked = requested.iter().map(|(name, _)| name.as_str());
    let listed = catalogue.machines().map(|machine| machine.name.as_str());
    let mut seen = BTreeSet::new();
    asked
        .chain(listed)
        .filter(|name| seen.insert(name.to_ascii_lowercase()))
        .flat_map(|name| [(name.to_owned(), false), (name.to_owned(), true)])
        .collect()
}

/// All rows, the cheapest first and those without a price last, marked.
pub fn compare_machines(
    plan: &Plan,
    chosen: &Ranges,
    settings: &EstimateSettings,
    catalogue: &Catalogue,
) -> Vec<MachineRow> {
    let mut pace = Pace::unbroken();
    run_unbroken(compare_machines_in_stretches(
        plan, chosen, settings, catalogue, &mut pace,
    ))
}

/// The wall clock with each of several numbers of trials at once.
pub fn compare_parallel(
    plan: &Plan,
    chosen: &Ranges,
    settings: &EstimateSettings,
    catalogue: &Catalogue,
) -> Vec<ParallelRow> {
    let mut pace = Pace::unbroken();
    run_unbroken(async {
        let what_if = WhatIf::new(plan, chosen, settings, catalogue, &mut pace).await;
        what_if.by_parallel(&mut pace).await
    })
}

/// [`compare_machines`], with pauses.
pub(super) async fn compare_machines_in_stretches(
    plan: &Plan,
    chosen: &Ranges,
    settings: &EstimateSettings,
    catalogue: &Catalogue,
    pace: &mut Pace<'_>,
) -> Vec<MachineRow> {
    let what_if = WhatIf::new(plan, chosen, settings, catalogue, pace);
    what_if.await.all_rows(pace).await
}

/// Marks all rows of a comparison ([`mark_machines`]) and sorts them: the cheapest first, those without
/// a price last.
pub fn rank_machines(rows: &mut [MachineRow]) {
    mark_machines(rows);
    rows.sort_by(|a, b| a.order().cmp(&b.order()));
}

impl MachineRow {
    /// The likely cost of all trials, or of those that have a run time where others lack one (on every
    /// row the same).
    pub fn likely_cost(&self) -> Option<&Money> {
        let partial = self.cost.partial.as_ref().map(|partial| &partial.cost);
        Some(&self.cost.cost.as_ref().or(partial)?.likely)
    }

    /// What rows are sorted by: known costs, else known hourly prices, else neither.
    fn order(&self) -> (bool, Option<&Money>, bool, Option<&Money>) {
        let (cost, hour) = (self.likely_cost(), self.cost.per_trial_hour.as_ref());
        (cost.is_none(), cost, hour.is_none(), hour)
    }

    /// The likely cost and time of a row whose run time is known.
    fn known_cost_and_time(&self) -> Option<(&Money, f64)> {
        let wall = self
            .wall_seconds
            .as_ref()
            .filter(|_| self.run_time.is_known())?;
        Some((self.likely_cost()?, wall.likely))
    }
}

/// Marks the cheapest and the fastest rows and those on the front of time and money. A row whose run
/// time is only assumed is marked for its price alone: cheapest, and so on the front, or nothing.
/// O(rows × log rows).
pub fn mark_machines(rows: &mut [MachineRow]) {
    let costs = rows.iter().filter_map(MachineRow::likely_cost);
    let least = costs.min().cloned();
    let known = rows.iter().enumerate();
    let known = known.filter_map(|(at, row)| row.known_cost_and_time().map(|pair| (pair, at)));
    let mut known: Vec<((&Money, f64), usize)> = known.collect();
    known.sort_by(|((a, s), _), ((b, t), _)| a.cmp(b).then_with(|| s.total_cmp(t)));
    let soonest = known.iter().map(|((_, wall), _)| *wall);
    let soonest = soonest.min_by(f64::total_cmp);
    let fastest = known.iter().find(|((_, wall), _)| Some(*wall) == soonest);
    let fastest = fastest.map(|(pair, _)| *pair);
    // By ascending cost: the shortest time of all that cost less, and of all that cost the same.
    let (mut of_cheaper, mut of_equal) = (f64::INFINITY, f64::INFINITY);
    let mut cost_before = None;
    let mut found: Vec<(usize, Marks)> = Vec::with_capacity(known.len());
    for ((cost, wall), at) in known {
        if cost_before != Some(cost) {
            of_cheaper = of_cheaper.min(of_equal);
            of_equal = wall;
            cost_before = Some(cost);
        }
        let marks = Marks {
            cheapest: false,
            fastest: fastest == Some((cost, wall)),
            front: wall < of_cheaper && wall <= of_equal,
        };
        found.push((at, marks));
    }
    let mut marks: Vec<Marks> = rows
        .iter()
        .map(|row| {
            let is_cheapest = least.is_some() && row.likely_cost() == least.as_ref();
            Marks {
                cheapest: is_cheapest,
                fastest: false,
                front: is_cheapest,
            }
        })
        .collect();
    for (at, more) in found {
        if let Some(marks) = marks.get_mut(at) {
            marks.fastest = more.fastest;
            marks.front |= more.front;
        }
    }
    for (row, marks) in rows.iter_mut().zip(marks) {
        row.marks = marks;
    }
}

#[cfg(test)]
mod tests;

//! Computes the estimate of a plan, and of a trial, from prices and run times.

use super::assumptions;
use super::catalogue::Catalogue;
use super::money::Money;
use super::offers::{MachineOffers, Offer, PlanOffers};
use super::pace::{Pace, run_unbroken};
use super::plan_bill::{
    CostEstimate, PartialCost, cost_ceiling, cost_with_failures, price_surveyed_trials,
    rounding_note,
};
use super::quote::Quote;
use super::run_time::RunTime;
use super::settings::{EstimateSettings, RateOverride};
use super::survey::{self, PartSurvey, SurveyDepth};
use super::tally::{BillLines, Tally};
use super::uncertainty::Spread;
use super::wall_clock::{self, WallClock};
use crate::formula::EvalError;
use crate::sweep::diagnostic::format_count;
use crate::sweep::{Plan, Ranges, Trial};
use std::fmt;

/// What the chosen trials of a plan will cost and how long they will take.
#[derive(Clone, Debug, PartialEq)]
pub struct Estimate {
    /// Chosen trials, all of them, priced or not.
    pub trials: u128,
    /// Low, likely and high cost where each machine is rented as its command asks; None where a
    /// price or a run time is unknown.
    pub cost: Option<Spread<Money>>,
    /// What those trials cost that have a price and a run time, where others lack one; None where
    /// [`Estimate::cost`] is known, and where no trial has both.
    pub partial: Option<PartialCost>,
    /// The exact sum of the trials' own bills, each at its median run time.
    pub total: Option<Money>,
    /// The mean cost: what a budget should plan with.
    pub(crate) mean: Option<Money>,
    /// The parts that make up [`Estimate::total`].
    pub(crate) bill_lines: Option<BillLines>,
    /// What the provider's rounding adds, where it is more than a tenth of the cost.
    pub rounding_note: Option<String>,
    /// What the trials cannot cost more than; None without a limit on their run time.
    pub ceiling: Option<Money>,
    /// The mean cost with failed attempts; None where the settings count none.
    pub with_failures: Option<Money>,
    /// An hour of one trial; None where it is unknown or differs between commands
    /// (see [`Estimate::machines`]).
    pub per_trial_hour: Option<Money>,
    /// Everything at list price.
    pub list: CostEstimate,
    /// Everything on interruptible machines.
    pub interruptible: CostEstimate,
    /// Low, likely and high wall clock in seconds; None where a run time is unknown.
    pub wall_seconds: Option<Spread<f64>>,
    /// The wall clock with its bounds and alternatives.
    pub(crate) wall_clock: Option<WallClock>,
    /// How many trials run at once.
    pub parallel: u32,
    /// The machines that the chosen trials name, each once.
    pub(crate) machines: Vec<MachineUse>,
    /// Everything assumed, one sentence each, the weightiest first.
    pub assumptions: Vec<String>,
    /// Why something is unknown; empty where nothing is.
    pub problems: Vec<EstimateProblem>,
    /// Whether [`estimate_plan`] would find more than [`estimate_plan_quickly`] did.
    pub is_provisional: bool,
}

/// A machine that commands of the plan ask for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct MachineUse {
    /// Chosen trials on this machine.
    pub(crate) trials: u128,
    /// Whether the commands ask for it interruptible.
    pub(crate) spot: bool,
    /// The quote at list price.
    pub(crate) list: Quote,
    /// The quote for an interruptible machine.
    pub(crate) interruptible: Quote,
}

impl MachineUse {
    /// The quote for what the commands ask for: list price or interruptible.
    pub(crate) fn requested_quote(&self) -> &Quote {
        if self.spot {
            &self.interruptible
        } else {
            &self.list
        }
    }
}

/// Why a part of an estimate is unknown.
#[derive(Clone, Debug, PartialEq)]
pub enum EstimateProblem {
    /// A machine has no known price of the kind asked for.
    NoPrice(Box<Quote>),
    /// Interruptions may keep trials from ever ending, so that an interruptible machine is no saving.
    MayNeverFinish {
        /// The machine.
        machine: String,
        /// How many interruptions an hour are expected.
        interruptions_per_hour: f64,
    },
    /// Trials have no run time.
    NoRunTime {
        /// How many trials have none.
        trials: u128,
        /// Whether the number was counted; else it is a sample's, scaled up.
        exact: bool,
        /// Position in the plan, from 0, of the first that was found.
        first: u128,
        /// Why the first has none.
        error: EvalError,
    },
}

impl fmt::Display for EstimateProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EstimateProblem::NoPrice(quote) => quote.fmt(f),
            EstimateProblem::MayNeverFinish {
                machine,
                interruptions_per_hour,
            } => write!(
                f,
                "{machine} interruptible: at {interruptions_per_hour} interruptions an hour trials as \
                 long as these may never end, since each starts over"
            ),
            EstimateProblem::NoRunTime {
                trials,
                exact,
                first,
                error: fault,
            } => {
                let about = if *exact { "" } else { "about " };
                // The page numbers trials from 1.
                let first = format_count(first.saturating_add(1));
                let others = match trials.saturating_sub(1) {
                    0 => String::new(),
                    others => format!(" (and {about}{} more)", format_count(others)),
                };
                write!(f, "trial {first}{others} has no run time: {fault}")
            }
        }
    }
}

/// One trial's run time and cost; both None where no run time is given.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TrialEstimate {
    /// The run time of its script, without boot and set-up.
    pub seconds: Option<f64>,
    /// The exact amount billed; None where the price is unknown.
    pub cost: Option<Money>,
    /// Why it has no run time though one is given for the plan.
    pub(crate) error: Option<EvalError>,
}

/// Estimates trials one by one: O(parts) to make, then O(axes + formula) per trial.
#[derive(Clone, Debug)]
pub struct TrialEstimator<'a> {
    plan: &'a Plan,
    run_time: Option<&'a RunTime>,
    offers: PlanOffers,
}

impl<'a> TrialEstimator<'a> {
    /// Looks up the plan's machines, each once.
    pub fn new(
        plan: &'a Plan,
        settings: &'a EstimateSettings,
        catalogue: &Catalogue,
    ) -> TrialEstimator<'a> {
        let offers = PlanOffers::new(plan, settings, catalogue);
        TrialEstimator {
            plan,
            run_time: settings.run_time.as_ref(),
            offers,
        }
    }

    /// Run time and cost of one trial of the plan. O(axes + formula).
    pub fn estimate(&self, trial: &Trial) -> TrialEstimate {
        let Some(run_time) = self.run_time else {
            return TrialEstimate::default();
        };
        match survey::run_time_of_trial(self.plan, trial, run_time) {
            Err(fault) => TrialEstimate {
                error: Some(fault),
                ..TrialEstimate::default()
            },
            Ok(run) => {
                let run = self.offers.scale_run_time(trial.part, run);
                let offer = self.offers.offer_for_trial(trial);
                let cost = offer.and_then(|offer| offer.cost_of(run));
                TrialEstimate {
                    seconds: Some(run.as_f64()),
                    cost,
                    error: None,
                }
            }
        }
    }
}

/// Estimates the chosen trials (positions in the plan). The work is bounded whatever their number:
/// O(parts + ranges) and about 10^5 run times. For a plan of more trials, [`Estimate::assumptions`]
/// says how their run times were found.
pub fn estimate_plan(
    plan: &Plan,
    chosen: &Ranges,
    settings: &EstimateSettings,
    catalogue: &Catalogue,
) -> Estimate {
    let mut pace = Pace::unbroken();
    run_unbroken(estimate_plan_in_stretches(
        plan, chosen, settings, catalogue, &mut pace,
    ))
}

/// [`estimate_plan`], with pauses.
pub async fn estimate_plan_in_stretches(
    plan: &Plan,
    chosen: &Ranges,
    settings: &EstimateSettings,
    catalogue: &Catalogue,
    pace: &mut Pace<'_>,
) -> Estimate {
    estimate_to_depth(plan, chosen, settings, catalogue, SurveyDepth::Full, pace).await
}

/// What can be told of [`estimate_plan`] within a millisecond or so: all of it for a few hundred trials
/// and for run times that are constant or read few values, else by a sample of a few hundred
/// ([`Estimate::is_provisional`]).
pub fn estimate_plan_quickly(
    plan: &Plan,
    chosen: &Ranges,
    settings: &EstimateSettings,
    catalogue: &Catalogue,
) -> Estimate {
    let (depth, mut pace) = (SurveyDepth::Quick, Pace::unbroken());
    run_unbroken(estimate_to_depth(
        plan, chosen, settings, catalogue, depth, &mut pace,
    ))
}

async fn estimate_to_depth(
    plan: &Plan,
    chosen: &Ranges,
    settings: &EstimateSettings,
    catalogue: &Catalogue,
    depth: SurveyDepth,
    pace: &mut Pace<'_>,
) -> Estimate {
    let prices = PlanOffers::new(plan, settings, catalogue);
    let counts = trials_per_machine(plan, chosen, &prices);
    let used: Vec<(&MachineOffers, u128)> = prices
        .machines()
        .iter()
        .zip(counts)
        .filter(|(_, trials)| *trials > 0)
        .collect();
    let surveys = match &settings.run_time {
        Some(run_time) => {
            let mut surveys = survey::survey_parts(plan, chosen, run_time, depth, pace).await;
            for survey in &mut surveys {
                survey.scale(prices.run_time_factor(survey.part));
            }
            Some(surveys)
        }
        None => None,
    };
    let surveys = surveys.as_deref();
    let sums = Sums::compute(&prices, &used, surveys, settings, pace).await;
    let Sums { planned, wall, .. } = sums;
    let machines: Vec<MachineUse> = used
        .iter()
        .map(|(m, trials)| to_machine_use(m, *trials))
        .collect();
    Estimate {
        trials: used
            .iter()
            .fold(0, |sum: u128, (_, trials)| sum.saturating_add(*trials)),
        assumptions: assumptions::list_assumptions(plan, settings, &used, surveys, wall.as_ref()),
        problems: collect_problems(
            settings,
            &machines,
            sums.endless,
            surveys.unwrap_or_default(),
        ),
        rounding_note: planned
            .bill_lines
            .as_ref()
            .and_then(|lines| rounding_note(lines, &used)),
        ceiling: cost_ceiling(&used, settings),
        with_failures: sums.with_failures,
        cost: planned.cost,
        partial: planned.partial,
        total: planned.total,
        mean: planned.mean,
        bill_lines: planned.bill_lines,
        per_trial_hour: planned.per_trial_hour,
        list: sums.list,
        interruptible: sums.interruptible,
        wall_seconds: wall.as_ref().map(|wall| wall.seconds.clone()),
        wall_clock: wall,
        parallel: settings.parallel(),
        machines,
        is_provisional: surveys.is_some_and(|surveys| depth.leaves_out(surveys)),
    }
}

/// What takes a look at every run time.
struct Sums {
    planned: CostEstimate,
    list: CostEstimate,
    interruptible: CostEstimate,
    wall: Option<WallClock>,
    with_failures: Option<Money>,
    endless: Vec<EstimateProblem>,
}

impl Sums {
    async fn compute(
        prices: &PlanOffers,
        used: &[(&MachineOffers, u128)],
        surveys: Option<&[PartSurvey]>,
        settings: &EstimateSettings,
        pace: &mut Pace<'_>,
    ) -> Sums {
        let noise = settings.noise();
        let choices: [fn(&MachineOffers) -> &Offer; 3] = [
            MachineOffers::requested_offer,
            |pricing| &pricing.list,
            |pricing| &pricing.interruptible,
        ];
        let mut costs = [const { None }; 3];
        for (cost, choose) in costs.iter_mut().zip(choices) {
            *cost = Some(price_surveyed_trials(prices, used, surveys, noise, choose, pace).await);
        }
        let [planned, list, interruptible] = costs.map(Option::unwrap_or_default);
        let mut sums = Sums {
            planned,
            list,
            interruptible,
            wall: None,
            with_failures: None,
            endless: Vec::new(),
        };
        if let Some(surveys) = surveys {
            sums.wall = simulate(prices, surveys, settings, pace).await;
            sums.with_failures = cost_with_failures(prices, surveys, settings, pace).await;
            sums.endless = find_endless(prices, surveys, pace).await;
        }
        sums
    }
}

/// The wall clock of surveyed trials on the machines that their commands ask for.
async fn simulate(
    prices: &PlanOffers,
    surveys: &[PartSurvey],
    settings: &EstimateSettings,
    pace: &mut Pace<'_>,
) -> Option<WallClock> {
    let (billing, noise) = (&settings.billing, settings.noise());
    let parallel = settings.parallel();
    let interruptions = |part| {
        let offers = prices
            .machine_index(part)
            .and_then(|at| prices.machines().get(at));
        offers.map_or(0.0, |offers| offers.requested_offer().interruptions)
    };
    wall_clock::estimate_with_interruptions(surveys, billing, parallel, noise, interruptions, pace)
        .await
}

fn to_machine_use(pricing: &MachineOffers, trials: u128) -> MachineUse {
    MachineUse {
        trials,
        spot: pricing.spot,
        list: pricing.list.quote.clone(),
        interruptible: pricing.interruptible.quote.clone(),
    }
}

fn trials_per_machine(plan: &Plan, chosen: &Ranges, prices: &PlanOffers) -> Vec<u128> {
    let mut counts = vec![0u128; prices.machines().len()];
    for (part, ranges) in survey::chosen_by_part(plan, chosen) {
        let place = prices
            .machine_index(part)
            .and_then(|index| counts.get_mut(index));
        if let Some(trials) = place {
            *trials = trials.saturating_add(survey::count_numbers(&ranges));
        }
    }
    counts
}

/// The machines on which interruptions may keep trials from ever ending.
async fn find_endless(
    prices: &PlanOffers,
    surveys: &[PartSurvey],
    pace: &mut Pace<'_>,
) -> Vec<EstimateProblem> {
    let mut problems = Vec::new();
    for survey in surveys {
        let machine = prices.machine_index(survey.part);
        let Some(offers) = machine.and_then(|at| prices.machines().get(at)) else {
            continue;
        };
        let offer = offers.requested_offer();
        let mut tally = Tally::default();
        if offer.interruptions > 0.0 {
            tally
                .add_survey(&offer.meter, survey, offer.interruptions, pace)
                .await;
        }
        let problem = EstimateProblem::MayNeverFinish {
            machine: offer.quote.name().to_owned(),
            interruptions_per_hour: offer.interruptions,
        };
        if tally.never_finishing() > 0 && !problems.contains(&problem) {
            problems.push(problem);
        }
    }
    problems
}

fn collect_problems(
    settings: &EstimateSettings,
    machines: &[MachineUse],
    endless: Vec<EstimateProblem>,
    surveys: &[PartSurvey],
) -> Vec<EstimateProblem> {
    let is_priceless = matches!(settings.rate_override, Some(RateOverride::NoPrice));
    let unpriced = machines
        .iter()
        .map(MachineUse::requested_quote)
        .filter(|quote| quote.rate.is_none() && !is_priceless);
    let mut problems: Vec<EstimateProblem> = unpriced
        .map(|quote| EstimateProblem::NoPrice(Box::new(quote.clone())))
        .collect();
    problems.extend(endless);
    let trials = surveys.iter().fold(0u128, |sum, survey| {
        sum.saturating_add(survey.without_run_time)
    });
    if let Some(first) = surveys.iter().find_map(|survey| survey.first_error.clone()) {
        let sampled =
            |survey: &PartSurvey| matches!(survey.method, survey::SurveyMethod::Sample(_));
        problems.push(EstimateProblem::NoRunTime {
            trials,
            exact: !surveys.iter().any(sampled),
            first: first.position,
            error: first.error,
        });
    }
    problems
}

//! The bill of surveyed trials: their exact sum with its range, what failed attempts and a time limit make
//! of it, and what it leaves out.

use super::assumptions;
use super::billing::Tariff;
use super::failures;
use super::money::Money;
use super::offers::{MachineOffers, Offer, PlanOffers};
use super::pace::Pace;
use super::settings::EstimateSettings;
use super::survey::PartSurvey;
use super::tally::{BillLines, Tally};
use super::uncertainty::{self, Noise, Spread};
use num_bigint::BigInt;

/// The cost of the trials that could be priced, where others could not.
#[derive(Clone, Debug, PartialEq)]
pub struct PartialCost {
    /// Trials with a price and a run time.
    pub trials: u128,
    /// Low, likely and high of these alone.
    pub cost: Spread<Money>,
    /// The exact sum of their own bills.
    pub total: Money,
}

/// The cost of all chosen trials, rented in one way.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CostEstimate {
    /// Low, likely and high; None where a price or a run time is unknown.
    pub cost: Option<Spread<Money>>,
    /// As in [`Estimate::partial`](super::Estimate::partial).
    pub partial: Option<PartialCost>,
    /// The exact sum of the trials' own bills, each at its median run time.
    pub total: Option<Money>,
    /// The mean: what a budget should plan with.
    pub mean: Option<Money>,
    /// The parts that make up the total.
    pub(crate) bill_lines: Option<BillLines>,
    /// An hour of one trial; None where it is unknown or differs between commands.
    pub per_trial_hour: Option<Money>,
}

/// The cost of all surveyed trials where `choose` picks one of each machine's offers.
pub(super) async fn price_surveyed_trials(
    prices: &PlanOffers,
    used: &[(&MachineOffers, u128)],
    surveys: Option<&[PartSurvey]>,
    noise: Noise,
    choose: fn(&MachineOffers) -> &Offer,
    pace: &mut Pace<'_>,
) -> CostEstimate {
    // One hourly price is shown only where all commands share it.
    let hourly = |pricing: &MachineOffers| choose(pricing).cost_per_hour();
    let first = used.first().and_then(|(pricing, _)| hourly(pricing));
    let same = used.iter().all(|(pricing, _)| hourly(pricing) == first);
    let per_trial_hour = first.filter(|_| same);
    let bill = match surveys {
        Some(surveys) => Some(bill_surveyed_trials(prices, surveys, choose, pace).await),
        None => None,
    };
    CostEstimate {
        per_trial_hour,
        ..bill.map_or_else(CostEstimate::default, |bill| bill.spread(noise))
    }
}

/// An exact bill, and the moments in dollars of its uncertain part: the scripts' own time.
pub(super) struct PlanBill {
    lines: BillLines,
    /// Dollars for the scripts' own time at its medians, summed over trials.
    script_cost: f64,
    /// The squares of those dollars, summed over trials.
    script_cost_squares: f64,
    /// What the trials cost at least, by the providers' minimums.
    least: Money,
    /// Trials on it.
    priced: u128,
    /// Trials that lack a price or a run time.
    unpriced: u128,
}

impl PlanBill {
    pub(super) fn zero() -> PlanBill {
        PlanBill {
            lines: BillLines::zero(),
            script_cost: 0.0,
            script_cost_squares: 0.0,
            least: Money::zero(),
            priced: 0,
            unpriced: 0,
        }
    }

    /// Adds the trials of `tally`, at a tariff or without one.
    pub(super) fn add(&mut self, tally: &Tally, tariff: Option<&Tariff>) {
        let trials = tally.trials();
        // The unknown price of a machine that no chosen trial uses makes nothing unknown.
        let Some(tariff) = tariff.filter(|_| trials > 0) else {
            return self.leave_out(trials);
        };
        if tally.never_finishing() > 0 {
            // Their cost has no bound: the others' cannot be told apart in the sums.
            return self.leave_out(trials);
        }
        self.priced = self.priced.saturating_add(trials);
        self.lines.add(tally.bill_lines(tariff));
        self.least += tally.least_cost(tariff);
        let (sum, squares) = tally.moments();
        let per_second = tariff.cost_per_second().as_f64();
        self.script_cost += sum * per_second;
        self.script_cost_squares += squares * per_second * per_second;
    }

    /// Counts trials that cannot be priced.
    pub(super) fn leave_out(&mut self, trials: u128) {
        self.unpriced = self.unpriced.saturating_add(trials);
    }

    /// Low, likely and high. Cost is linear in the run times, so the exact bill at the medians plus what
    /// a percentile lies above the median is that percentile's cost, though never below the providers'
    /// minimums. Only the difference is floating point.
    pub(super) fn spread(self, noise: Noise) -> CostEstimate {
        let total = self.lines.total();
        let dollars =
            uncertainty::sum_distribution(self.script_cost, self.script_cost_squares, noise);
        let at = |sum: f64| {
            let cost = total.clone() + Money::from_f64(sum - self.script_cost)?;
            Some(cost.max(self.least.clone()))
        };
        let spread = dollars.spread;
        let cost = match (at(spread.low), at(spread.likely), at(spread.high)) {
            (Some(low), Some(likely), Some(high)) => Some(Spread { low, likely, high }),
            _ => None,
        };
        if self.unpriced > 0 {
            let trials = self.priced;
            let partial = cost.filter(|_| trials > 0);
            return CostEstimate {
                partial: partial.map(|cost| PartialCost {
                    trials,
                    cost,
                    total,
                }),
                ..CostEstimate::default()
            };
        }
        CostEstimate {
            mean: at(dollars.mean),
            cost,
            total: Some(total),
            bill_lines: Some(self.lines),
            ..CostEstimate::default()
        }
    }
}

/// Bills each machine's trials at once, in the order that machines have in `prices`.
async fn bill_surveyed_trials(
    prices: &PlanOffers,
    surveys: &[PartSurvey],
    choose: fn(&MachineOffers) -> &Offer,
    pace: &mut Pace<'_>,
) -> PlanBill {
    let mut tallies: Vec<Tally> = prices.machines().iter().map(|_| Tally::default()).collect();
    let mut bill = PlanBill::zero();
    for survey in surveys {
        bill.leave_out(survey.without_run_time);
        let machine = prices.machine_index(survey.part);
        let offers = machine.and_then(|machine| prices.machines().get(machine));
        let tally = machine.and_then(|machine| tallies.get_mut(machine));
        if let (Some(offers), Some(tally)) = (offers, tally) {
            let offer = choose(offers);
            tally
                .add_survey(&offer.meter, survey, offer.interruptions, pace)
                .await;
        }
    }
    for (offers, tally) in prices.machines().iter().zip(&tallies) {
        bill.add(tally, choose(offers).tariff.as_ref());
    }
    bill
}

/// What rounding adds to a bill, where that is more than a tenth of it, and by which rules.
pub(super) fn rounding_note(lines: &BillLines, used: &[(&MachineOffers, u128)]) -> Option<String> {
    let meters = used
        .iter()
        .map(|(offers, _)| &offers.requested_offer().meter);
    assumptions::note_rounding(lines, meters)
}

/// The most that all trials can cost together, where the settings limit their run time and every
/// machine has a price; None where interruptions may have them billed again without end.
pub(super) fn cost_ceiling(
    used: &[(&MachineOffers, u128)],
    settings: &EstimateSettings,
) -> Option<Money> {
    let is_endless =
        |(offers, _): &(&MachineOffers, u128)| offers.requested_offer().interruptions > 0.0;
    if used.is_empty() || used.iter().any(is_endless) {
        return None;
    }
    let retries = settings.failures.map_or(0, |failures| failures.retries);
    used.iter()
        .map(|(offers, trials)| {
            let tariff = offers.requested_offer().tariff.as_ref()?;
            failures::cost_ceiling(tariff, *trials, retries)
        })
        .sum()
}

/// The mean cost of all trials where some fail and are tried again, by the settings' failures. None
/// without those, and where a price or a run time is unknown.
pub(super) async fn cost_with_failures(
    prices: &PlanOffers,
    surveys: &[PartSurvey],
    settings: &EstimateSettings,
    pace: &mut Pace<'_>,
) -> Option<Money> {
    let failures = settings.failures?;
    let overhead = settings.billing.billed_overhead().as_f64();
    let mut dollars = 0.0;
    let mut egress = Money::zero();
    for survey in surveys {
        if survey.without_run_time > 0 {
            return None;
        }
        let offers = prices.machines().get(prices.machine_index(survey.part)?)?;
        let tariff = offers.requested_offer().tariff.as_ref()?;
        let mut tally = Tally::default();
        let interruptions = offers.requested_offer().interruptions;
        tally
            .add_survey(tariff.meter(), survey, interruptions, pace)
            .await;
        if tally.never_finishing() > 0 {
            return None;
        }
        dollars += tally.bill_lines(tariff).repetition.as_f64();
        let (sum, _) = tally.moments();
        let trials = tally.trials();
        let seconds = failures.expected_seconds(trials as f64, overhead, sum, settings.noise());
        dollars += seconds * tariff.cost_per_second().as_f64();
        egress += tariff.egress().clone() * BigInt::from(trials);
    }
    Some(Money::from_f64(dollars)? + egress)
}

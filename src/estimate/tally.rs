//! Exact sums over up to 2^128 − 1 trials, in constant space.

use super::Seconds;
use super::billing::{Meter, Tariff};
use super::money::Money;
use super::pace::Pace;
use super::spot::Repetition;
use super::survey::PartSurvey;
use num_bigint::BigInt;

/// A sum of `u64` values with `u128` multiplicities. Sums below 2^128 need no allocation.
#[derive(Clone, Debug, Default, PartialEq)]
struct BigSum {
    low: u128,
    high: BigInt,
}

impl BigSum {
    fn add(&mut self, value: u64, times: u128) {
        let product = u128::from(value).checked_mul(times);
        match product.and_then(|product| self.low.checked_add(product)) {
            Some(sum) => self.low = sum,
            None => self.high += BigInt::from(value) * times,
        }
    }

    fn total(&self) -> BigInt {
        &self.high + self.low
    }
}

/// Sums over trials that share a meter.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Tally {
    trials: u128,
    run_micros: BigSum,
    busy_micros: BigSum,
    billed_seconds: BigSum,
    /// What is billed at least, however short the scripts are.
    least_seconds: BigSum,
    /// Sums of the run seconds and of their squares, for low and high.
    moments: (f64, f64),
    /// Seconds that interruptions are expected to have billed again.
    repeated_seconds: f64,
    /// Trials that interruptions may keep from ever ending.
    never_finishing: u128,
}

impl Tally {
    /// Counts `times` trials whose script takes `run`. O(1).
    pub(crate) fn add(&mut self, meter: &Meter, run: Seconds, times: u128) {
        let run = meter.billing().cap_run_time(run);
        self.trials = self.trials.saturating_add(times);
        self.run_micros.add(run.micros(), times);
        self.busy_micros.add(meter.busy_time(run).micros(), times);
        self.billed_seconds.add(meter.billed_seconds(run), times);
        self.least_seconds
            .add(meter.billed_seconds(Seconds::ZERO), times);
        let seconds = run.as_f64();
        self.moments.0 += seconds * times as f64;
        self.moments.1 += seconds * seconds * times as f64;
    }

    /// Counts all trials of a part that have a run time, at so many interruptions per hour.
    pub(super) async fn add_survey(
        &mut self,
        meter: &Meter,
        survey: &PartSurvey,
        interruptions: f64,
        pace: &mut Pace<'_>,
    ) {
        for (run, times) in &survey.run_times {
            self.add(meter, *run, *times);
            if interruptions > 0.0 {
                let again = Repetition::expect(meter.billing(), *run, interruptions);
                if again.may_never_finish {
                    self.never_finishing = self.never_finishing.saturating_add(*times);
                }
                self.repeated_seconds += again.billed * *times as f64;
            }
            if pace.is_due() {
                pace.pause().await;
            }
        }
    }

    /// USD that the trials cost at least, however short their scripts are.
    pub(super) fn least_cost(&self, tariff: &Tariff) -> Money {
        let seconds = self.least_seconds.total();
        let egress = tariff.egress().clone() * BigInt::from(self.trials);
        tariff.cost_of_machines(&seconds) + tariff.cost_of_disks(&seconds) + egress
    }

    /// Trials that interruptions may keep from ever ending.
    pub(super) fn never_finishing(&self) -> u128 {
        self.never_finishing
    }

    /// Trials counted, at most 2^128 − 1.
    pub(crate) fn trials(&self) -> u128 {
        self.trials
    }

    /// The trials' billed seconds, added up exactly.
    pub(crate) fn billed_seconds(&self) -> BigInt {
        self.billed_seconds.total()
    }

    /// The sum of the run times in seconds and the sum of their squares.
    pub(crate) fn moments(&self) -> (f64, f64) {
        self.moments
    }

    /// The lines of the common bill; they add up exactly to the sum of the trials' own bills.
    pub(crate) fn bill_lines(&self, tariff: &Tariff) -> BillLines {
        let machine = |micros: BigInt| {
            tariff.cost_of_machines(&micros)
                * num_rational::Ratio::new(1.into(), MICROS_PER_SECOND.into())
        };
        let run = self.run_micros.total();
        let busy = self.busy_micros.total();
        let billed = self.billed_seconds();
        BillLines {
            script: machine(run.clone()),
            overhead: machine(&busy - run),
            rounding: machine(&billed * MICROS_PER_SECOND - busy),
            repetition: Money::from_f64(self.repeated_seconds * tariff.cost_per_second().as_f64())
                .unwrap_or_else(Money::zero),
            disk: tariff.cost_of_disks(&billed),
            egress: tariff.egress().clone() * BigInt::from(self.trials),
        }
    }
}

const MICROS_PER_SECOND: u32 = 1_000_000;

/// The parts of a bill, each a sum over trials.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct BillLines {
    /// USD for the scripts' own time on machines.
    pub(crate) script: Money,
    /// USD for billed boot, set-up and teardown.
    pub(crate) overhead: Money,
    /// USD that the provider's minimum and increment add.
    pub(crate) rounding: Money,
    /// USD for time that is expected to be billed again after interruptions.
    pub(crate) repetition: Money,
    /// USD for disks.
    pub(crate) disk: Money,
    /// USD for data sent out.
    pub(crate) egress: Money,
}

impl BillLines {
    /// $0 on every line.
    pub(crate) fn zero() -> BillLines {
        let zero = Money::zero();
        BillLines {
            script: zero.clone(),
            overhead: zero.clone(),
            rounding: zero.clone(),
            repetition: zero.clone(),
            disk: zero.clone(),
            egress: zero,
        }
    }

    /// Adds line by line.
    pub(crate) fn add(&mut self, other: BillLines) {
        self.script += other.script;
        self.overhead += other.overhead;
        self.rounding += other.rounding;
        self.repetition += other.repetition;
        self.disk += other.disk;
        self.egress += other.egress;
    }

    /// The sum of the lines, exactly.
    pub(crate) fn total(&self) -> Money {
        [
            &self.script,
            &self.overhead,
            &self.rounding,
            &self.repetition,
            &self.disk,
            &self.egress,
        ]
        .into_iter()
        .cloned()
        .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::super::billing::{Billing, Disk, Rounding};
    use super::*;
    use crate::testing::test;

    #[test]
    fn lines_add_up_to_the_trials_own_bills() {
        let billing = Billing {
            rounding: Some(Rounding {
                minimum: 200,
                increment: 60,
            }),
            disk_per_second: Some(Disk {
                gb: 100,
                usd_per_gb_month: Money::from_decimal("0.08").unwrap(),
            }),
            ..Billing::cloud()
        };
        let tariff = Tariff::new(
            Meter::new(&billing, "aws"),
            &Money::from_decimal("1.006").unwrap(),
        );
        let mut tally = Tally::default();
        let mut sum = Money::zero();
        for seconds in 0..500u64 {
            let run = Seconds::from_micros(seconds * 333_333);
            let times = u128::from(seconds % 3);
            tally.add(tariff.meter(), run, times);
            sum += tariff.bill(run).cost() * BigInt::from(times);
        }
        let lines = tally.bill_lines(&tariff);
        assert_eq!(lines.total(), sum);
        assert!(!lines.rounding.is_zero() && !lines.disk.is_zero());
    }

    #[test]
    fn exact_at_the_largest_plan() {
        let tariff = Tariff::new(
            Meter::new(&Billing::cloud(), "grid"),
            &Money::from_decimal("3600").unwrap(),
        );
        let mut tally = Tally::default();
        tally.add(tariff.meter(), Seconds::from_whole(870), u128::MAX - 1);
        tally.add(tariff.meter(), Seconds::from_whole(870), 1);
        // 1,000 billed seconds at a dollar each, 2^128 - 1 times.
        assert_eq!(
            tally.bill_lines(&tariff).total().to_string(),
            "$340,282,366,920,938,463,463,374,607,431,768,211,455,000.00"
        );
        assert_eq!(tally.trials(), u128::MAX);
    }
}

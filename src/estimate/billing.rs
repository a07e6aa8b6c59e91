//! What one trial is billed (docs/cost-model.md, section 2).
//!
//! ```text
//! busy    = boot + setup + run + teardown          (only phases the provider bills)
//! billed  = round_up(max(minimum, busy), increment)
//! cost    = machines × billed/3600 × rate
//!         + machines × disk GB × billed/2,592,000 × price per GB-month
//!         + egress GB × price per GB
//! occupied = wait + boot + setup + run + teardown  (clock time of a slot; waiting is never billed)
//! ```

use super::Seconds;
use super::money::{Money, Rational};
use num_bigint::BigInt;

/// Seconds of a month of 30 days, for disk prices.
const SECONDS_PER_MONTH: u32 = 2_592_000;

/// A phase of a trial other than its script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Phase {
    /// Time on the clock, billed or not; it occupies a slot either way.
    pub length: Seconds,
    /// Most clouds bill from "running" to "terminated". Grid said that it billed only the script's
    /// own time.
    pub billed: bool,
}

impl Phase {
    /// A billed phase of this many whole seconds.
    pub(crate) const fn billed(seconds: u64) -> Phase {
        Phase {
            length: Seconds::from_whole(seconds),
            billed: true,
        }
    }

    fn billed_length(self) -> Seconds {
        if self.billed {
            self.length
        } else {
            Seconds::ZERO
        }
    }
}

/// A provider's rounding of billed time, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rounding {
    /// The least that is billed at each start, in seconds.
    pub minimum: u64,
    /// Billed time is a multiple of this; 0 counts as 1, since billed seconds are whole.
    pub increment: u64,
}

impl Rounding {
    /// Every begun second is billed, without a minimum: the rule for a rate that no provider
    /// published, such as one from a cluster's configuration.
    pub const WHOLE_SECONDS: Rounding = Rounding {
        minimum: 0,
        increment: 1,
    };

    /// The provider's published rule (docs/cost-model.md, section 11), or AWS's where none is
    /// known.
    pub fn for_provider(provider: &str) -> Rounding {
        let (minimum, increment) = match provider {
            "grid" | "runpod" => (0, 1),
            "lambda" | "scaleway" => (60, 60),
            _ => (60, 1),
        };
        Rounding { minimum, increment }
    }

    /// Seconds billed for a script that ran from `start` to `end`, both in microseconds since the
    /// same moment. The server's bills all come from here, and [`Meter::billed_seconds`] rounds an
    /// estimate the same way. An end before the start counts as the start.
    pub fn billed_seconds_between(self, start: i64, end: i64) -> u64 {
        self.round(Seconds::between(start, end))
    }

    /// `round_up(max(minimum, busy), increment)` in whole seconds: the one place where time
    /// becomes billed time.
    pub(crate) fn round(self, busy: Seconds) -> u64 {
        let increment = self.increment.max(1);
        busy.ceil_seconds()
            .max(self.minimum)
            .div_ceil(increment)
            .saturating_mul(increment)
    }
}

/// A disk attached to each machine.
#[derive(Clone, Debug, PartialEq)]
pub struct Disk {
    /// GB per machine.
    pub gb: u32,
    /// USD per GB and month of 30 days.
    pub usd_per_gb_month: Money,
}

/// Data that each trial sends out.
#[derive(Clone, Debug, PartialEq)]
pub struct Egress {
    /// GB per trial, exactly.
    pub gb: Rational,
    /// USD per GB sent.
    pub usd_per_gb: Money,
}

/// Everything besides rate and run time that decides what a trial is billed.
#[derive(Clone, Debug, PartialEq)]
pub struct Billing {
    /// From the request for the machine until it runs.
    pub boot: Phase,
    /// Installing dependencies, and copying source and data.
    pub setup: Phase,
    /// From the script's end to the machine's.
    pub teardown: Phase,
    /// Waiting for a machine: occupies a slot and is never billed.
    pub wait: Seconds,
    /// None takes the rule of the machine's provider.
    pub rounding: Option<Rounding>,
    /// Machines per trial; 0 counts as 1.
    pub machines_per_trial: u32,
    /// None where disks are not billed.
    pub disk_per_second: Option<Disk>,
    /// None where egress is not billed.
    pub egress: Option<Egress>,
    /// The limit after which a script is stopped; None where there is none.
    pub max_run_time: Option<Seconds>,
}

impl Default for Billing {
    fn default() -> Billing {
        Billing::cloud()
    }
}

impl Billing {
    /// A fresh cloud machine per trial: boot 90 s, set-up 30 s, teardown 10 s, all billed.
    pub(crate) fn cloud() -> Billing {
        Billing {
            boot: Phase::billed(90),
            setup: Phase::billed(30),
            teardown: Phase::billed(10),
            ..Billing::local()
        }
    }

    /// Processes on a machine that is already there: the script's own time alone.
    pub fn local() -> Billing {
        Billing {
            boot: Phase::billed(0),
            setup: Phase::billed(0),
            teardown: Phase::billed(0),
            wait: Seconds::ZERO,
            rounding: None,
            machines_per_trial: 1,
            disk_per_second: None,
            egress: None,
            max_run_time: None,
        }
    }

    /// The billed phases among boot, set-up and teardown, added up.
    pub(crate) fn billed_overhead(&self) -> Seconds {
        self.phases().map(Phase::billed_length).into_iter().sum()
    }

    /// Time that a trial occupies its slot besides the script: waiting and all phases, billed or
    /// not.
    pub(crate) fn overhead(&self) -> Seconds {
        self.wait + self.phases().map(|phase| phase.length).into_iter().sum()
    }

    /// The run time, or [`Billing::max_run_time`] where that is shorter.
    pub(crate) fn cap_run_time(&self, run: Seconds) -> Seconds {
        self.max_run_time.map_or(run, |limit| run.min(limit))
    }

    /// How long a trial occupies its slot.
    pub fn occupied_time(&self, run: Seconds) -> Seconds {
        self.overhead() + self.cap_run_time(run)
    }

    fn phases(&self) -> [Phase; 3] {
        [self.boot, self.setup, self.teardown]
    }
}

/// Rules of billing for one provider: from run times to billed seconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Meter {
    billing: Billing,
    rounding: Rounding,
}

impl Meter {
    /// `provider` decides the rounding where `billing` leaves it open.
    pub fn new(billing: &Billing, provider: &str) -> Meter {
        let rounding = billing
            .rounding
            .unwrap_or_else(|| Rounding::for_provider(provider));
        Meter {
            billing: billing.clone(),
            rounding,
        }
    }

    /// The rules given to [`Meter::new`].
    pub(crate) fn billing(&self) -> &Billing {
        &self.billing
    }

    /// The rounding in force: the billing's own, else the provider's.
    pub fn rounding(&self) -> Rounding {
        self.rounding
    }

    /// The billed phases and the script, before rounding.
    pub(crate) fn busy_time(&self, run: Seconds) -> Seconds {
        self.billing.billed_overhead() + self.billing.cap_run_time(run)
    }

    /// Whole seconds billed for a script of this length.
    pub fn billed_seconds(&self, run: Seconds) -> u64 {
        self.rounding.round(self.busy_time(run))
    }
}

/// What billed seconds cost.
#[derive(Clone, Debug, PartialEq)]
pub struct Tariff {
    meter: Meter,
    /// USD per second of all machines of one trial.
    machine: Rational,
    /// USD per second of all their disks.
    disk: Rational,
    /// USD per trial.
    egress: Money,
}

/// One trial's bill.
#[derive(Clone, Debug, PartialEq)]
pub struct Bill {
    /// Whole seconds after minimum and increment.
    pub billed_seconds: u64,
    /// USD for all machines of the trial.
    pub(crate) machine_per_second: Money,
    /// USD for their disks.
    pub(crate) disk: Money,
    /// USD for data sent out.
    pub(crate) egress: Money,
}

impl Bill {
    /// Machines, disks and egress added up, exactly.
    pub fn cost(&self) -> Money {
        self.machine_per_second.clone() + self.disk.clone() + self.egress.clone()
    }
}

impl Tariff {
    /// `rate` is USD per hour of one machine.
    pub fn new(meter: Meter, rate: &Money) -> Tariff {
        let billing = &meter.billing;
        let machines = BigInt::from(billing.machines_per_trial.max(1));
        let disk = billing
            .disk_per_second
            .as_ref()
            .map_or_else(Money::zero, |disk| {
                disk.usd_per_gb_month.clone() * BigInt::from(disk.gb) * machines.clone()
            });
        let egress = billing.egress.as_ref().map_or_else(Money::zero, |egress| {
            egress.usd_per_gb.clone() * egress.gb.clone()
        });
        Tariff {
            machine: usd_per_second(rate) * machines,
            disk: disk.dollars() / BigInt::from(SECONDS_PER_MONTH),
            egress,
            meter,
        }
    }

    /// The rules that turn run times into billed seconds.
    pub fn meter(&self) -> &Meter {
        &self.meter
    }

    /// The bill of one trial whose script takes `run`.
    pub fn bill(&self, run: Seconds) -> Bill {
        let billed_seconds = self.meter.billed_seconds(run);
        let seconds = BigInt::from(billed_seconds);
        Bill {
            billed_seconds,
            machine_per_second: self.cost_of_machines(&seconds),
            disk: self.cost_of_disks(&seconds),
            egress: self.egress.clone(),
        }
    }

    /// What `seconds` of all machines of a trial cost.
    pub fn cost_of_machines(&self, seconds: &BigInt) -> Money {
        Money::from_rational(&self.machine * seconds)
    }

    /// What `seconds` of all disks of a trial cost.
    pub fn cost_of_disks(&self, seconds: &BigInt) -> Money {
        Money::from_rational(&self.disk * seconds)
    }

    /// USD per trial for data sent out.
    pub fn egress(&self) -> &Money {
        &self.egress
    }

    /// USD per second of machines and disks of one trial.
    pub fn cost_per_second(&self) -> Money {
        Money::from_rational(&self.machine + &self.disk)
    }
}

/// USD for `billed_seconds` of one machine at `rate`, USD per hour.
pub fn machine_cost(rate: &Money, billed_seconds: u64) -> Money {
    Money::from_rational(usd_per_second(rate) * BigInt::from(billed_seconds))
}

/// USD for `micros` microseconds of one machine at `rate`, USD per hour.
pub fn cost_of_micros(rate: &Money, micros: u64) -> Money {
    Money::from_rational(usd_per_second(rate) * BigInt::from(micros) / BigInt::from(1_000_000))
}

/// Converts USD per hour to USD per second.
fn usd_per_second(rate: &Money) -> Rational {
    rate.dollars() / BigInt::from(3600)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    fn tariff(billing: &Billing) -> Tariff {
        Tariff::new(
            Meter::new(billing, "aws"),
            &Money::from_decimal("0.526").unwrap(),
        )
    }

    #[test]
    fn phases_that_are_not_billed_still_occupy() {
        let mut billing = Billing::cloud();
        billing.boot.billed = false;
        billing.wait = Seconds::from_whole(5);
        let run = Seconds::from_whole(100);
        assert_eq!(
            tariff(&billing).meter().busy_time(run),
            Seconds::from_whole(140)
        );
        assert_eq!(billing.occupied_time(run), Seconds::from_whole(235));
        billing.max_run_time = Some(Seconds::from_whole(40));
        assert_eq!(tariff(&billing).meter().billed_seconds(run), 80);
    }

    #[test]
    fn disks_machines_and_egress() {
        let billing = Billing {
            machines_per_trial: 2,
            disk_per_second: Some(Disk {
                gb: 100,
                usd_per_gb_month: Money::from_decimal("0.08").unwrap(),
            }),
            egress: Some(Egress {
                gb: Rational::new(1.into(), 2.into()),
                usd_per_gb: Money::from_decimal("0.09").unwrap(),
            }),
            ..Billing::local()
        };
        let bill = tariff(&billing).bill(Seconds::from_whole(3600));
        assert_eq!(bill.machine_per_second.to_decimal(6), "1.052000");
        assert_eq!(bill.disk.to_decimal(6), "0.022222");
        assert_eq!(bill.egress.to_decimal(6), "0.045000");
        assert_eq!(bill.cost().to_decimal(6), "1.119222");
    }

    /// Compares the server's rounding and the estimate's meter with the definition on whole
    /// numbers.
    #[test]
    fn what_ran_is_billed_as_what_is_to_run() {
        for rounding in [
            Rounding::WHOLE_SECONDS,
            Rounding::for_provider("aws"),
            Rounding::for_provider("lambda"),
            Rounding {
                minimum: 90,
                increment: 0,
            },
        ] {
            let billing = Billing {
                rounding: Some(rounding),
                ..Billing::local()
            };
            let meter = Meter::new(&billing, "aws");
            for length in [
                -5,
                0,
                1,
                999_999,
                1_000_000,
                1_000_001,
                59_999_999,
                60_000_000,
                60_000_001,
                120_000_001,
                3_599_999_999,
            ] {
                let begun = (i128::from(length).max(0) + 999_999) / 1_000_000;
                let step = i128::from(rounding.increment.max(1));
                let steps = (begun.max(i128::from(rounding.minimum)) + step - 1) / step;
                let start = 1_760_000_000_123_457_i64;
                let billed = rounding.billed_seconds_between(start, start + length);
                assert_eq!(i128::from(billed), steps * step, "{rounding:?} {length}");
                let run = Seconds::between(0, length);
                assert_eq!(billed, meter.billed_seconds(run), "{rounding:?} {length}");
            }
        }
    }

    #[test]
    fn a_tariff_of_one_machine_costs_what_the_machine_does() {
        let rate = Money::from_decimal("0.526").unwrap();
        let bill = tariff(&Billing::local()).bill(Seconds::from_whole(3661));
        assert_eq!(machine_cost(&rate, bill.billed_seconds), bill.cost());
        assert_eq!(machine_cost(&rate, 3600), rate);
    }

    /// Billing never goes down with a longer run, never below what was used, and is a multiple
    /// of the increment, whatever the rules.
    #[test]
    fn billing_is_monotonic() {
        let mut random = 0x9e37_79b9_7f4a_7c15_u64;
        let mut draw = |below: u64| {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (random >> 33) % below
        };
        for _ in 0..2_000 {
            let rounding = Rounding {
                minimum: draw(200),
                increment: draw(100),
            };
            let billing = Billing {
                boot: Phase {
                    length: Seconds::from_whole(draw(100)),
                    billed: draw(2) == 0,
                },
                teardown: Phase::billed(draw(50)),
                rounding: Some(rounding),
                ..Billing::local()
            };
            let tariff = tariff(&billing);
            let meter = tariff.meter();
            let short = Seconds::from_micros(draw(1_000_000_000));
            let long = short + Seconds::from_micros(draw(100_000_000));
            let (less, more) = (meter.billed_seconds(short), meter.billed_seconds(long));
            assert!(less <= more);
            assert!(less >= rounding.minimum && less >= meter.busy_time(short).ceil_seconds());
            assert_eq!(less % rounding.increment.max(1), 0);
            assert!(tariff.bill(short).cost() <= tariff.bill(long).cost());
        }
    }
}

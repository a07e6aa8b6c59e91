//! Interruptible machines (docs/cost-model.md, section 6).
//!
//! Interruptions are taken as memoryless with a rate per hour of running time. `b` is the
//! overhead of each start and `r` is the run and teardown, both in hours.

use super::Seconds;
use super::billing::Billing;
use crate::sweep::math::{exp, log};

/// One trial on an interruptible machine.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SpotTrial {
    /// Overhead of each start (boot, set-up, reload), in hours.
    pub start_hours: f64,
    /// Run and teardown, in hours.
    pub run_hours: f64,
    /// Interruptions per hour of running time.
    pub interruptions_per_hour: f64,
}

/// Expected values for one trial.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SpotExpectation {
    /// Billed hours.
    pub billed_hours: f64,
    /// Interruptions, a mean and so rarely a whole number.
    pub interruptions: f64,
}

impl SpotExpectation {
    /// Hours on the clock, where after each interruption the trial waits `requeue` hours for a new
    /// machine.
    pub fn wall_hours(self, requeue: f64) -> f64 {
        self.billed_hours + self.interruptions * requeue
    }
}

/// What interruptions add to one trial that starts over after each, in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Repetition {
    /// Billed a second time, on average.
    pub(crate) billed: f64,
    /// On the clock, with the wait for each new machine.
    pub(crate) wall: f64,
    /// See [`SpotTrial::may_never_finish`].
    pub(crate) may_never_finish: bool,
}

impl Repetition {
    /// For a script of this length under rules of billing, at so many interruptions per hour.
    pub(crate) fn expect(
        billing: &Billing,
        run: Seconds,
        interruptions_per_hour: f64,
    ) -> Repetition {
        let start = billing.boot.length + billing.setup.length;
        let run = billing.cap_run_time(run) + billing.teardown.length;
        let trial = SpotTrial {
            start_hours: start.as_f64() / SECONDS_PER_HOUR,
            run_hours: run.as_f64() / SECONDS_PER_HOUR,
            interruptions_per_hour,
        };
        let expected = trial.expect_with_restarts();
        let more = expected.billed_hours - trial.start_hours - trial.run_hours;
        let waits = expected.interruptions * billing.wait.as_f64();
        Repetition {
            billed: more * SECONDS_PER_HOUR,
            wall: more * SECONDS_PER_HOUR + waits,
            may_never_finish: trial.may_never_finish(),
        }
    }
}

const SECONDS_PER_HOUR: f64 = 3600.0;

/// The expected time until `hours` in a row pass without an interruption, starting over after each:
/// `(exp(rate × hours) - 1) / rate`, which is `hours` at a rate of zero.
fn expected_hours_until_done(rate: f64, hours: f64) -> f64 {
    let x = rate * hours;
    if x < 1e-5 {
        // Taylor series: exp(x) - 1 would lose its digits here.
        return hours * (1.0 + x / 2.0 + x * x / 6.0);
    }
    (exp(x) - 1.0) / rate
}

impl SpotTrial {
    /// Where each interruption starts the trial over.
    pub fn expect_with_restarts(self) -> SpotExpectation {
        let billed = expected_hours_until_done(
            self.interruptions_per_hour,
            self.start_hours + self.run_hours,
        );
        SpotExpectation {
            billed_hours: billed,
            interruptions: self.interruptions_per_hour * billed,
        }
    }

    /// Where each interruption resumes from the last checkpoint. Checkpoints are written after
    /// every `every` hours of useful time and take `cost` hours each; an `every` that is not above
    /// zero means none.
    pub fn expect_with_checkpoints(self, every: f64, cost: f64) -> SpotExpectation {
        if !(every > 0.0 && every < self.run_hours) {
            return self.expect_with_restarts();
        }
        // All segments but the last are `every` long and end with a checkpoint.
        let full = (self.run_hours / every).ceil() - 1.0;
        let rest = self.run_hours - full * every;
        let rate = self.interruptions_per_hour;
        let again = exp(rate * self.start_hours);
        let segments = full * expected_hours_until_done(rate, every + cost)
            + expected_hours_until_done(rate, rest);
        let billed = expected_hours_until_done(rate, self.start_hours) + again * segments;
        SpotExpectation {
            billed_hours: billed,
            interruptions: rate * billed,
        }
    }

    /// Billed hours under AWS's rule for Linux: an attempt that EC2 interrupts within its first
    /// hour is free. Each interruption starts the trial over.
    pub fn billed_hours_first_hour_free(self) -> f64 {
        let (rate, whole) = (
            self.interruptions_per_hour,
            self.start_hours + self.run_hours,
        );
        if whole <= 1.0 || rate <= 0.0 {
            return whole;
        }
        let charged = (1.0 + 1.0 / rate) * exp(-rate) - (whole + 1.0 / rate) * exp(-rate * whole);
        whole + exp(rate * whole) * charged
    }

    /// Probability that no interruption happens, starting without checkpoints.
    pub fn no_interruption_probability(self) -> f64 {
        exp(-self.interruptions_per_hour * (self.start_hours + self.run_hours))
    }

    /// Whether so many interruptions are expected that the trial may never finish without
    /// checkpoints: spot must then not be offered as a saving.
    pub(crate) fn may_never_finish(self) -> bool {
        self.interruptions_per_hour * (self.start_hours + self.run_hours) > 3.0
    }

    /// The interruptions per hour up to which spot at `spot` USD per hour stays cheaper than
    /// `list`, starting over each time. None where it never is; infinite where it always is.
    pub fn break_even_rate(self, list: f64, spot: f64) -> Option<f64> {
        let whole = self.start_hours + self.run_hours;
        let cheaper = |rate: f64| expected_hours_until_done(rate, whole) * spot < whole * list;
        if !cheaper(0.0) || whole <= 0.0 {
            return None;
        }
        if spot <= 0.0 {
            return Some(f64::INFINITY);
        }
        // Doubling finds a rate that is too high, halving then the limit to the last digit.
        let mut high = 1.0 / whole;
        while cheaper(high) {
            high *= 2.0;
        }
        let mut low = 0.0;
        for _ in 0..200 {
            let middle = (low + high) / 2.0;
            if cheaper(middle) {
                low = middle;
            } else {
                high = middle;
            }
        }
        Some(low)
    }
}

/// A good interval between checkpoints that take `cost` hours each: `sqrt(2 c / L)`, in hours
/// (Young 1974).
pub fn young_interval(interruptions: f64, cost: f64) -> f64 {
    (2.0 * cost / interruptions).sqrt()
}

/// Interruptions per hour, from the share (0 to below 1) of machines interrupted within `hours`:
/// AWS publishes bands of shares, not rates.
pub(crate) fn rate_from_share(share: f64, hours: f64) -> f64 {
    -log(1.0 - share) / hours
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    const SPOT: SpotTrial = SpotTrial {
        start_hours: 1.0 / 12.0,
        run_hours: 4.0,
        interruptions_per_hour: 0.05,
    };

    fn near(a: f64, b: f64, tolerance: f64) {
        assert!((a - b).abs() <= tolerance, "{a} is not {b}");
    }

    #[test]
    fn limits() {
        let calm = SpotTrial {
            interruptions_per_hour: 0.0,
            ..SPOT
        };
        assert_eq!(
            calm.expect_with_restarts(),
            SpotExpectation {
                billed_hours: calm.start_hours + calm.run_hours,
                interruptions: 0.0
            }
        );
        assert_eq!(
            calm.billed_hours_first_hour_free(),
            calm.start_hours + calm.run_hours
        );
        assert_eq!(calm.no_interruption_probability(), 1.0);
        // One segment is no checkpoint at all.
        assert_eq!(
            SPOT.expect_with_checkpoints(4.0, 0.1),
            SPOT.expect_with_restarts()
        );
        assert_eq!(
            SPOT.expect_with_checkpoints(0.0, 0.1),
            SPOT.expect_with_restarts()
        );
        // Free and continuous checkpoints.
        let b = (exp(0.05 * SPOT.start_hours) - 1.0) / 0.05
            + exp(0.05 * SPOT.start_hours) * SPOT.run_hours;
        near(
            SPOT.expect_with_checkpoints(1e-5, 0.0).billed_hours,
            b,
            1e-5,
        );
        let almost = SpotTrial {
            interruptions_per_hour: 1e-9,
            ..SPOT
        };
        near(
            almost.expect_with_restarts().billed_hours,
            calm.expect_with_restarts().billed_hours,
            1e-7,
        );
    }

    /// A public simulation, quoted in docs/cost-model.md: 0.15 interruptions per hour, a third of
    /// the price.
    #[test]
    fn a_second_opinion() {
        for (hours, on_demand_hours) in [(3.3, 1.41), (10.5, 8.43), (48.5, 3174.0)] {
            let spot = SpotTrial {
                start_hours: 0.0,
                run_hours: hours,
                interruptions_per_hour: 0.15,
            };
            let paid = spot.expect_with_restarts().billed_hours * 0.33;
            near(paid, on_demand_hours, 0.005 * on_demand_hours);
            assert_eq!(spot.may_never_finish(), hours > 20.0);
        }
    }

    #[test]
    fn bands() {
        for (share, rate) in [
            (0.05, 0.0021),
            (0.10, 0.0044),
            (0.15, 0.0068),
            (0.20, 0.0093),
            (0.30, 0.0149),
        ] {
            near(rate_from_share(share, 24.0), rate, 0.00005);
        }
    }

    #[test]
    fn break_even_is_where_both_cost_the_same() {
        let rate = SPOT.break_even_rate(1.006, 0.4125).unwrap();
        let there = SpotTrial {
            interruptions_per_hour: rate,
            ..SPOT
        };
        near(
            there.expect_with_restarts().billed_hours * 0.4125,
            (4.0 + 1.0 / 12.0) * 1.006,
            1e-9,
        );
        assert_eq!(SPOT.break_even_rate(0.4, 0.5), None);
        assert!(SPOT.break_even_rate(1.0, 0.0).unwrap().is_infinite());
    }
}

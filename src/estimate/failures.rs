//! Failed trials, and the cost that a sweep cannot exceed (docs/cost-model.md, section 9).

use super::billing::Tariff;
use super::money::Money;
use super::uncertainty::Noise;
use num_bigint::BigInt;

/// How trials fail. Failed trials are billed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Failures {
    /// Chance that an attempt fails, 0 to 1.
    pub probability: f64,
    /// The share of the run after which it fails, 0 to 1.
    pub fraction: f64,
    /// Attempts after the first, at most.
    pub retries: u32,
}

impl Failures {
    /// Expected failed attempts of one trial: `q (1 - q^(T+1)) / (1 - q)`, and T + 1 at q = 1,
    /// where q is the probability and T the number of retries.
    pub fn expected_failed_attempts(self) -> f64 {
        // As a sum q + q² + … + q^(T+1), which needs no case for q = 1. Terms fall at least
        // geometrically, so a million of them is beyond what a double can tell apart for q < 1.
        let mut term = 1.0;
        let mut sum = 0.0;
        for _ in 0..=self.retries.min(1_000_000) {
            term *= self.probability;
            sum += term;
        }
        sum
    }

    /// Chance that one of the attempts succeeds: `1 - q^(T+1)`.
    pub fn success_probability(self) -> f64 {
        let all_fail =
            (0..=self.retries.min(1_000_000)).fold(1.0, |chance, _| chance * self.probability);
        1.0 - all_fail
    }

    /// Expected machine seconds of `trials` trials whose median run times add up to `sum`; each
    /// attempt takes `overhead` seconds besides.
    pub fn expected_seconds(self, trials: f64, overhead: f64, sum: f64, noise: Noise) -> f64 {
        let mean = sum * noise.mean_factor();
        let failed = self.expected_failed_attempts();
        failed * (trials * overhead + self.fraction * mean)
            + self.success_probability() * (trials * overhead + mean)
    }
}

/// The most that `trials` trials can cost where each script is stopped after the tariff's longest
/// run: every trial uses all its attempts, and each attempt runs to the limit. None without a
/// limit.
///
/// `n (T + 1) (overhead + max_run_time) / 3600 × rate + egress`, with the tariff's rounding of billed
/// time included.
pub fn cost_ceiling(tariff: &Tariff, trials: u128, retries: u32) -> Option<Money> {
    let longest = tariff.meter().billing().max_run_time?;
    let attempt = tariff.bill(longest);
    let attempts = BigInt::from(trials) * (u64::from(retries) + 1);
    let machines = (attempt.machine_per_second + attempt.disk) * attempts;
    Some(machines + attempt.egress * BigInt::from(trials))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    #[test]
    fn the_ends_of_the_range() {
        let never = Failures {
            probability: 0.0,
            fraction: 0.5,
            retries: 3,
        };
        assert_eq!(never.expected_failed_attempts(), 0.0);
        assert_eq!(never.success_probability(), 1.0);
        let always = Failures {
            probability: 1.0,
            fraction: 0.5,
            retries: 3,
        };
        assert_eq!(always.expected_failed_attempts(), 4.0);
        assert_eq!(always.success_probability(), 0.0);
        let endless = Failures {
            probability: 0.5,
            fraction: 0.5,
            retries: u32::MAX,
        };
        assert_eq!(endless.expected_failed_attempts(), 1.0);
    }
}

//! Low, likely and high (docs/cost-model.md, section 8).
//!
//! Each run time is `median × X × Y`: X is an error shared by all trials (a wrong constant, a
//! wrong formula), Y a trial's own noise, both log-normal. A trial's own noise averages out over
//! many trials, a shared error does not: the low of a sum is not the sum of lows.

use crate::sweep::math::{exp, log};

/// The 90th percentile of the standard normal distribution.
pub(crate) const Z_90: f64 = 1.281_551_565_5;

/// Low, likely and high: the 10th, 50th and 90th percentile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spread<T> {
    /// The 10th percentile.
    pub low: T,
    /// The median.
    pub likely: T,
    /// The 90th percentile.
    pub high: T,
}

impl<T> Spread<T> {
    /// Applies `change` to each of the three.
    pub(crate) fn map<U>(self, change: impl Fn(T) -> U) -> Spread<U> {
        Spread {
            low: change(self.low),
            likely: change(self.likely),
            high: change(self.high),
        }
    }
}

/// The uncertainty of a run time, as standard deviations of its logarithm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Noise {
    /// Of the error that all trials share.
    pub shared: f64,
    /// Of each trial's own noise.
    pub own: f64,
}

impl Noise {
    /// A constant or a formula that a person typed.
    pub(crate) const TYPED: Noise = Noise {
        shared: 0.30,
        own: 0.10,
    };
    /// A pilot trial, for trials like it.
    pub(crate) const PILOT: Noise = Noise {
        shared: 0.20,
        own: 0.10,
    };
    /// A pilot trial, scaled to other arguments.
    pub(crate) const SCALED_PILOT: Noise = Noise {
        shared: 0.35,
        own: 0.10,
    };

    /// From a fit's leave-one-out error of the logarithm, but at least 0.10; half of the variance
    /// is shared. Wider by half where the fit extrapolates.
    pub(crate) fn from_fit(rmse: f64, extrapolates: bool) -> Noise {
        let widened = rmse.max(0.10) * if extrapolates { 1.5 } else { 1.0 };
        let half = widened / 2f64.sqrt();
        Noise {
            shared: half,
            own: half,
        }
    }

    /// From a person's low and high, taken as 10th and 90th percentile. None unless
    /// `0 < low <= high < ∞`.
    pub(crate) fn from_range(low: f64, high: f64) -> Option<Noise> {
        let usable = low > 0.0 && low <= high && high.is_finite();
        let half = log(high / low) / (2.0 * Z_90) / 2f64.sqrt();
        usable.then_some(Noise {
            shared: half,
            own: half,
        })
    }

    /// The ratio of one trial's mean run time to its median.
    pub(crate) fn mean_factor(self) -> f64 {
        exp((self.own * self.own + self.shared * self.shared) / 2.0)
    }

    /// Factors on all run times at once for the 10th and 90th percentile of the shared error.
    pub fn shared_factors(self) -> (f64, f64) {
        (exp(-Z_90 * self.shared), exp(Z_90 * self.shared))
    }
}

/// The distribution of a sum of run times.
#[derive(Clone, Debug, PartialEq)]
pub struct SumDistribution {
    /// What a budget should plan with.
    pub mean: f64,
    /// 10th, 50th and 90th percentile.
    pub spread: Spread<f64>,
    /// Standard deviation of its logarithm.
    pub log_sd: f64,
}

/// The distribution of a sum of run times, from the sum of their medians and the sum of those
/// medians' squares: a log-normal with the mean and variance of that sum. It works in ratios, so
/// that no square of a large sum overflows.
pub fn sum_distribution(sum: f64, squares: f64, noise: Noise) -> SumDistribution {
    let (own, shared) = (noise.own * noise.own, noise.shared * noise.shared);
    // Squares over the squared sum: 1 for one trial, 1/n for n equal ones.
    let share = if sum > 0.0 { squares / sum / sum } else { 0.0 };
    let mean = sum * exp((own + shared) / 2.0);
    let variance = shared + log(1.0 + (exp(own) - 1.0) * share);
    let log_sd = variance.sqrt();
    let likely = mean * exp(-variance / 2.0);
    let spread = Spread {
        low: likely * exp(-Z_90 * log_sd),
        likely,
        high: likely * exp(Z_90 * log_sd),
    };
    SumDistribution {
        mean,
        spread,
        log_sd,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    #[test]
    fn one_trial_keeps_its_median() {
        let total = sum_distribution(600.0, 360_000.0, Noise::TYPED);
        assert!((total.spread.likely - 600.0).abs() < 1e-9);
        assert!((total.log_sd - (0.09f64 + 0.01).sqrt()).abs() < 1e-12);
        assert!((total.mean - 600.0 * Noise::TYPED.mean_factor()).abs() < 1e-9);
    }

    #[test]
    fn own_noise_averages_out_and_shared_error_does_not() {
        let n = 1e38;
        let many = sum_distribution(n * 600.0, n * 360_000.0, Noise::TYPED);
        assert!((many.log_sd - 0.30).abs() < 1e-9);
        assert!(many.spread.high.is_finite() && many.spread.low < many.spread.high);
        let sure = sum_distribution(
            1200.0,
            720_000.0,
            Noise {
                shared: 0.0,
                own: 0.0,
            },
        );
        assert_eq!(
            sure.spread,
            Spread {
                low: 1200.0,
                likely: 1200.0,
                high: 1200.0
            }
        );
    }

    #[test]
    fn a_range_gives_itself_back() {
        let noise = Noise::from_range(300.0, 1200.0).unwrap();
        let one = sum_distribution(600.0, 360_000.0, noise);
        assert!((one.spread.low - 300.0).abs() < 1e-6 && (one.spread.high - 1200.0).abs() < 1e-6);
        for (low, high) in [(0.0, 1.0), (-1.0, 1.0), (2.0, 1.0), (1.0, f64::INFINITY)] {
            assert_eq!(Noise::from_range(low, high), None);
        }
        assert_eq!(Noise::from_fit(0.05, false).own, 0.10 / 2f64.sqrt());
        assert_eq!(Noise::from_fit(0.2, true).shared, 0.2 * 1.5 / 2f64.sqrt());
    }
}

//! Counts of events: Poisson and negative binomial.

use super::bound::Bound;
use super::fault::{BindError, Consequence, Rule};
use super::gamma::Gamma;
use super::law::ints;
use super::loggam::loggam;
use super::plan::Plan;
use super::stream::{Stream, to_long};
use crate::sweep::math::{exp, log};

/// The largest rate that NumPy takes: 2^63 less ten standard deviations.
const MOST: f64 = 9_223_372_036_854_775_808.0 - 10.0 * 3_037_000_499.976_05;

/// A Poisson distribution.
#[derive(Clone, Copy)]
pub(super) enum Poisson {
    /// Rate 0: always 0, without a draw.
    Zero,
    /// A rate below 10: counts how many doubles can be multiplied before the product falls to e^-rate
    /// (Knuth). Takes one double more than the count.
    Small { limit: f64 },
    /// A rate from 10 up: two doubles for every try.
    Large(TransformedRejection),
}

impl Poisson {
    pub(super) fn new(rate: f64) -> Poisson {
        if rate >= 10.0 {
            Poisson::Large(TransformedRejection::new(rate))
        } else if rate == 0.0 {
            Poisson::Zero
        } else {
            Poisson::Small { limit: exp(-rate) }
        }
    }

    pub(super) fn draw(&self, stream: &mut Stream) -> i64 {
        match self {
            Poisson::Zero => 0,
            Poisson::Small { limit } => {
                let mut count = 0;
                let mut product = stream.double();
                while product > *limit {
                    count += 1;
                    product *= stream.double();
                }
                count
            }
            Poisson::Large(rejection) => rejection.draw(stream),
        }
    }
}

/// PTRS, transformed rejection with squeeze (Hörmann, Insurance: Mathematics and Economics 12, 1993).
#[derive(Clone, Copy)]
pub(super) struct TransformedRejection {
    rate: f64,
    log_rate: f64,
    a: f64,
    b: f64,
    log_inverse_alpha: f64,
    sure: f64,
}

impl TransformedRejection {
    fn new(rate: f64) -> TransformedRejection {
        let b = 0.931 + 2.53 * rate.sqrt();
        TransformedRejection {
            rate,
            log_rate: log(rate),
            a: -0.059 + 0.02483 * b,
            b,
            log_inverse_alpha: log(1.1239 + 1.1328 / (b - 3.4)),
            sure: 0.9277 - 3.6224 / (b - 2.0),
        }
    }

    fn draw(&self, stream: &mut Stream) -> i64 {
        let TransformedRejection {
            rate,
            log_rate,
            a,
            b,
            ..
        } = *self;
        loop {
            let u = stream.double() - 0.5;
            let v = stream.double();
            let us = 0.5 - u.abs();
            let k = to_long(((2.0 * a / us + b) * u + rate + 0.43).floor());
            // Most tries end here, without a logarithm.
            if us >= 0.07 && v <= self.sure {
                return k;
            }
            if k < 0 || us < 0.013 && v > us {
                continue;
            }
            let count = k as f64;
            if log(v) + self.log_inverse_alpha - log(a / (us * us) + b)
                <= -rate + count * log_rate - loggam(count + 1.0)
            {
                return k;
            }
        }
    }
}

pub(super) fn poisson(bound: &mut Bound<'_>) -> Result<Plan, BindError> {
    let rate = bound.number(0)?;
    if rate < 0.0 {
        return Err(bound.broken(0, Rule::Rate(bound.name(0))));
    }
    if rate > MOST {
        return Err(bound.broken(0, Rule::RateLimit(bound.name(0))));
    }
    let poisson = Poisson::new(rate);
    Ok(Plan::sized(ints(move |stream| poisson.draw(stream))))
}

pub(super) fn negative_binomial(bound: &mut Bound<'_>) -> Result<Plan, BindError> {
    let n = bound.positive(0)?;
    let p = bound.probability(1)?;
    if p == 0.0 {
        return Err(bound.broken(1, Rule::SuccessPossible));
    }
    let scale = (1.0 - p) / p;
    // NumPy's legacy generator does not check; its newer one refuses what is refused here: ten standard
    // deviations above the mean must fit 64 bits.
    let most = scale * (n + 10.0 * n.sqrt());
    if most.is_nan() || most > MOST {
        return Err(bound.degenerate(1, Consequence::Overflow));
    }
    let gamma = Gamma::new(n);
    Ok(Plan::sized(ints(move |stream| {
        // A Poisson count whose rate is a gamma draw: the gamma comes first.
        Poisson::new(scale * gamma.draw(stream)).draw(stream)
    })))
}

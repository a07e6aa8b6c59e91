//! Counts of events: Poisson and negative binomial.

use super::arguments::BoundArguments;
use super::distribution::int_distribution;
use super::draw_spec::DrawSpec;
use super::error::{BindError, Consequence, Rule};
use super::gamma::Gamma;
use super::loggam::loggam;
use super::stream::{Stream, to_c_long};
use crate::sweep::math::{exp, log};

/// The largest rate that NumPy takes: 2^63 less ten standard deviations.
const MAX_RATE: f64 = 9_223_372_036_854_775_808.0 - 10.0 * 3_037_000_499.976_05;

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
                let mut product = stream.next_double();
                while product > *limit {
                    count += 1;
                    product *= stream.next_double();
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
    quick_accept: f64,
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
            quick_accept: 0.9277 - 3.6224 / (b - 2.0),
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
            let u = stream.next_double() - 0.5;
            let v = stream.next_double();
            let us = 0.5 - u.abs();
            let k = to_c_long(((2.0 * a / us + b) * u + rate + 0.43).floor());
            // Most tries end here, without a logarithm.
            if us >= 0.07 && v <= self.quick_accept {
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

pub(super) fn poisson(bound: &mut BoundArguments<'_>) -> Result<DrawSpec, BindError> {
    let rate = bound.read_number(0)?;
    if rate < 0.0 {
        return Err(bound.rule_error(0, Rule::Rate(bound.name(0))));
    }
    if rate > MAX_RATE {
        return Err(bound.rule_error(0, Rule::RateLimit(bound.name(0))));
    }
    let poisson = Poisson::new(rate);
    Ok(DrawSpec::sized(int_distribution(move |stream| {
        poisson.draw(stream)
    })))
}

pub(super) fn negative_binomial(bound: &mut BoundArguments<'_>) -> Result<DrawSpec, BindError> {
    let n = bound.read_positive(0)?;
    let p = bound.read_probability(1)?;
    if p == 0.0 {
        return Err(bound.rule_error(1, Rule::SuccessPossible));
    }
    let scale = (1.0 - p) / p;
    // NumPy's legacy generator does not check; its newer one refuses what is refused here: ten standard
    // deviations above the mean must fit 64 bits.
    let most = scale * (n + 10.0 * n.sqrt());
    if most.is_nan() || most > MAX_RATE {
        return Err(bound.degenerate_error(1, Consequence::Overflow));
    }
    let gamma = Gamma::new(n);
    Ok(DrawSpec::sized(int_distribution(move |stream| {
        // A Poisson count whose rate is a gamma draw: the gamma comes first.
        Poisson::new(scale * gamma.draw(stream)).draw(stream)
    })))
}

//! Counts with long tails: geometric, logarithmic series, zeta (Zipf).

use super::arguments::BoundArguments;
use super::distribution::int_distribution;
use super::draw_spec::DrawSpec;
use super::error::{BindError, Consequence, Rule};
use super::stream::{Stream, to_c_long};
use crate::sweep::math::{exp, log, log1p, pow};

pub(super) fn geometric(bound: &mut BoundArguments<'_>) -> Result<DrawSpec, BindError> {
    let p = bound.read_number(0)?;
    if !(p > 0.0 && p <= 1.0) {
        return Err(bound.rule_error(0, Rule::PositiveProbability(bound.name(0))));
    }
    // NumPy's bound between two algorithms: both take one double, yet give other counts for it.
    if p >= 1.0 / 3.0 {
        return Ok(DrawSpec::sized(int_distribution(move |stream| {
            draw_by_search(stream, p)
        })));
    }
    let log_failure = log(1.0 - p);
    if log_failure == 0.0 {
        return Err(bound.degenerate_error(0, Consequence::Overflow));
    }
    Ok(DrawSpec::sized(int_distribution(move |stream| {
        to_c_long((log1p(-stream.next_double()) / log_failure).ceil())
    })))
}

/// Adds up the probabilities of 1, 2, … until the sum reaches a double. O(count).
fn draw_by_search(stream: &mut Stream, p: f64) -> i64 {
    let q = 1.0 - p;
    let mut count = 1;
    let mut probability = p;
    let mut sum = p;
    let u = stream.next_double();
    while u > sum {
        probability *= q;
        // Rounding may keep the sum below the last doubles before 1: NumPy never returns then, and
        // nothing that it draws is contradicted by ending here.
        if sum + probability == sum {
            break;
        }
        sum += probability;
        count += 1;
    }
    count
}

/// Kemp's second algorithm (Applied Statistics 30, 1981): one double where the first is p or more, as
/// NumPy has it, else two for every try.
pub(super) fn logseries(bound: &mut BoundArguments<'_>) -> Result<DrawSpec, BindError> {
    let p = bound.read_number(0)?;
    if !(0.0..1.0).contains(&p) {
        return Err(bound.rule_error(0, Rule::ProbabilityBelowOne(bound.name(0))));
    }
    let r = log(1.0 - p);
    Ok(DrawSpec::sized(int_distribution(move |stream| {
        loop {
            let v = stream.next_double();
            if v >= p {
                return 1;
            }
            let u = stream.next_double();
            let q = 1.0 - exp(r * u);
            if v <= q * q {
                let result = to_c_long((1.0 + log(v) / log(q)).floor());
                if result >= 1 && v != 0.0 {
                    return result;
                }
            } else {
                return if v >= q { 1 } else { 2 };
            }
        }
    })))
}

/// Rejection from a Pareto distribution (Devroye, Non-Uniform Random Variate Generation, X.6).
pub(super) fn zipf(bound: &mut BoundArguments<'_>) -> Result<DrawSpec, BindError> {
    const MAX_COUNT: f64 = 9_223_372_036_854_775_808.0;
    const LN_MAX_COUNT: f64 = 43.668_272_375_276_55;
    let a = bound.read_number(0)?;
    if a <= 1.0 {
        return Err(bound.rule_error(0, Rule::AboveOne(bound.name(0))));
    }
    let less_one = a - 1.0;
    let b = pow(2.0, less_one);
    if b.is_infinite() || b == 1.0 {
        return Err(bound.degenerate_error(0, Consequence::Endless));
    }
    // The share of tries below 2^63: NumPy draws the others again.
    let tries = bound.expected_tries(0, 1.0 - exp(-less_one * LN_MAX_COUNT))?;
    let law = int_distribution(move |stream| {
        loop {
            let u = 1.0 - stream.next_double();
            let v = stream.next_double();
            let x = pow(u, -1.0 / less_one).floor();
            if !(1.0..=MAX_COUNT).contains(&x) {
                continue;
            }
            let t = pow(1.0 + 1.0 / x, less_one);
            if v * x * (t - 1.0) / (b - 1.0) <= t / b {
                return to_c_long(x);
            }
        }
    });
    Ok(DrawSpec::sized(law).with_min_cost(tries))
}

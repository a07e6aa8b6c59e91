//! Counts with long tails: geometric, logarithmic series, zeta (Zipf).

use super::bound::Bound;
use super::fault::{BindError, Consequence, Rule};
use super::law::ints;
use super::plan::Plan;
use super::stream::{Stream, to_long};
use crate::sweep::math::{exp, log, log1p, pow};

pub(super) fn geometric(bound: &mut Bound<'_>) -> Result<Plan, BindError> {
    let p = bound.number(0)?;
    if !(p > 0.0 && p <= 1.0) {
        return Err(bound.broken(0, Rule::PositiveProbability(bound.name(0))));
    }
    // NumPy's bound between two algorithms: both take one double, yet give other counts for it.
    if p >= 1.0 / 3.0 {
        return Ok(Plan::sized(ints(move |stream| search(stream, p))));
    }
    let log_failure = log(1.0 - p);
    if log_failure == 0.0 {
        return Err(bound.degenerate(0, Consequence::Overflow));
    }
    Ok(Plan::sized(ints(move |stream| {
        to_long((log1p(-stream.double()) / log_failure).ceil())
    })))
}

/// Adds up the probabilities of 1, 2, … until the sum reaches a double. O(count).
fn search(stream: &mut Stream, p: f64) -> i64 {
    let q = 1.0 - p;
    let mut count = 1;
    let mut probability = p;
    let mut sum = p;
    let u = stream.double();
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
pub(super) fn logseries(bound: &mut Bound<'_>) -> Result<Plan, BindError> {
    let p = bound.number(0)?;
    if !(0.0..1.0).contains(&p) {
        return Err(bound.broken(0, Rule::ProbabilityBelowOne(bound.name(0))));
    }
    let r = log(1.0 - p);
    Ok(Plan::sized(ints(move |stream| {
        loop {
            let v = stream.double();
            if v >= p {
                return 1;
            }
            let u = stream.double();
            let q = 1.0 - exp(r * u);
            if v <= q * q {
                let result = to_long((1.0 + log(v) / log(q)).floor());
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
pub(super) fn zipf(bound: &mut Bound<'_>) -> Result<Plan, BindError> {
    const MOST: f64 = 9_223_372_036_854_775_808.0;
    const LN_MOST: f64 = 43.668_272_375_276_55;
    let a = bound.number(0)?;
    if a <= 1.0 {
        return Err(bound.broken(0, Rule::AboveOne(bound.name(0))));
    }
    let less_one = a - 1.0;
    let b = pow(2.0, less_one);
    if b.is_infinite() || b == 1.0 {
        return Err(bound.degenerate(0, Consequence::Endless));
    }
    // The share of tries below 2^63: NumPy draws the others again.
    let tries = bound.tries(0, 1.0 - exp(-less_one * LN_MOST))?;
    let law = ints(move |stream| {
        loop {
            let u = 1.0 - stream.double();
            let v = stream.double();
            let x = pow(u, -1.0 / less_one).floor();
            if !(1.0..=MOST).contains(&x) {
                continue;
            }
            let t = pow(1.0 + 1.0 / x, less_one);
            if v * x * (t - 1.0) / (b - 1.0) <= t / b {
                return to_long(x);
            }
        }
    });
    Ok(Plan::sized(law).costing(tries))
}

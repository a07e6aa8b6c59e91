//! Integers that are all equally likely. The numbers are Python's, of any size, until the ends are
//! known to fit 64 bits.

use super::bound::Bound;
use super::fault::{BindError, Rule};
use super::law::ints;
use super::plan::Plan;
use num_bigint::BigInt;
use num_traits::ToPrimitive;

pub(super) fn randint(bound: &mut Bound<'_>) -> Result<Plan, BindError> {
    let first = bound.integer(0)?;
    if bound.some_literal(1).is_none() {
        return half_open(bound, 0, &BigInt::ZERO, &first);
    }
    let high = bound.integer(1)?;
    half_open(bound, 1, &first, &high)
}

pub(super) fn random_integers(bound: &mut Bound<'_>) -> Result<Plan, BindError> {
    let first = bound.integer(0)?;
    if bound.some_literal(1).is_none() {
        return half_open(bound, 0, &BigInt::from(1), &(first + 1));
    }
    let high = bound.integer(1)? + 1;
    half_open(bound, 1, &first, &high)
}

/// Integers from `low` up to but not including `high`. Errors about `high` are placed at parameter
/// `index`, which gives it.
fn half_open(
    bound: &Bound<'_>,
    index: usize,
    low: &BigInt,
    high: &BigInt,
) -> Result<Plan, BindError> {
    let Some(first) = low.to_i64() else {
        return Err(bound.broken(0, Rule::Int64("low")));
    };
    let last: BigInt = high - 1;
    if last > BigInt::from(i64::MAX) {
        return Err(bound.broken(index, Rule::Int64("high")));
    }
    let range: BigInt = last - first;
    let Some(range) = range.to_u64() else {
        let rule = if first == 0 {
            Rule::HighAboveZero
        } else {
            Rule::LowBelowHigh
        };
        return Err(bound.broken(index, rule));
    };
    Ok(Plan::sized(ints(move |stream| {
        first.wrapping_add_unsigned(stream.bounded(range))
    })))
}

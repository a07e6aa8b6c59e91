//! Integers that are all equally likely. The numbers are Python's, of any size, until the ends are
//! known to fit 64 bits.

use super::arguments::BoundArguments;
use super::distribution::int_distribution;
use super::draw_spec::DrawSpec;
use super::error::{BindError, Rule};
use num_bigint::BigInt;
use num_traits::ToPrimitive;

pub(super) fn randint(bound: &mut BoundArguments<'_>) -> Result<DrawSpec, BindError> {
    let first = bound.read_integer(0)?;
    if bound.literal_unless_none(1).is_none() {
        return uniform_below(bound, 0, &BigInt::ZERO, &first);
    }
    let high = bound.read_integer(1)?;
    uniform_below(bound, 1, &first, &high)
}

pub(super) fn random_integers(bound: &mut BoundArguments<'_>) -> Result<DrawSpec, BindError> {
    let first = bound.read_integer(0)?;
    if bound.literal_unless_none(1).is_none() {
        return uniform_below(bound, 0, &BigInt::from(1), &(first + 1));
    }
    let high = bound.read_integer(1)? + 1;
    uniform_below(bound, 1, &first, &high)
}

/// Integers from `low` up to but not including `high`. Errors about `high` are placed at parameter
/// `index`, which gives it.
fn uniform_below(
    bound: &BoundArguments<'_>,
    index: usize,
    low: &BigInt,
    high: &BigInt,
) -> Result<DrawSpec, BindError> {
    let Some(first) = low.to_i64() else {
        return Err(bound.rule_error(0, Rule::Int64("low")));
    };
    let last: BigInt = high - 1;
    if last > BigInt::from(i64::MAX) {
        return Err(bound.rule_error(index, Rule::Int64("high")));
    }
    let range: BigInt = last - first;
    let Some(range) = range.to_u64() else {
        let rule = if first == 0 {
            Rule::HighAboveZero
        } else {
            Rule::LowBelowHigh
        };
        return Err(bound.rule_error(index, rule));
    };
    Ok(DrawSpec::sized(int_distribution(move |stream| {
        first.wrapping_add_unsigned(stream.draw_bounded(range))
    })))
}

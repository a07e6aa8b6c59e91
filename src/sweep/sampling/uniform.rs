//! Distributions whose values take one double each: uniform, triangular, log-uniform.

use super::arguments::BoundArguments;
use super::distribution::float_distribution;
use super::draw_spec::DrawSpec;
use super::error::{BindError, Rule};
use super::stream::Stream;
use crate::sweep::math::{exp, log};

pub(super) fn random(_: &mut BoundArguments<'_>) -> Result<DrawSpec, BindError> {
    Ok(DrawSpec::sized(float_distribution(Stream::next_double)))
}

pub(super) fn uniform(bound: &mut BoundArguments<'_>) -> Result<DrawSpec, BindError> {
    let low = bound.read_number(0)?;
    let range = bound.read_number(1)? - low;
    if !range.is_finite() {
        return Err(bound.rule_error(1, Rule::FiniteRange));
    }
    Ok(DrawSpec::sized(float_distribution(move |stream| {
        low + range * stream.next_double()
    })))
}

/// Ours: e to the power of NumPy's `uniform(ln low, ln high)`.
pub(super) fn loguniform(bound: &mut BoundArguments<'_>) -> Result<DrawSpec, BindError> {
    let ends = [bound.read_number(0)?, bound.read_number(1)?];
    for (index, end) in ends.into_iter().enumerate() {
        if end <= 0.0 {
            return Err(bound.rule_error(index, Rule::Positive(bound.name(index))));
        }
        if !end.is_finite() {
            return Err(bound.rule_error(index, Rule::FiniteRange));
        }
    }
    let [low, high] = ends.map(log);
    let range = high - low;
    Ok(DrawSpec::sized(float_distribution(move |stream| {
        exp(low + range * stream.next_double())
    })))
}

pub(super) fn triangular(bound: &mut BoundArguments<'_>) -> Result<DrawSpec, BindError> {
    let left = bound.read_number(0)?;
    let mode = bound.read_number(1)?;
    let right = bound.read_number(2)?;
    if left > mode {
        return Err(bound.rule_error(1, Rule::LeftUpToMode));
    }
    if mode > right {
        return Err(bound.rule_error(2, Rule::ModeUpToRight));
    }
    if left == right {
        return Err(bound.rule_error(2, Rule::LeftNotRight));
    }
    let base = right - left;
    let left_base = mode - left;
    let ratio = left_base / base;
    let left_product = left_base * base;
    let right_product = (right - mode) * base;
    Ok(DrawSpec::sized(float_distribution(move |stream| {
        let u = stream.next_double();
        if u <= ratio {
            left + (u * left_product).sqrt()
        } else {
            right - ((1.0 - u) * right_product).sqrt()
        }
    })))
}

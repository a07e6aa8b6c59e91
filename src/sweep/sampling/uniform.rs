//! Distributions whose values take one double each: uniform, triangular, log-uniform.

use super::bound::Bound;
use super::fault::{BindError, Rule};
use super::law::floats;
use super::plan::Plan;
use super::stream::Stream;
use crate::sweep::math::{exp, log};

pub(super) fn random(_: &mut Bound<'_>) -> Result<Plan, BindError> {
    Ok(Plan::sized(floats(Stream::double)))
}

pub(super) fn uniform(bound: &mut Bound<'_>) -> Result<Plan, BindError> {
    let low = bound.number(0)?;
    let range = bound.number(1)? - low;
    if !range.is_finite() {
        return Err(bound.broken(1, Rule::FiniteRange));
    }
    Ok(Plan::sized(floats(move |stream| {
        low + range * stream.double()
    })))
}

/// Ours: e to the power of NumPy's `uniform(ln low, ln high)`.
pub(super) fn loguniform(bound: &mut Bound<'_>) -> Result<Plan, BindError> {
    let ends = [bound.number(0)?, bound.number(1)?];
    for (index, end) in ends.into_iter().enumerate() {
        if end <= 0.0 {
            return Err(bound.broken(index, Rule::Positive(bound.name(index))));
        }
        if !end.is_finite() {
            return Err(bound.broken(index, Rule::FiniteRange));
        }
    }
    let [low, high] = ends.map(log);
    let range = high - low;
    Ok(Plan::sized(floats(move |stream| {
        exp(low + range * stream.double())
    })))
}

pub(super) fn triangular(bound: &mut Bound<'_>) -> Result<Plan, BindError> {
    let left = bound.number(0)?;
    let mode = bound.number(1)?;
    let right = bound.number(2)?;
    if left > mode {
        return Err(bound.broken(1, Rule::LeftUpToMode));
    }
    if mode > right {
        return Err(bound.broken(2, Rule::ModeUpToRight));
    }
    if left == right {
        return Err(bound.broken(2, Rule::LeftNotRight));
    }
    let base = right - left;
    let left_base = mode - left;
    let ratio = left_base / base;
    let left_product = left_base * base;
    let right_product = (right - mode) * base;
    Ok(Plan::sized(floats(move |stream| {
        let u = stream.double();
        if u <= ratio {
            left + (u * left_product).sqrt()
        } else {
            right - ((1.0 - u) * right_product).sqrt()
        }
    })))
}

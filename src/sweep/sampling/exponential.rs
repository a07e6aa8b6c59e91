//! Distributions by inversion: each value is a formula of one double.

use super::bound::Bound;
use super::fault::BindError;
use super::law::floats;
use super::plan::Plan;
use super::stream::Stream;
use crate::sweep::math::{exp, log, log1p, pow};

pub(super) fn standard_exponential(_: &mut Bound<'_>) -> Result<Plan, BindError> {
    Ok(Plan::sized(floats(Stream::exponential)))
}

pub(super) fn exponential(bound: &mut Bound<'_>) -> Result<Plan, BindError> {
    let scale = bound.not_negative(0)?;
    Ok(Plan::sized(floats(move |stream| {
        scale * stream.exponential()
    })))
}

pub(super) fn laplace(bound: &mut Bound<'_>) -> Result<Plan, BindError> {
    let loc = bound.number(0)?;
    let scale = bound.not_negative(1)?;
    Ok(Plan::sized(floats(move |stream| {
        let u = positive_double(stream);
        if u >= 0.5 {
            loc - scale * log(2.0 - u - u)
        } else {
            loc + scale * log(u + u)
        }
    })))
}

pub(super) fn gumbel(bound: &mut Bound<'_>) -> Result<Plan, BindError> {
    let loc = bound.number(0)?;
    let scale = bound.not_negative(1)?;
    Ok(Plan::sized(floats(move |stream| {
        let u = 1.0 - positive_double(stream);
        loc - scale * log(-log(u))
    })))
}

pub(super) fn logistic(bound: &mut Bound<'_>) -> Result<Plan, BindError> {
    let loc = bound.number(0)?;
    let scale = bound.not_negative(1)?;
    Ok(Plan::sized(floats(move |stream| {
        let u = positive_double(stream);
        loc + scale * log(u / (1.0 - u))
    })))
}

/// A double in (0, 1), whose logarithm is finite: zero is drawn again, as in NumPy.
fn positive_double(stream: &mut Stream) -> f64 {
    loop {
        let u = stream.double();
        if u > 0.0 {
            return u;
        }
    }
}

pub(super) fn pareto(bound: &mut Bound<'_>) -> Result<Plan, BindError> {
    let a = bound.positive(0)?;
    Ok(Plan::sized(floats(move |stream| {
        exp(stream.exponential() / a) - 1.0
    })))
}

pub(super) fn power(bound: &mut Bound<'_>) -> Result<Plan, BindError> {
    let exponent = 1.0 / bound.positive(0)?;
    Ok(Plan::sized(floats(move |stream| {
        pow(1.0 - exp(-stream.exponential()), exponent)
    })))
}

pub(super) fn rayleigh(bound: &mut Bound<'_>) -> Result<Plan, BindError> {
    let scale = bound.not_negative(0)?;
    Ok(Plan::sized(floats(move |stream| {
        scale * (-2.0 * log1p(-stream.double())).sqrt()
    })))
}

pub(super) fn weibull(bound: &mut Bound<'_>) -> Result<Plan, BindError> {
    let a = bound.not_negative(0)?;
    if a == 0.0 {
        return Ok(Plan::sized(floats(|_| 0.0)));
    }
    let exponent = 1.0 / a;
    Ok(Plan::sized(floats(move |stream| {
        pow(stream.exponential(), exponent)
    })))
}

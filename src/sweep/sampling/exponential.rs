//! Distributions by inversion: each value is a formula of one double.

use super::arguments::BoundArguments;
use super::distribution::float_distribution;
use super::draw_spec::DrawSpec;
use super::error::BindError;
use super::stream::Stream;
use crate::sweep::math::{exp, log, log1p, pow};

pub(super) fn standard_exponential(_: &mut BoundArguments<'_>) -> Result<DrawSpec, BindError> {
    Ok(DrawSpec::sized(float_distribution(
        Stream::draw_exponential,
    )))
}

pub(super) fn exponential(bound: &mut BoundArguments<'_>) -> Result<DrawSpec, BindError> {
    let scale = bound.read_non_negative(0)?;
    Ok(DrawSpec::sized(float_distribution(move |stream| {
        scale * stream.draw_exponential()
    })))
}

pub(super) fn laplace(bound: &mut BoundArguments<'_>) -> Result<DrawSpec, BindError> {
    let loc = bound.read_number(0)?;
    let scale = bound.read_non_negative(1)?;
    Ok(DrawSpec::sized(float_distribution(move |stream| {
        let u = draw_positive_double(stream);
        if u >= 0.5 {
            loc - scale * log(2.0 - u - u)
        } else {
            loc + scale * log(u + u)
        }
    })))
}

pub(super) fn gumbel(bound: &mut BoundArguments<'_>) -> Result<DrawSpec, BindError> {
    let loc = bound.read_number(0)?;
    let scale = bound.read_non_negative(1)?;
    Ok(DrawSpec::sized(float_distribution(move |stream| {
        let u = 1.0 - draw_positive_double(stream);
        loc - scale * log(-log(u))
    })))
}

pub(super) fn logistic(bound: &mut BoundArguments<'_>) -> Result<DrawSpec, BindError> {
    let loc = bound.read_number(0)?;
    let scale = bound.read_non_negative(1)?;
    Ok(DrawSpec::sized(float_distribution(move |stream| {
        let u = draw_positive_double(stream);
        loc + scale * log(u / (1.0 - u))
    })))
}

/// A double in (0, 1), whose logarithm is finite: zero is drawn again, as in NumPy.
fn draw_positive_double(stream: &mut Stream) -> f64 {
    loop {
        let u = stream.next_double();
        if u > 0.0 {
            return u;
        }
    }
}

pub(super) fn pareto(bound: &mut BoundArguments<'_>) -> Result<DrawSpec, BindError> {
    let a = bound.read_positive(0)?;
    Ok(DrawSpec::sized(float_distribution(move |stream| {
        exp(stream.draw_exponential() / a) - 1.0
    })))
}

pub(super) fn power(bound: &mut BoundArguments<'_>) -> Result<DrawSpec, BindError> {
    let exponent = 1.0 / bound.read_positive(0)?;
    Ok(DrawSpec::sized(float_distribution(move |stream| {
        pow(1.0 - exp(-stream.draw_exponential()), exponent)
    })))
}

pub(super) fn rayleigh(bound: &mut BoundArguments<'_>) -> Result<DrawSpec, BindError> {
    let scale = bound.read_non_negative(0)?;
    Ok(DrawSpec::sized(float_distribution(move |stream| {
        scale * (-2.0 * log1p(-stream.next_double())).sqrt()
    })))
}

pub(super) fn weibull(bound: &mut BoundArguments<'_>) -> Result<DrawSpec, BindError> {
    let a = bound.read_non_negative(0)?;
    if a == 0.0 {
        return Ok(DrawSpec::sized(float_distribution(|_| 0.0)));
    }
    let exponent = 1.0 / a;
    Ok(DrawSpec::sized(float_distribution(move |stream| {
        pow(stream.draw_exponential(), exponent)
    })))
}

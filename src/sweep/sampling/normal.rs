//! Distributions made of normals: normal, log-normal, Cauchy, Wald. Normals come in pairs, and the second
//! of a pair waits in the stream (see [`Stream`]), so the order of draws within a value matters.

use super::arguments::BoundArguments;
use super::distribution::float_distribution;
use super::draw_spec::DrawSpec;
use super::error::BindError;
use super::stream::Stream;
use crate::sweep::math::exp;

pub(super) fn standard_normal(_: &mut BoundArguments<'_>) -> Result<DrawSpec, BindError> {
    Ok(DrawSpec::sized(float_distribution(Stream::draw_normal)))
}

pub(super) fn normal(bound: &mut BoundArguments<'_>) -> Result<DrawSpec, BindError> {
    let loc = bound.read_number(0)?;
    let scale = bound.read_non_negative(1)?;
    Ok(DrawSpec::sized(float_distribution(move |stream| {
        loc + scale * stream.draw_normal()
    })))
}

pub(super) fn lognormal(bound: &mut BoundArguments<'_>) -> Result<DrawSpec, BindError> {
    let mean = bound.read_number(0)?;
    let sigma = bound.read_non_negative(1)?;
    Ok(DrawSpec::sized(float_distribution(move |stream| {
        exp(mean + sigma * stream.draw_normal())
    })))
}

pub(super) fn standard_cauchy(_: &mut BoundArguments<'_>) -> Result<DrawSpec, BindError> {
    Ok(DrawSpec::sized(float_distribution(|stream| {
        let numerator = stream.draw_normal();
        numerator / stream.draw_normal()
    })))
}

/// The inverse Gaussian (Michael, Schucany and Haas, The American Statistician 30, 1976).
pub(super) fn wald(bound: &mut BoundArguments<'_>) -> Result<DrawSpec, BindError> {
    let mean = bound.read_positive(0)?;
    let scale = bound.read_positive(1)?;
    let half = mean / (2.0 * scale);
    Ok(DrawSpec::sized(float_distribution(move |stream| {
        let z = stream.draw_normal();
        let y = mean * z * z;
        let x = mean + half * (y - (4.0 * scale * y + y * y).sqrt());
        let u = stream.next_double();
        if u <= mean / (mean + x) {
            x
        } else {
            mean * mean / x
        }
    })))
}

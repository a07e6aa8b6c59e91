//! Distributions made of normals: normal, log-normal, Cauchy, Wald. Normals come in pairs, and the second
//! of a pair waits in the stream (see [`Stream`]), so the order of draws within a value matters.

use super::bound::Bound;
use super::fault::BindError;
use super::law::floats;
use super::plan::Plan;
use super::stream::Stream;
use crate::sweep::math::exp;

pub(super) fn standard_normal(_: &mut Bound<'_>) -> Result<Plan, BindError> {
    Ok(Plan::sized(floats(Stream::normal)))
}

pub(super) fn normal(bound: &mut Bound<'_>) -> Result<Plan, BindError> {
    let loc = bound.number(0)?;
    let scale = bound.not_negative(1)?;
    Ok(Plan::sized(floats(move |stream| {
        loc + scale * stream.normal()
    })))
}

pub(super) fn lognormal(bound: &mut Bound<'_>) -> Result<Plan, BindError> {
    let mean = bound.number(0)?;
    let sigma = bound.not_negative(1)?;
    Ok(Plan::sized(floats(move |stream| {
        exp(mean + sigma * stream.normal())
    })))
}

pub(super) fn standard_cauchy(_: &mut Bound<'_>) -> Result<Plan, BindError> {
    Ok(Plan::sized(floats(|stream| {
        let numerator = stream.normal();
        numerator / stream.normal()
    })))
}

/// The inverse Gaussian (Michael, Schucany and Haas, The American Statistician 30, 1976).
pub(super) fn wald(bound: &mut Bound<'_>) -> Result<Plan, BindError> {
    let mean = bound.positive(0)?;
    let scale = bound.positive(1)?;
    let half = mean / (2.0 * scale);
    Ok(Plan::sized(floats(move |stream| {
        let z = stream.normal();
        let y = mean * z * z;
        let x = mean + half * (y - (4.0 * scale * y + y * y).sqrt());
        let u = stream.double();
        if u <= mean / (mean + x) {
            x
        } else {
            mean * mean / x
        }
    })))
}

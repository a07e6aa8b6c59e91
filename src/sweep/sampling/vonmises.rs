//! Angles: the von Mises distribution (Best and Fisher, Applied Statistics 28, 1979).
//!
//! The one distribution that is not NumPy's bit for bit in every draw: see [`crate::sweep::math`].

use super::arguments::BoundArguments;
use super::distribution::float_distribution;
use super::draw_spec::DrawSpec;
use super::error::{BindError, Consequence};
use super::stream::Stream;
use crate::sweep::math::{acos, cos, log};
use std::f64::consts::PI;

pub(super) fn vonmises(bound: &mut BoundArguments<'_>) -> Result<DrawSpec, BindError> {
    let mu = bound.read_number(0)?;
    let kappa = bound.read_non_negative(1)?;
    if kappa < 1e-8 {
        return Ok(DrawSpec::sized(float_distribution(|stream| {
            PI * (2.0 * stream.next_double() - 1.0)
        })));
    }
    let s = envelope_parameter(kappa);
    // A peak so sharp that rounding leaves nothing to accept: NumPy would never return.
    if s.is_nan() || s <= 1.0 {
        return Err(bound.degenerate_error(1, Consequence::Endless));
    }
    Ok(DrawSpec::sized(float_distribution(move |stream| {
        let angle = acos(draw_cosine(stream, kappa, s));
        // The sign comes from a double of its own, after the accepted try.
        let angle = if stream.next_double() < 0.5 {
            -angle
        } else {
            angle
        };
        wrap_angle(angle + mu)
    })))
}

/// The constant s of Best and Fisher's wrapped Cauchy envelope, above 1. NumPy takes the first terms of
/// its series for small kappa, where the formula cancels.
fn envelope_parameter(kappa: f64) -> f64 {
    if kappa < 1e-5 {
        return 1.0 / kappa + kappa;
    }
    let r = 1.0 + (1.0 + 4.0 * kappa * kappa).sqrt();
    let rho = (r - (2.0 * r).sqrt()) / (2.0 * kappa);
    (1.0 + rho * rho) / (2.0 * rho)
}

/// The cosine of an angle, by rejection from a wrapped Cauchy distribution: two doubles for every try.
fn draw_cosine(stream: &mut Stream, kappa: f64, s: f64) -> f64 {
    loop {
        let z = cos(PI * stream.next_double());
        let w = (1.0 + s * z) / (s + z);
        let y = kappa * (s - w);
        let v = stream.next_double();
        if y * (2.0 - y) - v >= 0.0 || log(y / v) + 1.0 - y >= 0.0 {
            return w;
        }
    }
}

/// The angle plus a multiple of 2π that lies between -π and π.
fn wrap_angle(angle: f64) -> f64 {
    let folded = (angle.abs() + PI) % (2.0 * PI) - PI;
    if angle < 0.0 { -folded } else { folded }
}

//! Gamma distributions and what is made of them: chi-square, F, Student's t, beta.
//!
//! A value takes as many doubles and normals as its rejected tries need, and a normal that is left
//! over from the polar method stays in the stream for whatever asks next. So with two variables in a
//! formula the order in which they are drawn is part of the result; below, `let` fixes it where C's
//! expressions did.

use super::arguments::BoundArguments;
use super::distribution::float_distribution;
use super::draw_spec::DrawSpec;
use super::error::BindError;
use super::poisson::Poisson;
use super::stream::Stream;
use crate::sweep::math::{exp, log, pow};

/// The gamma distribution with scale 1: NumPy's `legacy_standard_gamma`, its cases told apart once.
#[derive(Clone, Copy)]
pub(super) enum Gamma {
    /// Shape 0: always 0, without a draw.
    Zero,
    /// Shape 1, by inversion: one double.
    Exponential,
    /// Shape below 1 (Ahrens and Dieter's GS in Devroye's form).
    Small { shape: f64, inverse: f64 },
    /// Shape above 1 (Marsaglia and Tsang, ACM TOMS 26, 2000).
    Large { b: f64, c: f64 },
}

impl Gamma {
    pub(super) fn new(shape: f64) -> Gamma {
        if shape == 1.0 {
            Gamma::Exponential
        } else if shape == 0.0 {
            Gamma::Zero
        } else if shape < 1.0 {
            Gamma::Small {
                shape,
                inverse: 1.0 / shape,
            }
        } else {
            let b = shape - 1.0 / 3.0;
            Gamma::Large {
                b,
                c: 1.0 / (9.0 * b).sqrt(),
            }
        }
    }

    pub(super) fn draw(self, stream: &mut Stream) -> f64 {
        match self {
            Gamma::Zero => 0.0,
            Gamma::Exponential => stream.draw_exponential(),
            Gamma::Small { shape, inverse } => draw_small_shape(stream, shape, inverse),
            Gamma::Large { b, c } => draw_large_shape(stream, b, c),
        }
    }
}

/// Takes a double and an exponential (one double more) for every try.
fn draw_small_shape(stream: &mut Stream, shape: f64, inverse: f64) -> f64 {
    // Both are drawn before u chooses the side: the power near zero, or the exponential tail.
    loop {
        let u = stream.next_double();
        let v = stream.draw_exponential();
        if u <= 1.0 - shape {
            let x = pow(u, inverse);
            if x <= v {
                return x;
            }
        } else {
            let y = -log((1.0 - u) / shape);
            let x = pow(1.0 - shape + shape * y, inverse);
            if x <= v + y {
                return x;
            }
        }
    }
}

/// Takes a normal for every try, and a double for those whose cube is positive.
fn draw_large_shape(stream: &mut Stream, b: f64, c: f64) -> f64 {
    loop {
        // A normal with v ≤ 0 is drawn again before the double is: taking both at once would be one
        // double ahead of NumPy.
        let x = stream.draw_normal();
        let v = 1.0 + c * x;
        if v <= 0.0 {
            continue;
        }
        let v = v * v * v;
        // The squeeze accepts nearly all; only the others need logarithms.
        let u = stream.next_double();
        if u < 1.0 - 0.0331 * (x * x) * (x * x) {
            return b * v;
        }
        if log(u) < 0.5 * x * x + b * (1.0 - v + log(v)) {
            return b * v;
        }
    }
}

/// The chi-square distribution: twice a gamma of half the degrees of freedom.
#[derive(Clone, Copy)]
struct ChiSquare(Gamma);

impl ChiSquare {
    fn new(df: f64) -> ChiSquare {
        ChiSquare(Gamma::new(df / 2.0))
    }

    fn draw(self, stream: &mut Stream) -> f64 {
        2.0 * self.0.draw(stream)
    }
}

/// The noncentral chi-square distribution.
#[derive(Clone, Copy)]
enum NoncentralChiSquare {
    Central(ChiSquare),
    /// More than one degree of freedom: a chi-square of one less, and the square of a shifted normal.
    Shifted {
        rest: ChiSquare,
        shift: f64,
    },
    /// Up to one degree of freedom: a chi-square whose degrees grow by twice a Poisson count.
    Mixed {
        df: f64,
        count: Poisson,
    },
}

impl NoncentralChiSquare {
    fn new(df: f64, nonc: f64) -> NoncentralChiSquare {
        if nonc == 0.0 {
            NoncentralChiSquare::Central(ChiSquare::new(df))
        } else if df > 1.0 {
            NoncentralChiSquare::Shifted {
                rest: ChiSquare::new(df - 1.0),
                shift: nonc.sqrt(),
            }
        } else {
            NoncentralChiSquare::Mixed {
                df,
                count: Poisson::new(nonc / 2.0),
            }
        }
    }

    fn draw(&self, stream: &mut Stream) -> f64 {
        match self {
            NoncentralChiSquare::Central(chi_square) => chi_square.draw(stream),
            NoncentralChiSquare::Shifted { rest, shift } => {
                // The chi-square first: its normals may leave one over, which `n` then takes.
                let chi_square = rest.draw(stream);
                let n = stream.draw_normal() + shift;
                chi_square + n * n
            }
            NoncentralChiSquare::Mixed { df, count } => {
                let twice = count.draw(stream).wrapping_mul(2);
                ChiSquare::new(df + twice as f64).draw(stream)
            }
        }
    }
}

pub(super) fn standard_gamma(bound: &mut BoundArguments<'_>) -> Result<DrawSpec, BindError> {
    let gamma = Gamma::new(bound.read_non_negative(0)?);
    Ok(DrawSpec::sized(float_distribution(move |stream| {
        gamma.draw(stream)
    })))
}

pub(super) fn gamma(bound: &mut BoundArguments<'_>) -> Result<DrawSpec, BindError> {
    let gamma = Gamma::new(bound.read_non_negative(0)?);
    let scale = bound.read_non_negative(1)?;
    Ok(DrawSpec::sized(float_distribution(move |stream| {
        scale * gamma.draw(stream)
    })))
}

pub(super) fn chisquare(bound: &mut BoundArguments<'_>) -> Result<DrawSpec, BindError> {
    let chi_square = ChiSquare::new(bound.read_positive(0)?);
    Ok(DrawSpec::sized(float_distribution(move |stream| {
        chi_square.draw(stream)
    })))
}

pub(super) fn f(bound: &mut BoundArguments<'_>) -> Result<DrawSpec, BindError> {
    let dfnum = bound.read_positive(0)?;
    let dfden = bound.read_positive(1)?;
    let (above, below) = (ChiSquare::new(dfnum), ChiSquare::new(dfden));
    Ok(DrawSpec::sized(float_distribution(move |stream| {
        // The numerator is drawn first, and each is multiplied by the other's degrees of freedom:
        // NumPy's order, which rounds otherwise than a quotient of means.
        let numerator = above.draw(stream) * dfden;
        numerator / (below.draw(stream) * dfnum)
    })))
}

pub(super) fn noncentral_chisquare(bound: &mut BoundArguments<'_>) -> Result<DrawSpec, BindError> {
    let df = bound.read_positive(0)?;
    let noncentral = NoncentralChiSquare::new(df, bound.read_non_negative(1)?);
    Ok(DrawSpec::sized(float_distribution(move |stream| {
        noncentral.draw(stream)
    })))
}

pub(super) fn noncentral_f(bound: &mut BoundArguments<'_>) -> Result<DrawSpec, BindError> {
    let dfnum = bound.read_positive(0)?;
    let dfden = bound.read_positive(1)?;
    let above = NoncentralChiSquare::new(dfnum, bound.read_non_negative(2)?);
    let below = ChiSquare::new(dfden);
    Ok(DrawSpec::sized(float_distribution(move |stream| {
        let numerator = above.draw(stream) * dfden;
        numerator / (below.draw(stream) * dfnum)
    })))
}

pub(super) fn standard_t(bound: &mut BoundArguments<'_>) -> Result<DrawSpec, BindError> {
    let half = bound.read_positive(0)? / 2.0;
    let root = half.sqrt();
    let gamma = Gamma::new(half);
    Ok(DrawSpec::sized(float_distribution(move |stream| {
        // The normal before the gamma: a gamma takes normals too, and each goes where NumPy's goes.
        let numerator = stream.draw_normal();
        root * numerator / gamma.draw(stream).sqrt()
    })))
}

pub(super) fn beta(bound: &mut BoundArguments<'_>) -> Result<DrawSpec, BindError> {
    let a = bound.read_positive(0)?;
    let b = bound.read_positive(1)?;
    // Two algorithms that take different draws; the bounds are NumPy's, 1 included.
    if a <= 1.0 && b <= 1.0 {
        return Ok(DrawSpec::sized(float_distribution(move |stream| {
            draw_johnk(stream, a, b)
        })));
    }
    let (first, second) = (Gamma::new(a), Gamma::new(b));
    Ok(DrawSpec::sized(float_distribution(move |stream| {
        let first = first.draw(stream);
        first / (first + second.draw(stream))
    })))
}

/// Beta with both parameters up to 1 (Jöhnk, Metrika 8, 1964): two doubles for every try.
fn draw_johnk(stream: &mut Stream, a: f64, b: f64) -> f64 {
    loop {
        let u = stream.next_double();
        let v = stream.next_double();
        let x = pow(u, 1.0 / a);
        let y = pow(v, 1.0 / b);
        if x + y > 1.0 {
            continue;
        }
        if x + y > 0.0 {
            return x / (x + y);
        }
        // Both powers vanished: the quotient by logarithms, less the larger one so that neither
        // exponential does.
        let log_x = log(u) / a;
        let log_y = log(v) / b;
        let most = if log_x > log_y { log_x } else { log_y };
        let (log_x, log_y) = (log_x - most, log_y - most);
        return exp(log_x - log(exp(log_x) + exp(log_y)));
    }
}

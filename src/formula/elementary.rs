//! The one place where this language meets elementary functions.

/// Natural logarithm.
pub(super) fn log(x: f64) -> f64 {
    x.ln()
}

/// e to the power `x`.
pub(super) fn exp(x: f64) -> f64 {
    x.exp()
}

/// `x` to the power `y`.
pub(super) fn pow(x: f64, y: f64) -> f64 {
    x.powf(y)
}

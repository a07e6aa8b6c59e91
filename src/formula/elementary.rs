//! The one place where formulas and estimates meet elementary functions.

/// Natural logarithm.
pub(crate) fn log(x: f64) -> f64 {
    x.ln()
}

/// e to the power `x`.
pub(crate) fn exp(x: f64) -> f64 {
    x.exp()
}

/// `x` to the power `y`.
pub(crate) fn pow(x: f64, y: f64) -> f64 {
    x.powf(y)
}

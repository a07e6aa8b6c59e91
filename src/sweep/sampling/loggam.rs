//! The logarithm of the gamma function as NumPy's generator computes it (Zhang and Jin, Computation
//! of Special Functions, 1996): Stirling's series from 7 up, and recurrence below.

use super::stream::to_long;
use crate::sweep::math::log;

/// The coefficients of Stirling's series, from the last term to the first.
const A: [f64; 10] = [
    -1.392_432_216_905_9e+00,
    1.796_443_723_688_307e-01,
    -2.955_065_359_477_124e-02,
    6.410_256_410_256_41e-03,
    -1.917_526_917_526_918e-03,
    8.417_508_417_508_418e-04,
    -5.952_380_952_380_952e-04,
    7.936_507_936_507_937e-04,
    -2.777_777_777_777_778e-03,
    8.333_333_333_333_333e-02,
];
/// ln 2π.
const LOG_2_PI: f64 = 1.837_877_066_409_345_3;

/// ln Γ(x) for x > 0. O(1).
pub(super) fn loggam(x: f64) -> f64 {
    if x == 1.0 || x == 2.0 {
        return 0.0;
    }
    let steps = if x < 7.0 { to_long(7.0 - x) } else { 0 };
    let mut x0 = x + steps as f64;
    let inverse = 1.0 / x0;
    let x2 = inverse * inverse;
    let [first, rest @ ..] = A;
    let series = rest.iter().fold(first, |sum, a| sum * x2 + a);
    let mut result = series / x0 + 0.5 * LOG_2_PI + (x0 - 0.5) * log(x0) - x0;
    for _ in 0..steps {
        result -= log(x0 - 1.0);
        x0 -= 1.0;
    }
    result
}

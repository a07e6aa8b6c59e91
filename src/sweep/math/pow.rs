//! Powers, by the algorithm of Arm's optimized routines (`pow.c`, MIT; see
//! LICENSES/optimized-routines.txt): ln x to about 68 bits, times y, through the exponential.

use super::exp::{SIGN_BIAS, exp_with_tail};
use super::log::{LN2_HIGH, LN2_LOW};
use super::pow_data::POINTS;
use super::top12;

/// The coefficients of the logarithm's polynomial, scaled for the powers of -r²/2 that it is summed in.
const A: [f64; 7] = [
    f64::from_bits(0xbfe0_0000_0000_0000),
    f64::from_bits(0xbfe5_5555_5555_5560),
    f64::from_bits(0x3fe0_0000_0000_0006),
    f64::from_bits(0x3fe9_9999_9959_554e),
    f64::from_bits(0xbfe5_5555_5529_a47a),
    f64::from_bits(0xbff2_495b_9b48_45e9),
    f64::from_bits(0x3ff0_002b_8b26_3fc3),
];
/// The bits of the lower end of the table's interval.
const OFFSET: u64 = 0x3fe6_9555_0000_0000;
const ONE: u64 = 0x3ff0_0000_0000_0000;
const SIGN: u64 = 1 << 63;

/// x to the power of y, within 0.52 units in the last place; special cases as C's `pow`. O(1).
pub fn pow(x: f64, y: f64) -> f64 {
    let mut bits = x.to_bits();
    let exponent = top12(y.to_bits()) & 0x7ff;
    // From 2^-65 to 2^63 the exponent y needs no care.
    let ordinary_y = (0x3be..0x43e).contains(&exponent);
    let mut sign_bias = 0;
    // Zeros, subnormals, negative numbers, infinities and NaN; then |x| goes on, the sign aside.
    if !(0x001..0x7ff).contains(&top12(bits)) || !ordinary_y {
        if let Some(result) = special(x, y) {
            return result;
        }
        if x < 0.0 {
            if parity(y) == Parity::Odd {
                sign_bias = SIGN_BIAS;
            }
            bits &= !SIGN;
        }
        if !ordinary_y {
            return extreme_exponent(bits, y, exponent);
        }
        if bits < f64::MIN_POSITIVE.to_bits() {
            bits = (f64::from_bits(bits) * 4_503_599_627_370_496.0).to_bits();
            bits = bits.wrapping_sub(52 << 52);
        }
    }
    // y·ln x in two parts, since the exponential multiplies a relative error by the size of its argument.
    let (high, low) = log_in_two_parts(bits);
    let product = y * high;
    let tail = y.mul_add(low, y.mul_add(high, -product));
    exp_with_tail(product, tail, sign_bias)
}

/// The cases that need no logarithm: zeros, infinities, NaN, and what has no real value.
fn special(x: f64, y: f64) -> Option<f64> {
    if y == 0.0 || x == 1.0 {
        return Some(1.0);
    }
    if x.is_nan() || y.is_nan() {
        return Some(x + y);
    }
    if y.is_infinite() {
        return Some(if x == -1.0 {
            1.0
        } else if (x.abs() < 1.0) == (y > 0.0) {
            0.0
        } else {
            f64::INFINITY
        });
    }
    if x == 0.0 || x.is_infinite() {
        let square = if x.is_sign_negative() && parity(y) == Parity::Odd {
            -(x * x)
        } else {
            x * x
        };
        return Some(if y < 0.0 { 1.0 / square } else { square });
    }
    (x < 0.0 && parity(y) == Parity::NotWhole).then_some(f64::NAN)
}

/// x^y for a y whose magnitude is below 2^-65 or from 2^63 up; `bits` are those of |x|.
fn extreme_exponent(bits: u64, y: f64, exponent: u32) -> f64 {
    if bits == ONE {
        1.0
    } else if exponent < 0x3be {
        if bits > ONE { 1.0 + y } else { 1.0 - y }
    } else if (bits > ONE) == (y > 0.0) {
        f64::INFINITY
    } else {
        0.0
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Parity {
    NotWhole,
    Odd,
    Even,
}

/// Whether a finite y is a whole number, and which kind.
fn parity(y: f64) -> Parity {
    let half = y * 0.5;
    if y.floor() != y {
        Parity::NotWhole
    } else if half.floor() == half {
        Parity::Even
    } else {
        Parity::Odd
    }
}

/// ln of the positive double with these bits (exponents below the normal range continued), as a
/// double and what is missing from it, to a relative error of about 2^-68.
fn log_in_two_parts(bits: u64) -> (f64, f64) {
    let above = bits.wrapping_sub(OFFSET);
    let [inverse, log_c, log_c_tail] = POINTS[((above >> 45) % 128) as usize].map(f64::from_bits);
    let k = (above.cast_signed() >> 52) as f64;
    let z = f64::from_bits(bits.wrapping_sub(above & (0xfff << 52)));
    let r = z.mul_add(inverse, -1.0);
    // k·ln 2 + ln c + r - r²/2 is summed from the largest term down, each `low…` being what one sum lost.
    let t1 = k.mul_add(LN2_HIGH, log_c);
    let t2 = t1 + r;
    let low1 = k.mul_add(LN2_LOW, log_c_tail);
    let low2 = t1 - t2 + r;
    let ar = A[0] * r;
    let ar2 = r * ar;
    let ar3 = r * ar2;
    let high = t2 + ar2;
    let low3 = ar.mul_add(r, -ar2);
    let low4 = t2 - high + ar2;
    let p = ar2.mul_add(r.mul_add(A[6], A[5]), r.mul_add(A[4], A[3]));
    let p = ar2.mul_add(p, r.mul_add(A[2], A[1]));
    let low = ar3.mul_add(p, low1 + low2 + low3 + low4);
    let result = high + low;
    (result, high - result + low)
}

//! The exponential function, by the algorithm of Arm's optimized routines (`exp.c`, MIT; see
//! LICENSES/optimized-routines.txt): x = k·ln2/128 + r, a table of 2^(k/128) and a polynomial of
//! degree five in r.

use super::exp_data::POWERS_OF_TWO;
use super::{SHIFT, top12};

// 128/ln 2; -ln 2/128 in two parts, of which the high one is exact times k; the polynomial.
const INVERSE_LN2_N: f64 = f64::from_bits(0x4067_1547_652b_82fe);
const MINUS_LN2_HIGH_N: f64 = f64::from_bits(0xbf76_2e42_fefa_0000);
const MINUS_LN2_LOW_N: f64 = f64::from_bits(0xbd0c_f79a_bc9e_3b3a);
const C2: f64 = f64::from_bits(0x3fdf_ffff_ffff_fdbd);
const C3: f64 = f64::from_bits(0x3fc5_5555_5555_543c);
const C4: f64 = f64::from_bits(0x3fa5_5555_cf17_2b91);
const C5: f64 = f64::from_bits(0x3f81_1111_67a4_d017);

/// The exponent of 2^-54: arguments below it give 1 + x.
const TINY: u32 = 0x3c9;
/// The exponent of 512: arguments from there on need care about overflow.
const LARGE: u32 = 0x408;
/// The exponent of 1024: the result is surely out of range.
const HUGE: u32 = 0x409;

/// e to the power of x, within 0.51 units in the last place.
///
/// Infinite above 709.78, zero below -745.13. O(1).
pub fn exp(x: f64) -> f64 {
    exp_with_tail(x, 0.0, 0)
}

/// ±e^(x + tail), for |tail| < 2^-15 and not above |x|. `sign_bias` is [`SIGN_BIAS`] for the
/// negative result, otherwise 0.
pub(super) fn exp_with_tail(x: f64, tail: f64, sign_bias: u64) -> f64 {
    let magnitude = top12(x.to_bits()) & 0x7ff;
    let ordinary = (TINY..LARGE).contains(&magnitude);
    if !(TINY..HUGE).contains(&magnitude) {
        return out_of_range(x, magnitude, sign_bias);
    }
    // k is 128·x/ln 2 rounded; the low bits of the shifted sum hold it as an integer. Its last seven bits
    // choose the table's entry, the others go into the exponent.
    let shifted = INVERSE_LN2_N.mul_add(x, SHIFT);
    let index = shifted.to_bits();
    let k = shifted - SHIFT;
    let r = k.mul_add(MINUS_LN2_LOW_N, k.mul_add(MINUS_LN2_HIGH_N, x)) + tail;
    let [low, high] = POWERS_OF_TWO[(index % 128) as usize];
    let scale = high.wrapping_add(index.wrapping_add(sign_bias) << 45);
    let r2 = r * r;
    let head = r2.mul_add(r.mul_add(C3, C2), f64::from_bits(low) + r);
    let fraction = (r2 * r2).mul_add(r.mul_add(C5, C4), head);
    if !ordinary {
        return near_the_limits(fraction, scale, index);
    }
    let scale = f64::from_bits(scale);
    scale.mul_add(fraction, scale)
}

/// Added to k, it sets the sign of the result: bit 11 above the table's seven.
pub(super) const SIGN_BIAS: u64 = 0x800 << 7;

/// Where the table is not needed: tiny arguments, infinities, NaN, and results that leave the range.
fn out_of_range(x: f64, magnitude: u32, sign_bias: u64) -> f64 {
    let result = if magnitude < TINY || magnitude == 0x7ff && x != f64::NEG_INFINITY {
        1.0 + x
    } else if x < 0.0 {
        0.0
    } else {
        f64::INFINITY
    };
    if sign_bias == 0 { result } else { -result }
}

/// scale·(1 + fraction) where the exponent of `scale` may have left its range.
fn near_the_limits(fraction: f64, scale: u64, index: u64) -> f64 {
    const TWO_1009: f64 = f64::from_bits((1023 + 1009) << 52);
    const SMALLEST_NORMAL: f64 = f64::MIN_POSITIVE;
    if index & 0x8000_0000 == 0 {
        let scale = f64::from_bits(scale.wrapping_sub(1009 << 52));
        return TWO_1009 * scale.mul_add(fraction, scale);
    }
    let bits = scale.wrapping_add(1022 << 52);
    let scale = f64::from_bits(bits);
    // Not fused: glibc's compiler shares this product between the two sums.
    let product = scale * fraction;
    let mut y = scale + product;
    if y.abs() < 1.0 {
        // The result is subnormal: round once, to its precision, before scaling.
        let one = 1.0_f64.copysign(y);
        let low = scale - y + product;
        let high = one + y;
        let low = one - high + y + low;
        y = high + low - one;
        if y == 0.0 {
            y = f64::from_bits(bits & (1 << 63));
        }
    }
    SMALLEST_NORMAL * y
}

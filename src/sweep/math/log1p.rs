//! ln(1 + x), by the algorithm of Sun's fdlibm (`s_log1p.c`; see LICENSES/fdlibm.txt), its
//! polynomial summed in pairs as glibc does: 1 + x = 2^k·(1 + f), s = f/(2 + f), and an odd
//! polynomial in s.

// ln 2 in two parts: the high one has so few digits that its product with an exponent is exact.
const LN2_HIGH: f64 = f64::from_bits(0x3fe6_2e42_fee0_0000);
const LN2_LOW: f64 = f64::from_bits(0x3dea_39ef_3579_3c76);
/// The coefficients of the polynomial in s².
const L: [f64; 7] = [
    f64::from_bits(0x3fe5_5555_5555_5593),
    f64::from_bits(0x3fd9_9999_9997_fa04),
    f64::from_bits(0x3fd2_4924_9422_9359),
    f64::from_bits(0x3fcc_71c5_1d8e_78af),
    f64::from_bits(0x3fc7_4664_96cb_03de),
    f64::from_bits(0x3fc3_9a09_d078_c69f),
    f64::from_bits(0x3fc2_f112_df3e_5244),
];

/// The natural logarithm of 1 + x, accurate also for small x, within one unit in the last place.
///
/// Minus infinity at -1, NaN below. O(1).
pub fn log1p(x: f64) -> f64 {
    if x.is_nan() || x == f64::INFINITY {
        return x;
    }
    if x <= -1.0 {
        return if x == -1.0 {
            f64::NEG_INFINITY
        } else {
            f64::NAN
        };
    }
    let top = (x.to_bits() >> 32) as u32;
    let magnitude = top & 0x7fff_ffff;
    if magnitude < 0x3e20_0000 {
        // Below 2^-29 two terms of the series are enough, below 2^-54 one.
        return if magnitude < 0x3c90_0000 {
            x
        } else {
            x - x * x * 0.5
        };
    }
    // While 1 + x lies between √2/2 and √2, x is f itself.
    let near = magnitude < 0x3fda_827a && (x > 0.0 || top <= 0xbfd2_bec3);
    let Reduced {
        k,
        f,
        correction,
        upper,
    } = if near {
        Reduced {
            k: 0.0,
            f: x,
            correction: 0.0,
            upper: 1,
        }
    } else {
        reduce(x)
    };
    let half_square = 0.5 * f * f;
    if upper == 0 {
        return nearly_a_power_of_two(k, f, correction, half_square);
    }
    // Pairs of coefficients are summed by powers of s², fused as glibc's compiler fuses them.
    let s = f / (2.0 + f);
    let z = s * s;
    let z2 = z * z;
    let z4 = z2 * z2;
    let z6 = z4 * z2;
    let r = z.mul_add(L[0], z2 * z.mul_add(L[2], L[1]));
    let r = z6.mul_add(z.mul_add(L[6], L[5]), z4.mul_add(z.mul_add(L[4], L[3]), r));
    if k == 0.0 {
        return f - (half_square - s * (half_square + r));
    }
    let low = s * (half_square + r) + k.mul_add(LN2_LOW, correction);
    k.mul_add(LN2_HIGH, -((half_square - low) - f))
}

/// 1 + x as 2^k·(1 + f); `correction`, what rounding 1 + x lost, divided by 1 + x; and the upper bits of
/// f's magnitude, zero when |f| < 2^-20.
struct Reduced {
    k: f64,
    f: f64,
    correction: f64,
    upper: u32,
}

/// Splits 1 + x, with 1 + f between √2/2 and √2.
fn reduce(x: f64) -> Reduced {
    // From 2^53 on 1 + x is x.
    let large = x >= 9_007_199_254_740_992.0;
    let u = if large { x } else { 1.0 + x };
    let mut exponent = ((u.to_bits() >> 52) as i32) - 1023;
    let correction = if large {
        0.0
    } else if exponent > 0 {
        (1.0 - (u - x)) / u
    } else {
        (x - (u - 1.0)) / u
    };
    let fraction = u.to_bits() & 0x000f_ffff_ffff_ffff;
    let mut upper = (fraction >> 32) as u32;
    let bits = if upper < 0x6_a09e {
        fraction | 0x3ff0_0000_0000_0000
    } else {
        exponent += 1;
        upper = (0x0010_0000 - upper) >> 2;
        fraction | 0x3fe0_0000_0000_0000
    };
    Reduced {
        k: f64::from(exponent),
        f: f64::from_bits(bits) - 1.0,
        correction,
        upper,
    }
}

/// ln(1 + x) for |f| < 2^-20, where the first terms of the series are enough.
fn nearly_a_power_of_two(k: f64, f: f64, correction: f64, half_square: f64) -> f64 {
    if f == 0.0 {
        return if k == 0.0 {
            0.0
        } else {
            k.mul_add(LN2_HIGH, k.mul_add(LN2_LOW, correction))
        };
    }
    let r = half_square * f.mul_add(-2.0 / 3.0, 1.0);
    if k == 0.0 {
        return f - r;
    }
    k.mul_add(LN2_HIGH, -((r - k.mul_add(LN2_LOW, correction)) - f))
}

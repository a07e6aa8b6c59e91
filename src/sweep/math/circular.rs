//! The circular functions that von Mises draws need: cosine and its inverse.
//!
//! NumPy calls the C library's, whose source is under the LGPL and is not followed here. [`cos`] is
//! worked out from the mathematics instead, as any cosine from a table "within 0.52 units" is: x = c + r
//! with c a whole number of 128ths, the addition theorem with Taylor polynomials for r, and the small
//! terms summed before sin c or cos c is added, so that nearly all of the error is that one rounding.
//! As long as the small terms are summed in the same order and with the same fused operations, this
//! rounds as glibc's does even where that is not the nearest double; [`super`]'s table counts the rest.
//! sin c and cos c are not stored but summed by Taylor's series in double-double arithmetic.
//!
//! [`acos`] is correctly rounded: computed to about 100 bits and rounded once.

use super::double_double::{Double2, sum};

/// π/2 as the sum of three doubles.
const HALF_PI: [f64; 3] = [
    f64::from_bits(0x3ff9_21fb_5444_2d18),
    f64::from_bits(0x3c91_a626_3314_5c07),
    f64::from_bits(0xb91f_1976_b7ed_8fbc),
];

/// 1/3!, 1/5!, …, 1/15! with alternating signs, from the last to the first.
const SINE: [Double2; 7] = [
    Double2::from_bits(0xbd6a_e7f3_e733_b81f, 0xb9e1_d865_6b0e_e8cb),
    Double2::from_bits(0x3de6_1246_13a8_6d09, 0x3a8f_28e0_cc74_8ebe),
    Double2::from_bits(0xbe5a_e645_67f5_44e4, 0x3afc_062e_06d1_f209),
    Double2::from_bits(0x3ec7_1de3_a556_c734, 0xbb6c_154f_8ddc_6c00),
    Double2::from_bits(0xbf2a_01a0_1a01_a01a, 0xbb6a_01a0_1a01_a01a),
    Double2::from_bits(0x3f81_1111_1111_1111, 0x3c01_1111_1111_1111),
    Double2::from_bits(0xbfc5_5555_5555_5555, 0xbc65_5555_5555_5555),
];
/// 1/17!, …, 1/27!, from the last to the first: so small that a double's precision is enough.
const SINE_TAIL: [f64; 6] = [
    f64::from_bits(0xba1d_1ab1_c2dc_cea3),
    f64::from_bits(0x3ab3_f3cc_dd16_5fa9),
    f64::from_bits(0xbb47_61b4_1316_381a),
    f64::from_bits(0x3bd7_1b8e_f6dc_f572),
    f64::from_bits(0xbc62_f49b_4681_4157),
    f64::from_bits(0x3ce9_52c7_7030_ad4a),
];
/// 1/2!, 1/4!, …, 1/16! likewise.
const COSINE: [Double2; 8] = [
    Double2::from_bits(0x3d2a_e7f3_e733_b81f, 0x39a1_d865_6b0e_e8cb),
    Double2::from_bits(0xbda9_3974_a8c0_7c9d, 0xba30_5d6f_8a2e_fd1f),
    Double2::from_bits(0x3e21_eed8_eff8_d898, 0xbac2_aec9_59e1_4c06),
    Double2::from_bits(0xbe92_7e4f_b778_9f5c, 0xbb3c_bbc0_5b4f_a99a),
    Double2::from_bits(0x3efa_01a0_1a01_a01a, 0x3b3a_01a0_1a01_a01a),
    Double2::from_bits(0xbf56_c16c_16c1_6c17, 0x3bef_49f4_9f49_f49f),
    Double2::from_bits(0x3fa5_5555_5555_5555, 0x3c45_5555_5555_5555),
    Double2::from_bits(0xbfe0_0000_0000_0000, 0x0000_0000_0000_0000),
];
/// 1/18!, …, 1/28!.
const COSINE_TAIL: [f64; 6] = [
    f64::from_bits(0x39d0_a18a_2635_085d),
    f64::from_bits(0xba68_8e85_fc6a_4e5a),
    f64::from_bits(0x3aff_2cf0_1972_f578),
    f64::from_bits(0xbb90_ce39_6db7_f853),
    f64::from_bits(0x3c1e_542b_a402_0225),
    f64::from_bits(0xbca6_8278_63b9_7d97),
];

/// From here on the cosine is the sine of the distance from π/2, and from the second on the cosine of the
/// distance from π.
const SINE_FROM: f64 = 0.855469;
const COSINE_FROM: f64 = 2.426265;

/// The cosine of x for |x| up to π (and a little beyond, to 3.9), within 0.52 units in the last
/// place; NaN further out, where nothing here needs it. O(1).
pub fn cos(x: f64) -> f64 {
    let x = x.abs();
    if x < SINE_FROM {
        cosine_of_small(x, 0.0)
    } else if x < COSINE_FROM {
        let (rest, low) = from_half_pi(x, 1.0);
        sine_of_small(rest, low)
    } else if x <= 3.9 {
        let (rest, low) = from_half_pi(x, 2.0);
        -cosine_of_small(rest, low)
    } else {
        f64::NAN
    }
}

/// times·π/2 - x, as a double and what is missing from it.
fn from_half_pi(x: f64, times: f64) -> (f64, f64) {
    let [first, second, _] = HALF_PI.map(|part| times * part);
    // Exact: the two numbers are within a factor of two of each other (Sterbenz).
    let difference = first - x;
    let rest = difference + second;
    (rest, (difference - rest) + second)
}

/// x ≥ 0 as a whole number of 128ths and a rest of at most half of one.
fn nearest_128th(x: f64) -> (f64, f64) {
    /// Adding this leaves a double no binary places below 2^-7.
    const TO_128THS: f64 = 1.5 * (1_u64 << 45) as f64;
    let anchor = (x + TO_128THS) - TO_128THS;
    (anchor, x - anchor)
}

/// sin x and cos x where x is a whole number of 128ths.
fn anchored(x: f64) -> (Double2, Double2) {
    let x = Double2 { high: x, low: 0.0 };
    (sine(x), cosine(x))
}

/// 1 - cos r over r², for |r| up to 1/256.
fn versine_factor(r2: f64) -> f64 {
    r2.mul_add(r2.mul_add(1.0 / 720.0, -1.0 / 24.0), 0.5)
}

/// (sin r - r)/r³, for |r| up to 1/256.
fn sine_factor(r2: f64) -> f64 {
    r2.mul_add(1.0 / 120.0, -1.0 / 6.0)
}

/// cos(x + low), |x| up to SINE_FROM.
fn cosine_of_small(x: f64, low: f64) -> f64 {
    let low = if x < 0.0 { -low } else { low };
    let (anchor, r) = nearest_128th(x.abs());
    let r = r + low;
    let (sin, cos) = anchored(anchor);
    // cos(c + r) = cos c - (sin c·sin r + cos c·(1 - cos r)): the small terms first.
    let r2 = r * r;
    let sin_r = (r * r2).mul_add(sine_factor(r2), r);
    let versine_r = r2 * versine_factor(r2);
    let small = (-sin_r).mul_add(sin.low, cos.low);
    let small = (-cos.high).mul_add(versine_r, small);
    cos.high + (-sin.high).mul_add(sin_r, small)
}

/// sin(x + low), |x| up to π/2 - SINE_FROM.
fn sine_of_small(x: f64, low: f64) -> f64 {
    if x.abs() < 0.126 {
        return sine_near_zero(x, low);
    }
    let signed_low = if x > 0.0 { low } else { -low };
    let (anchor, r) = nearest_128th(x.abs());
    let (sin, cos) = anchored(anchor);
    // sin(c + r) = sin c + (cos c·sin r - sin c·(1 - cos r)): the small terms first.
    let r2 = r * r;
    let sin_r = r + (r * r2).mul_add(sine_factor(r2), signed_low);
    let versine_r = r.mul_add(signed_low, r2 * versine_factor(r2));
    let small = sin_r.mul_add(cos.low, sin.low);
    let small = (-sin.high).mul_add(versine_r, small);
    (sin.high + cos.high.mul_add(sin_r, small)).copysign(x)
}

/// sin(x + low) by Taylor's polynomial of degree 11 alone.
fn sine_near_zero(x: f64, low: f64) -> f64 {
    const TERMS: [f64; 5] = [
        -1.0 / 39_916_800.0,
        1.0 / 362_880.0,
        -1.0 / 5_040.0,
        1.0 / 120.0,
        -1.0 / 6.0,
    ];
    let x2 = x * x;
    let factor = TERMS
        .into_iter()
        .reduce(|sum, term| x2.mul_add(sum, term))
        .unwrap_or(0.0);
    x + factor.mul_add(x, -0.5 * low).mul_add(x2, low)
}

/// The sum of a series in r², its small terms by doubles and its large ones by pairs.
fn series(r2: Double2, tail: &[f64], head: &[Double2]) -> Double2 {
    let small = tail.iter().fold(0.0, |total, term| total * r2.high + term);
    let start = Double2 {
        high: small,
        low: 0.0,
    };
    head.iter()
        .fold(start, |total, term| total.times(r2).plus(*term))
}

/// sin r for |r| up to π/4.
fn sine(r: Double2) -> Double2 {
    let r2 = r.times(r);
    series(r2, &SINE_TAIL, &SINE).times(r2).times(r).plus(r)
}

/// cos r for |r| up to π/4.
fn cosine(r: Double2) -> Double2 {
    let r2 = r.times(r);
    series(r2, &COSINE_TAIL, &COSINE).times(r2).plus_double(1.0)
}

/// The angle between 0 and π whose cosine is x, correctly rounded; NaN for |x| above 1. O(1).
///
/// An approximation y from a rational function (fdlibm's, within a unit in the last place) gets one
/// step of Newton's method on sin²(y/2) = (1 - |x|)/2, which is well conditioned at both ends.
pub fn acos(x: f64) -> f64 {
    let magnitude = x.abs();
    if x.is_nan() || magnitude > 1.0 {
        return f64::NAN;
    }
    if magnitude == 1.0 {
        return if x > 0.0 { 0.0 } else { 2.0 * HALF_PI[0] };
    }
    // With s = sin(y/2) to double-double precision, the step is ((1 - |x|)/2 - s²) / (s·cos(y/2)).
    let approximate = 2.0 * half_angle(magnitude);
    let half = sine(Double2 {
        high: 0.5 * approximate,
        low: 0.0,
    });
    let difference = sum(1.0, -magnitude);
    let target = Double2 {
        high: 0.5 * difference.high,
        low: 0.5 * difference.low,
    };
    let missing = target.plus(half.times(half).negated());
    let slope = half.high * (1.0 - target.high).sqrt();
    let correction = (missing.high + missing.low) / slope;
    if x >= 0.0 {
        return approximate + correction;
    }
    let rest = sum(2.0 * HALF_PI[0], -approximate);
    rest.high + (rest.low + (2.0 * HALF_PI[1] - correction))
}

/// Half the arc cosine of x in [0, 1), to about a double's precision.
fn half_angle(x: f64) -> f64 {
    if x < 0.5 {
        return 0.5 * (HALF_PI[0] - (x - (HALF_PI[1] - x * arc_sine_excess(x * x))));
    }
    let z = 0.5 * (1.0 - x);
    let root = z.sqrt();
    root + root * arc_sine_excess(z)
}

/// (asin s - s)/s as a rational function of z = s², for s up to 1/2 (fdlibm's coefficients, see
/// LICENSES/fdlibm.txt).
fn arc_sine_excess(z: f64) -> f64 {
    const P: [f64; 6] = [
        f64::from_bits(0x3f02_3de1_0dfd_f709),
        f64::from_bits(0x3f49_efe0_7501_b288),
        f64::from_bits(0xbfa4_8228_b568_8f3b),
        f64::from_bits(0x3fc9_c155_0e88_4455),
        f64::from_bits(0xbfd4_d612_03eb_6f7d),
        f64::from_bits(0x3fc5_5555_5555_5555),
    ];
    const Q: [f64; 5] = [
        f64::from_bits(0x3fb3_b8c5_b12e_9282),
        f64::from_bits(0xbfe6_066c_1b8d_0159),
        f64::from_bits(0x4000_2ae5_9c59_8ac8),
        f64::from_bits(0xc003_3a27_1c8a_2d4b),
        1.0,
    ];
    let horner = |coefficients: &[f64]| coefficients.iter().fold(0.0, |sum, c| sum * z + c);
    z * horner(&P) / horner(&Q)
}

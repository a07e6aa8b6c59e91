//! The natural logarithm, by the algorithm of Arm's optimized routines (`log.c`, MIT; see
//! LICENSES/optimized-routines.txt): x = 2^k·z, a table of 1/c and ln c for c near z, and a
//! polynomial in z/c - 1; near 1 a polynomial alone.

use super::log_data::POINTS;

// ln 2 in two parts: the high one has so few digits that its product with an exponent is exact.
pub(super) const LN2_HIGH: f64 = f64::from_bits(0x3fe6_2e42_fefa_3800);
pub(super) const LN2_LOW: f64 = f64::from_bits(0x3d2e_f357_93c7_6730);

/// The polynomial near 1, in r = x - 1.
const NEAR_ONE: [f64; 11] = [
    f64::from_bits(0xbfe0_0000_0000_0000),
    f64::from_bits(0x3fd5_5555_5555_5577),
    f64::from_bits(0xbfcf_ffff_ffff_fdcb),
    f64::from_bits(0x3fc9_9999_9995_dd0c),
    f64::from_bits(0xbfc5_5555_5567_45a7),
    f64::from_bits(0x3fc2_4924_a344_de30),
    f64::from_bits(0xbfbf_ffff_a442_3d65),
    f64::from_bits(0x3fbc_7184_282a_d6ca),
    f64::from_bits(0xbfb9_99eb_43b0_68ff),
    f64::from_bits(0x3fb7_8182_f7af_d085),
    f64::from_bits(0xbfb5_5213_75d1_45cd),
];
/// The polynomial in z/c - 1.
const ELSEWHERE: [f64; 5] = [
    f64::from_bits(0xbfe0_0000_0000_0001),
    f64::from_bits(0x3fd5_5555_5551_305b),
    f64::from_bits(0xbfcf_ffff_ffeb_4590),
    f64::from_bits(0x3fc9_99b3_24f1_0111),
    f64::from_bits(0xbfc5_5575_e506_c89f),
];

/// The bits of 1 - 2^-4 and of 1 + 0x1.09p-4, between which the logarithm is "near one".
const LOW_END: u64 = 0x3fee_0000_0000_0000;
const HIGH_END: u64 = 0x3ff1_0900_0000_0000;
/// The bits of the lower end of the table's interval.
const OFFSET: u64 = 0x3fe6_0000_0000_0000;

/// The natural logarithm of x, within 0.52 units in the last place.
///
/// Minus infinity at zero, NaN below. O(1).
pub fn log(x: f64) -> f64 {
    let mut bits = x.to_bits();
    if (LOW_END..HIGH_END).contains(&bits) {
        return log_near_one(x);
    }
    if x < f64::MIN_POSITIVE || x.is_nan() || x == f64::INFINITY {
        if x == 0.0 {
            return f64::NEG_INFINITY;
        }
        if x < 0.0 {
            return f64::NAN;
        }
        if x.is_nan() || x == f64::INFINITY {
            return x;
        }
        // Subnormal: scale by 2^52 and take 52 off the exponent.
        bits = (x * 4_503_599_627_370_496.0)
            .to_bits()
            .wrapping_sub(52 << 52);
    }
    log_by_table(bits)
}

fn log_by_table(bits: u64) -> f64 {
    let [a0, a1, a2, a3, a4] = ELSEWHERE;
    let above = bits.wrapping_sub(OFFSET);
    let [inverse, log_c] = POINTS[((above >> 45) % 128) as usize].map(f64::from_bits);
    let k = (above.cast_signed() >> 52) as f64;
    let z = f64::from_bits(bits.wrapping_sub(above & (0xfff << 52)));
    // The large terms are summed with what their rounding loses, `low`; the polynomial is added last.
    let r = z.mul_add(inverse, -1.0);
    let w = k.mul_add(LN2_HIGH, log_c);
    let high = w + r;
    let low = k.mul_add(LN2_LOW, w - high + r);
    let r2 = r * r;
    let tail = r2.mul_add(r.mul_add(a4, a3), r.mul_add(a2, a1));
    (r * r2).mul_add(tail, r2.mul_add(a0, low)) + high
}

fn log_near_one(x: f64) -> f64 {
    const TWO_27: f64 = 134_217_728.0;
    if x == 1.0 {
        return 0.0;
    }
    let b = NEAR_ONE;
    let r = x - 1.0;
    let r2 = r * r;
    let r3 = r * r2;
    let p = r3.mul_add(b[10], r2.mul_add(b[9], r.mul_add(b[8], b[7])));
    let p = r3.mul_add(p, r2.mul_add(b[6], r.mul_add(b[5], b[4])));
    let p = r3.mul_add(p, r2.mul_add(b[3], r.mul_add(b[2], b[1])));
    // r - r²/2 in two parts, with the upper half of r squared exactly.
    let w = r * TWO_27;
    let r_high = r + w - w;
    let r_low = r - r_high;
    let w = r_high * r_high * b[0];
    let high = r + w;
    let low = (b[0] * r_low).mul_add(r_high + r, r - high + w);
    r3.mul_add(p, low) + high
}

//! Arguments for the functions, and digests of the results: for the tests, and for `benches/platform_math.rs`.

use super::{acos, cos, exp, log, log1p, pow};
use crate::sweep::fnv::Fnv1a;

/// SplitMix64 (Steele, Lea and Flood, OOPSLA 2014), so that the arguments need no other part.
pub struct Bits(pub u64);

#[allow(clippy::should_implement_trait, reason = "the stream has no end")]
impl Bits {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / 9_007_199_254_740_992.0
    }
}

pub type Arguments = fn(&mut Bits) -> (f64, f64);
pub type Function = fn(f64, f64) -> f64;

/// What each function is tested on: a name, a generator of arguments, our function.
pub const CASES: [(&str, Arguments, Function); 15] = [
    (
        "exp, any bits",
        |b| (f64::from_bits(b.next()), 0.0),
        |x, _| exp(x),
    ),
    (
        "exp, all that is finite",
        |b| (b.unit() * 1456.0 - 746.0, 0.0),
        |x, _| exp(x),
    ),
    (
        "log, any bits",
        |b| (f64::from_bits(b.next() >> 1), 0.0),
        |x, _| log(x),
    ),
    ("log, of a draw", |b| (b.unit(), 0.0), |x, _| log(x)),
    (
        "log, near 1",
        |b| (0.9 + 0.2 * b.unit(), 0.0),
        |x, _| log(x),
    ),
    (
        "log, subnormal",
        |b| (f64::from_bits(b.next() >> 13), 0.0),
        |x, _| log(x),
    ),
    (
        "log1p, any bits",
        |b| (f64::from_bits(b.next() >> 1), 0.0),
        |x, _| log1p(x),
    ),
    ("log1p, of a draw", |b| (-b.unit(), 0.0), |x, _| log1p(x)),
    (
        "log1p, to 10",
        |b| (11.0 * b.unit() - 1.0, 0.0),
        |x, _| log1p(x),
    ),
    (
        "pow, of a draw",
        |b| (b.unit(), 1.0 / (3.0 * b.unit())),
        pow,
    ),
    (
        "pow, any base",
        |b| (f64::from_bits(b.next() >> 1), 4.0 * b.unit() - 2.0),
        pow,
    ),
    (
        "pow, subnormal",
        |b| (0.1 * b.unit(), 300.0 + 30.0 * b.unit()),
        pow,
    ),
    (
        "pow, near 1",
        |b| (1.0 + (b.unit() - 0.5) * 1e-8, b.unit() * 1e11),
        pow,
    ),
    (
        "cos, of a draw",
        |b| (std::f64::consts::PI * b.unit(), 0.0),
        |x, _| cos(x),
    ),
    ("acos, all", |b| (2.0 * b.unit() - 1.0, 0.0), |x, _| acos(x)),
];

/// FNV-1a over the bits of 20,000 results; NaN counts as one value.
pub fn digest(arguments: Arguments, function: Function) -> u64 {
    let mut bits = Bits(2026);
    let mut hash = Fnv1a::new();
    for _ in 0..20_000 {
        let (x, y) = arguments(&mut bits);
        let result = function(x, y);
        let result = if result.is_nan() {
            f64::NAN.to_bits()
        } else {
            result.to_bits()
        };
        hash.write_bytes(&result.to_le_bytes());
    }
    hash.finish()
}

/// Digests of `CASES`: all but the last two are also those of glibc 2.36's own functions.
pub const DIGESTS: [u64; 15] = [
    0xd361_71f1_60ac_3dd0,
    0x18fe_a39b_7b3e_a649,
    0x605b_7f66_0dc5_d464,
    0x3384_dd7c_3f05_5052,
    0x4d40_adab_84c5_7ece,
    0x91e3_58b1_75a6_0e60,
    0xec99_5436_25da_66ec,
    0x9f05_b59d_c9f4_0edd,
    0x3372_13fc_4481_82fc,
    0x2514_96d1_ea83_0660,
    0x6d40_cb1d_45ad_1be8,
    0x816e_636b_ddf3_4d40,
    0x8c17_a5bd_4cae_18ff,
    0x0695_2bf3_24db_5c2f,
    0xdab5_b3ac_cffd_bf0e,
];

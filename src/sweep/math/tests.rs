//! The functions at hard and special arguments, and digests of many results: equal on every target.

use super::cases::{CASES, DIGESTS, digest};
use super::{acos, cos, exp, log, log1p, pow};

use crate::testing::test;

/// Arguments and cosines, as bits: of 40,000 random arguments the ten whose cosine lies nearest to
/// the middle between two doubles (by mpmath, with 300 bits), and five ends. The results are those of
/// glibc 2.36 on a processor with FMA, for five of the ten not the nearest double; but for the ninth,
/// where ours is the nearest and glibc's is not.
#[rustfmt::skip]
const COSINES: [(u64, u64); 15] = [
    (0x3fea_3591_1968_2d78, 0x3fe5_da82_9001_e07e),
    (0x4005_964a_1849_aba4, 0xbfec_e87d_65d1_586e),
    (0x4003_8636_35ec_d8cc, 0xbfe8_73fd_ec57_23ae),
    (0x3fef_7d88_2ea7_db0a, 0x3fe1_b760_26ac_18dc),
    (0x3ffa_71a9_6cdb_70d2, 0xbfb4_f4de_f569_50b6),
    (0x4003_be38_5112_42b7, 0xbfe9_0223_f9f7_18d4),
    (0x3ff7_732e_db17_69e3, 0x3fba_e014_29ae_f3d2),
    (0x3ffe_c6dd_a649_34fe, 0xbfd6_1c6a_83b3_8fdc),
    (0x3ffa_286a_eeee_7f66, 0xbfb0_641a_5ba3_3a11),
    (0x3ff3_ca80_abc8_a5b3, 0x3fd4_f8de_30b6_805a),
    (0x3ff9_21fb_5444_2d18, 0x3c91_a626_3314_5c07),
    (0x4009_21fb_5444_2d18, 0xbff0_0000_0000_0000),
    (0x3fe9_21fb_5444_2d18, 0x3fe6_a09e_667f_3bcd),
    (0x3e11_2e0b_e826_d695, 0x3ff0_0000_0000_0000),
    (0x3ff9_21fb_4d12_d84a, 0x3e5c_c553_391a_6262),
];
/// The same for the inverse, with the nearest doubles (by mpmath).
#[rustfmt::skip]
const ARC_COSINES: [(u64, u64); 15] = [
    (0xbf7e_ff7f_b064_5e00, 0x3ff9_40fa_e758_ec10),
    (0xbfd2_ac66_45aa_45f4, 0x3ffd_deb9_0ebf_e95c),
    (0xbfd5_0112_ee7b_4880, 0x3ffe_7ba1_ea94_c786),
    (0x3fba_cd3d_e75e_2e90, 0x3ff7_745d_eac6_86ac),
    (0xbfb0_70c3_d1c6_e740, 0x3ffa_2935_f146_152f),
    (0xbfd1_8e3b_3f6a_4028, 0x3ffd_9421_1e01_44ac),
    (0xbfe3_d473_4b59_47a0, 0x4001_e9c0_3c79_4c7a),
    (0x3fe7_8908_69e6_0624, 0x3fe7_d254_48ca_b55a),
    (0xbfe2_dcd4_ddd8_3f02, 0x4001_9c05_b66d_c12f),
    (0x3fe5_3b7d_fbf8_ca72, 0x3feb_0ca3_8ede_f64e),
    (0x3fef_ffff_ffff_fff7, 0x3e68_0000_0000_0001),
    (0xbfef_ffff_ffff_fff7, 0x4009_21fb_4e44_2d18),
    (0x3fe0_0000_0000_0000, 0x3ff0_c152_382d_7366),
    (0xbfe0_0000_0000_0000, 0x4000_c152_382d_7366),
    (0x3bc7_9ca1_0c92_4223, 0x3ff9_21fb_5444_2d18),
];

#[test]
fn circular_functions_at_hard_arguments() {
    for (x, result) in COSINES {
        assert_eq!(
            cos(f64::from_bits(x)).to_bits(),
            result,
            "cos {:e}",
            f64::from_bits(x)
        );
    }
    for (x, result) in ARC_COSINES {
        assert_eq!(
            acos(f64::from_bits(x)).to_bits(),
            result,
            "acos {:e}",
            f64::from_bits(x)
        );
    }
    assert_eq!((acos(1.0), acos(-1.0)), (0.0, std::f64::consts::PI));
    assert!(acos(1.5).is_nan() && acos(f64::NAN).is_nan() && cos(4.0).is_nan());
}

#[test]
fn ends_of_the_range() {
    let infinity = f64::INFINITY;
    assert_eq!(
        (exp(0.0), exp(-infinity), exp(infinity)),
        (1.0, 0.0, infinity)
    );
    assert_eq!(
        (exp(709.0).is_finite(), exp(709.8), exp(-745.2)),
        (true, infinity, 0.0)
    );
    assert_eq!(exp(-745.1), 5e-324);
    assert_eq!(
        (log(0.0), log(1.0), log(infinity)),
        (-infinity, 0.0, infinity)
    );
    assert_eq!(
        (log1p(-1.0), log1p(0.0), log1p(infinity)),
        (-infinity, 0.0, infinity)
    );
    assert!(log(-1.0).is_nan() && log1p(-1.1).is_nan() && exp(f64::NAN).is_nan());
    assert_eq!(
        (pow(0.0, 0.0), pow(f64::NAN, 0.0), pow(1.0, f64::NAN)),
        (1.0, 1.0, 1.0)
    );
    assert_eq!(
        (pow(0.0, -1.0), pow(-0.0, -3.0), pow(0.5, infinity)),
        (infinity, -infinity, 0.0)
    );
    assert_eq!(
        (pow(-2.0, 3.0), pow(-2.0, 2.0), pow(-1.0, infinity)),
        (-8.0, 4.0, 1.0)
    );
    assert_eq!(
        (pow(2.0, 1024.0), pow(2.0, -1074.0), pow(2.0, -1080.0)),
        (infinity, 5e-324, 0.0)
    );
    assert!(pow(-2.0, 0.5).is_nan());
}

#[test]
fn results_are_the_same_everywhere() {
    let found = CASES.map(|(_, arguments, function)| digest(arguments, function));
    assert_eq!(found, DIGESTS);
}

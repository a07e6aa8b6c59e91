//! Compares the functions of `src/sweep/math` with those of the platform's C library, at 10^7 arguments each, and
//! prints how many results differ. Glibc from 2.28 to 2.40 on a processor with FMA differs by the counts in
//! `src/sweep/math/mod.rs`; other libraries differ by more.
#![allow(
    clippy::disallowed_methods,
    reason = "the platform's functions are what is compared with"
)]

use sweep_planner::internals::sweep::math::cases::{Bits, CASES, DIGESTS, Function, digest};

const COUNT: u32 = 10_000_000;

fn main() {
    for ((name, arguments, ours), recorded) in CASES.into_iter().zip(DIGESTS) {
        let theirs = platform_function(name);
        let mut bits = Bits(2026);
        let mut differing = 0;
        let mut widest = 0;
        for _ in 0..COUNT {
            let (x, y) = arguments(&mut bits);
            let (a, b) = (ours(x, y), theirs(x, y));
            if a.to_bits() != b.to_bits() && !(a.is_nan() && b.is_nan()) {
                differing += 1;
                widest = widest.max(a.to_bits().abs_diff(b.to_bits()));
            }
        }
        let percent = 100.0 * f64::from(differing) / f64::from(COUNT);
        let same = if digest(arguments, theirs) == recorded {
            "the digest is the recorded one"
        } else {
            "the digest is another"
        };
        println!(
            "{name}: {differing} of {COUNT} differ ({percent:.4} %), by {widest} units at most; {same}"
        );
    }
}

/// The platform's function for a case, by the name before its comma.
fn platform_function(case: &str) -> Function {
    match case.split(',').next() {
        Some("exp") => |x, _| x.exp(),
        Some("log") => |x, _| x.ln(),
        Some("log1p") => |x, _| x.ln_1p(),
        Some("pow") => f64::powf,
        Some("cos") => |x, _| x.cos(),
        _ => |x, _| x.acos(),
    }
}

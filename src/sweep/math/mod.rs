//! Elementary functions that give the same bits on every target: the bits of glibc 2.36 on a processor
//! with FMA, with which the draws of NumPy that the tests compare with were recorded.
//!
//! The standard library's `f64::ln`, `exp`, `powf`, … call whatever the platform has, and platforms
//! differ in the last bit: on wasm32 several percent of results differ from glibc's. A value that
//! decides a trial must not, so everything under [`crate::sweep`] uses these (`clippy.toml` forbids
//! the others). They use only `+ - * /`, square roots, comparisons, bit patterns and
//! [`f64::mul_add`], all of which IEEE 754 defines exactly. Which products are fused with which sums
//! is what glibc's compiler chose; it shows in the last bit. Without an FMA instruction, as in wasm,
//! `mul_add` is done in software, exactly.
//!
//! | function | algorithm | last bit differs from glibc 2.36 (FMA) |
//! |---|---|--:|
//! | [`exp`](fn@exp), [`log`](fn@log), [`pow`](fn@pow) | Arm's optimized routines, which are glibc's (MIT) | 0 of 10^8 |
//! | [`log1p`](fn@log1p) | Sun's fdlibm in glibc's order of evaluation (permissive) | 0 of 3·10^7 |
//! | [`cos`] on [0, π] | our own, table and Taylor polynomials | 0.0016 % of 10^7 |
//! | [`acos`] | our own, correctly rounded | 0.069 % of 10^7 |
//!
//! The counts are those that `benches/platform_math.rs` prints on that library. Only the von Mises
//! distribution uses `cos` and `acos`: 0.02 to 0.03 % of its draws (of 300,000 each for kappa from
//! 0.1 to 20) differ in their last places from NumPy's on such a machine. glibc's versions of these
//! two are under the LGPL, so their text is not followed; `circular` says how far mathematics alone
//! leads.

// More digits than a double has.
mod double_double;

// The functions, with their tables.
mod circular;
mod exp;
mod exp_data;
mod log;
mod log1p;
mod log_data;
mod pow;
mod pow_data;

#[cfg(feature = "internals")]
pub mod cases;
#[cfg(test)]
mod tests;

pub use circular::{acos, cos};
pub use exp::exp;
pub use log::log;
pub use log1p::log1p;
pub use pow::pow;

/// 1.5·2^52. Adding it leaves a double no binary places, so that the sum rounds to a whole number, which
/// then stands in the sum's lowest bits.
const SHIFT: f64 = f64::from_bits(0x4338_0000_0000_0000);

/// The upper twelve bits of a double: sign and exponent.
fn top12(bits: u64) -> u32 {
    (bits >> 52) as u32
}

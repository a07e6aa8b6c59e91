//! Elementary functions that give the same bits on every target: those of glibc 2.36 on a
//! processor with FMA, which is what NumPy's recorded draws were made with.
//!
//! The standard library's `f64::ln`, `exp`, `powf`, … call whatever the platform has, and platforms
//! differ in the last bit: on wasm32 several percent of results differ from glibc's. A value that
//! decides a trial must not, so everything under [`crate::sweep`] uses these (`clippy.toml` forbids
//! the others). They use only `+ - * /`, square roots, comparisons, bit patterns and
//! [`f64::mul_add`], all of which IEEE 754 defines exactly; on targets without an FMA instruction
//! `mul_add` is done in software, exactly.
//!
//! | function | algorithm | agrees with glibc 2.36 (FMA) |
//! |---|---|---|
//! | [`exp`], [`log`], [`pow`] | Arm's optimized routines, which are glibc's | always |
//! | [`log1p`] | Sun's fdlibm in glibc's order of evaluation | always |
//! | [`cos`], [`acos`] | our own, correctly rounded | see there |

mod circular;
mod double_double;
mod exp;
mod exp_data;
mod log;
mod log1p;
mod log_data;
mod pow;
mod pow_data;

pub use circular::{acos, cos};
pub use exp::exp;
pub use log::log;
pub use log1p::log1p;
pub use pow::pow;

/// The exponent of the last place of 1.0, 2^52: adding 1.5 times it rounds to a whole number.
const SHIFT: f64 = f64::from_bits(0x4338_0000_0000_0000);

/// The sign and the exponent of a double, its upper twelve bits.
fn top12(bits: u64) -> u32 {
    (bits >> 52) as u32
}

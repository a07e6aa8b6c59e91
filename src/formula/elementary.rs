//! The one place where formulas and estimates meet elementary functions: those that give the same
//! bits on every target.

pub(crate) use crate::sweep::math::{exp, log, pow};

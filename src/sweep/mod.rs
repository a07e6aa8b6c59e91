//! The sweep language: from a command's text to the trials it stands for.

pub mod literal;
pub mod math;
pub mod range;
pub mod ranges;
pub mod sampling;
pub mod span;

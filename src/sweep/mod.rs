//! The sweep language: from a command's text to the trials it stands for.

pub mod literal;
pub mod math;
pub mod sampling;

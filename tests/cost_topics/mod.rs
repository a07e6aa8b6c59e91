//! The topics of tests/cost_cases.rs: what a case expects, computed from its input.

pub(crate) mod costs;
mod input;
pub(crate) mod times;

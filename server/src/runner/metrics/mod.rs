//! What trials measure: read from their output and from Lightning's `metrics.csv`, while they run.

pub mod reader;

pub mod lines;
mod python;

pub mod lightning;

pub use reader::{Gathered, Gatherer};

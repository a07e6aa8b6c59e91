//! What trials measure: read from their output and from the files that they
//! write, while they run.

pub mod reader;

pub mod lines;
mod python;

pub mod files;

pub use reader::{MetricsReader, NewMetrics};

//! What trials measure: read from their output and from files that they write, while they run.

pub mod reader;

pub mod lines;
pub mod stream;
pub mod unread;

pub mod files;

pub use reader::{MetricsReader, NewMetrics};

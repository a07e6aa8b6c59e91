//! Properties that hold for every text, as functions that panic where one does not.
//!
//! Each is a fuzz target of the same name; `cargo test` in this folder runs them over the seeds.

mod archive;
mod config;
mod estimate;
mod event_file;
mod fixes;
mod formula;
mod metric_file;
mod metric_stream;
mod text;
mod values;
mod wire;

pub use archive::archive;
pub use config::config;
pub use estimate::estimate;
pub use event_file::event_file;
pub use fixes::fixes;
pub use formula::formula;
pub use metric_file::metric_file;
pub use metric_stream::metric_stream;
pub use text::text_to_trials;
pub use values::values;
pub use wire::wire;

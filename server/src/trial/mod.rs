//! A trial outside the database: its folder, its copy of the source, its output and metrics.

mod archive;
pub mod csv;
mod folder;
mod gather;
mod identity;
pub mod metrics;
mod mount;
mod output;
mod python;
mod remove;
mod script;
mod similar;
mod source;
mod upload;

pub use archive::{open_below, write_tar};
pub use folder::{Ended, Folder, How, Order, Started, write_durably};
pub use gather::{Gathered, Gatherer};
pub use identity::{end_group, identity};
pub use mount::{Mount, below, existing, replaced};
pub use output::{Stretch, read_output, search_output};
pub use remove::remove_tree;
pub use script::{NoScript, ensure_script, plain};
pub use source::{Ignored, SourceError, SourceLimits, copy_tree, put_source, snapshot};
pub use upload::{UnpackError, unpack, unpack_tar};

//! Files that trials are given and leave behind: copies of the source, uploads, repositories,
//! datastores, artifacts.

mod snapshot;
mod unpack;

mod script;
mod similar;

pub mod git;

pub mod datastores;

mod artifacts;

mod remove;

mod paths;

mod walk;

pub use artifacts::{Made, made, open_below, write_tar};
pub use paths::{below, existing};
pub use remove::remove_tree;
pub use script::{NoScript, ensure_script, plain};
pub use snapshot::{Ignored, SourceError, SourceLimits, copy_tree, put_source, snapshot};
pub use unpack::{UnpackError, unpack, unpack_tar};
pub use walk::Walk;

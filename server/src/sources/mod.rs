//! Files that trials are given and leave behind: copies of the source, uploads, repositories,
//! datastores, artifacts.

mod budget;

mod copy;
mod ignored;
mod snapshot;
mod unpack;

mod interpreter;
mod script;
mod script_digest;
mod suggestion;

pub mod git;

pub mod datastores;

mod artifact_kind;
mod artifacts;

mod open_folder;

mod named_file;

mod descent;

mod remove;

mod paths;

mod walk;

pub use artifacts::{ArtifactFile, Caches, list_artifacts, write_tar};
pub use budget::SourceLimits;
pub use copy::{SourceError, copy_outside_tree, copy_tree};
pub use ignored::IgnoreRules;
pub use interpreter::{
    InterpreterError, SourceEnvironment, environment_of, find_environment, resolve_interpreter,
};
pub use named_file::{describe_kind, open_named, read_named};
pub use open_folder::{OpenFolder, open_below, open_in, open_no_link};
pub use paths::{resolve_below, split_existing, stays_below};
pub use remove::{remove_entry, remove_tree};
pub use script::{ScriptError, ensure_script, strip_current_dirs};
pub use script_digest::digest_script;
pub use snapshot::{replace_source, snapshot};
pub use unpack::{UnpackError, unpack_tar, unpack_tar_gz};
pub use walk::{Walk, WalkEntry};

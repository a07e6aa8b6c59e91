//! `sweep supervise FOLDER`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use crate::supervisor;
use crate::trial::Folder;

/// The arguments.
#[derive(Debug, Args)]
pub(super) struct Supervise {
    /// The trial's folder.
    folder: PathBuf,
}

impl Supervise {
    pub(super) fn run(self) -> ExitCode {
        match supervisor::supervise(&Folder::at(self.folder)) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("{error}");
                ExitCode::FAILURE
            }
        }
    }
}

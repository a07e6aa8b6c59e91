//! `sweep supervise FOLDER`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use crate::signals::survive_file_size_limit;
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
        let done = survive_file_size_limit()
            .and_then(|()| supervisor::supervise(&Folder::at(self.folder)));
        match done {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("{error}");
                ExitCode::FAILURE
            }
        }
    }
}

//! `sweep supervise FOLDER`.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use crate::runner::protocol::{IsolationSpec, TrialFolder};
use crate::runner::supervisor;
use crate::system::signals::survive_file_size_limit;
use crate::upkeep::disk::is_full;

#[derive(Debug, Args)]
pub(super) struct SuperviseArgs {
    /// The trial's folder; with `--probe` the server's data folder.
    folder: PathBuf,
    /// Only find out what keeps the data folder from trials: prints that as JSON.
    #[arg(long)]
    probe: bool,
}

impl SuperviseArgs {
    pub(super) fn run(self) -> ExitCode {
        if self.probe {
            return print_probe(self.folder);
        }
        let done = survive_file_size_limit()
            .and_then(|()| supervisor::supervise(&TrialFolder::at(self.folder)));
        match done {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                // On a full disk this cannot be written either, and must not end us.
                let _ = writeln!(io::stderr(), "{error}");
                if is_full(&error) {
                    ExitCode::from(supervisor::EXIT_DISK_FULL)
                } else {
                    ExitCode::FAILURE
                }
            }
        }
    }
}

fn print_probe(data: PathBuf) -> ExitCode {
    let spec = IsolationSpec {
        data,
        ..IsolationSpec::default()
    };
    let found = serde_json::to_string(&supervisor::probe_isolation(&spec));
    match found.map(|found| writeln!(io::stdout(), "{found}")) {
        Ok(Ok(())) => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

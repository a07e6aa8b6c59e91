//! `sweep supervise FOLDER`.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use crate::runner::protocol::{IsolationSpec, TrialFolder};
use crate::runner::supervisor;
use crate::system::open_files::set_soft_limit;
use crate::system::signals::survive_file_size_limit;
use crate::system::umask;
use crate::upkeep::disk::is_full;

#[derive(Debug, Args)]
pub(super) struct SuperviseArgs {
    /// The trial's folder; with `--probe` the server's data folder.
    folder: PathBuf,
    /// The soft limit on open files that the script gets; the server has raised its own
    #[arg(long, value_name = "N")]
    open_files: Option<u64>,
    /// The umask of the script, octal [default: our own]
    #[arg(long, value_name = "MASK", value_parser = parse_octal)]
    umask: Option<u32>,
    /// Only find out what keeps the data folder from trials: prints that as JSON.
    #[arg(long)]
    probe: bool,
}

fn parse_octal(text: &str) -> Result<u32, std::num::ParseIntError> {
    u32::from_str_radix(text, 8)
}

impl SuperviseArgs {
    pub(super) fn run(self) -> ExitCode {
        // What the supervisor itself writes has modes of its own.
        if let Some(mask) = self.umask {
            umask::set(mask);
        }
        if self.probe {
            return print_probe(self.folder);
        }
        let done = survive_file_size_limit()
            .and_then(|()| self.open_files.map_or(Ok(()), set_soft_limit))
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

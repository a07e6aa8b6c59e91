//! `sweep isolate FOLDER -- COMMAND`.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use crate::runner::protocol::IsolationSpec;
use crate::runner::supervisor;
use crate::system::memory::set_memory_limit;

#[derive(Debug, Args)]
pub(super) struct IsolateArgs {
    /// What of the data folder the command sees and may change.
    folder: PathBuf,
    /// What it is not to see or change, as JSON.
    #[arg(long, value_name = "JSON", value_parser = parse_spec)]
    isolation: IsolationSpec,
    /// How much memory of its own it may use, in bytes.
    #[arg(long, value_name = "BYTES")]
    memory: Option<u64>,
    /// The command.
    #[arg(last = true, required = true)]
    command: Vec<OsString>,
}

fn parse_spec(text: &str) -> Result<IsolationSpec, serde_json::Error> {
    serde_json::from_str(text)
}

impl IsolateArgs {
    pub(super) fn run(self) -> ExitCode {
        if let Some(bytes) = self.memory
            && let Err(error) = set_memory_limit(bytes)
        {
            eprintln!("the memory cannot be limited: {error}");
            return ExitCode::FAILURE;
        }
        let error = supervisor::exec_isolated(&self.isolation, &self.folder, &self.command);
        eprintln!("{}: {error}", self.command[0].display());
        ExitCode::FAILURE
    }
}

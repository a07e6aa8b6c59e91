//! `sweep datastore`: data for trials to read.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};

use crate::config::{Config, Overrides};
use crate::sources::datastores::{Datastores, add_version};
use crate::upkeep::disk::DiskMonitor;

#[derive(Debug, Args)]
pub(super) struct DatastoreArgs {
    #[command(subcommand)]
    command: DatastoreCommand,
    /// The server's data folder [default: data]
    #[arg(long, value_name = "DIR", global = true)]
    data: Option<PathBuf>,
    /// The server's settings (TOML)
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum DatastoreCommand {
    /// Copy a folder as the next version of a datastore; a server that runs has it at once
    Add {
        /// The datastore's name
        name: String,
        /// The folder to copy
        folder: PathBuf,
    },
    /// List all datastores
    List,
}

impl DatastoreArgs {
    pub(super) fn run(self) -> ExitCode {
        super::outcome::print_outcome(self.execute())
    }

    fn execute(self) -> Result<String, String> {
        let overrides = Overrides {
            data: self.data,
            ..Overrides::default()
        };
        let config = Config::load(self.config.as_deref(), overrides).map_err(|e| e.to_string())?;
        match self.command {
            DatastoreCommand::Add { name, folder } => {
                let disk = DiskMonitor::from_config(&config);
                let added = add_version(&config.data, &name, &folder, &disk);
                let added = added.map_err(|error| error.to_string())?;
                Ok(format!("{} version {}\n", added.name, added.version))
            }
            DatastoreCommand::List => {
                let lines = Datastores::from_config(&config).list().into_iter();
                let line = |one: crate::sources::datastores::Datastore| {
                    let (name, version) = (&one.name, one.version);
                    format!("{name} version {version}: {}\n", one.folder.display())
                };
                Ok(lines.map(line).collect())
            }
        }
    }
}

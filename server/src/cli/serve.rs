//! `sweep serve`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use tracing_subscriber::EnvFilter;

use super::api_key::{read_key_file, remaining_key_file, remove_key_from_environment};
use crate::accounts::PresetAccount;
use crate::config::{Config, Overrides};
use crate::serve::serve;
use crate::system::inspection;
use crate::system::signals::survive_file_size_limit;
use crate::system::umask;

#[derive(Debug, Args)]
pub(super) struct ServeArgs {
    /// Where to listen [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
    /// The folder whose scripts run [default: the current folder]
    #[arg(long, value_name = "DIR")]
    source: Option<PathBuf>,
    /// The folder of the database and the trials [default: data]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The folder of the built page [default: `dist` beside the binary or above it]
    #[arg(long, value_name = "DIR")]
    page: Option<PathBuf>,
    /// Settings (TOML); what the command line says wins
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// A file with the first account's API key, for its owner alone (mode 0600)
    #[arg(long, value_name = "FILE", env = "SWEEP_API_KEY_FILE")]
    api_key_file: Option<PathBuf>,
}

impl ServeArgs {
    pub(super) fn run(self) -> ExitCode {
        // First: it executes this program again where the key is in the environment, and what
        // follows is inherited.
        let preset = match self.take_preset() {
            Ok(preset) => preset,
            Err(message) => {
                eprintln!("error: {message}");
                return ExitCode::FAILURE;
            }
        };
        // Before any thread or file of ours.
        umask::restrict();
        init_logging();
        if let Err(error) = inspection::forbid() {
            tracing::warn!(%error, "other processes of this account can read the server's memory");
        }
        let api_key_file = remaining_key_file(self.api_key_file);
        let overrides = Overrides {
            listen: self.listen,
            source: self.source,
            data: self.data,
            page: self.page,
        };
        let result = survive_file_size_limit()
            .map_err(|error| error.to_string())
            .and_then(|()| {
                Config::load(self.config.as_deref(), overrides).map_err(|error| error.to_string())
            })
            .and_then(|mut config| {
                config.api_key_file = api_key_file;
                let runtime = tokio::runtime::Runtime::new().map_err(|error| error.to_string())?;
                let done = runtime.block_on(serve(config, preset));
                // Reads under way are of no interest any more.
                runtime.shutdown_background();
                done.map_err(|error| error.to_string())
            });
        match result {
            Ok(()) => ExitCode::SUCCESS,
            Err(message) => {
                eprintln!("error: {message}");
                ExitCode::FAILURE
            }
        }
    }
}

impl ServeArgs {
    /// The first account as the environment and the key file preset it. Executes this program again
    /// if the environment holds a key, see [`remove_key_from_environment`].
    fn take_preset(&self) -> Result<PresetAccount, String> {
        let file = self.api_key_file.as_deref();
        let file = file.filter(|file| !file.as_os_str().is_empty());
        remove_key_from_environment(file)?;
        Ok(PresetAccount {
            user: std::env::var("SWEEP_USER")
                .ok()
                .filter(|user| !user.is_empty()),
            key: file.map(read_key_file).transpose()?,
        })
    }
}

/// Logs go to standard error; `RUST_LOG` says how much.
fn init_logging() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        // It would report to standard error that standard error cannot be written, and panic for it:
        // where the log is a file on a full disk, each line would end what logs it.
        .log_internal_errors(false)
        .init();
}

//! The `sweep` binary: the server, and `sweep plan`.

use std::process::ExitCode;

fn main() -> ExitCode {
    sweep_server::cli::run()
}

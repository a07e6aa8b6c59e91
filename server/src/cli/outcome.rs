//! How a command ends.

use std::io::{self, Write};
use std::process::ExitCode;

/// Prints what a command has to say, or why it failed.
pub(super) fn print_outcome(outcome: Result<String, String>) -> ExitCode {
    match outcome {
        Ok(text) => match io::stdout().lock().write_all(text.as_bytes()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        },
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

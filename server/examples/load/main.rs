//! Loads a real server with as much as it is meant to bear, and prints what that took.
//! `scripts/load.sh` builds it and runs it: `load PROGRAM FOLDER [quick]`, where PROGRAM is the
//! server and FOLDER lies on a real disk. Nothing of it is left in FOLDER.

mod client;
mod figures;
mod home;
mod launches;
mod metrics;
mod overhead;
mod pages;
mod sessions;

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

use home::Home;

/// Whatever went wrong: the measurement is over then.
type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// How much there is of everything.
#[derive(Clone, Copy, Debug)]
struct Size {
    /// Trials of one run: this many, times 100.
    hundreds: u32,
    /// Runs of so many trials that are stored.
    runs: u32,
    /// Pages read of each kind.
    pages: u32,
    /// Sessions that listen to events.
    sessions: usize,
    /// Changes that they hear, one after the other, and as many at once as the server takes.
    changes: u32,
    /// Trivial trials, for each parallelism.
    trivial: u32,
    /// Points of one trial.
    points: u32,
}

const FULL: Size = Size {
    hundreds: 1_000,
    runs: 10,
    pages: 1_000,
    sessions: 500,
    changes: 200,
    trivial: 200,
    points: 1_000_000,
};

/// To see that it works, not to measure.
const QUICK: Size = Size {
    hundreds: 30,
    runs: 3,
    pages: 50,
    sessions: 50,
    changes: 20,
    trivial: 20,
    points: 20_000,
};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (program, folder, size) = match arguments.as_slice() {
        [program, folder] => (program, folder, FULL),
        [program, folder, word] if word == "quick" => (program, folder, QUICK),
        _ => {
            eprintln!("usage: load PROGRAM FOLDER [quick]");
            return ExitCode::from(2);
        }
    };
    match measure(Path::new(program), Path::new(folder), size) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn measure(program: &Path, folder: &Path, size: Size) -> Outcome<()> {
    let home = Home::new(program, folder)?;
    figures::print_machine(&home)?;
    let server = home.start()?;
    let runs = launches::create_runs(&home, &server, size)?;
    server.stop()?;
    launches::simulate_ends(&home, &runs)?;
    let server = home.start()?;
    launches::print_start_time(&home, &server);
    pages::measure_paging(&server, &runs, size)?;
    sessions::measure_sessions(&server, &runs, size)?;
    overhead::measure_overhead(&home, &server, size)?;
    metrics::measure_recording(&home, &server, size)?;
    server.stop()
}

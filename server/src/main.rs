//! The `sweep` binary: the server, and `sweep plan`.
mod cli {
    pub(crate) mod plan;
}
use clap::Parser;
#[derive(Parser)]
enum Cli {
    Plan(cli::plan::PlanArgs),
}
fn main() -> std::process::ExitCode {
    match Cli::parse() {
        Cli::Plan(a) => cli::plan::run(&a),
    }
}

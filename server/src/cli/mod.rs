//! The command line.

mod plan;
mod prices;

mod serve;

mod account;
mod api_key;

mod datastore;

mod outcome;

mod isolate;
mod supervise;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Plan, price and launch hyperparameter sweeps written as `grid run` commands.
#[derive(Debug, Parser)]
#[command(name = "sweep", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print every trial that a `grid run` command stands for, and what it will cost.
    Plan(Box<plan::PlanArgs>),
    /// Serve the page and the API, and run trials.
    Serve(serve::ServeArgs),
    /// Keep data for trials to read: named, versioned folders.
    Datastore(datastore::DatastoreArgs),
    /// Estimate and bill by prices of your own.
    Prices(prices::PricesArgs),
    /// Say who may use the server: accounts and their keys.
    Account(account::AccountArgs),
    /// Own one trial: started by the server, not by people.
    #[command(hide = true)]
    Supervise(supervise::SuperviseArgs),
    /// Run a command that sees no more of the data folder than a trial: started by the server, not by people.
    #[command(hide = true)]
    Isolate(isolate::IsolateArgs),
}

/// Runs what the command line says.
pub fn run() -> ExitCode {
    match Cli::parse().command {
        Command::Plan(arguments) => plan::run(&arguments),
        Command::Serve(serve) => serve.run(),
        Command::Datastore(datastore) => datastore.run(),
        Command::Prices(prices) => prices.run(),
        Command::Account(account) => account.run(),
        Command::Supervise(supervise) => supervise.run(),
        Command::Isolate(isolate) => isolate.run(),
    }
}

//! The server: Grid's REST API with real engines behind it.
//!
//! Its rooms, in the order in which a request goes through them: [`cli`], [`http`], [`store`],
//! [`runner`], [`sources`]; beside them [`upkeep`] and [`system`]; below all [`model`], the plain
//! records that they hand to each other. `scripts/imports.py` holds who may use whom.
//!
//! The life of a run:
//!
//! 1. [`http::handlers::launch`] reads a request with the core's own code, refuses what is wrong,
//!    copies the source folder ([`sources`]), and has [`store`] commit the run with all its
//!    trials. A source that is uploaded or fetched ([`sources::git`]) comes afterwards, and no
//!    trial starts before.
//! 2. The [`runner::dispatcher`] of its cluster claims queued trials, commits the claim, and
//!    submits them to the cluster's [`runner::engine`].
//! 3. The `local` engine gives each trial a folder ([`runner::protocol`]) with its own copy of the
//!    source and starts a [`runner::supervisor`], which outlives the server, runs the script at
//!    most once, and writes down its output, its metrics and its end.
//! 4. The dispatcher observes, records, and announces the change to those who watch
//!    ([`http::events`]). [`upkeep`] deletes files of old runs and keeps some room for those that
//!    run.
//! 5. The other [`http::handlers`] show it, through [`http::wire`].
//!
//! Who may call is decided in [`http::auth`], and [`http::router`] has every route.

pub mod cli;

pub mod serve;

pub mod accounts;

pub mod app;

pub mod config;

pub mod data_dir;

pub mod prices;

pub mod http;

pub mod store;

pub mod runner;

pub mod sources;

pub mod upkeep;

pub mod model;

pub mod system;

#[cfg(test)]
#[path = "../tests/it/skip.rs"]
mod skip;

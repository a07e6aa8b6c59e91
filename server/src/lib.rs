//! The server: Grid's REST API with real engines behind it.
//!
//! The life of a run, told once:
//!
//! 1. [`handlers::launch`] reads a request with the core's own code, refuses what is wrong,
//!    copies the source folder, and has [`store`] commit the run with all its trials. A source
//!    that is uploaded or [`fetch`]ed comes afterwards, and no trial starts before.
//! 2. The [`dispatch`]er of its cluster claims queued trials, commits the claim, and submits them
//!    to the cluster's [`engine`].
//! 3. The `local` engine gives each trial a folder with its own copy of the source
//!    ([`trial`]) and starts a [`supervisor`], which outlives the server, runs the script at most
//!    once, and writes down its output, its metrics and its end.
//! 4. The dispatcher observes, records, and tells those who watch ([`events`]).
//!    [`retention`] deletes files of old runs, [`disk`] keeps some room for those that run.
//! 5. The other [`handlers`] show it, through [`views`].
//!
//! Who may call is decided in [`auth`], and [`router`] has every route.

pub mod app;
pub mod auth;
pub mod cli;
pub mod clock;
pub mod config;
pub mod datastores;
pub mod disk;
pub mod dispatch;
pub mod engine;
pub mod error;
pub mod events;
pub mod fetch;
pub mod handlers;
pub mod openapi;
pub mod page;
pub mod price;
pub mod random;
pub mod retention;
pub mod router;
pub mod serve;
pub mod signals;
pub mod store;
pub mod supervisor;
mod trace;
pub mod trial;
pub mod views;

#[cfg(test)]
#[path = "../tests/it/skip.rs"]
mod skip;

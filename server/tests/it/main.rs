//! The real binary on a real port with a real SQLite file, run by real requests. Needs `python3`.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod accounts;
mod artifacts;
mod attack_table;
mod attacks;
mod client;
mod clock;
mod connections;
mod control;
mod data_folder;
mod datastores;
mod disk;
mod events;
mod faults;
mod fetches;
mod framework_lines;
mod hangups;
mod hostile_files;
mod interpreters;
mod isolation;
mod kill;
mod large_launches;
mod launch_refusals;
mod launches;
mod life;
mod metric_files;
mod mounts;
mod openapi;
mod page;
mod paging;
mod public_url;
mod repository;
mod restarts;
mod retention;
mod schema;
mod scripts;
mod server;
mod sessions;
mod sign_in;
mod skip;
mod sources;
mod threads;
mod upgrade;
mod uploads;
mod wire;

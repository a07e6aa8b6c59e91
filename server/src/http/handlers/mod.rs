//! One file per resource. A handler loads, checks, changes and replies; what is shared is here.

pub mod auth;

pub mod prices;
pub mod sign_ins;

pub mod clusters;

pub mod datastores;

pub mod launch;

mod launch_estimate;

mod launch_limits;

mod launch_plan;

mod copy_refusal;

mod inputs;

pub mod uploads;

pub mod runs;

pub mod states;

pub mod control;

pub mod budget;

pub mod experiments;

pub mod finished;

pub mod logs;

pub mod artifacts;

pub mod archive;

pub mod events;

pub mod assets;

use super::error::{ApiError, truncated};
use crate::app::App;
use crate::config::ClusterConfig;

/// Refuses with 507 if the disk has too little free space.
fn ensure_disk_space(app: &App) -> Result<(), ApiError> {
    let short = app.disk.check_space();
    short.map_or(Ok(()), |short| Err(storage_error(&short.message())))
}

/// 507, with the reason for which the disk has no room.
fn storage_error(reason: &str) -> ApiError {
    ApiError::InsufficientStorage(format!(
        "No run or upload is accepted: {reason}. Free some space there and try again."
    ))
}

/// The settings of a cluster; 404 if there is none of this name.
pub fn find_cluster<'a>(app: &'a App, name: &str) -> Result<&'a ClusterConfig, ApiError> {
    app.config.clusters.get(name).ok_or_else(|| {
        let names: Vec<&str> = app.config.clusters.keys().map(String::as_str).collect();
        ApiError::NotFound(format!(
            "There is no cluster `{}`. This server has: {}.",
            truncated(name),
            names.join(", ")
        ))
    })
}

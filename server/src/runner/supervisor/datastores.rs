//! Provides a trial's datastores: in a mount namespace of its own where the machine allows it, else
//! by replacing their paths in its arguments.

use std::fs;

use sweep_planner::api::{DatastoreAccess, DatastoreDelivery};

use crate::model::replace_mount_path;
use crate::runner::protocol::JobSpec;

/// The command as it will be run, and how it was given its datastores, if it has any.
pub(super) struct PreparedCommand {
    pub(super) command: Vec<String>,
    pub(super) datastores: Option<DatastoreAccess>,
}

/// Checks that all datastores are there.
///
/// # Errors
/// In words, if one is not there any more: nothing else stands for it.
pub(super) fn check_datastores(job: &JobSpec) -> Result<(), String> {
    for mount in &job.mounts {
        let gone = |why: String| format!("the datastore {} is gone: {why}", mount.id);
        let meta = fs::metadata(&mount.folder).map_err(|error| gone(error.to_string()))?;
        if !meta.is_dir() {
            return Err(gone("there is no folder in its place".to_owned()));
        }
    }
    Ok(())
}

/// The command of a job whose datastores are mounted, or are not, and why.
pub(super) fn prepare_command(job: &JobSpec, mounted: Result<(), String>) -> PreparedCommand {
    let mut command = job.command.clone();
    if job.mounts.is_empty() {
        return PreparedCommand {
            command,
            datastores: None,
        };
    }
    let datastores = match mounted {
        Ok(()) => DatastoreAccess {
            by: DatastoreDelivery::Mount,
            because: String::new(),
        },
        Err(because) => {
            // Not in the interpreter and the script.
            for argument in command.iter_mut().skip(2) {
                for mount in &job.mounts {
                    *argument = replace_mount_path(argument, mount);
                }
            }
            DatastoreAccess {
                by: DatastoreDelivery::Arguments,
                because,
            }
        }
    };
    PreparedCommand {
        command,
        datastores: Some(datastores),
    }
}

//! Provides a trial's datastores: in a mount namespace of its own where the machine allows it, else
//! by replacing their paths in its arguments.

use std::fs;

use sweep_planner::api::{DatastoreAccess, DatastoresBy};

use super::namespace;
use crate::model::replaced;
use crate::runner::protocol::{Folder, Order};

/// The command as it will be run, and how it was given its datastores, if it has any.
pub(super) struct Given {
    pub(super) command: Vec<String>,
    pub(super) datastores: Option<DatastoreAccess>,
}

/// Gives it. Afterwards this process may see other files than before, see [`namespace::enter`].
///
/// # Errors
/// In words, if a datastore is not there any more: nothing else stands for it.
pub(super) fn give(folder: &Folder, order: &Order) -> Result<Given, String> {
    let mut command = order.command.clone();
    if order.mounts.is_empty() {
        return Ok(Given {
            command,
            datastores: None,
        });
    }
    for mount in &order.mounts {
        let gone = |why: String| format!("the datastore {} is gone: {why}", mount.id);
        let meta = fs::metadata(&mount.folder).map_err(|error| gone(error.to_string()))?;
        if !meta.is_dir() {
            return Err(gone("there is no folder in its place".to_owned()));
        }
    }
    let staging = folder.view();
    let entered = if order.mounts_by_arguments {
        Err("the cluster's settings say so".to_owned())
    } else {
        fs::create_dir_all(&staging)
            .map_err(|error| format!("{}: {error}", staging.display()))
            .and_then(|()| namespace::enter(&order.mounts, &staging))
    };
    let datastores = match entered {
        Ok(()) => DatastoreAccess {
            by: DatastoresBy::Mount,
            because: String::new(),
        },
        Err(because) => {
            // Not in the interpreter and the script.
            for argument in command.iter_mut().skip(2) {
                for mount in &order.mounts {
                    *argument = replaced(argument, mount);
                }
            }
            DatastoreAccess {
                by: DatastoresBy::Arguments,
                because,
            }
        }
    };
    Ok(Given {
        command,
        datastores: Some(datastores),
    })
}

//! What the trials of a launch are given: a source from a repository, the folder in it where they
//! run, and datastores.

use std::path::{Component, Path};
use std::sync::Arc;

use sweep_planner::api::{CreateRun, DatastoreMount, Scalar};

use crate::app::App;
use crate::http::error::{ApiError, sentence, short};
use crate::model::Mount;
use crate::sources::git::{self, Address};

/// A source from a repository: one that may be fetched, by a git that is there.
pub(super) fn check_repository(app: &App, request: &CreateRun) -> Result<(), ApiError> {
    let source = &request.spec.source_code;
    if source.is_empty() {
        return Ok(());
    }
    if request.local_dir {
        return Err(ApiError::Invalid(
            "The source is either uploaded (`localDir`) or fetched (`sourceCode`), not both."
                .to_owned(),
        ));
    }
    let read = Address::read(source, &app.config.repositories);
    read.map_err(|refused| ApiError::Invalid(sentence(&refused)))?;
    if git::installed() {
        Ok(())
    } else {
        Err(ApiError::Unimplemented(
            "git is not installed on this server, so it cannot fetch a source. Install git there, \
             or launch with --localdir."
                .to_owned(),
        ))
    }
}

/// What the trials read, and the request's datastores as they were understood.
pub(super) async fn datastores(
    app: &Arc<App>,
    asked: Vec<DatastoreMount>,
) -> Result<(Vec<Mount>, Vec<DatastoreMount>), ApiError> {
    if asked.is_empty() {
        return Ok((Vec::new(), asked));
    }
    let app = Arc::clone(app);
    let found = tokio::task::spawn_blocking(move || app.datastores.resolve(&asked)).await?;
    let mounts = found.map_err(ApiError::Invalid)?;
    let understood = mounts.iter().map(|mount| DatastoreMount {
        id: mount.id.clone(),
        mount_path: mount.at.display().to_string(),
        name: mount.name.clone(),
        version: Some(Scalar(mount.version.to_string())),
    });
    let understood = understood.collect();
    Ok((mounts, understood))
}

/// Whether a path is relative and never goes up.
pub(super) fn stays_below(path: &str) -> bool {
    let plain = |part| matches!(part, Component::Normal(_) | Component::CurDir);
    Path::new(path).components().all(plain)
}

/// A folder of the source, as a client names the one in which it stood: relative and never up.
pub(super) fn check_folder(folder: &str) -> Result<(), ApiError> {
    if !folder.contains('\0') && stays_below(folder) {
        Ok(())
    } else {
        Err(ApiError::Invalid(format!(
            "`{}` is not a folder of the source: it takes one relative to the top, without `..`.",
            short(folder)
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_working_folder_lies_in_the_source() {
        for folder in ["", ".", "pkg", "./a/b"] {
            assert!(check_folder(folder).is_ok(), "{folder}");
        }
        for folder in ["/", "..", "a/../..", "/etc", "a\0b"] {
            assert!(check_folder(folder).is_err(), "{folder}");
        }
    }
}

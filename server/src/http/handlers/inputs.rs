//! What the trials of a launch are given: a source from a repository, the folder in it where they
//! run, and datastores.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sweep_planner::api::{CreateRun, DatastoreMount, Scalar, SweepOptions};

use crate::app::App;
use crate::http::error::{ApiError, to_sentence, truncated};
use crate::model::Mount;
use crate::sources::git::{self, RepositoryAddress};
use crate::sources::{SourceEnvironment, find_environment, resolve_interpreter, stays_below};

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
    let read = RepositoryAddress::parse(source, &app.config.repositories);
    read.map_err(|refused| ApiError::Invalid(to_sentence(&refused)))?;
    if git::is_git_installed() {
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
pub(super) async fn resolve_datastores(
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

/// The request's options with the interpreter that its trials get. Where the source is the server's
/// folder, a relative path is taken from there, and an environment is looked for: what an ignore file
/// names is in no trial's copy, and a copy would have every module compiled anew. A source that comes
/// later is inspected when a trial starts.
pub(super) async fn resolve_python(
    app: &Arc<App>,
    request: &CreateRun,
) -> Result<SweepOptions, ApiError> {
    let asked = request.spec.sweep_options.clone();
    let roots = if request.local_dir || !request.spec.source_code.is_empty() {
        Vec::new()
    } else {
        source_roots(&app.config.source, &request.spec.relative_work_dir)
    };
    tokio::task::spawn_blocking(move || choose_python(asked, &roots)).await?
}

fn choose_python(mut options: SweepOptions, roots: &[PathBuf]) -> Result<SweepOptions, ApiError> {
    let as_scalar = |path: &Path| Scalar(path.display().to_string());
    // A request cannot say what the server has found.
    options.source_python = None;
    let named = options.python.take();
    let named = named.as_ref().map(|named| named.as_str().trim());
    match named.filter(|named| !named.is_empty()) {
        Some(named) => {
            let program = resolve_interpreter(named, roots).map_err(|error| {
                ApiError::Invalid(format!(
                    "`sweepOptions.python`: {}.",
                    truncated(&error.to_string())
                ))
            })?;
            options.python = Some(as_scalar(&program));
        }
        None => {
            if let SourceEnvironment::Found(program) = find_environment(roots) {
                options.source_python = Some(as_scalar(&program));
            }
        }
    }
    Ok(options)
}

/// Where relative paths of a request begin: in the folder in which its trials run, then at the top.
fn source_roots(source: &Path, folder: &str) -> Vec<PathBuf> {
    let mut roots = vec![source.join(folder), source.to_owned()];
    roots.dedup();
    roots
}

/// A folder of the source, as a client names the one in which it stood: relative and never up.
pub(super) fn check_working_folder(folder: &str) -> Result<(), ApiError> {
    if !folder.contains('\0') && stays_below(folder) {
        Ok(())
    } else {
        Err(ApiError::Invalid(format!(
            "`{}` is not a folder of the source: it takes one relative to the top, without `..`.",
            truncated(folder)
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_working_folder_lies_in_the_source() {
        for folder in ["", ".", "pkg", "./a/b"] {
            assert!(check_working_folder(folder).is_ok(), "{folder}");
        }
        for folder in ["/", "..", "a/../..", "/etc", "a\0b"] {
            assert!(check_working_folder(folder).is_err(), "{folder}");
        }
    }
}

//! Gives a trial the files that it is to see, by the best means of this machine: a mount namespace,
//! else Landlock for what is hidden and arguments for datastores, else nothing.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use sweep_planner::api::{IsolationMethod, TrialIsolation};

use super::confinement::Confinement;
use super::datastores::{PreparedCommand, check_datastores, prepare_command};
#[cfg(target_os = "linux")]
use super::hiding::{self, ShownFolder};
use super::namespace;
use super::server_files::ServerFiles;
use crate::runner::protocol::{IsolationSpec, JobSpec, TrialFolder};

/// A trial that is ready to be started.
pub(super) struct IsolatedTrial {
    pub(super) prepared: PreparedCommand,
    /// What was done; `None` where the order asks for nothing.
    pub(super) isolation: Option<TrialIsolation>,
    pub(super) confinement: Confinement,
}

/// Isolates it. Afterwards this process may see other files than before: the data folder only by
/// what was opened before.
///
/// # Errors
/// In words, if a datastore is not there any more, or the trial is to see certain folders alone and
/// this machine does not allow that.
pub(super) fn isolate(folder: &TrialFolder, job: &JobSpec) -> Result<IsolatedTrial, String> {
    check_datastores(job)?;
    let server_files = job.isolation.as_ref().map(ServerFiles::inspect);
    let wants_mounts = !job.mounts.is_empty() && !job.mounts_by_arguments;
    let entered = if wants_mounts || job.isolation.is_some() {
        namespace::enter()
    } else {
        Ok(())
    };
    let mountable = if job.mounts_by_arguments {
        Err("the cluster's settings say so".to_owned())
    } else {
        entered.clone()
    };
    let view = Folders { folder, job };
    let Some(files) = server_files else {
        return Ok(IsolatedTrial {
            prepared: prepare_command(job, view.mount_datastores(mountable)),
            isolation: None,
            confinement: Confinement::default(),
        });
    };
    let spec = &files.spec;
    if !spec.visible.is_empty() {
        entered
            .and_then(|()| view.enter_visible_root(spec, mountable.is_ok()))
            .map_err(|why| format!("it cannot be kept from the rest of the machine: {why}"))?;
        let (isolation, confinement) = confine(&files, Ok(()), &[]);
        return Ok(IsolatedTrial {
            prepared: prepare_command(job, mountable),
            isolation: Some(isolation),
            confinement,
        });
    }
    let mounted = view.mount_datastores(mountable);
    let shown = view.visible_folders(spec, mounted.is_ok());
    let hidden = entered.and_then(|()| hide(&files, &shown));
    let (isolation, confinement) = confine(&files, hidden, &shown);
    Ok(IsolatedTrial {
        prepared: prepare_command(job, mounted),
        isolation: Some(isolation),
        confinement,
    })
}

/// What this machine does for trials with these orders, tried by this process.
pub(super) fn probe(spec: &IsolationSpec) -> TrialIsolation {
    let files = ServerFiles::inspect(spec);
    let hidden = namespace::enter().and_then(|()| hide(&files, &[]));
    let (mut isolation, confinement) = confine(&files, hidden, &[]);
    if let Err(error) = confinement.apply() {
        isolation = TrialIsolation {
            by: IsolationMethod::Nothing,
            because: error.to_string(),
        };
    }
    isolation
}

/// Restricts this process as a trial's script is restricted, whose working folder `shown` is.
///
/// # Errors
/// If the system refuses what it seemed to allow.
pub(super) fn isolate_self(spec: &IsolationSpec, shown: &Path) -> io::Result<()> {
    let files = ServerFiles::inspect(spec);
    let shown = [(shown.to_owned(), false)];
    let hidden = namespace::enter().and_then(|()| hide(&files, &shown));
    confine(&files, hidden, &shown).1.apply()
}

/// What restricts the script, where the data folder is hidden by mounts or, for this reason, is not.
fn confine(
    files: &ServerFiles,
    hidden: Result<(), String>,
    shown: &[(PathBuf, bool)],
) -> (TrialIsolation, Confinement) {
    let mut confinement = Confinement::default();
    let mut isolation = match hidden {
        Ok(()) => {
            confinement.without_capabilities = true;
            confinement.restrict_signals();
            TrialIsolation {
                by: IsolationMethod::Namespace,
                because: String::new(),
            }
        }
        Err(because) => confine_without_mounts(&files.spec, shown, because, &mut confinement),
    };
    // Landlock allows no mounts, in no namespace.
    let by_mounts = isolation.by == IsolationMethod::Namespace;
    let may_make_namespaces = files.may_make_namespaces || !by_mounts;
    if let Err(why) = confinement.restrict_system_calls(may_make_namespaces) {
        if !may_make_namespaces {
            isolation.by = IsolationMethod::Nothing;
        }
        let separator = if isolation.because.is_empty() {
            ""
        } else {
            "; "
        };
        isolation.because += &format!("{separator}no system call is refused: {why}");
    }
    (isolation, confinement)
}

fn confine_without_mounts(
    spec: &IsolationSpec,
    shown: &[(PathBuf, bool)],
    because: String,
    confinement: &mut Confinement,
) -> TrialIsolation {
    let mut apart = vec![spec.data.clone()];
    apart.extend(spec.secret_files.iter().cloned());
    apart.extend(spec.read_only_paths.iter().cloned());
    let read_only = spec.read_only_paths.iter().map(|file| (file.clone(), true));
    let shown: Vec<_> = shown.iter().cloned().chain(read_only).collect();
    match confinement.hide_by_landlock(&apart, &shown) {
        Ok(()) => {
            confinement.without_capabilities = true;
            TrialIsolation {
                by: IsolationMethod::Landlock,
                because,
            }
        }
        Err(why) => {
            confinement.restrict_signals();
            TrialIsolation {
                by: IsolationMethod::Nothing,
                because: format!("{because}; {why}"),
            }
        }
    }
}

/// The folders of a trial.
struct Folders<'a> {
    folder: &'a TrialFolder,
    job: &'a JobSpec,
}

impl Folders<'_> {
    fn mount_datastores(&self, mountable: Result<(), String>) -> Result<(), String> {
        if self.job.mounts.is_empty() {
            return Ok(());
        }
        mountable?;
        namespace::mount_datastores(&self.job.mounts, &self.staging()?)
    }

    fn staging(&self) -> Result<PathBuf, String> {
        let staging = self.folder.view();
        fs::create_dir_all(&staging)
            .map_err(|error| format!("{}: {error}", staging.display()))
            .map(|()| staging)
    }

    /// What stays visible of the data folder, and whether read-only: the working folder, and datastores
    /// that are found by their path.
    fn visible_folders(&self, spec: &IsolationSpec, mounted: bool) -> Vec<(PathBuf, bool)> {
        let mut shown = vec![(self.folder.work(), false)];
        if !mounted {
            let folders = self.job.mounts.iter().map(|mount| &mount.folder);
            let hidden = folders.filter(|folder| folder.starts_with(&spec.data));
            shown.extend(hidden.map(|folder| (folder.clone(), true)));
        }
        shown
    }

    #[cfg(target_os = "linux")]
    fn enter_visible_root(&self, spec: &IsolationSpec, mountable: bool) -> Result<(), String> {
        let datastores = self.job.mounts.iter().map(|mount| ShownFolder {
            folder: mount.folder.clone(),
            at: if mountable { &mount.at } else { &mount.folder }.clone(),
            read_only: true,
        });
        let mut shown = vec![in_place(&(self.folder.work(), false))];
        shown.extend(datastores);
        hiding::enter_visible_root(spec, &shown, &self.staging()?)
    }

    #[cfg(not(target_os = "linux"))]
    fn enter_visible_root(&self, _: &IsolationSpec, _: bool) -> Result<(), String> {
        namespace::enter()
    }
}

#[cfg(target_os = "linux")]
fn in_place((folder, read_only): &(PathBuf, bool)) -> ShownFolder {
    ShownFolder {
        folder: folder.clone(),
        at: folder.clone(),
        read_only: *read_only,
    }
}

#[cfg(target_os = "linux")]
fn hide(files: &ServerFiles, shown: &[(PathBuf, bool)]) -> Result<(), String> {
    let shown: Vec<ShownFolder> = shown.iter().map(in_place).collect();
    hiding::hide(files, &shown)
}

#[cfg(not(target_os = "linux"))]
fn hide(_: &ServerFiles, _: &[(PathBuf, bool)]) -> Result<(), String> {
    namespace::enter()
}

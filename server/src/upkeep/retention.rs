//! Deletes files of runs that ended long ago, as far as the settings ask for it.
//!
//! In three steps: mark in the database which files are to be deleted (only of runs that have
//! ended, which then can no longer be retried), delete them, mark them as deleted. A server that is
//! killed in between continues at its next start.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sweep_planner::api::Timestamp;

use crate::app::App;
use crate::data_dir::DataDir;
use crate::runner::protocol::{UNFINISHED_WORK, WORK};
use crate::sources::{OpenFolder, remove_entry, remove_tree};
use crate::store::{FileScope, StoreError};
use crate::system::clock;

/// How often runs that are old enough are searched for.
const CHECK_INTERVAL: Duration = Duration::from_secs(3600);
const DAY_MICROS: i64 = 86_400_000_000;

/// Runs until the server stops. What fails is logged and tried again with the next check.
pub async fn run(app: Arc<App>) {
    let mut stopping = app.stopping.clone();
    while !*stopping.borrow() {
        let keep = app.config.retention;
        for (files, days) in [
            (FileScope::All, keep.output_days),
            (FileScope::Work, keep.work_days),
        ] {
            match discard_old_files(&app, files, days).await {
                Ok(()) => {}
                Err(StoreError::Closed) => return,
                Err(error) => tracing::error!(%error, "old files could not be deleted"),
            }
        }
        tokio::select! {
            () = tokio::time::sleep(CHECK_INTERVAL) => {}
            _ = stopping.wait_for(|stop| *stop) => {}
        }
    }
}

/// Deletes these files of the runs that ended at least so many days ago (0: of none), and finishes
/// deletions that an earlier start began.
async fn discard_old_files(app: &Arc<App>, files: FileScope, days: u32) -> Result<(), StoreError> {
    if days > 0 {
        let now = clock::now();
        let before = now.micros() - i64::from(days) * DAY_MICROS;
        let before = Timestamp::from_micros(before);
        app.store.mark_for_discard(files, before, now).await?;
    }
    for (key, id) in app.store.pending_discards(files).await? {
        if *app.stopping.borrow() {
            return Ok(());
        }
        let (data, run) = (app.config.data.clone(), id.clone());
        let gone = tokio::task::spawn_blocking(move || delete_files(&data, &run, files));
        match gone.await.map_err(|_| StoreError::Panicked)? {
            Ok(()) => {
                app.store.finish_discard(key, files).await?;
                tracing::info!(run = %id, what = ?files, "old files deleted, as the settings ask");
            }
            Err(error) => tracing::warn!(run = %id, %error, "old files could not be deleted"),
        }
    }
    Ok(())
}

/// Deletes these files of a run, as many as can be. Those that are gone already are no error. The
/// source goes last: it tells the files that a trial wrote from those that it was given.
fn delete_files(data: &DataDir, run: &str, files: FileScope) -> io::Result<()> {
    let trials = data.trials(run);
    match files {
        FileScope::All => remove_tree(&trials)?,
        FileScope::Work => delete_working_copies(&trials)?,
    }
    remove_tree(&data.source(run))
}

fn delete_working_copies(trials: &Path) -> io::Result<()> {
    let trials = match OpenFolder::open(trials) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        opened => opened?,
    };
    let mut all = Ok(());
    for (trial, _) in trials.list()? {
        for copy in [WORK, UNFINISHED_WORK] {
            // A trial may have made a link of its folder, behind which nothing is deleted.
            let folder = trials.enter(&trial);
            let removed = folder.and_then(|folder| remove_entry(folder, copy.as_ref()));
            all = all.and(removed);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn home() -> tempfile::TempDir {
        let home = tempfile::tempdir().unwrap();
        for folder in [
            "sources/r",
            "sources/s",
            "trials/r/0/work/a",
            "trials/s/0/work",
        ] {
            fs::create_dir_all(home.path().join(folder)).unwrap();
        }
        fs::write(home.path().join("trials/r/0/output.log"), "x").unwrap();
        home
    }

    #[test]
    fn working_copies_go_and_the_output_stays() {
        let home = home();
        let there = |name: &str| home.path().join(name).exists();
        for _ in 0..2 {
            delete_files(&DataDir::new(home.path()), "r", FileScope::Work).unwrap();
            assert!(!there("sources/r") && !there("trials/r/0/work"));
            assert!(there("trials/r/0/output.log"));
        }
        delete_files(&DataDir::new(home.path()), "r", FileScope::All).unwrap();
        assert!(!there("trials/r"));
        delete_files(&DataDir::new(home.path()), "r", FileScope::All).unwrap();
        assert!(
            there("sources/s") && there("trials/s/0/work"),
            "another run's"
        );
    }

    /// As an account other than root: here root's thread without its rights.
    #[cfg(target_os = "linux")]
    #[test]
    fn read_only_folders_go_too() {
        use rustix::thread::{CapabilitySet, CapabilitySets, set_capabilities};

        let without_rights = std::thread::spawn(|| {
            let none = CapabilitySet::empty();
            let sets = CapabilitySets {
                effective: none,
                permitted: none,
                inheritable: none,
            };
            set_capabilities(None, sets).unwrap();
            let home = home();
            for (folder, mode) in [("work/a/b", 0o555), ("work/a", 0o000), ("work", 0o555)] {
                let folder = home.path().join("trials/r/0").join(folder);
                fs::create_dir_all(&folder).unwrap();
                if mode == 0o555 {
                    fs::write(folder.join("x"), "").unwrap();
                }
                fs::set_permissions(&folder, fs::Permissions::from_mode(mode)).unwrap();
            }
            fs::create_dir_all(home.path().join("trials/r/1/work")).unwrap();
            delete_files(&DataDir::new(home.path()), "r", FileScope::Work).unwrap();
            for gone in ["trials/r/0/work", "trials/r/1/work", "sources/r"] {
                assert!(!home.path().join(gone).exists(), "{gone}");
            }
            // A link that cannot be removed leads nowhere.
            let (trial, outside) = (home.path().join("trials/r/2"), home.path().join("outside"));
            let set_mode = |folder, mode| {
                fs::set_permissions(folder, fs::Permissions::from_mode(mode)).unwrap();
            };
            fs::create_dir(&trial).unwrap();
            fs::create_dir(&outside).unwrap();
            std::os::unix::fs::symlink(&outside, trial.join("work")).unwrap();
            set_mode(&trial, 0o555);
            set_mode(&outside, 0o555);
            delete_files(&DataDir::new(home.path()), "r", FileScope::Work).unwrap_err();
            let mode = fs::metadata(&outside).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o555);
            set_mode(&trial, 0o755);
        });
        without_rights.join().unwrap();
    }

    #[test]
    fn one_that_cannot_go_keeps_no_other_and_the_source_stays_with_it() {
        let home = home();
        let there = |name: &str| home.path().join(name).exists();
        for trial in 1..5 {
            fs::create_dir_all(home.path().join(format!("trials/r/{trial}/work"))).unwrap();
        }
        // A file instead of a folder stands for what cannot go.
        fs::write(home.path().join("trials/r/5"), "").unwrap();
        // Nor does a link lead to what is deleted.
        fs::create_dir_all(home.path().join("outside/work")).unwrap();
        let link = home.path().join("trials/r/6");
        std::os::unix::fs::symlink(home.path().join("outside"), link).unwrap();
        delete_files(&DataDir::new(home.path()), "r", FileScope::Work).unwrap_err();
        assert!((0..5).all(|trial| !there(&format!("trials/r/{trial}/work"))));
        assert!(there("sources/r") && there("outside/work"));
    }
}

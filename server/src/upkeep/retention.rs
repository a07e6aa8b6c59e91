//! Deletes files of runs that ended long ago, as far as the settings ask for it.
//!
//! In three steps: mark in the database which files are to be deleted (only of runs that have
//! ended, which then can no longer be retried), delete them, mark them as deleted. A server that is
//! killed in between continues at its next start.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sweep_planner::api::Timestamp;

use crate::app::App;
use crate::data_dir::DataDir;
use crate::runner::protocol::Folder;
use crate::sources::remove_tree;
use crate::store::{Files, StoreError};
use crate::system::clock;

/// How often runs that are old enough are searched for.
const EVERY: Duration = Duration::from_secs(3600);
const DAY_MICROS: i64 = 86_400_000_000;

/// Runs until the server stops. What fails is logged and tried again with the next check.
pub async fn run(app: Arc<App>) {
    let mut stopping = app.stopping.clone();
    while !*stopping.borrow() {
        let keep = app.config.retention;
        for (files, days) in [
            (Files::All, keep.output_days),
            (Files::Work, keep.work_days),
        ] {
            match discard(&app, files, days).await {
                Ok(()) => {}
                Err(StoreError::Closed) => return,
                Err(error) => tracing::error!(%error, "old files could not be deleted"),
            }
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            _ = stopping.wait_for(|stop| *stop) => {}
        }
    }
}

/// Deletes these files of the runs that ended at least so many days ago (0: of none), and finishes
/// deletions that an earlier start began.
async fn discard(app: &Arc<App>, files: Files, days: u32) -> Result<(), StoreError> {
    if days > 0 {
        let now = clock::now();
        let before = now.micros() - i64::from(days) * DAY_MICROS;
        let before = Timestamp::from_micros(before);
        app.store.discard(files, before, now).await?;
    }
    for (key, id) in app.store.to_discard(files).await? {
        if *app.stopping.borrow() {
            return Ok(());
        }
        let (data, run) = (app.config.data.clone(), id.clone());
        let gone = tokio::task::spawn_blocking(move || delete(&data, &run, files));
        match gone.await.map_err(|_| StoreError::Panicked)? {
            Ok(()) => {
                app.store.discarded(key, files).await?;
                tracing::info!(run = %id, what = ?files, "old files deleted, as the settings ask");
            }
            Err(error) => tracing::warn!(run = %id, %error, "old files could not be deleted"),
        }
    }
    Ok(())
}

/// Deletes these files of a run, as many as can be. Those that are gone already are no error. The
/// source goes last: it tells the files that a trial wrote from those that it was given.
fn delete(data: &DataDir, run: &str, files: Files) -> io::Result<()> {
    let trials = data.trials(run);
    match files {
        Files::All => remove_tree(&trials)?,
        Files::Work => delete_work(&trials)?,
    }
    remove_tree(&data.source(run))
}

fn delete_work(trials: &Path) -> io::Result<()> {
    let listing = match fs::read_dir(trials) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        listing => listing?,
    };
    let mut all = Ok(());
    for trial in listing {
        let trial = Folder::at(trial?.path());
        for copy in [trial.work(), trial.unfinished_work()] {
            all = all.and(remove_tree(&copy));
        }
    }
    all
}

#[cfg(test)]
mod tests {
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
            delete(&DataDir::new(home.path()), "r", Files::Work).unwrap();
            assert!(!there("sources/r") && !there("trials/r/0/work"));
            assert!(there("trials/r/0/output.log"));
        }
        delete(&DataDir::new(home.path()), "r", Files::All).unwrap();
        assert!(!there("trials/r"));
        delete(&DataDir::new(home.path()), "r", Files::All).unwrap();
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
            delete(&DataDir::new(home.path()), "r", Files::Work).unwrap();
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
            delete(&DataDir::new(home.path()), "r", Files::Work).unwrap_err();
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
        delete(&DataDir::new(home.path()), "r", Files::Work).unwrap_err();
        assert!((0..5).all(|trial| !there(&format!("trials/r/{trial}/work"))));
        assert!(there("sources/r"));
    }
}

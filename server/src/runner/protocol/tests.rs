use std::fs::{self, File};
use std::path::PathBuf;
use std::time::Duration;

use sweep_planner::api::Timestamp;

use super::*;
use crate::data_dir::DataDir;

#[test]
fn a_trial_is_claimed_once() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = TrialFolder::for_attempt(&DataDir::new(temporary.path()), "r", 3, 0);
    folder.create().unwrap();
    assert!(!folder.is_claimed());
    assert!(folder.claim().unwrap());
    assert!(!folder.claim().unwrap());
    assert!(folder.is_claimed());
}

#[test]
fn one_supervisor_at_a_time() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = TrialFolder::at(temporary.path().to_owned());
    assert!(!folder.has_supervisor().unwrap());
    let lock = folder.lock(Duration::ZERO).unwrap();
    assert!(lock.is_some());
    assert!(folder.lock(Duration::ZERO).unwrap().is_none());
    assert!(folder.has_supervisor().unwrap());
    drop(lock);
    assert!(!folder.has_supervisor().unwrap());
    assert!(folder.lock(Duration::ZERO).unwrap().is_some());
}

#[test]
fn how_it_ended_reads_back() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = TrialFolder::at(temporary.path().to_owned());
    assert_eq!(folder.read_end().unwrap(), None);
    let ended = EndRecord {
        started: Some(Timestamp::from_micros(1)),
        at: Timestamp::from_micros(2_000_000),
        how: EndCause::Killed(9),
        stopped: true,
        timed_out: false,
        dropped: 5,
    };
    folder.write_end(&ended).unwrap();
    assert_eq!(folder.read_end().unwrap(), Some(ended));
}

fn put(folder: &TrialFolder, name: &str, bytes: &[u8]) {
    fs::write(folder.path().join(name), bytes).unwrap();
}

#[test]
fn whatever_a_trial_puts_there_is_read_or_refused_in_words() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = TrialFolder::at(temporary.path().join("0"));
    folder.create().unwrap();
    for name in ["ended.json", "started.json", "lock", "order.json"] {
        fs::create_dir(folder.path().join(name)).unwrap();
    }
    let error = folder.read_end().unwrap_err();
    assert!(is_unusable(&error), "{error}");
    assert!(error.to_string().contains("`ended.json`"), "{error}");
    assert!(is_unusable(&folder.read_start().unwrap_err()));
    assert!(!folder.has_supervisor().unwrap());
    fs::remove_dir(folder.path().join("ended.json")).unwrap();
    let file = File::create(folder.path().join("ended.json")).unwrap();
    file.set_len(1 << 40).unwrap();
    let error = folder.read_end().unwrap_err();
    assert!(
        is_unusable(&error) && error.to_string().contains("more than"),
        "{error}"
    );
    // Whatever lies at `stop` asks it to end, and nothing is written through it.
    std::os::unix::fs::symlink("secret", folder.path().join("stop")).unwrap();
    put(&folder, "secret", b"kept");
    folder.request_stop().unwrap();
    assert!(folder.stop_requested());
    assert_eq!(fs::read(folder.path().join("secret")).unwrap(), b"kept");
    // So does a folder that is gone, also for who holds it open.
    #[cfg(target_os = "linux")]
    {
        use std::os::fd::AsRawFd;
        let gone = temporary.path().join("gone");
        fs::create_dir(&gone).unwrap();
        let opened = File::open(&gone).unwrap();
        let held = PathBuf::from(format!("/proc/self/fd/{}", opened.as_raw_fd()));
        let held = TrialFolder::opened_at(held);
        assert!(!held.stop_requested());
        fs::remove_dir(&gone).unwrap();
        assert!(held.stop_requested());
    }
    fs::rename(folder.path(), temporary.path().join("away")).unwrap();
    assert!(folder.stop_requested());
    std::os::unix::fs::symlink("away", folder.path()).unwrap();
    assert!(folder.stop_requested() && folder.read_end().is_err());
}

proptest::proptest! {
    #[test]
    fn no_bytes_of_a_record_are_trusted(bytes in proptest::collection::vec(0_u8.., 0..200)) {
        let temporary = tempfile::tempdir().unwrap();
        let folder = TrialFolder::at(temporary.path().to_owned());
        for name in ["ended.json", "started.json", "order.json"] {
            put(&folder, name, &bytes);
        }
        proptest::prop_assert!(folder.read_end().is_err_and(|error| is_unusable(&error)));
        proptest::prop_assert!(folder.read_start().is_err_and(|error| is_unusable(&error)));
        proptest::prop_assert!(folder.read_job_spec().is_err_and(|error| is_unusable(&error)));
    }
}

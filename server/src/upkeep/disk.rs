//! The free space on the disk of the data folder. Below a bound the server starts no trial and
//! accepts no run or upload, so that running trials can go on and be recorded.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

use crate::config::Config;
use crate::system::heartbeat::Heartbeat;

/// The bound where the settings have none: 1 GiB or a twentieth of the disk, whichever is less.
const DEFAULT_BOUND_BYTES: u64 = 1 << 30;
const DEFAULT_BOUND_DIVISOR: u64 = 20;

/// Hysteresis: once the free space was below the bound, it must exceed the bound by an eighth
/// before the disk counts as having space again, so that the state does not flip back and forth.
const MARGIN_DIVISOR: u64 = 8;

/// How long a disk may take to report its space before the last report counts.
const PATIENCE: Duration = Duration::from_secs(1);

/// After so many bytes what writes much looks at the free space again.
pub const ROOM_CHECK_BYTES: u64 = 1 << 20;

/// Watches the disk of one folder.
#[derive(Debug)]
pub struct DiskMonitor {
    gauge: SpaceGauge,
    /// In bytes; `None`: derived from the size of the disk.
    bound: Option<u64>,
    is_low: AtomicBool,
}

/// The disk has less free space than the bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LowSpace {
    /// Bytes that are free for this account.
    pub free: u64,
    /// Bytes that should be.
    pub bound: u64,
}

impl LowSpace {
    /// In words, for a person.
    pub fn message(self) -> String {
        format!(
            "the server's disk has {} MB left, and no trial is started below {} MB",
            self.free / 1_000_000,
            self.bound.div_ceil(1_000_000)
        )
    }
}

impl DiskMonitor {
    /// Watches the disk of the data folder.
    pub fn from_config(config: &Config) -> Self {
        Self::new(config.data.path(), config.limits.free_bytes)
    }

    /// Watches the disk of `folder`; `bound` is how many bytes should be free, 0 for any.
    pub fn new(folder: &Path, bound: Option<u64>) -> Self {
        Self {
            gauge: SpaceGauge::start(folder.to_owned()),
            bound,
            is_low: AtomicBool::new(false),
        }
    }

    /// The bytes that are free and those that should be, if the system reports them; one system call,
    /// and at most a second where the disk does not answer.
    fn measure(&self) -> Option<LowSpace> {
        let Space { free, all } = self.gauge.read()?;
        let bound = self
            .bound
            .unwrap_or(DEFAULT_BOUND_BYTES.min(all / DEFAULT_BOUND_DIVISOR));
        Some(LowSpace { free, bound })
    }

    /// Compares the free space with the bound; see [`Self::measure`]. `None` if there is enough, or if
    /// the system does not report it.
    pub fn check_space(&self) -> Option<LowSpace> {
        let short = self.measure().and_then(|LowSpace { free, mut bound }| {
            if free >= bound && self.is_low.load(Ordering::Relaxed) {
                bound = bound.saturating_add(bound / MARGIN_DIVISOR);
            }
            (free < bound).then_some(LowSpace { free, bound })
        });
        self.is_low.store(short.is_some(), Ordering::Relaxed);
        short
    }

    /// How long the disk has not answered, if that is too long.
    pub fn stalled_for(&self) -> Option<Duration> {
        self.gauge.heartbeat.stalled_for()
    }

    /// Whether so many bytes more may be written: `None` if the bound would still be kept, if there is
    /// none, or if the system does not report the free space. One system call. Unlike
    /// [`Self::check_space`] it leaves no mark: what is refused here never counts as a full disk.
    pub fn check_room(&self, bytes: u64) -> Option<LowSpace> {
        let found = self.measure()?;
        let needed = found.bound.saturating_add(bytes);
        (found.bound > 0 && found.free < needed).then_some(found)
    }

    /// Checks again if the last check found too little; no system call otherwise.
    pub fn recheck_if_low(&self) -> Option<LowSpace> {
        self.is_low
            .load(Ordering::Relaxed)
            .then(|| self.check_space())
            .flatten()
    }
}

/// What a disk has, in bytes.
#[derive(Clone, Copy, Debug)]
struct Space {
    /// For this account.
    free: u64,
    all: u64,
}

/// Asks a disk for its space on a thread of its own, which a network's disk that does not answer
/// holds alone.
#[derive(Debug)]
struct SpaceGauge {
    requests: mpsc::Sender<mpsc::Sender<Option<Space>>>,
    last: Arc<Mutex<Option<Space>>>,
    heartbeat: Arc<Heartbeat>,
}

impl SpaceGauge {
    fn start(folder: PathBuf) -> Self {
        let (requests, asked) = mpsc::channel::<mpsc::Sender<Option<Space>>>();
        let last = Arc::new(Mutex::new(None));
        let heartbeat = Arc::new(Heartbeat::with_tolerance(PATIENCE));
        let (found, beating) = (Arc::clone(&last), Arc::clone(&heartbeat));
        std::thread::spawn(move || {
            while let Ok(reply) = asked.recv() {
                beating.beat(Duration::ZERO);
                let space = measure(&folder);
                *found.lock().unwrap_or_else(PoisonError::into_inner) = space;
                beating.rest();
                // Whoever asked may have given up.
                let _ = reply.send(space);
            }
        });
        Self {
            requests,
            last,
            heartbeat,
        }
    }

    /// As the disk reports it now or, where it does not answer, as it last did.
    fn read(&self) -> Option<Space> {
        let last = || *self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if self.heartbeat.stalled_for().is_some() {
            return last();
        }
        let (reply, answer) = mpsc::channel();
        if self.requests.send(reply).is_err() {
            return last();
        }
        answer.recv_timeout(PATIENCE).unwrap_or_else(|_| last())
    }
}

fn measure(folder: &Path) -> Option<Space> {
    let disk = rustix::fs::statvfs(folder).ok()?;
    Some(Space {
        free: disk.f_bavail.saturating_mul(disk.f_frsize),
        all: disk.f_blocks.saturating_mul(disk.f_frsize),
    })
}

/// Whether an error says that there is no room, on the disk or in a quota.
pub fn is_full(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{QuotaExceeded, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_that_no_disk_has_is_missed() {
        let folder = tempfile::tempdir().unwrap();
        let look = |bound| DiskMonitor::new(folder.path(), Some(bound)).check_space();
        assert_eq!(look(0), None);
        let short = look(u64::MAX).unwrap();
        assert_eq!(short.bound, u64::MAX);
        assert!(short.message().contains(" MB left"), "{}", short.message());
    }

    #[test]
    fn what_would_not_leave_the_bound_is_refused_and_leaves_no_mark() {
        let folder = tempfile::tempdir().unwrap();
        let found = rustix::fs::statvfs(folder.path()).unwrap();
        let half = found.f_bavail * found.f_frsize / 2;
        let disk = DiskMonitor::new(folder.path(), Some(half));
        assert_eq!(disk.check_room(half / 2), None);
        assert_eq!(disk.check_room(half * 2).unwrap().bound, half);
        assert_eq!(disk.recheck_if_low(), None);
        let unbounded = DiskMonitor::new(folder.path(), Some(0));
        assert_eq!(unbounded.check_room(u64::MAX), None);
    }

    #[test]
    fn what_the_last_look_found_is_remembered() {
        let folder = tempfile::tempdir().unwrap();
        let disk = DiskMonitor::new(folder.path(), Some(u64::MAX));
        assert_eq!(disk.recheck_if_low(), None, "nobody has looked");
        disk.check_space();
        assert!(disk.recheck_if_low().is_some());
    }

    #[test]
    fn room_is_there_again_with_a_margin() {
        let folder = tempfile::tempdir().unwrap();
        let found = rustix::fs::statvfs(folder.path()).unwrap();
        // A little less than is free now, whatever else is written meanwhile.
        let bound = found.f_bavail * found.f_frsize / 20 * 19;
        let disk = DiskMonitor::new(folder.path(), Some(bound));
        assert_eq!(disk.check_space(), None);
        disk.is_low.store(true, Ordering::Relaxed);
        assert_eq!(
            disk.check_space().unwrap().bound,
            bound + bound / MARGIN_DIVISOR
        );
        let disk = DiskMonitor::new(folder.path(), Some(bound / 2));
        disk.is_low.store(true, Ordering::Relaxed);
        assert_eq!(disk.check_space(), None, "more than the margin");
    }
}

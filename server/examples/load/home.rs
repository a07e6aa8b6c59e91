//! The server that is measured, in a fresh folder.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::Outcome;

pub(crate) const USER: &str = "load";
pub(crate) const KEY: &str = "k-load-2f61";

/// `idle` has one slot, which one trial keeps, so that whatever else is launched there waits.
const SETTINGS: &str = "[clusters.local]\nslots = 4\n[clusters.idle]\nslots = 1\n";

/// Linux tells processor time to programs in hundredths of a second.
const TICK: Duration = Duration::from_millis(10);

/// Two metrics a line; among them NaN and both infinities.
const POINTS: &str = "import sys\n\
    lines = int(sys.argv[1]) // 2\n\
    odd = {1: 'nan', 2: 'inf', 3: '-inf'}\n\
    for step in range(lines):\n\
    \x20   print(f\"step={step} loss={odd.get(step, 1 / (step + 1))} acc={step / lines}\")\n";

/// Sources, data and settings.
pub(crate) struct Home {
    folder: TempDir,
    program: PathBuf,
}

impl Home {
    pub(crate) fn new(program: &Path, folder: &Path) -> Outcome<Self> {
        fs::create_dir_all(folder)?;
        let home = Self {
            folder: tempfile::tempdir_in(folder)?,
            program: program.canonicalize()?,
        };
        fs::create_dir(home.path("source"))?;
        for (name, content) in [
            ("source/hold.sh", "exec sleep 86400\n"),
            ("source/true.sh", "true\n"),
            ("source/points.py", POINTS),
            ("sweep.toml", SETTINGS),
        ] {
            fs::write(home.path(name), content)?;
        }
        Ok(home)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Bytes of the database, its log included.
    pub(crate) fn database_bytes(&self) -> u64 {
        let size = |name| fs::metadata(self.path(name)).map_or(0, |meta| meta.len());
        size("data/sweep.db") + size("data/sweep.db-wal")
    }

    /// How long the disk takes to keep a little.
    pub(crate) fn flush(&self) -> Outcome<Duration> {
        let path = self.path("flush");
        let begun = Instant::now();
        let mut file = File::create(&path)?;
        file.write_all(&[0; 4096])?;
        file.sync_all()?;
        let took = begun.elapsed();
        fs::remove_file(path)?;
        Ok(took)
    }

    /// Starts the server and waits until it is ready.
    pub(crate) fn start(&self) -> Outcome<Server> {
        let begun = Instant::now();
        let mut child = Command::new(&self.program)
            .args(["serve", "--listen", "127.0.0.1:0"])
            .arg("--source")
            .arg(self.path("source"))
            .arg("--data")
            .arg(self.path("data"))
            .arg("--config")
            .arg(self.path("sweep.toml"))
            .env("SWEEP_USER", USER)
            .env("SWEEP_API_KEY", KEY)
            .env("RUST_LOG", "warn")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let out = child.stdout.take().ok_or("the server has no output")?;
        let mut lines = BufReader::new(out).lines();
        let open = loop {
            let line = lines.next().ok_or("the server has ended")??;
            if let Some(open) = line.strip_prefix("Open http://") {
                break open.to_owned();
            }
        };
        let address = open.split('/').next().ok_or("no address")?.parse()?;
        let took = begun.elapsed();
        Ok(Server {
            child,
            address,
            took,
        })
    }
}

impl Drop for Home {
    /// Ends the trial that keeps the slot, so that nothing is left running.
    fn drop(&mut self) {
        let Ok(runs) = fs::read_dir(self.path("data/trials")) else {
            return;
        };
        for run in runs.flatten() {
            // A trial that has ended takes no notice.
            let _ = File::create(run.path().join("0/stop"));
        }
        std::thread::sleep(Duration::from_millis(500));
    }
}

/// A running server; killed when dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
    /// From its start until it was ready.
    pub(crate) took: Duration,
}

impl Server {
    /// Asks it to end, and waits.
    pub(crate) fn stop(mut self) -> Outcome<()> {
        kill_process(Pid::from_child(&self.child), Signal::TERM)?;
        self.child.wait()?;
        Ok(())
    }

    /// Memory in use now, and at most so far, in bytes.
    pub(crate) fn memory(&self) -> Outcome<(u64, u64)> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let field = |name: &str| -> Outcome<u64> {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let number = line.and_then(|rest| rest.split_whitespace().next());
            Ok(number.ok_or("no such field")?.parse::<u64>()? * 1024)
        };
        Ok((field("VmRSS:")?, field("VmHWM:")?))
    }

    /// Processor time used so far.
    pub(crate) fn cpu(&self) -> Outcome<Duration> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let (_, rest) = stat.rsplit_once(") ").ok_or("an odd stat")?;
        let fields: Vec<&str> = rest.split(' ').collect();
        let ticks = |at: usize| -> Outcome<u64> {
            Ok(fields.get(at).ok_or("an odd stat")?.parse::<u64>()?)
        };
        Ok(TICK * u32::try_from(ticks(11)? + ticks(12)?)?)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

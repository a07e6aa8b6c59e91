//! Fetching with the system's `git`: no shell, no hooks, no questions, no other protocol than the
//! address's, within limits of time and size. What a repository holds is not trusted: it never
//! becomes a work tree of git's, but an archive that is unpacked as an upload is.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use super::Address;
use crate::sources::{NoScript, SourceLimits, UnpackError, Walk, unpack_tar};

/// How often a running git is polled, and how often its files are measured.
const TICK: Duration = Duration::from_millis(20);
const MEASURE: Duration = Duration::from_millis(500);
/// How much of git's standard error is read, and how much of it is shown, in bytes.
const WORDS_MAX: u64 = 64 << 10;
const SHOWN_MAX: usize = 400;
/// Git's messages for a full disk or quota (with `LC_ALL=C`).
const FULL: [&str; 2] = ["No space left on device", "Disk quota exceeded"];
/// Grid took the files as they are in the commit, whatever they say about archives; nor do the
/// settings of the server's account change line ends or run filters.
const ATTRIBUTES: &str =
    "* -export-ignore -export-subst -text -ident -filter !working-tree-encoding\n";
/// The archive of the files, and what it may hold for each besides its content, in bytes.
const ARCHIVE: &str = "source.tar";
const FRAMING: u64 = 2048;
/// Where the wanted commit is kept in our repository.
const KEPT: &str = "refs/sweep/source";

/// Why a fetch failed.
#[derive(Debug)]
pub(super) enum Failure {
    /// The repository, the network or the limits: in words.
    Source(String),
    /// What was fetched has no script that the trials could run.
    Script(NoScript),
    /// A fault of this machine or its disk: to be tried again.
    Ours(String),
    /// The server is to stop.
    Stopped,
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Ours(error.to_string())
    }
}

/// Whether there is a `git` on PATH.
pub fn installed() -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| {
        let meta = fs::metadata(folder.join("git"));
        meta.is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
    })
}

/// A fetch.
pub(super) struct Job<'a> {
    pub(super) address: &'a Address,
    /// Where to work; made, and the caller's to remove.
    pub(super) folder: &'a Path,
    pub(super) limits: SourceLimits,
    pub(super) deadline: Instant,
    /// Whether to give up.
    pub(super) stopped: &'a dyn Fn() -> bool,
    /// Whether the disk has too little room by now: in words.
    pub(super) short: &'a dyn Fn() -> Option<String>,
}

impl Job<'_> {
    /// Fetches; returns the commit and the folder of its files.
    pub(super) fn fetch(&self) -> Result<(String, PathBuf), Failure> {
        fs::create_dir_all(self.folder)?;
        let repository = self.folder.join("repository");
        let shown = repository.display().to_string();
        self.git(&["init", "--quiet", "--bare", "--template=", &shown])?;
        let commit = self.commit()?;
        fs::create_dir_all(repository.join("info"))?;
        fs::write(repository.join("info/attributes"), ATTRIBUTES)?;
        let archive = self.folder.join(ARCHIVE);
        let output = format!("--output={}", archive.display());
        self.git(&["archive", "--format=tar", &output, &commit])?;
        if let Some(short) = (self.short)() {
            return Err(Failure::Ours(short));
        }
        let tree = self.folder.join("tree");
        unpack_tar(&archive, &tree, self.limits).map_err(|error| match error {
            UnpackError::Disk(error) => error.into(),
            other => Failure::Source(other.to_string()),
        })?;
        Ok((commit, tree))
    }

    /// Fetches the wanted commit, with all others only where the repository gives none by itself.
    fn commit(&self) -> Result<String, Failure> {
        let (url, wanted) = (self.address.url.as_str(), self.address.reference.as_str());
        let only = format!("+{wanted}:{KEPT}");
        let quiet = ["fetch", "--quiet", "--no-tags", "--no-recurse-submodules"];
        let alone = self.git(&[&quiet[..], &["--depth=1", "--", url, &only]].concat());
        let name = match alone {
            Ok(_) => KEPT,
            Err(Failure::Source(_)) if is_commit(wanted) && Instant::now() < self.deadline => {
                let all = [
                    "--",
                    url,
                    "+refs/heads/*:refs/all/heads/*",
                    "+refs/tags/*:refs/all/tags/*",
                ];
                self.git(&[&quiet[..], &all].concat())?;
                wanted
            }
            Err(other) => return Err(other),
        };
        let name = format!("{name}^{{commit}}");
        let found = self.git(&["rev-parse", "--verify", "--end-of-options", &name]);
        match found {
            Ok(said) if is_commit(said.trim()) => Ok(said.trim().to_owned()),
            Ok(_) => Err(Failure::Ours("git did not print the commit".to_owned())),
            Err(Failure::Source(_)) => Err(Failure::Source(format!(
                "the repository has no commit `{wanted}`"
            ))),
            Err(other) => Err(other),
        }
    }

    /// Runs git to its end; answers with what it wrote to standard output.
    fn git(&self, arguments: &[&str]) -> Result<String, Failure> {
        let (output, words) = (self.folder.join("output"), self.folder.join("words"));
        let mut command = self.command();
        if arguments.first() != Some(&"init") {
            command.arg("--git-dir").arg(self.folder.join("repository"));
        }
        command
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(File::create(&output)?)
            .stderr(File::create(&words)?)
            .process_group(0);
        let child = command.spawn().map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => {
                Failure::Source("git is not installed on the server".to_owned())
            }
            _ => error.into(),
        })?;
        let status = self.ended(child)?;
        if status.success() {
            return Ok(fs::read_to_string(output).unwrap_or_default());
        }
        let mut said = Vec::new();
        File::open(words)?.take(WORDS_MAX).read_to_end(&mut said)?;
        Err(failed(status, &String::from_utf8_lossy(&said)))
    }

    /// Whether git has written more than it may. Its repository and the archive hold the same
    /// files, so each is measured by itself.
    fn too_large(&self) -> bool {
        let archive = fs::metadata(self.folder.join(ARCHIVE)).map_or(0, |meta| meta.len());
        let others = size(self.folder).saturating_sub(archive);
        let framing = self.limits.files.saturating_mul(FRAMING);
        others > self.limits.bytes || archive > self.limits.bytes.saturating_add(framing)
    }

    fn command(&self) -> Command {
        let mut command = Command::new("git");
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy().into_owned();
            let others = name.starts_with("GIT_")
                && !name.starts_with("GIT_SSL_")
                && !name.starts_with("GIT_SSH");
            if others || name.starts_with("SWEEP_") || name == "SSH_ASKPASS" {
                command.env_remove(name);
            }
        }
        if std::env::var_os("GIT_SSH_COMMAND").is_none() {
            command.env("GIT_SSH_COMMAND", "ssh -o BatchMode=yes");
        }
        command
            .env("GIT_ALLOW_PROTOCOL", self.address.protocol)
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_ASKPASS", "true")
            .env("GIT_LFS_SKIP_SMUDGE", "1")
            .env("LC_ALL", "C");
        for setting in [
            "core.hooksPath=/dev/null",
            "protocol.version=2",
            "fetch.unpackLimit=1",
            "fetch.writeCommitGraph=false",
            "gc.auto=0",
            "maintenance.auto=false",
            // A redirect could lead to an address that is not allowed.
            "http.followRedirects=false",
            "http.lowSpeedLimit=1",
            "http.lowSpeedTime=60",
        ] {
            command.args(["-c", setting]);
        }
        command
    }

    /// Waits for git, or ends it with all it started.
    fn ended(&self, mut child: Child) -> Result<ExitStatus, Failure> {
        let group = Pid::from_child(&child);
        let mut measured = Instant::now();
        let failure = loop {
            if let Some(status) = child.try_wait()? {
                return Ok(status);
            }
            if (self.stopped)() {
                break Failure::Stopped;
            }
            if Instant::now() >= self.deadline {
                break Failure::Source("it took longer than this server waits".to_owned());
            }
            if measured.elapsed() >= MEASURE {
                measured = Instant::now();
                if self.too_large() {
                    let most = self.limits.bytes;
                    break Failure::Source(format!("the repository has more than {most} bytes"));
                }
                if let Some(short) = (self.short)() {
                    break Failure::Ours(short);
                }
            }
            std::thread::sleep(TICK);
        };
        // It may have ended by itself.
        let _ = kill_process_group(group, Signal::KILL);
        child.wait()?;
        Err(failure)
    }
}

/// Whether a name can be that of a commit.
fn is_commit(name: &str) -> bool {
    (7..=64).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Classifies a failure of git by its standard error. A full disk is our fault, and so is an empty
/// standard error: git was killed, or could not write it for lack of space.
fn failed(status: ExitStatus, words: &str) -> Failure {
    let shown = shown(words);
    if shown.is_empty() {
        return Failure::Ours(format!("git ended without an error message, {status}"));
    }
    let says = format!("git says: {shown}");
    // Lines of the remote side are about its disk, not ours.
    let mut own = words.lines().filter(|line| !line.starts_with("remote:"));
    if own.any(|line| FULL.iter().any(|full| line.contains(full))) {
        Failure::Ours(says)
    } else {
        Failure::Source(says)
    }
}

/// The beginning of git's standard error, on one line, without control characters.
fn shown(words: &str) -> String {
    let lines: Vec<&str> = words
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let line = lines.join("; ");
    line[..line.floor_char_boundary(SHOWN_MAX)]
        .chars()
        .filter(|letter| !letter.is_control())
        .collect()
}

/// Bytes of all files below a folder.
fn size(folder: &Path) -> u64 {
    let metas = Walk::new(folder, usize::MAX, usize::MAX).filter_map(|entry| entry.metadata().ok());
    let others = metas.filter(|meta| !meta.is_dir());
    others.map(|meta| meta.len()).sum()
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::*;

    #[test]
    fn a_full_disk_is_not_the_sources_fault() {
        let long = format!(
            "warning: {}\nfatal: x: Disk quota exceeded",
            "x".repeat(1000)
        );
        for (words, ours) in [
            ("fatal: couldn't find remote ref nothing", false),
            (
                "remote: write error: No space left on device\nfatal: early EOF",
                false,
            ),
            (
                "fatal: write error: No space left on device\nfatal: early EOF",
                true,
            ),
            (&long, true),
            ("\n", true),
        ] {
            let failure = failed(ExitStatus::from_raw(9), words);
            assert_eq!(matches!(failure, Failure::Ours(_)), ours, "{failure:?}");
        }
        assert_eq!(shown("a\n\n b\x1b[1m "), "a; b[1m");
    }
}

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

use super::RepositoryAddress;
use crate::sources::{ScriptError, SourceLimits, UnpackError, Walk, unpack_tar};
use crate::upkeep::disk::{DiskMonitor, ROOM_CHECK_BYTES};

/// How often a running git is polled, and how often its files are measured.
const POLL_INTERVAL: Duration = Duration::from_millis(20);
const MEASURE_INTERVAL: Duration = Duration::from_millis(500);
/// How much of git's standard output is read, in bytes: it is the name of a commit.
const ANSWER_MAX: u64 = 4 << 10;
/// How much of git's standard error is read, and how much of it is shown, in bytes.
const STDERR_READ_MAX: u64 = 64 << 10;
const STDERR_SHOWN_MAX: usize = 400;
/// How much memory git may use, in bytes: a repository of some kilobytes can hold a tree of 10^9 files.
const MEMORY_MAX: u64 = 2 << 30;
/// Git's messages for a full disk or quota (with `LC_ALL=C`).
const DISK_FULL_MESSAGES: [&str; 2] = ["No space left on device", "Disk quota exceeded"];
/// Grid took the files as they are in the commit, whatever they say about archives; nor do the
/// settings of the server's account change line ends or run filters.
const ATTRIBUTES: &str =
    "* -export-ignore -export-subst -text -ident -filter !working-tree-encoding\n";
/// The archive of the files, and what it may hold for each besides its content, in bytes.
const ARCHIVE: &str = "source.tar";
const TAR_OVERHEAD: u64 = 2048;
/// Where the wanted commit is kept in our repository.
const FETCHED_REF: &str = "refs/sweep/source";

/// Why a fetch failed.
#[derive(Debug)]
pub(super) enum FetchError {
    /// The repository, the network or the limits: in words.
    Source(String),
    /// What was fetched has no script that the trials could run.
    Script(ScriptError),
    /// A fault of this machine or its disk: to be tried again.
    Internal(String),
    /// The server is to stop.
    Stopped,
}

impl From<std::io::Error> for FetchError {
    fn from(error: std::io::Error) -> Self {
        Self::Internal(error.to_string())
    }
}

/// Whether there is a `git` on PATH.
pub fn is_git_installed() -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| {
        let meta = fs::metadata(folder.join("git"));
        meta.is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
    })
}

/// A fetch.
pub(super) struct FetchJob<'a> {
    pub(super) address: &'a RepositoryAddress,
    /// Where to work; made, and the caller's to remove.
    pub(super) folder: &'a Path,
    pub(super) limits: SourceLimits,
    pub(super) deadline: Instant,
    /// Whether to give up.
    pub(super) is_stopping: &'a dyn Fn() -> bool,
    /// The disk of the folder, which keeps its free space.
    pub(super) disk: &'a DiskMonitor,
    /// What git is not to see, as JSON for `sweep isolate`; `None` where trials see everything too.
    pub(super) isolation: Option<String>,
}

impl FetchJob<'_> {
    /// Fetches; returns the commit and the folder of its files.
    pub(super) fn fetch(&self) -> Result<(String, PathBuf), FetchError> {
        fs::create_dir_all(self.folder)?;
        let repository = self.folder.join("repository");
        let shown = repository.display().to_string();
        self.run_git(&["init", "--quiet", "--bare", "--template=", &shown])?;
        let commit = self.fetch_commit()?;
        fs::create_dir_all(repository.join("info"))?;
        fs::write(repository.join("info/attributes"), ATTRIBUTES)?;
        let archive = self.folder.join(ARCHIVE);
        let output = format!("--output={}", archive.display());
        self.run_git(&["archive", "--format=tar", &output, &commit])?;
        let tree = self.folder.join("tree");
        unpack_tar(&archive, &tree, self.limits, self.disk).map_err(|error| match error {
            UnpackError::Disk(error) => error.into(),
            UnpackError::NoRoom(short) => FetchError::Internal(short.message()),
            other => FetchError::Source(other.to_string()),
        })?;
        Ok((commit, tree))
    }

    /// Fetches the wanted commit, with all others only where the repository gives none by itself.
    fn fetch_commit(&self) -> Result<String, FetchError> {
        let (url, wanted) = (self.address.url.as_str(), self.address.reference.as_str());
        let only = format!("+{wanted}:{FETCHED_REF}");
        let quiet = ["fetch", "--quiet", "--no-tags", "--no-recurse-submodules"];
        let alone = self.run_git(&[&quiet[..], &["--depth=1", "--", url, &only]].concat());
        let name = match alone {
            Ok(_) => FETCHED_REF,
            Err(FetchError::Source(_))
                if is_commit_hash(wanted) && Instant::now() < self.deadline =>
            {
                let all = [
                    "--",
                    url,
                    "+refs/heads/*:refs/all/heads/*",
                    "+refs/tags/*:refs/all/tags/*",
                ];
                self.run_git(&[&quiet[..], &all].concat())?;
                wanted
            }
            Err(other) => return Err(other),
        };
        let name = format!("{name}^{{commit}}");
        let found = self.run_git(&["rev-parse", "--verify", "--end-of-options", &name]);
        match found {
            Ok(answer) => parse_commit(&answer)
                .ok_or_else(|| FetchError::Internal("git did not print the commit".to_owned())),
            Err(FetchError::Source(_)) => Err(FetchError::Source(format!(
                "the repository has no commit `{wanted}`"
            ))),
            Err(other) => Err(other),
        }
    }

    /// Runs git to its end; answers with the beginning of what it wrote to standard output.
    fn run_git(&self, arguments: &[&str]) -> Result<Vec<u8>, FetchError> {
        let (output, words) = (self.folder.join("output"), self.folder.join("words"));
        let mut command = self.git_command()?;
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
                FetchError::Source("git is not installed on the server".to_owned())
            }
            _ => error.into(),
        })?;
        let status = self.wait_or_kill(child)?;
        if status.success() {
            return Ok(read_beginning(&output, ANSWER_MAX)?);
        }
        let said = read_beginning(&words, STDERR_READ_MAX)?;
        Err(classify_failure(status, &String::from_utf8_lossy(&said)))
    }

    /// Whether git has written more than it may. Its repository and the archive hold the same
    /// files, so each is measured by itself.
    fn exceeds_limits(&self) -> bool {
        let archive = fs::metadata(self.folder.join(ARCHIVE)).map_or(0, |meta| meta.len());
        let others = folder_bytes(self.folder).saturating_sub(archive);
        let framing = self.limits.files.saturating_mul(TAR_OVERHEAD);
        others > self.limits.bytes || archive > self.limits.bytes.saturating_add(framing)
    }

    fn git_command(&self) -> Result<Command, FetchError> {
        let mut command = self.isolated_git()?;
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
            // Bytes a second, and for how many seconds it may be less.
            "http.lowSpeedLimit=1000",
            "http.lowSpeedTime=60",
            // Larger files are passed on in pieces.
            "core.bigFileThreshold=64m",
        ] {
            command.args(["-c", setting]);
        }
        Ok(command)
    }

    /// Git below `sweep isolate`, which becomes git.
    fn isolated_git(&self) -> Result<Command, FetchError> {
        let Some(spec) = &self.isolation else {
            return Ok(Command::new("git"));
        };
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["isolate", "--isolation", spec]);
        command.args(["--memory", &MEMORY_MAX.to_string()]);
        command.arg(self.folder).args(["--", "git"]);
        Ok(command)
    }

    /// Waits for git, or ends it with all it started.
    fn wait_or_kill(&self, mut child: Child) -> Result<ExitStatus, FetchError> {
        let group = Pid::from_child(&child);
        let mut measured = Instant::now();
        let failure = loop {
            if let Some(status) = child.try_wait()? {
                return Ok(status);
            }
            if (self.is_stopping)() {
                break FetchError::Stopped;
            }
            if Instant::now() >= self.deadline {
                break FetchError::Source("it took longer than this server waits".to_owned());
            }
            // Git may write fast.
            if let Some(short) = self.disk.check_room(ROOM_CHECK_BYTES) {
                break FetchError::Internal(short.message());
            }
            if measured.elapsed() >= MEASURE_INTERVAL {
                measured = Instant::now();
                if self.exceeds_limits() {
                    let most = self.limits.bytes;
                    break FetchError::Source(format!("the repository has more than {most} bytes"));
                }
            }
            std::thread::sleep(POLL_INTERVAL);
        };
        // It may have ended by itself.
        let _ = kill_process_group(group, Signal::KILL);
        child.wait()?;
        Err(failure)
    }
}

fn read_beginning(file: &Path, most: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(file)?.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The commit that git has printed, if it is nothing else.
fn parse_commit(answer: &[u8]) -> Option<String> {
    let name = std::str::from_utf8(answer).ok()?.trim();
    is_commit_hash(name).then(|| name.to_owned())
}

/// Whether a name can be that of a commit.
fn is_commit_hash(name: &str) -> bool {
    (7..=64).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Classifies a failure of git by its standard error. A full disk is our fault, and so is an empty
/// standard error: git was killed, or could not write it for lack of space.
fn classify_failure(status: ExitStatus, words: &str) -> FetchError {
    let shown = shorten_stderr(words);
    if shown.is_empty() {
        return FetchError::Internal(format!("git ended without an error message, {status}"));
    }
    let says = format!("git says: {shown}");
    // Lines of the remote side are about its disk, not ours.
    let mut own = words.lines().filter(|line| !line.starts_with("remote:"));
    if own.any(|line| DISK_FULL_MESSAGES.iter().any(|full| line.contains(full))) {
        FetchError::Internal(says)
    } else {
        FetchError::Source(says)
    }
}

/// The beginning of git's standard error, on one line, without control characters.
fn shorten_stderr(words: &str) -> String {
    let lines: Vec<&str> = words
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let line = lines.join("; ");
    line[..line.floor_char_boundary(STDERR_SHOWN_MAX)]
        .chars()
        .filter(|letter| !letter.is_control())
        .collect()
}

/// Bytes of all files below a folder.
fn folder_bytes(folder: &Path) -> u64 {
    let metas = Walk::new(folder, usize::MAX, usize::MAX).filter_map(|entry| entry.meta().ok());
    let others = metas.filter(|meta| !meta.is_folder);
    others.map(|meta| meta.length).sum()
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn whatever_git_prints_is_a_commit_or_not(answer in any::<Vec<u8>>()) {
            if let Some(commit) = parse_commit(&answer) {
                prop_assert!(is_commit_hash(&commit));
            }
        }

        #[test]
        fn whatever_git_reports_becomes_one_short_line(
            words in "(\\PC|[\0\r\n\x1b é\u{2028}]|remote: |No space left on device){0,600}",
        ) {
            let shown = shorten_stderr(&words);
            prop_assert!(shown.len() <= STDERR_SHOWN_MAX);
            prop_assert!(!shown.contains(char::is_control));
            let failure = classify_failure(ExitStatus::from_raw(256), &words);
            prop_assert!(matches!(failure, FetchError::Internal(_) | FetchError::Source(_)));
        }
    }

    #[test]
    fn a_commit_is_read_from_an_answer() {
        let hash = "0123456789abcdef0123456789abcdef01234567";
        let line = format!("{hash}\n");
        assert_eq!(parse_commit(line.as_bytes()).as_deref(), Some(hash));
        for other in ["", "main", "0123456789abcdef\n0123456789abcdef", "\u{ff}"] {
            assert_eq!(parse_commit(other.as_bytes()), None, "{other}");
        }
    }

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
            let failure = classify_failure(ExitStatus::from_raw(9), words);
            assert_eq!(
                matches!(failure, FetchError::Internal(_)),
                ours,
                "{failure:?}"
            );
        }
        assert_eq!(shorten_stderr("a\n\n b\x1b[1m "), "a; b[1m");
    }
}

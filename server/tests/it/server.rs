//! Starts and stops the real binary.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::client::{Answer, Request};

pub(crate) const USER: &str = "ada";
pub(crate) const KEY: &str = "k-secret-4f1c";

/// How long anything may take before a test gives up.
const PATIENCE: Duration = Duration::from_secs(30);

/// A folder with sources, data and settings, that outlives its servers.
pub(crate) struct Home {
    folder: TempDir,
}

impl Home {
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = Self { folder };
        for name in ["source", "page"] {
            fs::create_dir(home.path(name)).unwrap();
        }
        fs::write(home.path("sweep.toml"), "[clusters.local]\nslots = 2\n").unwrap();
        for (name, content) in files {
            home.write(&format!("source/{name}"), content);
        }
        home
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    pub(crate) fn command(&self, listen: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sweep"));
        command
            .arg("serve")
            .args(["--listen", listen])
            .arg("--source")
            .arg(self.path("source"))
            .arg("--data")
            .arg(self.path("data"))
            .arg("--page")
            .arg(self.path("page"))
            .arg("--config")
            .arg(self.path("sweep.toml"))
            .env("SWEEP_USER", USER)
            .env("SWEEP_API_KEY", KEY)
            .env("RUST_LOG", "info")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub(crate) fn start(&self) -> Server {
        Server::start(self.command("127.0.0.1:0"))
    }
}

/// A running server; killed when dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
    /// The origin of the start address.
    pub(crate) origin: String,
    pub(crate) open: String,
    pub(crate) printed: String,
}

impl Server {
    pub(crate) fn start(command: Command) -> Self {
        Self::start_behind_proxy(command, None)
    }

    /// Starts one whose start address is another than its own, which is given then.
    pub(crate) fn start_behind_proxy(mut command: Command, listen: Option<SocketAddr>) -> Self {
        let mut child = command.spawn().expect("the server");
        let mut out = BufReader::new(child.stdout.take().unwrap());
        // Its log must not fill the pipe.
        let mut log = child.stderr.take().unwrap();
        std::thread::spawn(move || {
            let mut text = String::new();
            let _ = log.read_to_string(&mut text);
            // Shown by the test harness when a test fails.
            eprint!("{text}");
        });
        let mut printed = String::new();
        let open = loop {
            let mut line = String::new();
            assert!(out.read_line(&mut line).unwrap() > 0, "it ended: {printed}");
            if let Some(open) = line.trim().strip_prefix("Open ") {
                break open.to_owned();
            }
            printed.push_str(&line);
        };
        let (scheme, open) = open.split_once("://").expect("a scheme");
        let (host, path) = open.split_once('/').expect("a host and a path");
        let address = listen.unwrap_or_else(|| host.parse().expect("an address"));
        Self {
            child,
            address,
            origin: format!("{scheme}://{host}"),
            open: format!("/{path}"),
            printed,
        }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits until it has ended.
    pub(crate) fn wait_exit(&mut self) -> ExitStatus {
        wait_until("the server to end", || self.child.try_wait().unwrap())
    }

    /// Sends a request with the account's credentials.
    pub(crate) fn send(&self, request: Request) -> Answer {
        request.basic(USER, KEY).send(self.address)
    }

    pub(crate) fn get(&self, path: &str) -> Value {
        let answer = self.send(Request::new("GET", path));
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer.json()
    }

    pub(crate) fn post_run(&self, body: &Value) -> Answer {
        self.send(Request::new("POST", "/v1/core/local/runs").json(body))
    }

    /// Launches a command and answers with the run.
    pub(crate) fn launch(&self, command: &str) -> Value {
        let answer = self.post_run(&launch_request(command));
        assert_eq!(answer.status, 200, "{command}: {}", answer.text());
        answer.json()
    }

    pub(crate) fn trials(&self, run: &Value) -> Vec<Value> {
        let id = run["id"].as_str().unwrap();
        let page = self.get(&format!("/v1/core/local/runs/{id}/trials?limit=1000"));
        page["trials"].as_array().unwrap().clone()
    }

    /// Waits until every trial of a run has ended, and answers with them.
    pub(crate) fn finish(&self, run: &Value) -> Vec<Value> {
        self.finish_within(run, PATIENCE)
    }

    pub(crate) fn finish_within(&self, run: &Value, patience: Duration) -> Vec<Value> {
        let id = run["id"].as_str().unwrap();
        wait_for(patience, "the run to end", || {
            let run = self.get(&format!("/v1/core/local/runs/{id}?brief=true"));
            let counts = &run["status"]["experimentCounts"];
            (counts["pending"] == 0 && counts["running"] == 0).then_some(())
        });
        self.trials(run)
    }

    /// Waits until the dispatcher has worked through a whole round that began after this call. The
    /// run's first trial prints one more `measured=…` each time that it finds the file `request`,
    /// which it removes; a round records, last of all, what it read. So the second measurement is
    /// recorded by a round that began after the first was asked for.
    pub(crate) fn wait_for_round(&self, run: &Value, request: &Path) {
        for _ in 0..2 {
            let before = self.trials(run)[0]["metrics"]["measured"].clone();
            fs::write(request, "").unwrap();
            wait_until("a measurement", || {
                let after = self.trials(run)[0]["metrics"]["measured"].clone();
                (after != before).then_some(())
            });
        }
    }

    pub(crate) fn output_of(&self, trial: &Value) -> String {
        let id = trial["id"].as_str().unwrap();
        let page = self.get(&format!("/v1/core/local/experiments/{id}/logs"));
        page["text"].as_str().unwrap().to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A request for a run of this command, written as Grid's client writes it.
pub(crate) fn launch_request(command: &str) -> Value {
    json!({"localDir": false, "name": "", "spec": {
        "runControllerCommand": command, "sweepType": "grid_search", "sweepOptions": {},
        "instanceType": "m5a.large", "resources": {"cpu": 0, "gpu": "0", "storageGb": 100}}})
}

/// Asks again and again until there is an answer.
pub(crate) fn wait_until<T>(what: &str, ask: impl FnMut() -> Option<T>) -> T {
    wait_for(PATIENCE, what, ask)
}

fn wait_for<T>(patience: Duration, what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(begun.elapsed() < patience, "waited too long for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Whether a process lives (a zombie does not).
pub(crate) fn is_alive(pid: &str) -> bool {
    let status = fs::read_to_string(Path::new("/proc").join(pid).join("stat"));
    status.is_ok_and(|text| {
        let state = text.rsplit_once(") ").map(|(_, rest)| rest.chars().next());
        state.flatten() != Some('Z')
    })
}

//! What goes wrong around the server: disks, files, and trials that misbehave.

use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::client::Request;
use crate::server::{Home, Server, is_alive, launch_request, wait_until};
use crate::skip::skip;

/// The server of this home, started by a shell command that ends in `exec "$@"`, in a mount
/// namespace of its own if so.
pub(crate) fn shell_command(home: &Home, own_mounts: bool, script: &str) -> Command {
    let plain = home.command("127.0.0.1:0");
    let mut command = Command::new(if own_mounts { "unshare" } else { "bash" });
    if own_mounts {
        command.args(["--mount", "--", "bash"]);
    }
    command.args(["-c", script, "bash"]);
    command.arg(plain.get_program()).args(plain.get_args());
    for (name, value) in plain.get_envs() {
        if let Some(value) = value {
            command.env(name, value);
        }
    }
    command.stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Whether this account may mount in a namespace of its own.
pub(crate) fn may_mount() -> bool {
    let tried = Command::new("unshare")
        .args(["--mount", "mount", "-t", "tmpfs", "none", "/mnt"])
        .output();
    tried.is_ok_and(|output| output.status.success())
}

fn integrity_check(home: &Home) -> String {
    let database = Connection::open(home.path("data/sweep.db")).unwrap();
    database
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap()
}

#[test]
#[cfg(target_os = "linux")]
fn a_log_that_cannot_be_written_stops_nothing() {
    let home = Home::new(&[("a.sh", "echo loss=$1")]);
    // As a log file on a full disk.
    let server = Server::start(shell_command(&home, false, "exec \"$@\" 2> /dev/full"));
    for _ in 0..2 {
        let run = server.launch("a.sh  '[1, 2]'");
        for trial in server.finish(&run) {
            assert_eq!(trial["state"], "EXPERIMENT_STATE_SUCCEEDED", "{trial}");
        }
    }
    assert_eq!(server.send(Request::new("GET", "/v1/none")).status, 404);
}

#[test]
fn a_file_size_limit_ends_neither_the_server_nor_a_trial() {
    let home = Home::new(&[(
        "loud.py",
        "import sys\nfor _ in range(40): sys.stdout.write('x' * 99_999 + '\\n')\nprint('acc=0.5')",
    )]);
    // 2 MB a file: the trial's output is over it, and so will be the database.
    let server = Server::start(shell_command(&home, false, "ulimit -f 2048; exec \"$@\""));
    let trial = &server.finish(&server.launch("loud.py "))[0];
    assert_eq!(trial["state"], "EXPERIMENT_STATE_SUCCEEDED", "{trial}");
    assert_eq!(trial["metrics"]["acc"], 0.5);
    let id = trial["id"].as_str().unwrap();
    let page = server.get(&format!("/v1/core/local/experiments/{id}/logs?limit=10"));
    let (size, dropped) = (
        page["size"].as_u64().unwrap(),
        page["dropped"].as_u64().unwrap(),
    );
    assert!(size <= 2 << 20, "{page}");
    assert_eq!(size + dropped, 40 * 100_000 + 8, "{page}");
    // A run too large for the database is refused, and nothing of it is there.
    let answer = server.post_run(&launch_request("loud.py  'range(50000)'"));
    assert!(answer.status >= 500, "{}", answer.text());
    answer.message();
    let runs = server.get("/v1/core/local/runs?brief=true");
    assert_eq!(runs["runs"].as_array().unwrap().len(), 1);
    server.kill();
    let server = home.start();
    assert_eq!(
        server.get("/v1/core/local/runs?brief=true")["runs"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    // With room, what was refused goes.
    assert_eq!(
        server
            .post_run(&launch_request("loud.py  'range(3)'"))
            .status,
        200
    );
    server.kill();
    assert_eq!(integrity_check(&home), "ok");
}

#[test]
fn a_full_disk_is_survived() {
    if !may_mount() {
        return skip("this account may not mount; the limit on file sizes is tested");
    }
    let home = Home::new(&[
        (
            "fill.py",
            "import os, sys, time\n\
             with open('fill.bin', 'wb', buffering=0) as file:\n\
             \x20   try:\n\
             \x20       while True: file.write(b'x' * 65536)\n\
             \x20   except OSError: pass\n\
             open(sys.argv[1] + '.full', 'w').close()\n\
             while not os.path.exists(sys.argv[1]): time.sleep(0.02)\n\
             os.remove('fill.bin')\n\
             sys.exit(3)",
        ),
        ("after.sh", "echo after"),
    ]);
    fs::create_dir(home.path("data")).unwrap();
    let data = home.path("data").display().to_string();
    let mount = format!("mount -t tmpfs -o size=6m none '{data}' && exec \"$@\"");
    let server = Server::start(shell_command(&home, true, &mount));
    let go = home.path("go");
    let filling = server.launch(&format!("fill.py  '{}'", go.display()));
    // Every answer is an answer, none a lie: while it fills, when it is full, and once there is
    // room again.
    let mut launched = Vec::new();
    let mut launch_some = || {
        let mut refused = 0;
        for _ in 0..6 {
            let answer = server.post_run(&launch_request("after.sh "));
            match answer.status {
                200 => launched.push(answer.json()),
                status => {
                    assert!(status >= 500, "{}", answer.text());
                    answer.message();
                    refused += 1;
                }
            }
        }
        refused
    };
    launch_some();
    wait_until("the disk to be full", || {
        home.path("go.full").exists().then_some(())
    });
    assert_eq!(launch_some(), 6, "there is no room for any");
    fs::write(go, "").unwrap();
    launch_some();
    let trial = &server.finish(&filling)[0];
    assert_eq!(trial["exitCode"], 3, "{trial}");
    for run in &launched {
        let trial = &server.finish(run)[0];
        assert_eq!(trial["state"], "EXPERIMENT_STATE_SUCCEEDED", "{trial}");
    }
    let listed = server.get("/v1/core/local/runs?brief=true")["runs"]
        .as_array()
        .unwrap()
        .len();
    assert_eq!(listed, launched.len() + 1);
}

#[test]
fn a_data_folder_that_cannot_be_written_is_said_to_be_so() {
    let home = Home::new(&[]);
    drop(home.start());
    let data = home.path("data").display().to_string();
    let mut command = if may_mount() {
        let script = format!("mount --bind -o ro '{data}' '{data}' && exec \"$@\"");
        shell_command(&home, true, &script)
    } else {
        let mut permissions = fs::metadata(&data).unwrap().permissions();
        permissions.set_readonly(true);
        fs::set_permissions(&data, permissions).unwrap();
        home.command("127.0.0.1:0")
    };
    let before = fs::read(home.path("data/sweep.db")).unwrap();
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains(&data) && said.contains("cannot be written"),
        "{said}"
    );
    assert_eq!(fs::read(home.path("data/sweep.db")).unwrap(), before);
}

#[test]
fn a_damaged_database_is_named_and_left_as_it_is() {
    let home = Home::new(&[("quick.sh", "echo $1")]);
    let server = home.start();
    server.finish(&server.launch("quick.sh  'range(30)'"));
    drop(server);
    let file = home.path("data/sweep.db");
    Connection::open(&file)
        .unwrap()
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        .unwrap();
    let whole = fs::read(&file).unwrap();
    let mut torn = whole.clone();
    torn[4096 * 2..4096 * 6].fill(0xA5);
    for damaged in [torn, whole[..whole.len() / 2].to_vec()] {
        fs::write(&file, &damaged).unwrap();
        let output = home.command("127.0.0.1:0").output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(
            said.contains("sweep.db") && said.contains("Nothing was changed"),
            "{said}"
        );
        assert!(fs::read(&file).unwrap() == damaged, "it was written to");
    }
    fs::write(&file, whole).unwrap();
    assert_eq!(
        home.start().get("/v1/core/local/runs")["runs"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn what_a_trial_leaves_running_ends_with_it() {
    let home = Home::new(&[(
        "fork.py",
        "import os, subprocess, sys\n\
         here = subprocess.Popen(['sleep', '600'])\n\
         apart = subprocess.Popen(['sleep', '600'], start_new_session=True,\n\
         \x20                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)\n\
         print(here.pid, apart.pid, flush=True)\n\
         if os.fork() == 0:\n\
         \x20   os.setsid()\n\
         \x20   if os.fork() == 0:\n\
         \x20       print(os.getpid(), flush=True)\n\
         \x20       os.execvp('sleep', ['sleep', '600'])\n\
         \x20   os._exit(0)\n\
         os.wait()\n\
         __import__('time').sleep(0.2)\n\
         sys.exit(5)",
    )]);
    let server = home.start();
    // Its deadline is far below what the three that are left would run.
    let trial = &server.finish(&server.launch("fork.py "))[0];
    assert_eq!(trial["exitCode"], 5, "{trial}");
    let log = server.output_of(trial);
    let pids: Vec<&str> = log.split_whitespace().collect();
    assert_eq!(pids.len(), 3, "{log}");
    assert!(pids.iter().all(|pid| !is_alive(pid)), "{log}");
}

#[test]
fn a_gigabyte_of_output_is_bounded() {
    let home = Home::new(&[(
        "flood.py",
        "import os\n\
         line = b'step %d of a very long training, nothing to see here' % 1 + b'.' * 70 + b'\\n'\n\
         chunk = line * (1048576 // len(line))\n\
         sent = 0\n\
         while sent < 1 << 30:\n\
         \x20   view = memoryview(chunk)\n\
         \x20   while view: view = view[os.write(1, view):]\n\
         \x20   sent += len(chunk)\n\
         print(f'sent={sent}')",
    )]);
    home.write("sweep.toml", "[limits]\noutput_bytes = 1000000\n");
    let server = home.start();
    let run = server.launch("flood.py ");
    let trial = &server.finish_within(&run, Duration::from_secs(120))[0];
    assert_eq!(trial["exitCode"], 0, "{trial}");
    let sent = trial["metrics"]["sent"].as_f64().expect("the last line") as u64;
    let id = trial["id"].as_str().unwrap();
    let page = server.get(&format!("/v1/core/local/experiments/{id}/logs?limit=10"));
    assert_eq!(page["size"], json!(1_000_000));
    let last = format!("sent={sent}\n").len() as u64;
    assert_eq!(page["dropped"], json!(sent + last - 1_000_000));
    let folder = home.path(&format!("data/trials/{}/0", run["id"].as_str().unwrap()));
    let bytes: u64 = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().metadata().unwrap().len())
        .sum();
    assert!(bytes < 1_100_000, "{bytes} bytes are kept");
}

#[test]
fn binary_output_is_shown_and_kept_as_it_was() {
    let home = Home::new(&[(
        "binary.py",
        "import os\nos.write(1, bytes(range(256)) * 4096)\nos.write(2, b'\\x00\\xff')",
    )]);
    let server = home.start();
    let run = server.launch("binary.py ");
    let trial = &server.finish(&run)[0];
    assert_eq!(trial["exitCode"], 0, "{trial}");
    let kept = home.path(&format!(
        "data/trials/{}/0/output.log",
        run["id"].as_str().unwrap()
    ));
    let kept = fs::read(kept).unwrap();
    assert_eq!(kept.len(), 256 * 4096 + 2);
    let id = trial["id"].as_str().unwrap();
    let (mut offset, mut pages) = (0, 0);
    loop {
        let path = format!("/v1/core/local/experiments/{id}/logs?offset={offset}&limit=100000");
        let page: Value = server.send(Request::new("GET", &path)).json();
        let next = page["nextOffset"].as_u64().unwrap();
        if next == offset {
            break;
        }
        (offset, pages) = (next, pages + 1);
    }
    assert_eq!((offset, pages > 9), (kept.len() as u64, true));
    // The file is the output to the byte, for whoever has its address.
    let page = server.get(&format!("/v1/core/local/experiments/{id}/logs"));
    let url = page["downloadUrl"].as_str().unwrap();
    let path = &url[url.find("/v1/").unwrap()..];
    let answer = Request::new("GET", path).send(server.address);
    assert_eq!((answer.status, &answer.body), (200, &kept));
    let shown = format!(
        "attachment; filename=\"{}.log\"",
        trial["name"].as_str().unwrap()
    );
    assert_eq!(answer.header("Content-Disposition"), Some(shown.as_str()));
    for forged in [
        path.replace("attempt=0", "attempt=1"),
        path.replace("signature=", "signature=00"),
    ] {
        let answer = Request::new("GET", &forged).send(server.address);
        assert_eq!(answer.status, 403, "{forged}");
    }
}

#[test]
fn a_link_in_place_of_an_output_is_not_followed_to_be_downloaded() {
    let home = Home::new(&[(
        "link.py",
        "import os, sys, time\n\
         print('before', flush=True)\n\
         while not os.path.exists(sys.argv[1] + '.go'): time.sleep(0.02)\n\
         os.remove('../output.log')\n\
         os.symlink(sys.argv[1], '../output.log')\n",
    )]);
    home.write("secret", "of the server");
    // As a script sees its files where the machine can hide none.
    home.write("sweep.toml", "[clusters.local]\nisolation = \"none\"\n");
    let server = home.start();
    let secret = home.path("secret");
    let run = server.launch(&format!("link.py  '{}'", secret.display()));
    let logs = format!(
        "/v1/core/local/experiments/{}-0/logs",
        run["id"].as_str().unwrap()
    );
    let url = wait_until("some output", || {
        let url = server.get(&logs)["downloadUrl"]
            .as_str()
            .unwrap()
            .to_owned();
        (!url.is_empty()).then_some(url)
    });
    home.write("secret.go", "");
    let trial = &server.finish(&run)[0];
    assert_eq!(trial["exitCode"], 0, "{trial}");
    assert_eq!(server.send(Request::new("GET", &logs)).status, 404);
    let answer = Request::new("GET", &url[url.find("/v1/").unwrap()..]).send(server.address);
    assert_eq!(answer.status, 404, "{url}");
}

#[test]
fn a_run_whose_source_is_gone_fails_and_the_others_go_on() {
    let home = Home::new(&[
        (
            "wait.py",
            "import os, sys, time\nwhile not os.path.exists(sys.argv[1]): time.sleep(0.02)",
        ),
        ("after.sh", "echo after"),
    ]);
    home.write("sweep.toml", "[clusters.local]\nslots = 1\n");
    let server = home.start();
    let go = home.path("go");
    let holding = server.launch(&format!("wait.py  '{}'", go.display()));
    let gone = server.launch("after.sh  '[1, 2]'");
    let after = server.launch("after.sh ");
    let source = home.path(&format!("data/sources/{}", gone["id"].as_str().unwrap()));
    fs::remove_dir_all(source).unwrap();
    fs::write(go, "").unwrap();
    server.finish(&holding);
    for trial in server.finish(&gone) {
        assert_eq!(trial["state"], "EXPERIMENT_STATE_FAILED", "{trial}");
        assert_eq!(trial["message"], "its source is gone");
    }
    let trial = &server.finish(&after)[0];
    assert_eq!(trial["state"], "EXPERIMENT_STATE_SUCCEEDED", "{trial}");
}

//! What a start does where something else is in the place of its files: it is refused in words, at once
//! and within little memory.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use crate::faults::shell_command;
use crate::server::{Home, wait_until};

/// 4 GB of addresses: what would be read whole does not fit.
const LITTLE_MEMORY: &str = "ulimit -v 4000000; exec \"$@\"";

fn put(kind: &str, path: &Path) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    // What the harness has put there.
    let _ = fs::remove_file(path);
    match kind {
        "pipe" => {
            let made = Command::new("mkfifo").arg(path).status();
            assert!(made.unwrap().success());
        }
        "folder" => fs::create_dir(path).unwrap(),
        "device" => symlink("/dev/zero", path).unwrap(),
        "link" => symlink("elsewhere", path).unwrap(),
        "file" => drop(File::create(path).unwrap()),
        _ => {
            let file = File::create(path).unwrap();
            file.set_len(64 << 30).unwrap();
            file.set_permissions(fs::Permissions::from_mode(0o600))
                .unwrap();
        }
    }
}

/// The exit status of a command, and what it writes to standard error.
fn refusal(mut command: Command) -> (Option<i32>, String) {
    let mut child = command.spawn().unwrap();
    let mut errors = child.stderr.take().unwrap();
    // Read beside it, so that it does not wait for us.
    let reading = std::thread::spawn(move || {
        let mut text = String::new();
        errors.read_to_string(&mut text).map(|_| text)
    });
    let status = wait_until("the start to be refused", || child.try_wait().unwrap());
    (status.code(), reading.join().unwrap().unwrap())
}

#[test]
fn whatever_is_in_the_place_of_its_files_a_start_is_refused_in_words() {
    let file = "a regular file is expected";
    let folder = "a folder is expected";
    for (kind, name, words) in [
        ("pipe", "data/server.lock", file),
        ("folder", "data/server.lock", file),
        ("link", "data/server.lock", file),
        ("pipe", "data/sweep.db", file),
        ("folder", "data/sweep.db", file),
        ("device", "data/sweep.db", file),
        ("link", "data/sweep.db", file),
        ("pipe", "data/sweep.db-wal", file),
        ("pipe", "data/sweep.db-shm", file),
        ("pipe", "data/sweep.db-journal", file),
        ("pipe", "data/trials", folder),
        ("file", "data/trials", folder),
        ("link", "data/trials", "a symbolic link that leads nowhere"),
        ("file", "data/sources", folder),
        ("pipe", "data/datastores", folder),
        ("pipe", "data", folder),
        ("link", "data", folder),
        ("pipe", "sweep.toml", file),
        ("folder", "sweep.toml", file),
        ("device", "sweep.toml", file),
        ("sparse", "sweep.toml", "more than the 1048576 bytes"),
        ("pipe", "key", file),
        ("folder", "key", file),
        ("device", "key", file),
        ("sparse", "key", "no key of 1 to 4096 bytes"),
    ] {
        let home = Home::new(&[]);
        let path = home.path(name);
        put(kind, &path);
        let mut command = shell_command(&home, false, LITTLE_MEMORY);
        if name == "key" {
            command.env_remove("SWEEP_API_KEY");
            command.env("SWEEP_API_KEY_FILE", &path);
        }
        let (code, said) = refusal(command);
        assert_eq!(code, Some(1), "{kind} {name}: {said}");
        assert!(said.contains(words), "{kind} {name}: {said}");
        assert!(
            said.contains(path.to_str().unwrap()),
            "{kind} {name}: {said}"
        );
        assert!(!home.path("elsewhere").exists());
        assert!(!home.path("data/elsewhere").exists());
    }
}

#[test]
fn other_commands_are_refused_the_same() {
    for (kind, words) in [
        ("pipe", "a regular file is expected"),
        ("device", "a regular file is expected"),
        ("sparse", "more than the 1048576 bytes"),
    ] {
        let home = Home::new(&[]);
        let file = home.path("odd");
        put(kind, &file);
        let odd = file.display().to_string();
        let of_command = format!("grid run --config {odd} a.py");
        for (arguments, code) in [
            (vec!["account", "list", "--config", &odd], 1),
            (vec!["datastore", "list", "--config", &odd], 1),
            (vec!["plan", "--cluster", "a", "--config", &odd, "a.py"], 2),
            (vec!["plan", &of_command], 2),
        ] {
            let mut command = Command::new("bash");
            command.args(["-c", LITTLE_MEMORY, "bash", env!("CARGO_BIN_EXE_sweep")]);
            command.args(&arguments).current_dir(home.path(""));
            command.stdin(std::process::Stdio::null());
            command.stderr(std::process::Stdio::piped());
            let (status, said) = refusal(command);
            assert_eq!(status, Some(code), "{kind} {arguments:?}: {said}");
            assert!(said.contains(words), "{kind} {arguments:?}: {said}");
        }
    }
}

#[test]
fn what_is_made_anew_at_each_start_stops_none() {
    let home = Home::new(&[("a.sh", "echo ran")]);
    for kind in ["pipe", "file", "link"] {
        for name in ["data/uploads", "data/fetches"] {
            put(kind, &home.path(name));
        }
        let server = home.start();
        server.finish(&server.launch("a.sh "));
        let left = fs::symlink_metadata(home.path("data/uploads"));
        assert!(left.is_err(), "{kind}");
    }
}

#[test]
fn settings_and_key_may_come_by_links_and_by_descriptors() {
    let home = Home::new(&[]);
    home.write("real/sweep.toml", "[clusters.linked]\nslots = 2\n");
    let _ = fs::remove_file(home.path("sweep.toml"));
    symlink("real/sweep.toml", home.path("sweep.toml")).unwrap();
    let script =
        "exec 9< <(echo a-key-by-a-pipe); SWEEP_API_KEY= SWEEP_API_KEY_FILE=/dev/fd/9 exec \"$@\"";
    let server = crate::server::Server::start(shell_command(&home, false, script));
    let request = crate::client::Request::new("GET", "/v1/core/clusters");
    let answer = request
        .basic(crate::server::USER, "a-key-by-a-pipe")
        .send(server.address);
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(answer.text().contains("linked"), "{}", answer.text());
}

//! Who may look into the data folder: nobody but the server's account.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::Path;

use rusqlite::Connection;
use serde_json::json;

use crate::client::Request;
use crate::faults::shell_command;
use crate::server::{Home, Server, launch_request};
use crate::skip::skip;

/// An account that is nobody's.
const STRANGER: u32 = 54_321;

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().mode() & 0o777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn signing_key(home: &Home) -> Vec<u8> {
    let database = Connection::open(home.path("data/sweep.db")).unwrap();
    let query = "SELECT value FROM setting WHERE name = 'signing_key'";
    database.query_row(query, [], |row| row.get(0)).unwrap()
}

/// Everything below the data folder that another account could read or write if it came there.
fn open_to_others(home: &Home) -> Vec<String> {
    let mut open = Vec::new();
    for name in fs::read_dir(home.path("data")).unwrap().flatten() {
        if mode(&name.path()) & 0o077 != 0 {
            open.push(name.path().display().to_string());
        }
    }
    open
}

#[test]
fn a_folder_that_was_there_before_is_closed() {
    let home = Home::new(&[("a.sh", "echo ran")]);
    fs::create_dir(home.path("data")).unwrap();
    set_mode(&home.path("data"), 0o755);
    let script = "umask 022; exec \"$@\"";
    let server = Server::start(shell_command(&home, false, script));
    server.finish(&server.launch("a.sh "));
    assert_eq!(mode(&home.path("data")), 0o700);
    assert_eq!(open_to_others(&home), Vec::<String>::new());
    let mut upload = launch_request("a.sh ");
    upload["localDir"] = json!(true);
    let run = server.post_run(&upload).json();
    let address = run["status"]["uploadUrl"].as_str().unwrap();
    let address = address[address.find("/v1/").unwrap()..].to_owned();
    drop(server);
    // As an older version left it.
    let key = signing_key(&home);
    for name in ["data", "data/trials", "data/sources"] {
        set_mode(&home.path(name), 0o755);
    }
    for name in ["data/sweep.db", "data/server.lock"] {
        set_mode(&home.path(name), 0o644);
    }
    let server = Server::start(shell_command(&home, false, script));
    assert_eq!(mode(&home.path("data")), 0o700);
    assert_eq!(open_to_others(&home), Vec::<String>::new());
    // What others may have read is worth nothing any more.
    assert_ne!(signing_key(&home), key);
    let sent = Request::new("PUT", &address).send(server.address);
    assert_eq!(sent.status, 403, "{}", sent.text());
    drop(server);
    let key = signing_key(&home);
    drop(Server::start(shell_command(&home, false, script)));
    assert_eq!(signing_key(&home), key, "it was closed");
}

#[test]
fn a_trial_keeps_the_umask_that_the_server_was_started_with() {
    let home = Home::new(&[
        (
            "a.sh",
            "umask; touch made; mkdir folder; exec ls -lR . > /dev/null",
        ),
        ("sub/b.txt", "b"),
    ]);
    for (umask, file, folder) in [
        ("022", 0o644, 0o755),
        ("002", 0o664, 0o775),
        ("077", 0o600, 0o700),
    ] {
        let script = format!("umask {umask}; exec \"$@\"");
        let server = Server::start(shell_command(&home, false, &script));
        let run = server.launch("a.sh ");
        let trial = &server.finish(&run)[0];
        assert_eq!(server.output_of(trial).trim(), format!("0{umask}"));
        let trial = home.path(&format!("data/trials/{}/0", run["id"].as_str().unwrap()));
        assert_eq!(mode(&trial), 0o700);
        for name in [
            "output.log",
            "ended.json",
            "order.json",
            "lock",
            "metrics.jsonl",
        ] {
            assert_eq!(mode(&trial.join(name)), 0o600, "{name}");
        }
        let work = trial.join("work");
        for (name, expected) in [
            ("made", file),
            ("folder", folder),
            ("sub", folder),
            ("", folder),
        ] {
            assert_eq!(mode(&work.join(name)), expected, "{umask}: {name}");
        }
    }
}

/// How a start is refused.
fn refusal(home: &Home) -> String {
    let output = home.command("127.0.0.1:0").output().unwrap();
    assert!(!output.status.success());
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn a_folder_of_another_account_is_refused() {
    if !rustix::process::geteuid().is_root() {
        return skip("this account cannot give files away");
    }
    let home = Home::new(&[]);
    drop(home.start());
    let belongs = format!("belongs to the account with the number {STRANGER}");
    // Also to root, and where the database alone is somebody else's.
    for name in ["data", "data/sweep.db", "data/trials"] {
        let path = home.path(name);
        fs::create_dir_all(home.path("data/trials")).unwrap();
        chown(&path, Some(STRANGER), None).unwrap();
        let before = mode(&path);
        let said = refusal(&home);
        assert!(
            said.contains(&belongs) && said.contains("chown"),
            "{name}: {said}"
        );
        assert_eq!(mode(&path), before, "nothing of it is changed");
        chown(&path, Some(0), None).unwrap();
    }
    // A link into somebody else's folder is no other thing.
    fs::rename(home.path("data"), home.path("foreign")).unwrap();
    chown(home.path("foreign"), Some(STRANGER), None).unwrap();
    symlink("foreign", home.path("data")).unwrap();
    assert!(refusal(&home).contains(&belongs));
    chown(home.path("foreign"), Some(0), None).unwrap();
    drop(home.start());
}

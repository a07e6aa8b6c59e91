//! Datastores mounted for each trial: found as written, read-only, seen by nobody else.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::json;

use crate::datastores::{
    READ_SCRIPT, datastore_access, home_with_datastores, launch_with_datastores,
    request_with_datastores,
};
use crate::faults;
use crate::server::{Home, Server, is_alive, wait_until};
use crate::skip::skip;

/// The account `nobody`.
pub(crate) const NOBODY: u32 = 65_534;

/// Whether processes of this account may have mounts of their own.
pub(crate) fn may_mount() -> bool {
    let tried = |options: &[&str]| {
        let done = Command::new("unshare").args(options).arg("true").output();
        done.is_ok_and(|output| output.status.success())
    };
    tried(&["--mount"]) || tried(&["--user", "--mount"])
}

fn list_names(folder: &str) -> Vec<String> {
    let listing = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = listing
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn a_script_finds_its_datastore_where_it_looks_and_cannot_write_there() {
    if !may_mount() {
        return skip("this machine gives this account no mount namespaces");
    }
    let home = home_with_datastores(&[
        ("read.py", READ_SCRIPT),
        (
            "view.py",
            "import os\nprint(len(os.listdir('/')))\n\
             print(sorted(os.listdir('/datastores')))\n\
             open('made', 'w').write('1')\n\
             try: open('/new', 'w')\n\
             except OSError as error: print('refused', error.errno)",
        ),
    ]);
    let before = (list_names("/"), list_names("/datastores"));
    let server = home.start();
    let made = launch_with_datastores(
        &server,
        "read.py  /datastores/cifar5",
        &json!([{"name": "cifar5"}]),
    );
    let stored = &made["spec"]["datastores"][0];
    assert_eq!(
        *stored,
        json!({"id": "cifar5-v2", "mountPath": "/datastores/cifar5", "name": "cifar5", "version": "2"})
    );
    let trial = &server.finish(&made)[0];
    assert_eq!(server.output_of(trial), "two\nrefused 30\nrefused 30\n");
    assert_eq!(
        datastore_access(&server, trial),
        json!({"by": "mount", "because": ""})
    );
    // As Grid's client sends it, deeper, and two at once.
    let both = json!([{"id": "cifar5-v1", "mountPath": "/somewhere/deep/inside/"},
                      {"id": "mnist-v1", "mountPath": "/datastores/m"}]);
    let deep = launch_with_datastores(
        &server,
        "read.py  '[\"/somewhere/deep/inside\", \"/datastores/m\"]'",
        &both,
    );
    let trials = server.finish(&deep);
    assert_eq!(
        server.output_of(&trials[0]),
        "one\nrefused 30\nrefused 30\n"
    );
    assert_eq!(
        server.output_of(&trials[1]),
        "digits\nrefused 30\nrefused 30\n"
    );
    // All else is where it was.
    let view = launch_with_datastores(&server, "view.py ", &json!([{"name": "mnist"}]));
    let trial = &server.finish(&view)[0];
    let entries = before.0.len() + usize::from(!before.0.contains(&"datastores".to_owned()));
    let mut there = before.1.clone();
    there.push("mnist".to_owned());
    there.sort();
    let there = there.join("', '");
    let log = server.output_of(trial);
    assert_eq!(log, format!("{entries}\n['{there}']\nrefused 30\n"));
    let folder = home.path(&format!("data/trials/{}/0", view["id"].as_str().unwrap()));
    assert_eq!(fs::read_to_string(folder.join("work/made")).unwrap(), "1");
    assert_eq!(
        list_names(folder.join("view").to_str().unwrap()),
        Vec::<String>::new()
    );
    assert_eq!(
        (list_names("/"), list_names("/datastores")),
        before,
        "this machine was changed"
    );
    assert_eq!(
        fs::read_to_string(home.path("data/datastores/cifar5/2/file")).unwrap(),
        "two"
    );
}

#[test]
fn runs_at_the_same_time_see_their_own_versions() {
    if !may_mount() {
        return skip("this machine gives this account no mount namespaces");
    }
    let home = home_with_datastores(&[(
        "meet.py",
        "import os, sys, time\n\
         mine, other = sys.argv[1:]\n\
         open(mine, 'w')\n\
         while not os.path.exists(other): time.sleep(0.01)\n\
         print(open('/datastores/cifar5/file').read())",
    )]);
    let server = home.start();
    let at = |name: &str| home.path(name).display().to_string();
    let started = [("1", "a", "b"), ("2", "b", "a")].map(|(version, mine, other)| {
        let command = format!("meet.py  {} {}", at(mine), at(other));
        let datastores = json!([{"name": "cifar5", "version": version}]);
        launch_with_datastores(&server, &command, &datastores)
    });
    let logs = started.map(|run| server.output_of(&server.finish(&run)[0]));
    assert_eq!(logs, ["one\n", "two\n"]);
}

#[test]
fn a_place_that_exists_and_one_beside_other_files_serve_too() {
    if !may_mount() {
        return skip("this machine gives this account no mount namespaces");
    }
    let home = home_with_datastores(&[(
        "read.py",
        "import os, sys\n\
         print(open(sys.argv[1] + '/file').read(), sorted(os.listdir(sys.argv[2])))\n\
         print(open(sys.argv[2] + '/beside').read())",
    )]);
    home.write("mnt/beside", "still here");
    fs::create_dir_all(home.path("mnt/empty")).unwrap();
    let mnt = home.path("mnt").display().to_string();
    let server = home.start();
    for name in ["empty", "new"] {
        let at = format!("{mnt}/{name}");
        let body = request_with_datastores(
            &format!("read.py  {at} {mnt}"),
            &json!([{"id": "mnist-v1", "mountPath": at}]),
        );
        let answer = server.post_run(&body);
        assert_eq!(answer.status, 200, "{}", answer.text());
        let trial = &server.finish(&answer.json())[0];
        let list = if name == "new" {
            "['beside', 'empty', 'new']"
        } else {
            "['beside', 'empty']"
        };
        assert_eq!(
            server.output_of(trial),
            format!("digits {list}\nstill here\n")
        );
        assert_eq!(datastore_access(&server, trial)["by"], "mount");
    }
    assert_eq!(list_names(&mnt), ["beside", "empty"]);
    assert_eq!(list_names(&format!("{mnt}/empty")), Vec::<String>::new());
}

#[test]
fn a_trial_with_datastores_is_stopped_with_all_it_started() {
    let home = home_with_datastores(&[(
        "stubborn.py",
        "import os, signal, subprocess, time\n\
         open('/datastores/mnist/file')\n\
         signal.signal(signal.SIGTERM, signal.SIG_IGN)\n\
         child = subprocess.Popen(['sleep', '600'], start_new_session=True)\n\
         print(os.getpid(), child.pid, flush=True)\n\
         time.sleep(600)",
    )]);
    if !may_mount() {
        return skip("this machine gives this account no mount namespaces");
    }
    home.write("sweep.toml", "[limits]\nstop_grace_seconds = 1\n");
    let server = home.start();
    let mut body = request_with_datastores("stubborn.py ", &json!([{"name": "mnist"}]));
    body["spec"]["sweepOptions"] = json!({"time_limit": 2});
    let run = server.post_run(&body).json();
    let pids = wait_until("its output", || {
        let log = server.output_of(&server.trials(&run)[0]);
        let pids: Vec<String> = log.split_whitespace().map(str::to_owned).collect();
        (pids.len() == 2).then_some(pids)
    });
    assert!(pids.iter().all(|pid| is_alive(pid)));
    let trial = &server.finish(&run)[0];
    assert_eq!(
        (&trial["signal"], &trial["state"]),
        (&json!(9), &json!("EXPERIMENT_STATE_FAILED"))
    );
    assert!(
        trial["message"].as_str().unwrap().contains("time was up"),
        "{trial}"
    );
    assert!(pids.iter().all(|pid| !is_alive(pid)), "a process is left");
}

#[test]
fn mounts_inside_a_datastore_are_read_only_too_and_none_is_seen_outside() {
    if !faults::may_mount() {
        return skip("this account may not mount");
    }
    let home = home_with_datastores(&[("read.py", READ_SCRIPT)]);
    let inside = home.path("data/datastores/mnist/1/sub dir");
    fs::create_dir(&inside).unwrap();
    let inside = inside.display();
    let mount = format!(
        "mount -t tmpfs -o nosuid,nodev,noexec,noatime none '{inside}' && echo sub > '{inside}/file' \
         && mount --make-rshared / && exec \"$@\""
    );
    let server = Server::start(faults::shell_command(&home, true, &mount));
    let run = launch_with_datastores(
        &server,
        "read.py  '/datastores/mnist/sub dir'",
        &json!([{"name": "mnist"}]),
    );
    let log = server.output_of(&server.finish(&run)[0]);
    assert_eq!(log, "sub\n\nrefused 30\nrefused 30\n");
}

/// Starts the server of this home, which it is given, as an account without rights; `None` where that
/// cannot be, noted as skipped.
pub(crate) fn start_as_nobody(home: &Home) -> Option<Server> {
    if !rustix::process::geteuid().is_root() || !may_mount() {
        skip("this account is not root or may not mount");
        return None;
    }
    let own = |path: &Path| std::os::unix::fs::chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
    let mut folders = vec![home.path("")];
    while let Some(folder) = folders.pop() {
        own(&folder);
        for entry in fs::read_dir(folder).unwrap().flatten() {
            if entry.path().is_dir() {
                folders.push(entry.path());
            } else {
                own(&entry.path());
            }
        }
    }
    let allowed = Command::new("unshare")
        .args(["--user", "--mount", "true"])
        .uid(NOBODY)
        .output();
    if !allowed.is_ok_and(|output| output.status.success()) {
        skip("this machine gives an account without rights no user namespaces");
        return None;
    }
    // The folders above the binary may be closed to others.
    let usual = home.command("127.0.0.1:0");
    fs::copy(usual.get_program(), home.path("sweep")).unwrap();
    Some(start_binary_as_nobody(home))
}

/// Starts the binary in the home, whose files belong to whom they do.
pub(crate) fn start_binary_as_nobody(home: &Home) -> Server {
    let usual = home.command("127.0.0.1:0");
    let mut command = Command::new(home.path("sweep"));
    command.args(usual.get_args()).uid(NOBODY).gid(NOBODY);
    command.envs(
        usual
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    Server::start(command)
}

/// Not root, so in a user namespace as well. Needs root to become somebody else.
#[test]
fn an_account_without_rights_mounts_too() {
    let home = home_with_datastores(&[(
        "read.sh",
        "read line < $1/file\necho $line $UID\necho x > $1/new",
    )]);
    let Some(server) = start_as_nobody(&home) else {
        return;
    };
    let run = launch_with_datastores(
        &server,
        "read.sh  /datastores/mnist",
        &json!([{"name": "mnist"}]),
    );
    let trial = &server.finish(&run)[0];
    assert_eq!(
        datastore_access(&server, trial),
        json!({"by": "mount", "because": ""})
    );
    let log = server.output_of(trial);
    assert!(log.starts_with(&format!("digits {NOBODY}\n")), "{log}");
    assert!(log.contains("Read-only file system"), "{log}");
    assert_eq!(
        list_names(home.path("data/datastores/mnist/1").to_str().unwrap()),
        ["file"]
    );
}

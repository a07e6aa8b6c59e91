//! Datastores: found where the run asks for them, read and not written, each run its own version.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::client::Request;
use crate::faults;
use crate::server::{Home, Server, alive, run, wait};

/// Reads the file of the datastore at its first argument, and tries to write there.
const READ: &str = "\
import sys
path = sys.argv[1].removeprefix('--data=')
print(open(path + '/file').read())
for name in ('file', 'new'):
    try:
        open(f'{path}/{name}', 'a')
        print('wrote', name)
    except OSError as error:
        print('refused', error.errno)
";

/// Whether processes of this account may have mounts of their own.
fn may_mount() -> bool {
    let tried = |options: &[&str]| {
        let done = Command::new("unshare").args(options).arg("true").output();
        done.is_ok_and(|output| output.status.success())
    };
    let may = tried(&["--mount"]) || tried(&["--user", "--mount"]);
    if !may {
        println!("skipped: this machine gives this account no mount namespaces");
    }
    may
}

fn home(files: &[(&str, &str)]) -> Home {
    let home = Home::new(files);
    for (folder, content) in [
        ("cifar5/1", "one"),
        ("cifar5/2", "two"),
        ("mnist/1", "digits"),
    ] {
        home.write(&format!("data/datastores/{folder}/file"), content);
    }
    home
}

/// A request for a run that reads datastores.
fn reading(command: &str, datastores: &Value) -> Value {
    let mut body = run(command);
    body["spec"]["datastores"] = datastores.clone();
    body
}

fn launch(server: &Server, command: &str, datastores: &Value) -> Value {
    let answer = server.post_run(&reading(command, datastores));
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

/// How a trial was given its datastores.
fn access(server: &Server, trial: &Value) -> Value {
    let id = trial["id"].as_str().unwrap();
    server.get(&format!("/v1/core/local/experiments/{id}"))["status"]["datastores"].clone()
}

fn names(folder: &str) -> Vec<String> {
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
        return;
    }
    let home = home(&[
        ("read.py", READ),
        (
            "view.py",
            "import os\nprint(len(os.listdir('/')))\n\
             print(sorted(os.listdir('/datastores')))\n\
             open('made', 'w').write('1')\n\
             try: open('/new', 'w')\n\
             except OSError as error: print('refused', error.errno)",
        ),
    ]);
    let before = (names("/"), names("/datastores"));
    let server = home.start();
    let made = launch(
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
    assert_eq!(server.log(trial), "two\nrefused 30\nrefused 30\n");
    assert_eq!(
        access(&server, trial),
        json!({"by": "mount", "because": ""})
    );
    // As Grid's client sends it, deeper, and two at once.
    let both = json!([{"id": "cifar5-v1", "mountPath": "/somewhere/deep/inside/"},
                      {"id": "mnist-v1", "mountPath": "/datastores/m"}]);
    let deep = launch(
        &server,
        "read.py  '[\"/somewhere/deep/inside\", \"/datastores/m\"]'",
        &both,
    );
    let trials = server.finish(&deep);
    assert_eq!(server.log(&trials[0]), "one\nrefused 30\nrefused 30\n");
    assert_eq!(server.log(&trials[1]), "digits\nrefused 30\nrefused 30\n");
    // All else is where it was.
    let view = launch(&server, "view.py ", &json!([{"name": "mnist"}]));
    let trial = &server.finish(&view)[0];
    let entries = before.0.len() + usize::from(!before.0.contains(&"datastores".to_owned()));
    let mut there = before.1.clone();
    there.push("mnist".to_owned());
    there.sort();
    let there = there.join("', '");
    let log = server.log(trial);
    assert_eq!(log, format!("{entries}\n['{there}']\nrefused 30\n"));
    let folder = home.path(&format!("data/trials/{}/0", view["id"].as_str().unwrap()));
    assert_eq!(fs::read_to_string(folder.join("work/made")).unwrap(), "1");
    assert_eq!(
        names(folder.join("view").to_str().unwrap()),
        Vec::<String>::new()
    );
    assert_eq!(
        (names("/"), names("/datastores")),
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
        return;
    }
    let home = home(&[(
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
        launch(&server, &command, &datastores)
    });
    let logs = started.map(|run| server.log(&server.finish(&run)[0]));
    assert_eq!(logs, ["one\n", "two\n"]);
}

#[test]
fn a_place_that_exists_and_one_beside_other_files_serve_too() {
    if !may_mount() {
        return;
    }
    let home = home(&[(
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
        let body = reading(
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
        assert_eq!(server.log(trial), format!("digits {list}\nstill here\n"));
        assert_eq!(access(&server, trial)["by"], "mount");
    }
    assert_eq!(names(&mnt), ["beside", "empty"]);
    assert_eq!(names(&format!("{mnt}/empty")), Vec::<String>::new());
}

#[test]
fn without_mounts_the_arguments_lead_to_the_folder_and_the_record_says_so() {
    let home = home(&[(
        "read.py",
        "import sys\nprint(sys.argv[1:])\nprint(open(sys.argv[1][7:] + '/file').read())",
    )]);
    home.write("sweep.toml", "[clusters.local]\nmounts = \"arguments\"\n");
    let server = home.start();
    let command = "read.py  --data=/datastores/cifar5 /datastores/cifar55 '[1, 2]'";
    let run = launch(&server, command, &json!([{"name": "cifar5", "version": 1}]));
    let trial = &server.finish(&run)[1];
    let folder = home
        .path("data")
        .canonicalize()
        .unwrap()
        .join("datastores/cifar5/1");
    let folder = folder.display();
    assert_eq!(
        server.log(trial),
        format!("['--data={folder}', '/datastores/cifar55', '2']\none\n")
    );
    let how = access(&server, trial);
    assert_eq!(how["by"], "arguments");
    assert!(
        how["because"].as_str().unwrap().contains("settings"),
        "{how}"
    );
    let note = home.path(&format!(
        "data/trials/{}/1/started.json",
        run["id"].as_str().unwrap()
    ));
    let note: Value = serde_json::from_slice(&fs::read(note).unwrap()).unwrap();
    assert_eq!(note["command"][2], format!("--data={folder}"));
    assert_eq!(note["datastores"], how);
}

/// In a user namespace that allows no others: as in a container without rights.
#[test]
fn where_namespaces_are_forbidden_the_arguments_lead_to_the_folder() {
    let forbid = "echo 0 > /proc/sys/user/max_mnt_namespaces && \
                  echo 0 > /proc/sys/user/max_user_namespaces";
    let apart = |script: &str| {
        let mut command = Command::new("unshare");
        command.args([
            "--user",
            "--map-root-user",
            "--",
            "bash",
            "-c",
            script,
            "bash",
        ]);
        command
    };
    if !apart(forbid)
        .output()
        .is_ok_and(|output| output.status.success())
    {
        println!("skipped: this machine gives this account no user namespaces");
        return;
    }
    let home = home(&[(
        "read.py",
        "import sys\nprint(open(sys.argv[1] + '/file').read())",
    )]);
    let plain = home.command("127.0.0.1:0");
    let mut command = apart(&format!("{forbid}; exec \"$@\""));
    command.arg(plain.get_program()).args(plain.get_args());
    for (name, value) in plain.get_envs() {
        if let Some(value) = value {
            command.env(name, value);
        }
    }
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let server = Server::start(command);
    let run = launch(
        &server,
        "read.py  /datastores/cifar5",
        &json!([{"name": "cifar5"}]),
    );
    let trial = &server.finish(&run)[0];
    assert_eq!(server.log(trial), "two\n", "{trial}");
    let how = access(&server, trial);
    assert_eq!(how["by"], "arguments");
    assert!(
        how["because"]
            .as_str()
            .unwrap()
            .starts_with("a mount namespace: "),
        "{how}"
    );
}

#[test]
fn what_cannot_be_given_is_refused_and_nothing_starts() {
    let home = home(&[("read.py", READ)]);
    let server = home.start();
    let data = home.path("data").display().to_string();
    for (datastores, words) in [
        (json!([{"name": "cifar6"}]), "Did you mean `cifar5`?"),
        (
            json!([{"name": "cifar5", "version": 7}]),
            "There are: 1, 2.",
        ),
        (
            json!([{"id": "mnist-v9", "mountPath": "/datastores/mnist"}]),
            "Did you mean `mnist-v1`?",
        ),
        (
            json!([{"name": "mnist", "mountPath": "datastores"}]),
            "absolute",
        ),
        (json!([{"name": "mnist", "mountPath": "/x/../etc"}]), "`..`"),
        (json!([{"name": "mnist", "mountPath": "/"}]), "everything"),
        (
            json!([{"name": "mnist", "mountPath": "/proc/x"}]),
            "machine's own",
        ),
        (
            json!([{"name": "mnist", "mountPath": data}]),
            "server's data",
        ),
        (
            json!([{"name": "mnist", "mountPath": "/x"}, {"name": "cifar5", "mountPath": "/x/y"}]),
            "Two datastores",
        ),
    ] {
        let answer = server.post_run(&reading("read.py  x", &datastores));
        assert_eq!(answer.status, 400, "{datastores}");
        assert!(answer.message().contains(words), "{}", answer.message());
    }
    assert_eq!(server.get("/v1/core/local/runs")["runs"], json!([]));
}

#[test]
fn a_trial_with_datastores_is_stopped_with_all_it_started() {
    let home = home(&[(
        "stubborn.py",
        "import os, signal, subprocess, time\n\
         open('/datastores/mnist/file')\n\
         signal.signal(signal.SIGTERM, signal.SIG_IGN)\n\
         child = subprocess.Popen(['sleep', '600'], start_new_session=True)\n\
         print(os.getpid(), child.pid, flush=True)\n\
         time.sleep(600)",
    )]);
    if !may_mount() {
        return;
    }
    home.write("sweep.toml", "[limits]\nstop_grace_seconds = 1\n");
    let server = home.start();
    let mut body = reading("stubborn.py ", &json!([{"name": "mnist"}]));
    body["spec"]["sweepOptions"] = json!({"time_limit": 2});
    let run = server.post_run(&body).json();
    let pids = wait("its output", || {
        let log = server.log(&server.trials(&run)[0]);
        let pids: Vec<String> = log.split_whitespace().map(str::to_owned).collect();
        (pids.len() == 2).then_some(pids)
    });
    assert!(pids.iter().all(|pid| alive(pid)));
    let trial = &server.finish(&run)[0];
    assert_eq!(
        (&trial["signal"], &trial["state"]),
        (&json!(9), &json!("EXPERIMENT_STATE_FAILED"))
    );
    assert!(
        trial["message"].as_str().unwrap().contains("time was up"),
        "{trial}"
    );
    assert!(pids.iter().all(|pid| !alive(pid)), "a process is left");
}

#[test]
fn datastores_are_listed_as_grids_client_reads_them() {
    let home = home(&[]);
    home.write("outside/file", &"x".repeat(1_500_000));
    let outside = home.path("outside").display().to_string();
    home.write(
        "sweep.toml",
        &format!("[datastores.big]\n3 = \"{outside}\"\n"),
    );
    let server = home.start();
    let list = server.get("/v1/core/local/datastores?available=True&userIds=u-1");
    let ids: Vec<&str> = list["datastores"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, ["big-v3", "cifar5-v1", "cifar5-v2", "mnist-v1"]);
    assert_eq!(list["nextPageToken"], "");
    let one = server.get("/v1/core/local/datastores/big-v3");
    assert_eq!(one, list["datastores"][0]);
    assert_eq!(
        (&one["name"], &one["spec"]["version"]),
        (&json!("big"), &json!(3))
    );
    assert_eq!(
        (&one["spec"]["sizeMib"], &one["spec"]["clusterId"]),
        (&json!("2"), &json!("local"))
    );
    assert_eq!(
        one["status"]["phase"],
        "DATASTORE_OPTIMIZATION_STATUS_SUCCEEDED"
    );
    let user = server.get("/v1/auth/user");
    assert_eq!(one["spec"]["userId"], user["id"]);
    assert!(one["createdAt"].as_str().unwrap().ends_with('Z'));
    let named = server.get("/v1/core/local/datastores?name=cifar5");
    assert_eq!(named["datastores"].as_array().unwrap().len(), 2);
    let missing = server.send(Request::new("GET", "/v1/core/local/datastores/x-v1"));
    assert_eq!(missing.status, 404);
}

#[test]
fn mounts_inside_a_datastore_are_read_only_too_and_none_is_seen_outside() {
    if !faults::may_mount() {
        println!("skipped: this account may not mount");
        return;
    }
    let home = home(&[("read.py", READ)]);
    let inside = home.path("data/datastores/mnist/1/sub dir");
    fs::create_dir(&inside).unwrap();
    let inside = inside.display();
    let mount = format!(
        "mount -t tmpfs -o nosuid,nodev,noexec,noatime none '{inside}' && echo sub > '{inside}/file' \
         && mount --make-rshared / && exec \"$@\""
    );
    let server = Server::start(faults::by_shell(&home, true, &mount));
    let run = launch(
        &server,
        "read.py  '/datastores/mnist/sub dir'",
        &json!([{"name": "mnist"}]),
    );
    let log = server.log(&server.finish(&run)[0]);
    assert_eq!(log, "sub\n\nrefused 30\nrefused 30\n");
}

#[test]
fn a_folder_is_added_as_the_next_version_while_the_server_runs() {
    let home = home(&[("read.py", READ)]);
    home.write("new/file", "three");
    let server = home.start();
    let sweep = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sweep"));
        command
            .arg("datastore")
            .args(arguments)
            .arg("--data")
            .arg(home.path("data"));
        let output = command.current_dir(home.path("source")).output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(said).unwrap())
    };
    let from = home.path("new").display().to_string();
    assert_eq!(
        sweep(&["add", "cifar5", &from]),
        (Some(0), "cifar5 version 3\n".into())
    );
    assert_eq!(
        sweep(&["add", "own", &from]),
        (Some(0), "own version 1\n".into())
    );
    let (status, said) = sweep(&["add", "../x", &from]);
    assert_eq!(
        (status, said.contains("no name")),
        (Some(1), true),
        "{said}"
    );
    let (_, list) = sweep(&["list"]);
    assert_eq!(list.lines().count(), 5, "{list}");
    assert!(list.contains("cifar5 version 3: "), "{list}");
    let run = launch(
        &server,
        "read.py  /datastores/cifar5",
        &json!([{"name": "cifar5"}]),
    );
    assert_eq!(run["spec"]["datastores"][0]["id"], "cifar5-v3");
    let log = server.log(&server.finish(&run)[0]);
    assert!(log.starts_with("three\n"), "{log}");
}

/// Not root, so in a user namespace as well. Needs root to become somebody else.
#[test]
fn an_account_without_rights_mounts_too() {
    const NOBODY: u32 = 65_534;
    let home = home(&[(
        "read.sh",
        "read line < $1/file\necho $line $UID\necho x > $1/new",
    )]);
    if !rustix::process::geteuid().is_root() || !may_mount() {
        println!("skipped: needs root");
        return;
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
    let mut probe = home.command("127.0.0.1:0");
    probe.uid(NOBODY).gid(NOBODY);
    let allowed = Command::new("unshare")
        .args(["--user", "--mount", "true"])
        .uid(NOBODY)
        .output();
    let program = Command::new(probe.get_program())
        .arg("--version")
        .uid(NOBODY)
        .output();
    if !allowed.is_ok_and(|o| o.status.success()) || !program.is_ok_and(|o| o.status.success()) {
        println!("skipped: nobody has no user namespaces here, or cannot run the server");
        return;
    }
    let server = Server::start(probe);
    let run = launch(
        &server,
        "read.sh  /datastores/mnist",
        &json!([{"name": "mnist"}]),
    );
    let trial = &server.finish(&run)[0];
    assert_eq!(
        access(&server, trial),
        json!({"by": "mount", "because": ""})
    );
    let log = server.log(trial);
    assert!(log.starts_with(&format!("digits {NOBODY}\n")), "{log}");
    assert!(log.contains("Read-only file system"), "{log}");
    assert_eq!(
        names(home.path("data/datastores/mnist/1").to_str().unwrap()),
        ["file"]
    );
}

//! Datastores: found where the run asks for them, read and not written, each run its own version.

use std::fs;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::client::Request;
use crate::control;
use crate::server::{Home, Server, launch_request};
use crate::skip::skip;

/// Reads the file of the datastore at its first argument, and tries to write there.
pub(crate) const READ_SCRIPT: &str = "\
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

pub(crate) fn home_with_datastores(files: &[(&str, &str)]) -> Home {
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
pub(crate) fn request_with_datastores(command: &str, datastores: &Value) -> Value {
    let mut body = launch_request(command);
    body["spec"]["datastores"] = datastores.clone();
    body
}

pub(crate) fn launch_with_datastores(server: &Server, command: &str, datastores: &Value) -> Value {
    let answer = server.post_run(&request_with_datastores(command, datastores));
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

/// How a trial was given its datastores.
pub(crate) fn datastore_access(server: &Server, trial: &Value) -> Value {
    let id = trial["id"].as_str().unwrap();
    server.get(&format!("/v1/core/local/experiments/{id}"))["status"]["datastores"].clone()
}

#[test]
fn without_mounts_the_arguments_lead_to_the_folder_and_the_record_says_so() {
    let home = home_with_datastores(&[(
        "read.py",
        "import sys\nprint(sys.argv[1:])\nprint(open(sys.argv[1][7:] + '/file').read())",
    )]);
    home.write("sweep.toml", "[clusters.local]\nmounts = \"arguments\"\n");
    let server = home.start();
    let command = "read.py  --data=/datastores/cifar5 /datastores/cifar55 '[1, 2]'";
    let run = launch_with_datastores(&server, command, &json!([{"name": "cifar5", "version": 1}]));
    let trial = &server.finish(&run)[1];
    let folder = home
        .path("data")
        .canonicalize()
        .unwrap()
        .join("datastores/cifar5/1");
    let folder = folder.display();
    assert_eq!(
        server.output_of(trial),
        format!("['--data={folder}', '/datastores/cifar55', '2']\none\n")
    );
    let how = datastore_access(&server, trial);
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
        return skip("this machine gives this account no user namespaces");
    }
    let home = home_with_datastores(&[(
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
    let run = launch_with_datastores(
        &server,
        "read.py  /datastores/cifar5",
        &json!([{"name": "cifar5"}]),
    );
    let trial = &server.finish(&run)[0];
    assert_eq!(server.output_of(trial), "two\n", "{trial}");
    let how = datastore_access(&server, trial);
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
    let home = home_with_datastores(&[("read.py", READ_SCRIPT)]);
    let server = home.start();
    let data = home.path("data").display().to_string();
    for (datastores, words) in [
        (json!([{"name": "cifra5"}]), "Did you mean `cifar5`?"),
        (
            json!([{"name": "cifar5", "version": 7}]),
            "There are: 1, 2.",
        ),
        (
            json!([{"id": "mnist-v9", "mountPath": "/datastores/mnist"}]),
            "There are: cifar5-v1, cifar5-v2, mnist-v1.",
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
        let answer = server.post_run(&request_with_datastores("read.py  x", &datastores));
        assert_eq!(answer.status, 400, "{datastores}");
        assert!(answer.message().contains(words), "{}", answer.message());
    }
    assert_eq!(server.get("/v1/core/local/runs")["runs"], json!([]));
}

#[test]
fn datastores_are_listed_as_grids_client_reads_them() {
    let home = home_with_datastores(&[]);
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
fn a_folder_is_added_as_the_next_version_while_the_server_runs() {
    let home = home_with_datastores(&[("read.py", READ_SCRIPT)]);
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
    let run = launch_with_datastores(
        &server,
        "read.py  /datastores/cifar5",
        &json!([{"name": "cifar5"}]),
    );
    assert_eq!(run["spec"]["datastores"][0]["id"], "cifar5-v3");
    let log = server.output_of(&server.finish(&run)[0]);
    assert!(log.starts_with("three\n"), "{log}");
}

#[test]
fn a_trial_whose_datastore_is_gone_does_not_start() {
    let home = home_with_datastores(&[]);
    let server = home.start();
    let mut body = request_with_datastores(
        "read.py  /datastores/cifar5",
        &json!([{"name": "cifar5", "version": 1}]),
    );
    body["localDir"] = json!(true);
    let run = server.post_run(&body).json();
    fs::remove_dir_all(home.path("data/datastores/cifar5/1")).unwrap();
    let url = run["status"]["uploadUrl"].as_str().unwrap();
    let mut put = Request::new("PUT", &url[url.find("/v1/").unwrap()..]);
    put.body = Some(control::tar_gz(&[("read.py", "print('ran')")]));
    assert_eq!(put.send(server.address).status, 200);
    let trial = &server.finish(&run)[0];
    assert_eq!(trial["state"], "EXPERIMENT_STATE_FAILED");
    let log = server.output_of(trial);
    assert!(
        log.starts_with("the datastore cifar5-v1 is gone: "),
        "{log}"
    );
}

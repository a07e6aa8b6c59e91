//! The Python of trials: of the run, of the cluster, of an environment in the source.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::server::{Home, Server, launch_request};

/// Prints the environment in which it runs, and which `python3` it would start itself.
const SCRIPT: &str = "import shutil, sys; print(sys.prefix); print(shutil.which('python3'))";

fn make_environment(folder: &Path) {
    let made = Command::new("python3")
        .args(["-m", "venv", "--without-pip"])
        .arg(folder)
        .status();
    assert!(made.unwrap().success());
}

fn home() -> Home {
    Home::new(&[("show.py", SCRIPT), ("pkg/show.py", SCRIPT)])
}

fn request(python: Option<&str>) -> Value {
    let mut body = launch_request("show.py");
    body["spec"]["sweepOptions"]["python"] = json!(python);
    body
}

/// The run, what its trial printed, and how it was run.
fn run(server: &Server, body: &Value) -> (Value, String, Value) {
    let answer = server.post_run(body);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let run = answer.json();
    let trial = &server.finish(&run)[0];
    let id = trial["id"].as_str().unwrap();
    let experiment = server.get(&format!("/v1/core/local/experiments/{id}"));
    let execution = experiment["status"]["execution"].clone();
    (run, server.output_of(trial), execution)
}

/// That a trial ran in the environment of this folder, and why.
fn assert_ran_in(folder: &Path, from: &str, (_, output, execution): &(Value, String, Value)) {
    let program = folder.join("bin/python3").display().to_string();
    let expected = format!("{}\n{program}\n", folder.display());
    assert_eq!(
        (output, &execution["program"]),
        (&expected, &json!(program))
    );
    assert_eq!(execution["programFrom"], from);
}

#[test]
fn a_run_s_python_goes_before_the_cluster_s_and_that_before_the_source_s() {
    let home = home();
    let folder = |name: &str| home.path(name).canonicalize().unwrap();
    for name in ["source/.venv", "cluster-env", "run-env"] {
        make_environment(&home.path(name));
    }
    // As usual, it is not copied.
    home.write("source/.gitignore", ".venv\n");
    let server = home.start();
    let found = run(&server, &request(None));
    assert_ran_in(&folder("source/.venv"), "source", &found);
    let program = folder("source/.venv/bin").join("python3");
    let options = &found.0["spec"]["sweepOptions"];
    assert_eq!(
        options["source_python"],
        json!(program.display().to_string())
    );
    assert_eq!(options["python"], Value::Null);
    // Its subfolders' trials find it too.
    let mut below = request(None);
    below["spec"]["relativeWorkDir"] = json!("pkg");
    assert_ran_in(&folder("source/.venv"), "source", &run(&server, &below));
    drop(server);
    let env = home.path("cluster-env");
    let settings = format!("[clusters.local]\npython = \"{}\"\n", env.display());
    home.write("sweep.toml", &settings);
    let server = home.start();
    assert_ran_in(&env, "cluster", &run(&server, &request(None)));
    let env = home.path("run-env");
    for python in [env.clone(), env.join("bin/python3")] {
        let found = run(&server, &request(Some(&python.display().to_string())));
        assert_ran_in(&env, "run", &found);
    }
    // Relative to the source, also where the copy has no such folder.
    for python in [".venv", ".venv/bin/python3"] {
        let found = run(&server, &request(Some(python)));
        assert_ran_in(&folder("source/.venv"), "run", &found);
    }
    let of_path = run(&server, &request(Some("python3")));
    assert_eq!(
        (&of_path.2["program"], &of_path.2["programFrom"]),
        (&json!("python3"), &json!("run"))
    );
}

#[test]
fn a_python_that_is_not_there_is_refused_before_anything_starts() {
    let home = home();
    make_environment(&home.path("outside"));
    home.write("source/data.txt", "");
    let server = home.start();
    for (python, words) in [
        ("/nonexistent/bin/python3", "does not exist on the server"),
        ("../outside/bin/python3", "leads out of the source"),
        (".venv/bin/python3", "does not exist"),
        ("./data.txt", "neither a program"),
        ("~/env/bin/python3", "in full"),
        ("no-such-python", "on the server's PATH"),
        ("a\nb", "one line"),
    ] {
        let answer = server.post_run(&request(Some(python)));
        assert_eq!(answer.status, 400, "{python}");
        let message = answer.message();
        assert!(message.contains("sweepOptions.python"), "{message}");
        assert!(message.contains(words), "{python}: {message}");
    }
    // What only the server says is not believed.
    let mut body = request(None);
    body["spec"]["sweepOptions"]["source_python"] = json!("/bin/false");
    let (created, _, execution) = run(&server, &body);
    assert_eq!(execution["programFrom"], "default");
    assert_eq!(
        created["spec"]["sweepOptions"]["source_python"],
        Value::Null
    );
    // A source that comes later is inspected then.
    let mut body = request(Some("../x/python3"));
    body["localDir"] = json!(true);
    assert_eq!(server.post_run(&body).status, 400);
}

#[test]
fn an_environment_of_another_machine_is_named_and_not_used() {
    let home = home();
    home.write("source/venv/pyvenv.cfg", "home = /nonexistent\n");
    let server = home.start();
    let (_, _, execution) = run(&server, &request(None));
    assert_eq!(execution["programFrom"], "default");
    let note = execution["note"].as_str().unwrap();
    assert!(
        note.contains("the environment venv of the source"),
        "{note}"
    );
}

#[test]
fn a_server_does_not_start_with_a_python_that_is_not_there() {
    let home = home();
    home.write(
        "sweep.toml",
        "[clusters.local]\npython = \"/nonexistent/python3\"\n",
    );
    let ended = home.command("127.0.0.1:0").output().unwrap();
    let errors = String::from_utf8_lossy(&ended.stderr);
    assert!(!ended.status.success());
    assert!(
        errors.contains("`python` of cluster `local`: `/nonexistent/python3` does not exist"),
        "{errors}"
    );
}

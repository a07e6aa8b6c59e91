//! Threads and cores of trials that share the machine.

use std::fs;
use std::num::NonZeroUsize;

use serde_json::{Value, json};

use crate::server::{Home, Server, launch_request, wait_until};

/// Prints the variables and its cores, then waits for a file where it is given one.
const SCRIPT: &str = "import os, sys, time
names = ['OMP', 'OPENBLAS', 'MKL', 'NUMEXPR']
print(*[os.environ.get(name + '_NUM_THREADS', '-') for name in names])
print(*sorted(os.sched_getaffinity(0)), flush=True)
while len(sys.argv) > 2 and not os.path.exists(sys.argv[2]): time.sleep(0.02)
";

fn machine_cores() -> usize {
    std::thread::available_parallelism().map_or(1, NonZeroUsize::get)
}

fn home() -> Home {
    Home::new(&[("show.py", SCRIPT)])
}

fn start(home: &Home) -> Server {
    let mut command = home.command("127.0.0.1:0");
    for name in ["OMP", "OPENBLAS", "MKL", "NUMEXPR"] {
        command.env_remove(format!("{name}_NUM_THREADS"));
    }
    Server::start(command)
}

/// What a trial printed: the four variables, and how many cores it had.
fn printed_by(server: &Server, trial: &Value) -> (String, usize) {
    let output = server.output_of(trial);
    let (variables, cores) = output.trim().split_once('\n').unwrap();
    (variables.to_owned(), cores.split(' ').count())
}

fn execution(server: &Server, trial: &Value) -> Value {
    let id = trial["id"].as_str().unwrap();
    let experiment = server.get(&format!("/v1/core/local/experiments/{id}"));
    experiment["status"]["execution"].clone()
}

fn launch(server: &Server, command: &str, change: impl FnOnce(&mut Value)) -> Vec<Value> {
    let mut body = launch_request(command);
    change(&mut body["spec"]);
    let answer = server.post_run(&body);
    assert_eq!(answer.status, 200, "{}", answer.text());
    server.finish(&answer.json())
}

fn four(value: impl std::fmt::Display) -> String {
    format!("{value} {value} {value} {value}")
}

#[test]
fn trials_at_once_share_the_cores_and_one_alone_has_all() {
    let home = home();
    let server = start(&home);
    let all = machine_cores();
    let half = (all / 2).max(1);
    for trial in launch(&server, "show.py  '[1, 2]'", |_| {}) {
        assert_eq!(printed_by(&server, &trial), (four(half), half));
        let execution = execution(&server, &trial);
        assert_eq!(execution["threads"], half, "{execution}");
        assert_eq!(
            (&execution["program"], &execution["programFrom"]),
            (&json!("python3"), &json!("default"))
        );
        if half < all {
            assert_eq!(execution["cores"].as_array().unwrap().len(), half);
        }
    }
    let alone = |spec: &mut Value| spec["sweepOptions"]["parallel"] = json!("1");
    for trial in launch(&server, "show.py  '[1, 2]'", alone) {
        assert_eq!(printed_by(&server, &trial).0, four(all));
        assert_eq!(execution(&server, &trial)["cores"], Value::Null);
    }
    // A run of one trial is alone, however many slots there are.
    let single = launch(&server, "show.py  1", |_| {});
    assert_eq!(printed_by(&server, &single[0]).0, four(all));
    let asked = |spec: &mut Value| spec["resources"]["cpu"] = json!(1);
    assert_eq!(
        printed_by(&server, &launch(&server, "show.py  1", asked)[0]),
        (four(1), 1)
    );
}

#[test]
fn what_run_cluster_or_environment_say_stays() {
    let home = home();
    let server = start(&home);
    let ours = |spec: &mut Value| spec["env"] = json!({"OMP_NUM_THREADS": 7});
    let trial = &launch(&server, "show.py  '[1, 2]'", ours)[0];
    // The others follow OpenMP's number unless they are given one of their own.
    assert_eq!(printed_by(&server, trial).0, "7 - - -");
    assert_eq!(execution(&server, trial)["threads"], Value::Null);
    let ours = |spec: &mut Value| spec["env"] = json!({"MKL_NUM_THREADS": "7"});
    let trial = &launch(&server, "show.py  '[1, 2]'", ours)[0];
    let half = (machine_cores() / 2).max(1);
    assert_eq!(
        printed_by(&server, trial).0,
        format!("{half} {half} 7 {half}")
    );
    drop(server);
    let mut command = home.command("127.0.0.1:0");
    command.env("OMP_NUM_THREADS", "5");
    let server = Server::start(command);
    let trial = &launch(&server, "show.py  '[1, 2]'", |_| {})[0];
    assert!(printed_by(&server, trial).0.starts_with('5'));
    drop(server);
    home.write(
        "sweep.toml",
        "[clusters.local]\nslots = 2\nenv = { OMP_NUM_THREADS = \"3\", MODE = \"quick\" }\n",
    );
    home.write("source/mode.py", "import os; print(os.environ['MODE'])");
    let server = start(&home);
    let trial = &launch(&server, "show.py  '[1, 2]'", |_| {})[0];
    assert_eq!(printed_by(&server, trial).0, "3 - - -");
    assert_eq!(
        server.output_of(&launch(&server, "mode.py", |_| {})[0]),
        "quick\n"
    );
    let ours = |spec: &mut Value| spec["env"] = json!({"MODE": "full"});
    assert_eq!(
        server.output_of(&launch(&server, "mode.py", ours)[0]),
        "full\n"
    );
}

#[test]
fn a_cluster_sets_its_threads_or_leaves_them_alone() {
    for (setting, variables) in [("\"inherit\"", four('-')), ("1", four(1))] {
        let home = home();
        let settings = format!("[clusters.local]\nslots = 2\nthreads = {setting}\n");
        home.write("sweep.toml", &settings);
        let server = start(&home);
        let trial = &launch(&server, "show.py  '[1, 2]'", |_| {})[0];
        assert_eq!(printed_by(&server, trial).0, variables, "{setting}");
        let cores = if setting == "1" { 1 } else { machine_cores() };
        assert_eq!(printed_by(&server, trial).1, cores, "{setting}");
    }
}

#[test]
fn cores_of_running_trials_are_not_given_out_again_after_a_restart() {
    if machine_cores() < 2 {
        return;
    }
    let home = home();
    let gates: Vec<_> = (0..3).map(|at| home.path(&format!("go{at}"))).collect();
    let gate = |at: usize| gates[at].display().to_string();
    home.write("sweep.toml", "[clusters.local]\nslots = 2\nthreads = 1\n");
    let command = format!(
        "show.py 1  '[\"{}\", \"{}\", \"{}\"]'",
        gate(0),
        gate(1),
        gate(2)
    );
    let command = command.replacen("show.py 1  ", "show.py  1 ", 1);
    let server = start(&home);
    let run = server.launch(&command);
    let cores_of = |server: &Server, at: usize| {
        wait_until("a trial to run", || {
            let execution = execution(server, &server.trials(&run)[at]);
            execution["cores"].as_array().cloned()
        })
    };
    let first = cores_of(&server, 0);
    let second = cores_of(&server, 1);
    assert_ne!(first, second);
    server.kill();
    let server = start(&home);
    // The third takes the core that the first gives back.
    fs::write(&gates[0], "").unwrap();
    assert_ne!(cores_of(&server, 2), second);
    gates[1..]
        .iter()
        .for_each(|gate| fs::write(gate, "").unwrap());
    server.finish(&run);
}

/// So that an estimate can report trials that share too few cores.
#[test]
fn a_cluster_tells_its_cores_and_the_threads_of_a_trial() {
    let home = home();
    home.write(
        "sweep.toml",
        "[clusters.local]\nslots = 1\n[clusters.wide]\nslots = 2\nthreads = 3\n\
         [clusters.free]\nthreads = \"inherit\"\n[clusters.narrow]\nslots = 1000\n",
    );
    let server = start(&home);
    let all = json!(machine_cores());
    for (name, threads) in [
        ("local", all.clone()),
        ("wide", json!(3)),
        ("free", Value::Null),
        ("narrow", json!(1)),
    ] {
        let status = &server.get(&format!("/v1/core/clusters/{name}"))["status"];
        assert_eq!(
            (&status["cores"], &status["threads"]),
            (&all, &threads),
            "{name}"
        );
    }
}

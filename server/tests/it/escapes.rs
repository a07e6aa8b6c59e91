//! Scripts that try to outlive their trial: by leaving their process group, by having each other
//! traced, by a long chain of processes. Whatever they do, stopping ends them, and nothing is left.

use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::client::Request;
use crate::server::{Home, Server, is_alive, launch_request, wait_until};
use crate::skip::skip;

/// Moves out of its process group, ignores SIGTERM, and prints its own id.
const LEAVE: &str = "\
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
mode = sys.argv[1]
if mode == 'parent':
    os.setpgid(0, os.getpgid(os.getppid()))
else:
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        time.sleep(1 if mode == 'session' else 60)
        os._exit(0)
    while os.getpgid(child) != child: time.sleep(0.01)
    os.setpgid(0, child)
    if mode == 'session':
        os.setsid()
print(os.getpid(), flush=True)
time.sleep(60)
";

/// Leaves two orphans, of which one traces the other (`orphan`) or the script itself (`script`), and
/// prints their ids, or that tracing is refused.
const TRACE: &str = "\
import ctypes, os, sys, time
libc = ctypes.CDLL(None, use_errno=True)
reader, writer = os.pipe()
def orphan(work):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.write(writer, work())
            time.sleep(60)
        os._exit(0)
    os.wait()
    return os.read(reader, 20).decode()
def be_traced():
    libc.prctl(0x59616d61, ctypes.c_ulong(-1), 0, 0, 0)
    return b'%d' % os.getpid()
def trace():
    if libc.ptrace(0x4206, traced, 0, 0) != 0: return b'refused'
    return b'%d' % os.getpid()
traced = int(orphan(be_traced))
if sys.argv[1] == 'script':
    be_traced()
    traced = os.getpid()
print(traced, orphan(trace), flush=True)
";

/// Starts a chain of processes, each in a session of its own and the parent of the next, and ends.
const CHAIN: &str = "\
import os, sys, time
reader, writer = os.pipe()
if os.fork() == 0:
    for _ in range(int(sys.argv[1])):
        os.write(writer, b'%d\\n' % os.getpid())
        if os.fork() > 0:
            os.close(1)
            os.close(2)
            time.sleep(60)
            os._exit(0)
        os.setsid()
    os.write(writer, b'end\\n')
    time.sleep(60)
    os._exit(0)
pids = b''
while not pids.endswith(b'end\\n'): pids += os.read(reader, 4096)
print(pids[:-4].decode(), flush=True)
";

fn home(name: &str, script: &str) -> Home {
    let home = Home::new(&[(name, script)]);
    let settings = "[limits]\nstop_grace_seconds = 1\n[clusters.local]\nslots = 1\n";
    home.write("sweep.toml", settings);
    home
}

/// The ids that the only trial of a run prints.
fn wait_for_ids(server: &Server, run: &Value) -> Vec<String> {
    wait_until("the trial's output", || {
        let log = server.output_of(&server.trials(run)[0]);
        let ids = log.split_whitespace().map(str::to_owned).collect();
        log.ends_with('\n').then_some(ids)
    })
}

fn stop(server: &Server, run: &Value) {
    let path = format!("/v1/core/local/runs/{}", run["id"].as_str().unwrap());
    let wish = json!({"spec": {"desiredState": "RUN_STATE_CANCELED"}});
    let answer = server.send(Request::new("PUT", &path).json(&wish));
    assert_eq!(answer.status, 200, "{}", answer.text());
}

fn assert_gone(ids: &[String]) {
    let left: Vec<_> = ids.iter().filter(|id| is_alive(id)).collect();
    assert!(left.is_empty(), "of {} are left: {left:?}", ids.len());
}

#[test]
fn a_script_that_leaves_its_group_is_stopped() {
    let home = home("leave.py", LEAVE);
    let server = home.start();
    // One after the other in the same slot.
    for mode in ["parent", "child", "session"] {
        let run = server.launch(&format!("leave.py  {mode}"));
        let ids = wait_for_ids(&server, &run);
        assert!(ids.iter().all(|id| is_alive(id)), "{mode} {ids:?}");
        stop(&server, &run);
        let trial = &server.finish(&run)[0];
        assert_eq!(trial["state"], "EXPERIMENT_STATE_CANCELLED", "{mode}");
        assert_eq!(trial["signal"], 9, "{mode}");
        assert_gone(&ids);
    }
    let mut limited = launch_request("leave.py  parent");
    limited["spec"]["sweepOptions"] = json!({"time_limit": 1});
    let run = server.post_run(&limited).json();
    let trial = &server.finish(&run)[0];
    assert_eq!(trial["state"], "EXPERIMENT_STATE_FAILED", "{trial}");
    assert_gone(&wait_for_ids(&server, &run));
}

#[test]
fn a_script_that_leaves_its_group_ends_with_its_supervisor() {
    let home = home("leave.py", LEAVE);
    let server = home.start();
    let run = server.launch("leave.py  parent");
    let ids = wait_for_ids(&server, &run);
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", ids[0])).unwrap();
    let parent = stat.rsplit_once(") ").unwrap().1.split(' ').nth(1).unwrap();
    let supervisor = Pid::from_raw(parent.parse().unwrap()).unwrap();
    kill_process(supervisor, Signal::KILL).unwrap();
    let trial = &server.finish(&run)[0];
    assert_eq!(trial["state"], "EXPERIMENT_STATE_FAILED", "{trial}");
    assert_gone(&ids);
}

#[test]
fn an_orphan_whose_death_another_withholds_ends_with_its_trial() {
    let home = home("trace.py", TRACE);
    let server = home.start();
    let run = server.launch("trace.py  orphan");
    let trial = &server.finish(&run)[0];
    assert_eq!(trial["state"], "EXPERIMENT_STATE_SUCCEEDED", "{trial}");
    let ids = wait_for_ids(&server, &run);
    if ids.contains(&"refused".to_owned()) {
        return skip("tracing is not allowed here");
    }
    assert_eq!(ids.len(), 2, "{ids:?}");
    assert_gone(&ids);
}

#[test]
fn a_script_whose_end_an_orphan_withholds_is_stopped() {
    let home = home("trace.py", TRACE);
    let server = home.start();
    let run = server.launch("trace.py  script");
    let ids = wait_for_ids(&server, &run);
    if ids.contains(&"refused".to_owned()) {
        return skip("tracing is not allowed here");
    }
    stop(&server, &run);
    server.finish(&run);
    assert_gone(&ids);
}

#[test]
fn a_long_chain_of_processes_ends_with_its_trial() {
    let home = home("chain.py", CHAIN);
    let server = home.start();
    let run = server.launch("chain.py  300");
    let trial = &server.finish_within(&run, Duration::from_secs(50))[0];
    assert_eq!(trial["state"], "EXPERIMENT_STATE_SUCCEEDED", "{trial}");
    let ids = wait_for_ids(&server, &run);
    assert_eq!(ids.len(), 300);
    assert_gone(&ids);
}

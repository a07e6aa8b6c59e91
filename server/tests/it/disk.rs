//! A disk that is nearly full: nothing starts, nothing is lost, and it goes on by itself. Where
//! this account may not mount, a bound that no disk has stands for it.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use crate::client::Request;
use crate::faults::{may_mount, shell_command};
use crate::repository::{fetch_request, git, make_repository, random_bytes, with_git};
use crate::server::{Home, Server, wait_until};
use crate::skip::skip;

/// Fills the disk but for so many bytes, reports that by a file, and makes room once another file is
/// there. Until then it measures on request, for [`Server::wait_for_round`].
const FILL_SCRIPT: &str = "import os, sys, time\n\
    stats = os.statvfs('.')\n\
    size = stats.f_bavail * stats.f_frsize - int(sys.argv[1])\n\
    with open('fill.bin', 'wb') as file:\n\
    \x20   while size > 0: size -= file.write(b'x' * min(size, 65536))\n\
    open(sys.argv[2] + '.full', 'w').close()\n\
    measured = 0\n\
    while not os.path.exists(sys.argv[2]):\n\
    \x20   time.sleep(0.02)\n\
    \x20   if os.path.exists(sys.argv[2] + '.measure'):\n\
    \x20       os.remove(sys.argv[2] + '.measure')\n\
    \x20       measured += 1\n\
    \x20       print(f'measured={measured}', flush=True)\n\
    os.remove('fill.bin')\n";

/// The same with files: as many as the disk takes but for so many.
const FILL_FILES_SCRIPT: &str = "import os, sys, time\n\
    made = 0\n\
    os.mkdir('many')\n\
    try:\n\
    \x20   while True:\n\
    \x20       open(f'many/{made}', 'w').close()\n\
    \x20       made += 1\n\
    except OSError: pass\n\
    for number in range(int(sys.argv[1])): os.remove(f'many/{number}')\n\
    open(sys.argv[2] + '.full', 'w').close()\n\
    while not os.path.exists(sys.argv[2]): time.sleep(0.02)\n\
    for number in range(int(sys.argv[1]), made): os.remove(f'many/{number}')\n";

/// Fills the disk to the last block once a file is there, and makes room again only when it is asked
/// to end.
const FILL_UNTIL_STOPPED_SCRIPT: &str = "import os, signal, sys, time\n\
    def end(*_):\n\
    \x20   os.remove('fill.bin')\n\
    \x20   sys.exit(0)\n\
    signal.signal(signal.SIGTERM, end)\n\
    file = open('fill.bin', 'wb', buffering=0)\n\
    while not os.path.exists(sys.argv[1]): time.sleep(0.02)\n\
    for size in (65536, 1):\n\
    \x20   try:\n\
    \x20       while True: file.write(b'x' * size)\n\
    \x20   except OSError: pass\n\
    open(sys.argv[1] + '.full', 'w').close()\n\
    while True: time.sleep(0.02)\n";

/// A server whose data folder is a small disk of its own.
pub(crate) fn start_on_small_disk(home: &Home, size: &str) -> Server {
    Server::start(small_disk_command(home, size))
}

fn small_disk_command(home: &Home, size: &str) -> Command {
    fs::create_dir(home.path("data")).unwrap();
    let data = home.path("data").display().to_string();
    let mount = format!("mount -t tmpfs -o {size} none '{data}' && exec \"$@\"");
    shell_command(home, true, &mount)
}

pub(crate) fn health_text(server: &Server) -> String {
    let answer = Request::new("GET", "/healthz").send(server.address);
    assert_eq!(answer.status, 200);
    answer.text()
}

fn run_status(server: &Server, run: &Value) -> Value {
    let id = run["id"].as_str().unwrap();
    server.get(&format!("/v1/core/local/runs/{id}?brief=true"))["status"].clone()
}

#[test]
fn below_the_bound_nothing_starts_until_there_is_room() {
    if !may_mount() {
        return skip("this account may not mount");
    }
    let home = Home::new(&[
        ("fill.py", FILL_SCRIPT),
        ("after.sh", "echo ran >> $1"),
        (
            "wait.py",
            "import os, sys, time\nwhile not os.path.exists(sys.argv[1]): time.sleep(0.02)",
        ),
    ]);
    home.write(
        "sweep.toml",
        "[clusters.local]\nslots = 2\n[limits]\nfree_bytes = 4000000\n",
    );
    let server = start_on_small_disk(&home, "size=16m");
    let (go, ran, next) = (home.path("go"), home.path("ran"), home.path("next"));
    assert_eq!(health_text(&server), "ok\n");
    // Two slots: one fills the disk, one is held until it is full, then it is the waiting run's.
    let holding = server.launch(&format!("wait.py  '{}'", next.display()));
    let filling = server.launch(&format!("fill.py  2000000 '{}'", go.display()));
    let waiting = server.launch(&format!("after.sh  '{}'", ran.display()));
    wait_until("the disk to be full", || {
        home.path("go.full").exists().then_some(())
    });
    fs::write(&next, "").unwrap();
    server.finish(&holding);
    // A slot is free, and the dispatcher has passed it over.
    server.wait_for_round(&filling, &home.path("go.measure"));
    let trial = server.trials(&waiting)[0].clone();
    assert_eq!(trial["state"], "EXPERIMENT_STATE_QUEUED", "{trial}");
    let said = run_status(&server, &waiting)["message"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        said.contains("disk has") && said.contains("below 4 MB"),
        "{said}"
    );
    assert!(health_text(&server).contains("nearly full"));
    let cluster = server.get("/v1/core/clusters/local");
    assert!(
        cluster["status"]["message"]
            .as_str()
            .unwrap()
            .contains("disk has"),
        "{cluster}"
    );
    let refused = server.post_run(&crate::server::launch_request("after.sh "));
    assert_eq!(refused.status, 507, "{}", refused.text());
    assert!(
        refused.message().contains("Free some space"),
        "{}",
        refused.text()
    );
    fs::write(&go, "").unwrap();
    let trial = server.finish(&waiting)[0].clone();
    assert_eq!(trial["state"], "EXPERIMENT_STATE_SUCCEEDED", "{trial}");
    server.finish(&filling);
    assert_eq!(fs::read_to_string(ran).unwrap(), "ran\n");
    assert_eq!(
        (
            health_text(&server).as_str(),
            &run_status(&server, &waiting)["message"]
        ),
        ("ok\n", &json!(""))
    );
    server.finish(&server.launch(&format!("after.sh  '{}'", home.path("more").display())));
}

/// A stop that cannot be stored reaches the trial that fills the disk all the same.
#[test]
fn a_trial_that_fills_the_disk_can_be_stopped() {
    if !may_mount() {
        return skip("this account may not mount");
    }
    let home = Home::new(&[("fill.py", FILL_UNTIL_STOPPED_SCRIPT)]);
    home.write(
        "sweep.toml",
        "[clusters.local]\nslots = 1\n[limits]\nfree_bytes = 0\n",
    );
    let server = start_on_small_disk(&home, "size=6m");
    let cancel = json!({"spec": {"desiredState": "RUN_STATE_CANCELED"}});
    for method in ["PUT", "DELETE"] {
        let go = home.path(method);
        let run = server.launch(&format!("fill.py  '{}'", go.display()));
        wait_until("the trial to run", || {
            (server.trials(&run)[0]["state"] == "EXPERIMENT_STATE_RUNNING").then_some(())
        });
        fs::write(&go, "").unwrap();
        wait_until("the disk to be full", || {
            home.path(&format!("{method}.full")).exists().then_some(())
        });
        let path = format!("/v1/core/local/runs/{}", run["id"].as_str().unwrap());
        let ask = || match method {
            "PUT" => server.send(Request::new(method, &path).json(&cancel)),
            _ => server.send(Request::new(method, &path)),
        };
        let refused = ask();
        assert_eq!(refused.status, 507, "{}", refused.text());
        let said = refused.message();
        assert!(
            said.contains("disk is full") && said.contains("are stopped"),
            "{said}"
        );
        let trial = server.finish(&run)[0].clone();
        assert_eq!(trial["state"], "EXPERIMENT_STATE_CANCELLED", "{trial}");
        assert_eq!(ask().status, 200);
    }
}

#[test]
fn an_upload_to_a_full_disk_is_refused_and_may_come_again() {
    let home = Home::new(&[("after.sh", "echo ran")]);
    home.write("sweep.toml", "[limits]\nfree_bytes = 0\n");
    let server = home.start();
    let mut body = crate::server::launch_request("after.sh ");
    body["localDir"] = json!(true);
    let run = server.post_run(&body).json();
    let address = run["status"]["uploadUrl"].as_str().unwrap();
    let path = address[address.find("/v1/").unwrap()..].to_owned();
    drop(server);
    home.write("sweep.toml", "[limits]\nfree_bytes = 9000000000000000000\n");
    let server = home.start();
    let put = |server: &Server| Request::new("PUT", &path).send(server.address).status;
    assert_eq!(put(&server), 507);
    assert_eq!(
        server
            .post_run(&crate::server::launch_request("after.sh "))
            .status,
        507
    );
    drop(server);
    home.write("sweep.toml", "[limits]\nfree_bytes = 0\n");
    assert_eq!(
        put(&home.start()),
        400,
        "not the room but the archive is wrong now"
    );
}

/// Without a bound a trial may be claimed when there is no room for its copy of the source: it
/// goes back to the queue, and starts once when there is.
#[test]
fn a_trial_claimed_on_a_full_disk_waits_and_starts_once() {
    if !may_mount() {
        return skip("this account may not mount");
    }
    let home = Home::new(&[
        ("fill.py", FILL_SCRIPT),
        ("once.sh", "echo $2 >> $1; exit $3"),
        ("large.bin", &"x".repeat(2_000_000)),
    ]);
    home.write(
        "sweep.toml",
        "[clusters.local]\nslots = 2\n[limits]\nfree_bytes = 0\n",
    );
    let server = start_on_small_disk(&home, "size=32m");
    let (go, ran) = (home.path("go"), home.path("ran"));
    // The first fails, and the others are held until they are released.
    let mut body =
        crate::server::launch_request(&format!("once.sh  '{}' '[0, 1, 2]' 1", ran.display()));
    body["spec"]["sweepOptions"] = json!({"parallel": "1", "stop_after_failures": 1});
    let run = server.post_run(&body).json();
    wait_until("the rest to be held", || {
        (run_status(&server, &run)["held"] == 2).then_some(())
    });
    let filling = server.launch(&format!("fill.py  1000000 '{}'", go.display()));
    wait_until("the disk to be full", || {
        home.path("go.full").exists().then_some(())
    });
    let id = run["id"].as_str().unwrap();
    let release = Request::new("POST", &format!("/v1/core/local/runs/{id}/release"));
    assert_eq!(server.send(release).status, 200);
    wait_until("a trial to be put back", || {
        let trial = server.trials(&run)[1].clone();
        let said = trial["message"].as_str().unwrap().to_owned();
        (trial["state"] == "EXPERIMENT_STATE_QUEUED" && said.contains("room on the disk"))
            .then_some(())
    });
    fs::write(&go, "").unwrap();
    wait_until("both to end", || {
        let counts = &run_status(&server, &run)["experimentCounts"];
        // The second fails too, after which the third is held again.
        (counts["failed"] == 2).then_some(())
    });
    let release = Request::new("POST", &format!("/v1/core/local/runs/{id}/release"));
    assert_eq!(server.send(release).status, 200);
    server.finish(&run);
    server.finish(&filling);
    assert_eq!(fs::read_to_string(ran).unwrap(), "0\n1\n2\n", "each once");
    for trial in server.trials(&run) {
        assert_eq!(
            (&trial["state"], &trial["exitCode"]),
            (&json!("EXPERIMENT_STATE_FAILED"), &json!(1))
        );
    }
}

/// The same where the server finds room for the order, and the supervisor none for the output.
#[test]
fn a_supervisor_that_finds_no_room_starts_nothing_and_its_trial_waits() {
    if !may_mount() {
        return skip("this account may not mount");
    }
    let home = Home::new(&[
        ("fill.py", FILL_FILES_SCRIPT),
        ("once.sh", "echo $2 >> $1; exit $3"),
    ]);
    home.write(
        "sweep.toml",
        "[clusters.local]\nslots = 2\n[limits]\nfree_bytes = 0\n",
    );
    let server = start_on_small_disk(&home, "size=64m,nr_inodes=500");
    let (go, ran) = (home.path("go"), home.path("ran"));
    let mut body =
        crate::server::launch_request(&format!("once.sh  '{}' '[0, 1]' 1", ran.display()));
    body["spec"]["sweepOptions"] = json!({"parallel": "1", "stop_after_failures": 1});
    let run = server.post_run(&body).json();
    wait_until("the rest to be held", || {
        (run_status(&server, &run)["held"] == 1).then_some(())
    });
    // Its folder, `work` with two scripts, `supervisor.log`, `order.json` and `lock`.
    let filling = server.launch(&format!("fill.py  7 '{}'", go.display()));
    wait_until("the disk to be full", || {
        home.path("go.full").exists().then_some(())
    });
    let id = run["id"].as_str().unwrap();
    let release = Request::new("POST", &format!("/v1/core/local/runs/{id}/release"));
    assert_eq!(server.send(release).status, 200);
    wait_until("the trial to be put back by its supervisor", || {
        let trial = server.trials(&run)[1].clone();
        let said = trial["message"].as_str().unwrap();
        (said == "waits for room on the disk: No space left on device (os error 28)"
            && trial["state"] == "EXPERIMENT_STATE_QUEUED")
            .then_some(())
    });
    fs::write(&go, "").unwrap();
    let trials = server.finish(&run);
    server.finish(&filling);
    assert_eq!(trials[1]["exitCode"], 1, "{}", trials[1]);
    assert_eq!(fs::read_to_string(ran).unwrap(), "0\n1\n", "each once");
}

/// Without a bound a fetch may find no room: its trials wait, and run once there is some.
#[test]
fn a_source_that_finds_no_room_is_fetched_once_there_is() {
    if !may_mount() {
        return skip("this account may not mount");
    }
    let home = Home::new(&[("fill.py", FILL_SCRIPT)]);
    let (address, _) = make_repository(&home);
    let (work, bare) = (home.path("work"), home.path("git/proj.git"));
    fs::write(work.join("large.bin"), random_bytes(3_000_000)).unwrap();
    git(&work, &["add", "--all"]);
    git(&work, &["commit", "--quiet", "--message=x"]);
    let to = bare.display().to_string();
    git(&work, &["push", "--quiet", &to, "HEAD:main"]);
    let settings = fs::read_to_string(home.path("sweep.toml")).unwrap();
    home.write(
        "sweep.toml",
        &format!("{settings}[limits]\nfree_bytes = 0\n"),
    );
    let calls = home.path("calls");
    let script = format!("echo \"$*\" >> '{}'\nexec 'GIT' \"$@\"", calls.display());
    let command = with_git(&home, small_disk_command(&home, "size=24m"), &script);
    let server = Server::start(command);
    let go = home.path("go");
    let filling = server.launch(&format!("fill.py  1000000 '{}'", go.display()));
    wait_until("the disk to be full", || {
        home.path("go.full").exists().then_some(())
    });
    let run = server.post_run(&fetch_request(&address)).json();
    wait_until("a second try", || {
        let calls = fs::read_to_string(&calls).unwrap_or_default();
        (calls.matches(" init ").count() > 1).then_some(())
    });
    let trial = server.trials(&run)[0].clone();
    assert_eq!(trial["state"], "EXPERIMENT_STATE_QUEUED", "{trial}");
    fs::write(&go, "").unwrap();
    let trial = server.finish(&run)[0].clone();
    assert_eq!(trial["state"], "EXPERIMENT_STATE_SUCCEEDED", "{trial}");
    server.finish(&filling);
}

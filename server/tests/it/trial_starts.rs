//! Trials that cannot be started, and launches whose source is gone: both are seen, and pass.

use std::fs;

use crate::client::Request;
use crate::server::{Home, Server, launch_request, wait_until};

fn health(server: &Server) -> String {
    Request::new("GET", "/healthz").send(server.address).text()
}

fn message(server: &Server) -> String {
    let cluster = server.get("/v1/core/clusters/local");
    cluster["status"]["message"].as_str().unwrap().to_owned()
}

#[test]
fn a_server_that_can_start_no_trial_reports_it_until_it_can() {
    let home = Home::new(&[("a.sh", "echo loss=$1")]);
    home.write("sweep.toml", "[clusters.local]\nslots = 3\n");
    let server = home.start();
    server.finish(&server.launch("a.sh "));
    assert_eq!(health(&server), "ok\n");
    // As a trial of the same account could do it.
    let (trials, aside) = (home.path("data/trials"), home.path("data/aside"));
    fs::rename(&trials, &aside).unwrap();
    fs::write(&trials, "").unwrap();
    let run = server.launch("a.sh  '[1, 2, 3]'");
    let shown = wait_until("the cluster to report it", || {
        Some(message(&server)).filter(|message| !message.is_empty())
    });
    assert!(
        shown.starts_with("no trial of cluster local can be started, the last "),
        "{shown}"
    );
    assert!(shown.contains("data/trials"), "{shown}");
    let health_then = health(&server);
    let first = health_then.lines().next().unwrap();
    assert!(
        first.starts_with("ok, but no trial of cluster local can be started"),
        "{health_then}"
    );
    // Whoever has no account sees no path.
    assert!(!first.contains("data/trials"), "{health_then}");
    fs::remove_file(&trials).unwrap();
    fs::rename(&aside, &trials).unwrap();
    for trial in server.finish(&run) {
        assert_eq!(trial["state"], "EXPERIMENT_STATE_SUCCEEDED", "{trial}");
    }
    wait_until("the reports to go", || {
        (message(&server).is_empty() && health(&server) == "ok\n").then_some(())
    });
}

#[test]
fn a_launch_whose_source_folder_is_gone_is_refused_in_words() {
    let home = Home::new(&[("a.sh", "echo ran")]);
    let server = home.start();
    let (source, aside) = (home.path("source"), home.path("aside"));
    for kind in ["nothing", "file", "pipe"] {
        fs::rename(&source, &aside).unwrap();
        match kind {
            "file" => fs::write(&source, "").unwrap(),
            "pipe" => {
                let made = std::process::Command::new("mkfifo").arg(&source).status();
                assert!(made.unwrap().success());
            }
            _ => {}
        }
        let answer = server.post_run(&launch_request("a.sh "));
        assert_eq!(answer.status, 503, "{kind}: {}", answer.text());
        assert!(
            answer
                .text()
                .contains("The folder whose scripts this server runs is gone"),
            "{kind}: {}",
            answer.text()
        );
        let _ = fs::remove_file(&source);
        fs::rename(&aside, &source).unwrap();
        server.finish(&server.launch("a.sh "));
    }
    // Nothing of the refused ones is left.
    let sources = fs::read_dir(home.path("data/sources")).unwrap().count();
    assert_eq!(sources, 3);
}

/// A limit below the descriptors that it waits for makes `poll` fail at once, each time.
#[test]
#[cfg(target_os = "linux")]
fn a_supervisor_whose_poll_fails_does_not_spin() {
    use rustix::process::{Pid, Resource, Rlimit, prlimit};
    use std::time::Duration;

    let home = Home::new(&[(
        "a.sh",
        "echo $PPID > \"$1.tmp\"; mv \"$1.tmp\" \"$1\"; while [ ! -e \"$1.end\" ]; do sleep 0.1; done; \
         echo done",
    )]);
    home.write(
        "sweep.toml",
        "[clusters.local]\nslots = 2\nisolation = \"none\"\n",
    );
    let server = home.start();
    let note = home.path("supervisor");
    let run = server.launch(&format!("a.sh  '{}'", note.display()));
    let process: i32 = wait_until("the script", || {
        fs::read_to_string(&note).ok()?.trim().parse().ok()
    });
    let pid = Pid::from_raw(process);
    let limit = |current| Rlimit {
        current: Some(current),
        maximum: None,
    };
    let before = prlimit(
        pid,
        Resource::Nofile,
        Rlimit {
            maximum: rustix::process::getrlimit(Resource::Nofile).maximum,
            ..limit(1)
        },
    )
    .unwrap();
    let ticks = || -> u64 {
        let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
        let fields: Vec<&str> = stat
            .rsplit(')')
            .next()
            .unwrap()
            .split_whitespace()
            .collect();
        // User and system time, in hundredths of a second.
        fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
    };
    let at_first = ticks();
    std::thread::sleep(Duration::from_secs(3));
    let used = ticks() - at_first;
    assert!(used < 20, "{used} hundredths of a second of the processor");
    prlimit(pid, Resource::Nofile, before).unwrap();
    fs::write(format!("{}.end", note.display()), "").unwrap();
    let trial = &server.finish(&run)[0];
    assert_eq!(trial["state"], "EXPERIMENT_STATE_SUCCEEDED", "{trial}");
    assert_eq!(server.output_of(trial), "done\n");
}

#[test]
#[cfg(target_os = "linux")]
fn a_database_that_cannot_be_written_is_reported_until_it_can() {
    use rustix::process::{Pid, Resource, Rlimit, prlimit};

    let home = Home::new(&[(
        "a.sh",
        "while [ ! -e \"$1\" ]; do sleep 0.05; done; echo ran",
    )]);
    let server = home.start();
    let go = home.path("go");
    let run = server.launch(&format!("a.sh  '{}'", go.display()));
    wait_until("the script", || {
        (server.trials(&run)[0]["state"] == "EXPERIMENT_STATE_RUNNING").then_some(())
    });
    let server_process = Pid::from_raw(i32::try_from(server.pid()).unwrap());
    let none = Rlimit {
        current: Some(0),
        maximum: rustix::process::getrlimit(Resource::Fsize).maximum,
    };
    let before = prlimit(server_process, Resource::Fsize, none).unwrap();
    fs::write(&go, "").unwrap();
    wait_until("the health to report it", || {
        let reported = "ok, but the trials of cluster local cannot be looked after";
        health(&server).starts_with(reported).then_some(())
    });
    prlimit(server_process, Resource::Fsize, before).unwrap();
    let trial = &server.finish(&run)[0];
    assert_eq!(trial["state"], "EXPERIMENT_STATE_SUCCEEDED", "{trial}");
    wait_until("the report to go", || {
        (health(&server) == "ok\n").then_some(())
    });
}

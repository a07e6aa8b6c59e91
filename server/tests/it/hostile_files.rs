//! Trials that put something else in the place of the files by which they are watched.

use std::fs;
use std::path::Path;
use std::process::Command;

use rusqlite::Connection;
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::client::Request;
use crate::faults::shell_command;
use crate::server::{Home, Server, launch_request, wait_until};

/// Replaces files of its own trial (`KIND:NAME`, from the folder where it runs), reports that by a
/// file, and goes on until another is there. With a third argument it ends its supervisor first.
const HOSTILE: (&str, &str) = (
    "hostile.py",
    "import os, shutil, signal, sys, time\n\
     kind, name = sys.argv[1].split(':')\n\
     path = os.path.join('..', name)\n\
     if os.path.isdir(path): shutil.rmtree(path)\n\
     elif os.path.lexists(path): os.remove(path)\n\
     if kind == 'fifo': os.mkfifo(path)\n\
     elif kind == 'folder': os.makedirs(path + '/inner')\n\
     elif kind == 'link': os.symlink('/etc/passwd', path)\n\
     elif kind == 'loop': os.symlink(name, path)\n\
     elif kind == 'giant':\n\
     \x20   with open(path, 'w') as file: file.write('{\"at\": '); file.truncate(1 << 40)\n\
     elif kind == 'garbage':\n\
     \x20   with open(path, 'wb') as file: file.write(b'[' * 100000 + bytes(range(256)))\n\
     elif kind == 'denied':\n\
     \x20   with open(path, 'w') as file: file.write('{}')\n\
     \x20   os.chmod(path, 0)\n\
     done = name.replace('/', '-')\n\
     open(f'{sys.argv[2]}.{kind}.{done}', 'w').close()\n\
     if sys.argv[3:]: os.kill(os.getppid(), signal.SIGKILL)\n\
     while not os.path.exists(sys.argv[2]): time.sleep(0.02)\n",
);
const HONEST: (&str, &str) = ("honest.sh", "echo loss=0.5; echo done");

/// As where nothing can hide a trial's own folder from it.
const NOT_ISOLATED: &str = "[clusters.local]\nisolation = \"none\"\n";

fn home(slots: usize) -> Home {
    let home = Home::new(&[HOSTILE, HONEST]);
    home.write("sweep.toml", &format!("{NOT_ISOLATED}slots = {slots}\n"));
    home
}

/// Launches one trial of each kind, and waits until each has done its work.
fn launch_hostile(home: &Home, server: &Server, kinds: &[&str], more: &str) -> Value {
    let go = home.path("go").display().to_string();
    let list: Vec<String> = kinds.iter().map(|kind| format!("\"{kind}\"")).collect();
    let command = format!("hostile.py  '[{}]' '{go}' {more}", list.join(", "));
    let run = server.launch(command.trim_end());
    for kind in kinds {
        let done = format!("{go}.{}", kind.replace(':', ".").replace('/', "-"));
        wait_until(kind, || Path::new(&done).exists().then_some(()));
    }
    run
}

fn assert_honest_run_ends(server: &Server) {
    let trial = &server.finish(&server.launch("honest.sh "))[0];
    assert_eq!(trial["state"], "EXPERIMENT_STATE_SUCCEEDED", "{trial}");
    assert_eq!(trial["metrics"]["loss"], 0.5, "{trial}");
    assert_eq!(server.output_of(trial), "loss=0.5\ndone\n");
}

fn logs_of(server: &Server, run: &Value, number: usize) -> (u16, String) {
    let id = run["id"].as_str().unwrap();
    let path = format!("/v1/core/local/experiments/{id}-{number}/logs");
    let answer = server.send(Request::new("GET", &path));
    (answer.status, answer.text())
}

#[test]
fn whatever_stands_in_place_of_its_files_stops_nobody_else() {
    let kinds = [
        "fifo:metrics.jsonl",
        "fifo:started.json",
        "fifo:ended.json",
        "fifo:.ended.json.tmp",
        "fifo:output.log",
        "fifo:unread.json",
        "fifo:stop",
        "fifo:claim",
        "folder:ended.json",
        "folder:started.json",
        "folder:metrics.jsonl",
        "link:output.log",
        "loop:metrics.jsonl",
        "garbage:started.json",
        "giant:started.json",
        "fifo:work/metrics.csv",
    ];
    let home = home(kinds.len() + 1);
    let mut server = home.start();
    let run = launch_hostile(&home, &server, &kinds, "");
    assert_honest_run_ends(&server);
    let output = |kind: &str| kinds.iter().position(|one| *one == kind).unwrap();
    for number in [output("fifo:output.log"), output("link:output.log")] {
        let (status, text) = logs_of(&server, &run, number);
        assert_eq!(status, 404, "{text}");
        assert!(text.contains("something else"), "{text}");
        assert!(!text.contains("root:"), "{text}");
    }
    // Many times, from several callers, none of which waits.
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..80 {
                    assert_eq!(logs_of(&server, &run, output("fifo:output.log")).0, 404);
                }
            });
        }
    });
    // The others' files do no harm to what is shown of them.
    let id = run["id"].as_str().unwrap();
    for (number, kind) in kinds.iter().enumerate() {
        for what in ["", "/metrics", "/artifacts"] {
            server.get(&format!("/v1/core/local/experiments/{id}-{number}{what}"));
        }
        if !kind.ends_with("output.log") {
            assert_eq!(logs_of(&server, &run, number).0, 200, "{kind}");
        }
    }
    assert_eq!(
        Request::new("GET", "/healthz").send(server.address).text(),
        "ok\n"
    );
    let cluster = server.get("/v1/core/clusters/local");
    assert_eq!(cluster["status"]["message"], "", "{cluster}");
    // One of them can be stopped, and the server too.
    let stop = json!({"name": "x", "spec": {"desiredState": "EXPERIMENT_STATE_CANCELLED"}});
    let of_one = format!(
        "/v1/core/local/experiments/{id}-{}",
        output("fifo:started.json")
    );
    assert_eq!(
        server.send(Request::new("PUT", &of_one).json(&stop)).status,
        200
    );
    wait_until("it to be stopped", || {
        let phase = &server.get(&of_one)["status"]["phase"];
        (*phase == "EXPERIMENT_STATE_CANCELLED").then_some(())
    });
    server.signal(Signal::TERM);
    assert!(server.wait_exit().success());
    let server = home.start();
    assert_honest_run_ends(&server);
    fs::write(home.path("go"), "").unwrap();
    for trial in server.finish(&run) {
        let number = usize::try_from(trial["number"].as_u64().unwrap()).unwrap();
        let state = trial["state"].as_str().unwrap();
        let expected = match kinds[number] {
            // Whatever is there asks it to end.
            "fifo:stop" | "fifo:started.json" => "EXPERIMENT_STATE_CANCELLED",
            _ => "EXPERIMENT_STATE_SUCCEEDED",
        };
        assert_eq!(state, expected, "{}: {trial}", kinds[number]);
    }
}

#[test]
fn an_end_that_cannot_be_read_is_lost_in_words_and_frees_the_slot() {
    let kinds = [
        "fifo:ended.json",
        "folder:ended.json",
        "link:ended.json",
        "loop:ended.json",
        "garbage:ended.json",
        "giant:ended.json",
        "denied:ended.json",
    ];
    let home = home(kinds.len());
    let server = home.start();
    let run = launch_hostile(&home, &server, &kinds, "kill");
    for trial in server.finish(&run) {
        assert_eq!(trial["state"], "EXPERIMENT_STATE_FAILED", "{trial}");
        let message = trial["message"].as_str().unwrap();
        assert!(
            message.starts_with("how it ended cannot be read: `ended.json`"),
            "{message}"
        );
    }
    assert_honest_run_ends(&server);
}

/// Also where another server has to find that out, which has not started the supervisors.
#[test]
fn locks_that_are_none_keep_no_slot() {
    let kinds = ["fifo:lock", "folder:lock", "link:lock"];
    let home = home(kinds.len());
    let server = home.start();
    let run = launch_hostile(&home, &server, &kinds, "");
    server.kill();
    let server = home.start();
    // Nobody holds what is no lock: they count as lost, and their scripts are ended.
    for trial in server.finish(&run) {
        assert_eq!(trial["state"], "EXPERIMENT_STATE_FAILED", "{trial}");
    }
    assert_honest_run_ends(&server);
}

/// The server writes to files of trials too.
#[test]
fn nothing_is_written_through_a_link() {
    let home = Home::new(&[(
        "link.py",
        "import os, sys, time\n\
         os.symlink(sys.argv[1], '../stop.link')\n\
         os.rename('../stop.link', '../.ended.json.tmp')\n\
         os.symlink(sys.argv[1], '../unread.json')\n\
         print('loss=0,5 acc=1.2.3', flush=True)\n\
         open(sys.argv[1] + '.ready', 'w').close()\n\
         time.sleep(600)\n",
    )]);
    home.write("sweep.toml", NOT_ISOLATED);
    home.write("secret", "of somebody else");
    let server = home.start();
    let secret = home.path("secret");
    let run = server.launch(&format!("link.py  '{}'", secret.display()));
    wait_until("the links", || {
        home.path("secret.ready").exists().then_some(())
    });
    let mut wish = run.clone();
    wish["spec"]["desiredState"] = json!("RUN_STATE_CANCELED");
    let path = format!("/v1/core/local/runs/{}", run["id"].as_str().unwrap());
    assert_eq!(
        server.send(Request::new("PUT", &path).json(&wish)).status,
        200
    );
    let trial = &server.finish(&run)[0];
    assert_eq!(trial["state"], "EXPERIMENT_STATE_CANCELLED", "{trial}");
    assert_eq!(fs::read_to_string(secret).unwrap(), "of somebody else");
}

/// One that removes its folder, by which nobody could ask it to end any more, ends.
#[test]
fn a_trial_that_removes_its_own_folder_ends() {
    let home = Home::new(&[(
        "gone.py",
        "import os, shutil, time\n\
         folder = os.path.abspath('..')\n\
         os.rename(folder, folder + '.away')\n\
         time.sleep(600)\n",
    )]);
    home.write("sweep.toml", NOT_ISOLATED);
    let server = home.start();
    let trial = &server.finish(&server.launch("gone.py "))[0];
    assert_eq!(trial["state"], "EXPERIMENT_STATE_FAILED", "{trial}");
}

const DEEP: (&str, &str) = (
    "deep.py",
    "import os\n\
     for _ in range(16000):\n\
     \x20   os.mkdir('d')\n\
     \x20   os.chdir('d')\n\
     open('f', 'w').close()\n",
);

/// Makes such a folder where a server left it that was killed.
fn make_deep(home: &Home, folder: &str) {
    fs::create_dir_all(home.path(folder)).unwrap();
    let script = home.path("source/deep.py");
    let mut command = Command::new("python3");
    let made = command.arg(script).current_dir(home.path(folder)).status();
    assert!(made.unwrap().success());
}

#[test]
fn a_folder_too_deep_for_a_path_goes_and_stops_no_start() {
    let home = Home::new(&[DEEP, HONEST]);
    // In memory where that can be: some disks remove no more than some hundred folders a second.
    let memory = tempfile::tempdir_in("/dev/shm");
    if let Ok(memory) = &memory {
        std::os::unix::fs::symlink(memory.path(), home.path("data")).unwrap();
    }
    let settings = "[clusters.local]\nslots = 2\n";
    home.write("sweep.toml", settings);
    let server = home.start();
    let run = server.launch("deep.py ");
    let trial = &server.finish(&run)[0];
    assert_eq!(trial["state"], "EXPERIMENT_STATE_SUCCEEDED", "{trial}");
    let id = run["id"].as_str().unwrap();
    // Neither its files nor its metrics are looked for without end.
    server.get(&format!("/v1/core/local/experiments/{id}-0/artifacts"));
    drop(server);
    for folder in ["data/uploads/u", "data/fetches/f", "data/sources/unknown"] {
        make_deep(&home, folder);
    }
    let database = Connection::open(home.path("data/sweep.db")).unwrap();
    database
        .execute("UPDATE run SET ended_at = ended_at - 864000000000", [])
        .unwrap();
    drop(database);
    home.write(
        "sweep.toml",
        &format!("{settings}[retention]\nwork_days = 1\n"),
    );
    // With few descriptors and a small stack.
    let limits = "ulimit -n 128; ulimit -s 512; exec \"$@\"";
    let server = Server::start(shell_command(&home, false, limits));
    for folder in ["data/uploads/u", "data/fetches/f", "data/sources/unknown"] {
        assert!(!home.path(folder).exists(), "{folder}");
    }
    let work = home.path(&format!("data/trials/{id}/0/work"));
    wait_until("the old files to go", || (!work.exists()).then_some(()));
    assert_honest_run_ends(&server);
    let request = launch_request("honest.sh ");
    assert_eq!(server.post_run(&request).status, 200);
}

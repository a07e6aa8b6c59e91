//! Accounts are kept apart: each call against a run of somebody else, and `sweep account`.

use std::io::BufRead;
use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::client::{Answer, Request, read_head};
use crate::openapi::read_snapshot;
use crate::server::{Home, KEY, Server, USER, launch_request};

/// Runs `sweep account` on the data folder of a home.
pub(crate) fn sweep_account(home: &Home, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sweep"));
    command.arg("account").args(arguments);
    command.arg("--data").arg(home.path("data"));
    command.output().unwrap()
}

/// The key that `sweep account add` prints.
pub(crate) fn add_account(home: &Home, arguments: &[&str]) -> String {
    let output = sweep_account(home, &[&["add"], arguments].concat());
    let text = String::from_utf8(output.stdout).unwrap();
    let key = text.lines().find_map(|line| line.strip_prefix("API key: "));
    key.unwrap_or_else(|| panic!("{text}{}", String::from_utf8_lossy(&output.stderr)))
        .to_owned()
}

/// Why `sweep account` refuses.
fn refusal(home: &Home, arguments: &[&str]) -> String {
    let output = sweep_account(home, arguments);
    assert!(!output.status.success(), "{arguments:?}");
    String::from_utf8(output.stderr).unwrap()
}

/// Somebody who calls.
struct User<'a> {
    server: &'a Server,
    name: &'a str,
    key: String,
}

impl User<'_> {
    fn send(&self, request: Request) -> Answer {
        request
            .basic(self.name, &self.key)
            .send(self.server.address)
    }

    fn get(&self, path: &str) -> Value {
        let answer = self.send(Request::new("GET", path));
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer.json()
    }

    fn launch(&self, name: &str) -> Value {
        let mut body = launch_request("file.py  --a '[1, 2]'");
        body["name"] = json!(name);
        body["spec"]["env"] = json!({"TOKEN": "s3cret"});
        let answer = self.send(Request::new("POST", "/v1/core/local/runs").json(&body));
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    }
}

/// A server with a run of `ada`, the first account, another account, `eve`, and another
/// administrator, `root`.
fn with_accounts(check: impl Fn(&Server, &Value, &User<'_>, &User<'_>)) {
    let home = Home::new(&[("file.py", "print('acc=0.5')\nopen('made', 'w').write('x')")]);
    let server = home.start();
    let user = |name, flags: &[&str]| User {
        server: &server,
        name,
        key: add_account(&home, &[&[name], flags].concat()),
    };
    let (eve, root) = (user("eve", &[]), user("root", &["--admin"]));
    let ada = User {
        server: &server,
        name: USER,
        key: KEY.to_owned(),
    };
    let run = ada.launch("kept");
    server.finish(&run);
    check(&server, &run, &eve, &root);
}

/// What a call has to do with runs.
#[derive(Debug, PartialEq)]
enum Reach {
    /// It names a run, or a trial of one, in its address: that of somebody else does not exist.
    OneRun,
    /// So does its query.
    RunsOfQuery,
    /// It lists runs, or trials by name: those of somebody else are left out.
    Lists,
    /// It has nothing to do with runs.
    NoRun,
    /// It sends changes of runs: see `events_are_the_owners`.
    Events,
    /// It is called with a signature in place of credentials.
    Signed,
}

/// Panics at a route that is new: decide what it has to do with runs.
fn reach_of(path: &str, call: &Value) -> Reach {
    if path.contains("{run}") || path.contains("{experiment}") {
        return if call["security"] == json!([]) {
            Reach::Signed
        } else {
            Reach::OneRun
        };
    }
    match path {
        "/v1/core/{cluster}/states" => Reach::RunsOfQuery,
        "/v1/core/finished-trials"
        | "/v1/core/{cluster}/runs"
        | "/v1/core/{cluster}/experiments" => Reach::Lists,
        "/v1/events" => Reach::Events,
        "/healthz"
        | "/openapi.json"
        | "/start"
        | "/v1/auth/login"
        | "/v1/auth/user"
        | "/v1/session"
        | "/v1/sign-ins"
        | "/v1/prices"
        | "/v1/core/clusters"
        | "/v1/core/clusters/{cluster}"
        | "/v1/core/clusters/{cluster}/instance-types"
        | "/v1/core/sessions"
        | "/v1/core/{cluster}/datastores"
        | "/v1/core/{cluster}/datastores/{datastore}" => Reach::NoRun,
        _ => panic!("{path} is new: who may call it for which runs?"),
    }
}

/// A call that would succeed if its run were the caller's.
fn request_for(method: &str, path: &str, run: &str) -> Request {
    let filled = path
        .replace("{cluster}", "local")
        .replace("{run}", run)
        .replace("{experiment}", &format!("{run}-0"));
    let request = Request::new(&method.to_uppercase(), &filled);
    match (method, path.contains("{experiment}")) {
        ("put", false) => request.json(&json!({"spec": {"desiredState": "RUN_STATE_CANCELED"}})),
        ("put", true) => {
            request.json(&json!({"spec": {"desiredState": "EXPERIMENT_STATE_CANCELLED"}}))
        }
        ("post", _) => request.json(&json!({})),
        _ => request,
    }
}

/// Everything that the owner sees of a run.
fn whole_run(server: &Server, run: &str) -> Value {
    let get = |path: &str| server.get(&format!("/v1/core/local/{path}"));
    let mut trials = get(&format!("runs/{run}/trials"));
    trials["now"] = Value::Null;
    json!([
        get(&format!("runs/{run}")),
        trials,
        get(&format!("experiments/{run}-0")),
        get(&format!("experiments/{run}-0/metrics")),
        get(&format!("experiments/{run}-0/logs"))["text"],
    ])
}

#[test]
fn each_call_for_the_run_of_another_account_answers_as_for_none() {
    with_accounts(|server, run, eve, root| {
        let id = run["id"].as_str().unwrap();
        let before = whole_run(server, id);
        let mut found = Vec::new();
        for (path, calls) in read_snapshot()["paths"].as_object().unwrap() {
            for (method, call) in calls.as_object().unwrap() {
                let reach = reach_of(path, call);
                let request = |run: &str| match reach {
                    Reach::RunsOfQuery => request_for(method, &format!("{path}?run={run}"), run),
                    _ => request_for(method, path, run),
                };
                match reach {
                    Reach::OneRun | Reach::RunsOfQuery => {
                        let theirs = eve.send(request(id));
                        let nobodys = eve.send(request("01gone"));
                        assert_eq!(theirs.status, 404, "{method} {path}: {}", theirs.text());
                        assert_eq!(
                            theirs.text().replace(id, "01gone"),
                            nobodys.text(),
                            "{method} {path}"
                        );
                        if method == "get" {
                            let seen = root.send(request(id));
                            assert_eq!(seen.status, 200, "{path}: {}", seen.text());
                        }
                    }
                    Reach::Signed => assert_eq!(eve.send(request(id)).status, 403, "{path}"),
                    Reach::Lists | Reach::NoRun | Reach::Events => {}
                }
                found.push(reach);
            }
        }
        assert_eq!(
            found.iter().filter(|one| **one == Reach::OneRun).count(),
            13
        );
        let runs = "/v1/core/local/runs";
        let owner = run["spec"]["userId"].as_str().unwrap();
        for query in [
            "",
            "?query=kept",
            &format!("?userIds={owner}"),
            "?phaseIn=RUN_STATE_SUCCEEDED",
        ] {
            assert_eq!(
                eve.get(&format!("{runs}{query}"))["runs"],
                json!([]),
                "{query}"
            );
            assert_eq!(
                root.get(&format!("{runs}{query}"))["runs"][0]["id"],
                id,
                "{query}"
            );
        }
        let by_name = "/v1/core/local/experiments?names=kept-exp0";
        assert_eq!(eve.get(by_name)["experiments"], json!([]));
        assert_eq!(root.get(by_name)["experiments"][0]["id"], format!("{id}-0"));
        assert_eq!(whole_run(server, id), before);
    });
}

#[test]
fn administrators_stop_and_delete_the_runs_of_others() {
    with_accounts(|server, run, _, root| {
        let path = format!("/v1/core/local/runs/{}", run["id"].as_str().unwrap());
        assert_eq!(root.send(Request::new("DELETE", &path)).status, 200);
        assert_eq!(server.send(Request::new("GET", &path)).status, 404);
    });
}

#[test]
fn names_are_each_accounts_own() {
    with_accounts(|_, run, eve, root| {
        let own = eve.launch("kept");
        let again = {
            let mut body = launch_request("file.py ");
            body["name"] = json!("kept");
            eve.send(Request::new("POST", "/v1/core/local/runs").json(&body))
        };
        assert_eq!(again.status, 409, "{}", again.text());
        let by_name = "/v1/core/local/experiments?names=kept-exp1";
        let id = |run: &Value| format!("{}-1", run["id"].as_str().unwrap());
        assert_eq!(eve.get(by_name)["experiments"][0]["id"], id(&own));
        // An administrator gets its own first, then the newest.
        assert_eq!(root.get(by_name)["experiments"][0]["id"], id(&own));
        let roots = root.launch("kept");
        assert_eq!(root.get(by_name)["experiments"][0]["id"], id(&roots));
        assert_ne!(run["id"], own["id"]);
    });
}

#[test]
fn values_of_the_environment_come_back_to_their_owner_alone() {
    with_accounts(|server, run, _, root| {
        let id = run["id"].as_str().unwrap();
        let paths = [
            format!("/v1/core/local/runs/{id}"),
            format!("/v1/core/local/experiments/{id}-0"),
        ];
        for path in &paths {
            assert_eq!(server.get(path)["spec"]["env"], json!({"TOKEN": "s3cret"}));
            let masked = root.send(Request::new("GET", path));
            assert_eq!(masked.json()["spec"]["env"], json!({"TOKEN": "(hidden)"}));
            assert!(!masked.text().contains("s3cret"));
        }
        assert!(
            !root
                .get("/v1/core/local/runs")
                .to_string()
                .contains("s3cret")
        );
        // What is hidden cannot be launched again by mistake.
        let mut body = launch_request("file.py ");
        body["spec"]["env"] = root.get(&paths[0])["spec"]["env"].clone();
        let again = root.send(Request::new("POST", "/v1/core/local/runs").json(&body));
        assert_eq!(again.status, 400);
        assert!(again.message().contains("`TOKEN`"), "{}", again.text());
    });
}

/// The events that a user gets from when it subscribes until one satisfies `until`, as text.
fn events_of(user: &User<'_>, meanwhile: impl FnOnce(), until: impl Fn(&str) -> bool) -> String {
    let request = Request::new("GET", "/v1/events").basic(user.name, &user.key);
    let mut stream = request.open(user.server.address);
    assert_eq!(read_head(&mut stream).0, 200);
    let mut lines = stream.lines().map(|line| line.expect("a line"));
    assert!(lines.by_ref().any(|line| line == ": open"));
    meanwhile();
    let mut text = String::new();
    for line in lines {
        text += &line;
        if until(&line) {
            return text;
        }
    }
    panic!("the stream ended: {text}");
}

#[test]
fn events_are_the_owners_and_the_administrators() {
    with_accounts(|server, _, eve, root| {
        let ada = User {
            server,
            name: USER,
            key: KEY.to_owned(),
        };
        let (mut adas, mut eves) = (Value::Null, Value::Null);
        let seen = events_of(
            eve,
            || {
                adas = ada.launch("hidden-run");
                server.finish(&adas);
                eves = eve.launch("shown-run");
            },
            |line| line.contains("shown-run") && line.contains("RUN_STATE_SUCCEEDED"),
        );
        assert!(seen.contains(eves["id"].as_str().unwrap()));
        assert!(!seen.contains(adas["id"].as_str().unwrap()), "{seen}");
        assert!(!seen.contains("hidden-run"), "{seen}");
        let seen = events_of(
            root,
            || drop(ada.launch("third-run")),
            |line| line.contains("third-run") && line.contains("RUN_STATE_SUCCEEDED"),
        );
        // Nobody's variables are announced.
        assert!(!seen.contains("s3cret"), "{seen}");
    });
}

#[test]
fn ids_of_events_do_not_count_those_of_others() {
    with_accounts(|server, _, eve, _| {
        let ended = |name: &'static str| {
            move |line: &str| line.contains(name) && line.contains("RUN_STATE_SUCCEEDED")
        };
        // The text has no line ends, so an id goes up to the `data` behind it.
        let ids = |text: &str| -> Vec<(String, u64)> {
            let ids = text.split("id: ").skip(1);
            let ids = ids.filter_map(|rest| rest.split_once("data: ")?.0.rsplit_once('-'));
            ids.map(|(log, number)| (log.to_owned(), number.parse().unwrap()))
                .collect()
        };
        let meanwhile = || {
            let ada = User {
                server,
                name: USER,
                key: KEY.to_owned(),
            };
            drop(eve.launch("first-run"));
            for number in 0..3 {
                server.finish(&ada.launch(&format!("other-{number}")));
            }
            drop(eve.launch("second-run"));
        };
        let seen = ids(&events_of(eve, meanwhile, ended("second-run")));
        assert!(seen.len() > 2, "{seen:?}");
        for pair in seen.windows(2) {
            assert_eq!(pair[1], (pair[0].0.clone(), pair[0].1 + 1), "{seen:?}");
        }
        assert_eq!(seen[0].1, 1, "{seen:?}");
    });
}

#[test]
fn accounts_are_added_and_revoked_while_the_server_runs() {
    let home = Home::new(&[(
        "file.py",
        "import time\nprint('on', flush=True)\ntime.sleep(60)",
    )]);
    assert!(refusal(&home, &["list"]).contains("no server has worked"));
    let server = home.start();
    let key = add_account(&home, &["eve"]);
    assert_eq!(key.len(), 64, "256 bits");
    let eve = User {
        server: &server,
        name: "eve",
        key: key.clone(),
    };
    let run = eve.launch("goes-on");
    let database = std::fs::read(home.path("data/sweep.db")).unwrap();
    let log = std::fs::read(home.path("data/sweep.db-wal")).unwrap();
    for file in [database, log] {
        let stored = file.windows(key.len()).any(|part| part == key.as_bytes());
        assert!(!stored, "the key is stored");
    }
    assert!(refusal(&home, &["add", "eve"]).contains("--new-key"));
    assert!(refusal(&home, &["add", "bob", "--new-key"]).contains("no account `bob`"));
    assert!(refusal(&home, &["revoke", "bob"]).contains("no account `bob`"));
    assert!(refusal(&home, &["revoke", USER]).contains("last administrator"));
    for name in ["a:b", "", " ", "a\nb", &"a".repeat(65)] {
        assert!(refusal(&home, &["add", name]).contains("no name for an account"));
    }
    let listed = String::from_utf8(sweep_account(&home, &["list"]).stdout).unwrap();
    let words: Vec<Vec<&str>> = listed
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(words[1][..2], [USER, "administrator"], "{listed}");
    assert_eq!((words[2][0], words[2][1]), ("eve", "user"), "{listed}");
    assert_eq!(words[2][3..], ["0", "1"], "{listed}");

    assert!(sweep_account(&home, &["revoke", "eve"]).status.success());
    assert!(refusal(&home, &["revoke", "eve"]).contains("revoked before"));
    let list = Request::new("GET", "/v1/core/local/runs");
    assert_eq!(eve.send(list.clone()).status, 401);
    // Its run stays and goes on; administrators see it.
    let path = format!("/v1/core/local/runs/{}", run["id"].as_str().unwrap());
    assert_ne!(server.get(&path)["status"]["phase"], "RUN_STATE_CANCELED");
    let key = add_account(&home, &["eve", "--new-key"]);
    assert_eq!(eve.send(list).status, 401);
    let again = User {
        server: &server,
        name: "eve",
        key,
    };
    assert_eq!(again.get(&path)["name"], "goes-on");
    let stop = json!({"spec": {"desiredState": "RUN_STATE_CANCELED"}});
    assert_eq!(
        again.send(Request::new("PUT", &path).json(&stop)).status,
        200
    );
    server.finish(&run);
}

#[test]
fn the_first_account_is_an_administrator_however_it_is_made() {
    let home = Home::new(&[]);
    std::fs::create_dir(home.path("data")).unwrap();
    let key = add_account(&home, &["first"]);
    let mut command = home.command("127.0.0.1:0");
    command.env_remove("SWEEP_USER").env_remove("SWEEP_API_KEY");
    let server = Server::start(command);
    assert_eq!(server.printed, "");
    let user = Request::new("GET", "/v1/auth/user").basic("first", &key);
    assert_eq!(user.send(server.address).status, 200);
    add_account(&home, &["second"]);
    assert!(refusal(&home, &["revoke", "first"]).contains("last administrator"));
    assert!(
        sweep_account(&home, &["add", "third", "--admin"])
            .status
            .success()
    );
    assert!(sweep_account(&home, &["revoke", "first"]).status.success());
}

#[test]
fn presets_that_nobody_could_use_are_refused_at_the_start() {
    let home = Home::new(&[]);
    let refused = |user: &str, key: &str| {
        let mut command = home.command("127.0.0.1:0");
        command.env("SWEEP_USER", user).env("SWEEP_API_KEY", key);
        let output = command.output().unwrap();
        assert!(!output.status.success(), "{user} {key}");
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(refused("a:b", KEY).contains("no name for an account"));
    assert!(refused(USER, "k").contains("at least 6 characters"));
    drop(home.start());
    add_account(&home, &["root", "--admin"]);
    assert!(sweep_account(&home, &["revoke", USER]).status.success());
    assert!(refused(USER, KEY).contains("was revoked"));
}

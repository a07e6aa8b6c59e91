//! Sources that come from a git repository.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use rusqlite::Connection;
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::client::Request;
use crate::mounts::may_mount;
use crate::repository::{fetch_request, git, make_repository, random_bytes, slow_git, with_git};
use crate::server::{Home, Server, is_alive, wait_until};
use crate::skip::skip;

fn count_fetch_folders(home: &Home) -> usize {
    fs::read_dir(home.path("data/fetches")).map_or(0, Iterator::count)
}

#[test]
fn the_commit_that_is_named_runs() {
    let home = Home::new(&[("pkg/train.py", "print('of the server')")]);
    let (address, [first, second]) = make_repository(&home);
    let server = home.start();
    let made = |reference: &str| {
        let answer = server.post_run(&fetch_request(&format!("{address}{reference}")));
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    };
    for (reference, commit, log) in [
        (format!("#ref={first}"), &first, "first of git\n"),
        (format!("#ref={second}"), &second, "second\n"),
        ("#ref=main".to_owned(), &second, "second\n"),
        (String::new(), &second, "second\n"),
        (format!("#ref={}", &first[..12]), &first, "first of git\n"),
    ] {
        let run = made(&reference);
        let trial = &server.finish(&run)[0];
        assert_eq!(server.output_of(trial), log, "{reference}: {trial}");
        let path = format!("/v1/core/local/runs/{}", run["id"].as_str().unwrap());
        let status = server.get(&path)["status"].clone();
        assert_eq!(
            (&status["commit"], &status["message"]),
            (&json!(commit), &json!(""))
        );
        let source = home.path(&format!("data/sources/{}", run["id"].as_str().unwrap()));
        assert!(!source.join(".git").exists());
    }
    assert_eq!(count_fetch_folders(&home), 0);
    let list = server.get("/v1/core/finished-trials?script=pkg/train.py");
    let digests = list["runs"].as_array().unwrap().iter();
    let digests: Vec<&str> = digests.map(|run| run["digest"].as_str().unwrap()).collect();
    let [first, second] = [digests[0], digests[1]];
    assert_eq!(digests, [first, second, second, second, first]);
    assert_ne!(first, second);
}

#[test]
fn a_source_that_cannot_be_fetched_is_the_trials_reason_and_can_be_tried_again() {
    let home = Home::new(&[]);
    let (address, [first, _]) = make_repository(&home);
    let server = home.start();
    let absent = "1".repeat(40);
    for (source, words) in [
        (
            format!("{address}#ref={absent}"),
            format!("no commit `{absent}`"),
        ),
        (
            format!("{address}#ref=nothing"),
            "git says: fatal: ".to_owned(),
        ),
        (
            address.replace("proj", "none"),
            "git says: fatal: ".to_owned(),
        ),
    ] {
        let run = server.post_run(&fetch_request(&source)).json();
        let trial = &server.finish(&run)[0];
        assert_eq!(trial["state"], "EXPERIMENT_STATE_FAILED");
        let message = trial["message"].as_str().unwrap();
        assert!(
            message.starts_with("its source could not be fetched: "),
            "{message}"
        );
        assert!(message.contains(&words), "{message}");
        assert_eq!(trial["startTimestamp"], Value::Null);
        let path = format!("/v1/core/local/runs/{}", run["id"].as_str().unwrap());
        assert_eq!(server.get(&path)["status"]["message"], message);
    }
    // It was away for a while.
    let (there, away) = (home.path("git/proj.git"), home.path("git/away"));
    fs::rename(&there, &away).unwrap();
    let run = server
        .post_run(&fetch_request(&format!("{address}#ref={first}")))
        .json();
    assert_eq!(server.finish(&run)[0]["state"], "EXPERIMENT_STATE_FAILED");
    fs::rename(&away, &there).unwrap();
    let path = format!("/v1/core/local/runs/{}/retry", run["id"].as_str().unwrap());
    assert_eq!(
        server
            .send(Request::new("POST", &path).json(&json!({})))
            .status,
        200
    );
    let trial = &server.finish(&run)[0];
    assert_eq!(server.output_of(trial), "first of git\n", "{trial}");
    assert_eq!(count_fetch_folders(&home), 0);
}

#[test]
fn what_a_repository_holds_is_kept_within_bounds() {
    let home = Home::new(&[]);
    let (address, _) = make_repository(&home);
    let bare = home.path("git/proj.git");
    let work = home.path("work");
    let push = |name: &str| {
        git(&work, &["add", "--all"]);
        git(&work, &["commit", "--quiet", "--message=x"]);
        git(
            &work,
            &[
                "push",
                "--quiet",
                bare.to_str().unwrap(),
                &format!("HEAD:refs/heads/{name}"),
            ],
        );
        git(&work, &["reset", "--quiet", "--hard", "HEAD~"]);
    };
    symlink("/etc/passwd", work.join("link")).unwrap();
    push("link");
    home.write("work/big", &"0".repeat(200_000));
    push("big");
    let settings = fs::read_to_string(home.path("sweep.toml")).unwrap();
    home.write(
        "sweep.toml",
        &format!("{settings}[limits]\nsource_bytes = 100000\n"),
    );
    let server = home.start();
    for (branch, words) in [
        ("link", "`link`, a link that leads out"),
        ("big", "more than"),
    ] {
        let run = server
            .post_run(&fetch_request(&format!("{address}#ref={branch}")))
            .json();
        let trial = &server.finish(&run)[0];
        assert_eq!(trial["state"], "EXPERIMENT_STATE_FAILED");
        assert!(
            trial["message"].as_str().unwrap().contains(words),
            "{trial}"
        );
        assert!(
            !home
                .path(&format!("data/sources/{}", run["id"].as_str().unwrap()))
                .exists()
        );
    }
    assert_eq!(count_fetch_folders(&home), 0);
}

/// Its repository and its archive are measured apart: each is within the bounds.
#[test]
fn a_source_of_nearly_as_much_as_is_allowed_is_fetched() {
    let home = Home::new(&[]);
    let (address, _) = make_repository(&home);
    let work = home.path("work");
    fs::write(work.join("large.bin"), random_bytes(70_000)).unwrap();
    git(&work, &["add", "--all"]);
    git(&work, &["commit", "--quiet", "--message=x"]);
    let bare = home.path("git/proj.git").display().to_string();
    git(&work, &["push", "--quiet", &bare, "HEAD:main"]);
    let settings = fs::read_to_string(home.path("sweep.toml")).unwrap();
    home.write(
        "sweep.toml",
        &format!("{settings}[limits]\nsource_bytes = 100000\n"),
    );
    // Long enough to be measured.
    let script = "'GIT' \"$@\" || exit; case \"$*\" in *archive*) sleep 0.8;; esac";
    let server = Server::start(with_git(&home, home.command("127.0.0.1:0"), script));
    let trial = &server.finish(&server.post_run(&fetch_request(&address)).json())[0];
    assert_eq!(server.output_of(trial), "second\n", "{trial}");
}

#[test]
fn files_are_as_they_are_in_the_commit() {
    let home = Home::new(&[]);
    let (address, _) = make_repository(&home);
    let work = home.path("work");
    let push = |what: &str| {
        git(&work, &["add", what]);
        git(&work, &["commit", "--quiet", "--message=x"]);
        let bare = home.path("git/proj.git").display().to_string();
        git(&work, &["push", "--quiet", &bare, "HEAD:main"]);
    };
    home.write(
        "work/pkg/train.py",
        "for name in ('plain', 'crlf', 'ident', 'filtered', 'coded', 'subst'):\n\
         \x20   print(open('../' + name, 'rb').read())\n",
    );
    for (name, content) in [
        ("plain", "a\nb\n"),
        ("crlf", "a\nb\n"),
        ("ident", "$Id$\n"),
        ("filtered", "a\n"),
        ("coded", "a\n"),
        ("subst", "$Format:%H$\n"),
    ] {
        home.write(&format!("work/{name}"), content);
    }
    push(".");
    home.write(
        "work/.gitattributes",
        "crlf text eol=crlf\nident ident\nfiltered filter=loud\n\
         coded working-tree-encoding=UTF-16\nsubst export-subst\n",
    );
    push(".gitattributes");
    home.write(
        ".gitconfig",
        "[core]\nautocrlf = true\n[filter \"loud\"]\nsmudge = tr a-z A-Z\n",
    );
    let mut command = home.command("127.0.0.1:0");
    command.env("HOME", home.path(""));
    let server = Server::start(command);
    let trial = &server.finish(&server.post_run(&fetch_request(&address)).json())[0];
    let expected = "b'a\\nb\\n'\nb'a\\nb\\n'\nb'$Id$\\n'\nb'a\\n'\nb'a\\n'\n\
                    b'$Format:%H$\\n'\n";
    assert_eq!(server.output_of(trial), expected, "{trial}");
}

#[test]
fn a_fetch_outlives_the_server_that_is_killed_meanwhile() {
    let home = Home::new(&[]);
    let (address, [first, _]) = make_repository(&home);
    let server = Server::start(slow_git(&home));
    let made = server
        .post_run(&fetch_request(&format!("{address}#ref={first}")))
        .json();
    let path = format!("/v1/core/local/runs/{}", made["id"].as_str().unwrap());
    let pid = || {
        wait_until("the fetch", || {
            fs::read_to_string(home.path("pid"))
                .ok()
                .filter(|p| p.ends_with('\n'))
        })
    };
    pid();
    let status = server.get(&path)["status"].clone();
    assert_eq!(status["message"], "its source is being fetched");
    assert_eq!(status["experimentCounts"]["pending"], 1);
    server.kill();
    fs::remove_file(home.path("pid")).unwrap();
    // The next one is asked to stop while it fetches: at once, and with its git.
    let mut server = Server::start(slow_git(&home));
    let git = pid();
    server.signal(Signal::TERM);
    assert!(server.wait_exit().success());
    assert!(!is_alive(git.trim()), "git is left");
    fs::write(home.path("go"), "").unwrap();
    let server = Server::start(slow_git(&home));
    let trial = &server.finish(&made)[0];
    assert_eq!(server.output_of(trial), "first of git\n", "{trial}");
    let history = Connection::open(home.path("data/sweep.db")).unwrap();
    let starts: i64 = history
        .query_row(
            "SELECT count(*) FROM trial_history WHERE state = 1",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(starts, 1);
}

/// A trial may have written what git executes: settings of the account, or a `git` on its PATH.
#[test]
fn what_git_executes_does_not_see_the_data_folder() {
    if !may_mount() {
        return skip("this machine gives this account no mount namespaces");
    }
    let home = Home::new(&[]);
    let (address, _) = make_repository(&home);
    home.write(
        "home/.gitconfig",
        &format!(
            "[uploadpack]\npackObjectsHook = {}\n",
            home.path("hook").display()
        ),
    );
    let look = |to: &str| {
        let [data, to] = [home.path("data"), home.path(to)].map(|path| path.display().to_string());
        format!("(ls '{data}'; cat '{data}/sweep.db'; touch '{data}/new') > '{to}' 2>&1")
    };
    home.write(
        "hook",
        &format!("#!/bin/sh\n{}\nexec \"$@\"\n", look("seen-by-hook")),
    );
    fs::set_permissions(home.path("hook"), fs::Permissions::from_mode(0o755)).unwrap();
    let script = format!("{}; exec 'GIT' \"$@\"", look("seen-by-git"));
    let mut command = with_git(&home, home.command("127.0.0.1:0"), &script);
    command.env("HOME", home.path("home"));
    let server = Server::start(command);
    let run = server.post_run(&fetch_request(&address)).json();
    let trial = &server.finish(&run)[0];
    assert_eq!(server.output_of(trial), "second\n", "{trial}");
    for seen in ["seen-by-hook", "seen-by-git"] {
        let seen = String::from_utf8_lossy(&fs::read(home.path(seen)).unwrap()).into_owned();
        assert!(seen.starts_with("fetches\n"), "{seen}");
        assert!(seen.contains("No such file"), "{seen}");
        assert!(!seen.contains("SQLite"), "{seen}");
    }
    assert!(!home.path("data/new").exists());
}

#[test]
fn a_fetch_that_takes_too_long_is_ended() {
    let home = Home::new(&[]);
    let (address, _) = make_repository(&home);
    let settings = fs::read_to_string(home.path("sweep.toml")).unwrap();
    home.write(
        "sweep.toml",
        &format!("{settings}[limits]\nfetch_seconds = 1\n"),
    );
    let server = Server::start(slow_git(&home));
    let run = server.post_run(&fetch_request(&address)).json();
    let trial = &server.finish(&run)[0];
    assert!(
        trial["message"].as_str().unwrap().contains("longer than"),
        "{trial}"
    );
    let pid = fs::read_to_string(home.path("pid")).unwrap();
    assert!(!is_alive(pid.trim()), "git is left");
}

#[test]
fn no_source_is_fetched_where_the_disk_is_nearly_full() {
    let home = Home::new(&[]);
    let (address, [first, _]) = make_repository(&home);
    let settings = fs::read_to_string(home.path("sweep.toml")).unwrap();
    let bound = |bytes: &str| {
        home.write(
            "sweep.toml",
            &format!("{settings}[limits]\nfree_bytes = {bytes}\n"),
        );
    };
    bound("0");
    let server = Server::start(slow_git(&home));
    let made = server
        .post_run(&fetch_request(&format!("{address}#ref={first}")))
        .json();
    wait_until("the fetch", || home.path("pid").exists().then_some(()));
    server.kill();
    fs::remove_file(home.path("pid")).unwrap();
    // A bound that no disk has.
    bound("9000000000000000000");
    let server = Server::start(slow_git(&home));
    let path = format!("/v1/core/local/runs/{}", made["id"].as_str().unwrap());
    let status = wait_until("the disk to be found full", || {
        let status = server.get(&path)["status"].clone();
        let said = status["message"].as_str().unwrap().to_owned();
        said.contains("disk has").then_some(status)
    });
    // That nothing is begun meanwhile, `sources_wait_for_room` shows beside the fetcher.
    assert_eq!(status["experimentCounts"]["pending"], 1);
    server.kill();
    bound("0");
    fs::write(home.path("go"), "").unwrap();
    let server = Server::start(slow_git(&home));
    assert_eq!(server.output_of(&server.finish(&made)[0]), "first of git\n");
}

#[test]
fn sources_that_may_not_be_fetched_are_refused() {
    let home = Home::new(&[("train.py", "")]);
    let (address, _) = make_repository(&home);
    let server = home.start();
    let refused = |server: &Server, body: &Value| {
        let answer = server.post_run(body);
        assert!(answer.status >= 400, "{body} was taken");
        (answer.status, answer.message())
    };
    for (source, words) in [
        (
            "git@github.com:acme/proj.git",
            "begins with https:// or file://",
        ),
        ("http://github.com/acme/proj.git", "begins with https://"),
        ("file:///etc/x", "begins with https://"),
        ("https://ada:secret@example.org/x", "Leave it out"),
        ("https://example.org/x#ref=--upload-pack=id", "#ref="),
    ] {
        let (status, message) = refused(&server, &fetch_request(source));
        assert_eq!(
            (status, message.contains(words)),
            (400, true),
            "{source}: {message}"
        );
        assert!(!message.contains("secret"), "{message}");
    }
    let mut both = fetch_request(&address);
    both["localDir"] = json!(true);
    assert_eq!(refused(&server, &both).0, 400);
    assert_eq!(server.get("/v1/core/local/runs")["runs"], json!([]));
    drop(server);
    let mut command = home.command("127.0.0.1:0");
    home.write("empty/nothing", "");
    command.env("PATH", home.path("empty"));
    let server = Server::start(command);
    let (status, message) = refused(&server, &fetch_request(&address));
    assert_eq!(
        (status, message.contains("git is not installed")),
        (501, true),
        "{message}"
    );
    drop(server);
    home.write("sweep.toml", "repositories = []\n");
    let server = home.start();
    let (status, message) = refused(&server, &fetch_request("https://example.org/x"));
    assert_eq!(
        (status, message.contains("no sources from repositories")),
        (400, true)
    );
}

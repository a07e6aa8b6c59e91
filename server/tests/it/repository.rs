//! A git repository to fetch sources from, and a git that can be held up.

use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::server::{Home, launch_request};

/// Runs git in a folder, with nobody's settings.
pub(crate) fn git(folder: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new("git");
    for (name, value) in [
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("GIT_CONFIG_GLOBAL", "/dev/null"),
        ("GIT_AUTHOR_NAME", "Ada"),
        ("GIT_AUTHOR_EMAIL", "ada@example.org"),
        ("GIT_COMMITTER_NAME", "Ada"),
        ("GIT_COMMITTER_EMAIL", "ada@example.org"),
    ] {
        command.env(name, value);
    }
    let output = command
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "git {arguments:?}: {said}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// A repository with two commits, served from a bare one that the configuration allows; answers
/// with its address and the commits.
pub(crate) fn make_repository(home: &Home) -> (String, [String; 2]) {
    home.write(
        "work/pkg/train.py",
        "print('first', open('../data.txt').read())",
    );
    home.write("work/data.txt", "of git");
    home.write("work/.gitattributes", "data.txt export-ignore\n");
    let work = home.path("work");
    git(&work, &["init", "--quiet", "--initial-branch=main"]);
    let commit = || {
        git(&work, &["add", "--all"]);
        git(&work, &["commit", "--quiet", "--message=x"]);
        git(&work, &["rev-parse", "HEAD"])
    };
    let first = commit();
    home.write("work/pkg/train.py", "print('second')");
    let second = commit();
    fs::create_dir(home.path("git")).unwrap();
    let (from, bare) = (work.display().to_string(), home.path("git/proj.git"));
    git(
        &work,
        &["clone", "--quiet", "--bare", &from, bare.to_str().unwrap()],
    );
    let allowed = format!("file://{}/", home.path("git").display());
    let settings = format!("repositories = [\"https://\", \"{allowed}\"]\n");
    home.write("sweep.toml", &settings);
    (format!("{allowed}proj.git"), [first, second])
}

/// As Grid's client sends it from a checkout.
pub(crate) fn fetch_request(source: &str) -> Value {
    let mut body = launch_request("train.py ");
    body["spec"]["sourceCode"] = json!(source);
    body["spec"]["relativeWorkDir"] = json!("pkg");
    body
}

/// A server with another `git`: a shell script that gets the real one's path.
pub(crate) fn with_git(home: &Home, mut command: Command, script: &str) -> Command {
    let script = script.replace("GIT", &git_program());
    home.write("bin/git", &format!("#!/bin/sh\n{script}\n"));
    fs::set_permissions(home.path("bin/git"), fs::Permissions::from_mode(0o755)).unwrap();
    let path = std::env::var("PATH").unwrap();
    command.env("PATH", format!("{}:{path}", home.path("bin").display()));
    command
}

/// Bytes that cannot be packed.
pub(crate) fn random_bytes(length: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    let random = fs::File::open("/dev/urandom").unwrap();
    random.take(length).read_to_end(&mut bytes).unwrap();
    bytes
}

/// A git that hangs in its fetch until a file is there, then is the real one.
pub(crate) fn slow_git(home: &Home) -> Command {
    let (go, pid) = (home.path("go"), home.path("pid"));
    let script = format!(
        "case \"$*\" in *fetch*) echo $$ > '{}'\n\
         while [ ! -e '{}' ]; do sleep 0.05; done;; esac\nexec 'GIT' \"$@\"",
        pid.display(),
        go.display()
    );
    with_git(home, home.command("127.0.0.1:0"), &script)
}

fn git_program() -> String {
    let path = std::env::var_os("PATH").unwrap();
    let found = std::env::split_paths(&path)
        .map(|folder| folder.join("git"))
        .find(|p| p.is_file());
    found.expect("git").display().to_string()
}

//! Hostile requests and scripts with the answer that each gets, one per line:
//! `tests/data/attack_requests.jsonl` and `tests/data/attack_scripts.jsonl`.
//!
//! A request is `as` nobody, an account (`ada`, who administers; `bob`) or the `page` with its
//! cookie, or `raw` bytes. Its `status` is one of those listed (0: cut off without an answer).
//! Whatever the answer is, it holds no secret of somebody else.
//!
//! A script runs as a trial of ada's, by bash. What it prints holds `output`, and neither `absent`
//! nor a secret; it ends in `state`, where one is given. In the texts, `{run}` and its like stand for
//! what [`Fixture::expand`] names, `{repeat:a:9}` for nine times `a`.

use std::fmt::Write as _;
use std::io::{Read, Write as _};
use std::net::TcpStream;
use std::process::Command;
use std::time::Duration;

use base64::Engine as _;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::client::Request;
use crate::server::{Home, KEY, Server, USER, launch_request};

const REQUESTS: &str = include_str!("../data/attack_requests.jsonl");
const SCRIPTS: &str = include_str!("../data/attack_scripts.jsonl");
/// What ada's trial prints and writes, and what no other account may see.
const SECRET: &str = "ada's secret";

#[derive(Deserialize)]
#[serde(untagged)]
enum Statuses {
    One(u16),
    Several(Vec<u16>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RequestRow {
    attack: String,
    #[serde(default, rename = "as")]
    caller: String,
    #[serde(default)]
    request: String,
    #[serde(default)]
    headers: std::collections::BTreeMap<String, String>,
    body: Option<Value>,
    raw: Option<String>,
    status: Statuses,
    words: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ScriptRow {
    attack: String,
    script: String,
    output: Option<String>,
    absent: Option<String>,
    state: Option<String>,
}

/// A server with two accounts, of which ada has a run with an artifact.
struct Fixture {
    home: Home,
    server: Server,
    names: Vec<(String, String)>,
    bob_key: String,
}

impl Fixture {
    fn start() -> Self {
        let script = "import sys\nprint(\"ada's secret\")\nfor name in ('model.bin', 'secret.txt'):\n    \
                      open(name, 'w').write(\"ada's secret\")\n";
        let home = Home::new(&[("file.py", script), ("folder/x", "")]);
        home.write(
            "sweep.toml",
            "[clusters.local]\nslots = 4\n[limits]\ntrials = 1000\n",
        );
        home.write("outside.py", "print('outside')");
        std::os::unix::fs::symlink(home.path("outside.py"), home.path("source/out.py")).unwrap();
        let server = home.start();
        let bob_key = add_account(&home, "bob");
        let run = server.launch("file.py  --x 1");
        let trial = server.finish(&run).remove(0);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let artifacts = server.get(&format!(
            "/v1/core/local/experiments/{}/artifacts",
            text(&trial["id"])
        ));
        let artifact = artifacts["artifacts"].as_array().unwrap().iter();
        let artifact = artifact.map(|artifact| text(&artifact["url"]));
        let artifact = artifact
            .into_iter()
            .find(|url| url.contains("model.bin"))
            .unwrap();
        let artifact = artifact[artifact.find("/v1/").unwrap()..].to_owned();
        let page = Request::new("GET", &server.open).send(server.address);
        let cookie = page
            .header("set-cookie")
            .unwrap()
            .split(';')
            .next()
            .unwrap()
            .to_owned();
        let names = [
            ("run", text(&run["id"])),
            ("trial", text(&trial["id"])),
            ("name", text(&run["name"])),
            ("ada", text(&run["spec"]["userId"])),
            ("host", server.address.to_string()),
            ("port", server.address.port().to_string()),
            ("server", server.pid().to_string()),
            (
                "data",
                home.path("data")
                    .canonicalize()
                    .unwrap()
                    .display()
                    .to_string(),
            ),
            ("cookie", cookie),
            ("start", server.open.clone()),
            (
                "artifact:secret.txt",
                artifact.replace("model.bin", "secret.txt"),
            ),
            ("artifact:later", artifact.replace("expires=", "expires=9")),
        ];
        let names = names
            .map(|(name, value)| (format!("{{{name}}}"), value))
            .into();
        Self {
            home,
            server,
            names,
            bob_key,
        }
    }

    /// The text with its placeholders replaced.
    fn expand(&self, text: &str) -> Vec<u8> {
        let mut text = text.to_owned();
        for (name, value) in &self.names {
            text = text.replace(name, value);
        }
        let mut bytes = Vec::new();
        let mut rest = text.as_str();
        while let Some(at) = ["{repeat:", "{basic:", "{bytes:", "{headers:"]
            .iter()
            .filter_map(|begin| rest.find(begin))
            .min()
        {
            bytes.extend_from_slice(&rest.as_bytes()[..at]);
            let (kind, after) = rest[at + 1..].split_once(':').unwrap();
            let end = match kind {
                "repeat" => end_of_repeat(after),
                _ => after.find('}').unwrap(),
            };
            expand_call(kind, &after[..end], &mut bytes);
            rest = &after[end + 1..];
        }
        bytes.extend_from_slice(rest.as_bytes());
        bytes
    }

    fn expand_text(&self, text: &str) -> String {
        String::from_utf8(self.expand(text)).unwrap()
    }

    /// Sends a request; the status and all that is answered.
    fn send(&self, row: &RequestRow) -> (u16, String) {
        if let Some(raw) = &row.raw {
            return exchange(&self.server, &self.expand(raw));
        }
        let (method, path) = row.request.split_once(' ').expect("a method and a path");
        let mut request = Request::new(method, &self.expand_text(path));
        for (name, value) in &row.headers {
            request = request.header(name, &self.expand_text(value));
        }
        request = match row.caller.as_str() {
            "ada" => request.basic(USER, KEY),
            "bob" => request.basic("bob", &self.bob_key),
            "page" => request.header("Cookie", &self.expand_text("{cookie}")),
            _ => request,
        };
        if let Some(body) = &row.body {
            if !row.headers.contains_key("Content-Type") {
                request = request.header("Content-Type", "application/json");
            }
            request.body = Some(match body {
                Value::String(text) => self.expand(text),
                other => self.expand(&other.to_string()),
            });
        }
        exchange(&self.server, &request.bytes(self.server.address))
    }
}

/// Makes an account by the command line; answers with its key.
fn add_account(home: &Home, name: &str) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sweep"));
    command
        .args(["account", "add", name, "--data"])
        .arg(home.path("data"));
    let made = command.output().unwrap();
    let printed = String::from_utf8(made.stdout).unwrap();
    let key = printed
        .lines()
        .find_map(|line| line.strip_prefix("API key: "));
    key.unwrap_or_else(|| panic!("{printed}")).trim().to_owned()
}

/// Where the call `TEXT:NUMBER}` ends: TEXT may hold colons and braces.
fn end_of_repeat(text: &str) -> usize {
    let closes = text.match_indices('}').map(|(at, _)| at);
    let mut ends = closes.filter(|at| {
        let count = text[..*at].rsplit_once(':').map_or("", |(_, count)| count);
        !count.is_empty() && count.bytes().all(|byte| byte.is_ascii_digit())
    });
    ends.next().expect("a number and a brace")
}

fn expand_call(kind: &str, argument: &str, bytes: &mut Vec<u8>) {
    match kind {
        "repeat" => {
            let (text, count) = argument.rsplit_once(':').unwrap();
            bytes.extend(text.repeat(count.parse().unwrap()).into_bytes());
        }
        "basic" => {
            let pair = base64::engine::general_purpose::STANDARD.encode(argument);
            bytes.extend(pair.into_bytes());
        }
        "bytes" => {
            let digits = argument.as_bytes().chunks(2);
            let byte = |pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
            bytes.extend(digits.map(byte));
        }
        "headers" => {
            for number in 0..argument.parse().unwrap() {
                bytes.extend(format!("X-{number}: a\r\n").into_bytes());
            }
        }
        other => panic!("there is no {other}"),
    }
}

/// Sends bytes and reads until the other side closes or has sent enough. 0: no answer.
fn exchange(server: &Server, bytes: &[u8]) -> (u16, String) {
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    // A server that refuses may close before all is sent; what it answered can be read all the same.
    let _ = stream.write_all(bytes);
    let mut answer = Vec::new();
    let _ = stream.take(1 << 20).read_to_end(&mut answer);
    let text = String::from_utf8_lossy(&answer).into_owned();
    let status = text
        .strip_prefix("HTTP/1.")
        .and_then(|rest| rest.get(2..5)?.parse().ok());
    (status.unwrap_or(0), text)
}

#[test]
fn hostile_requests_get_the_answers_of_the_table() {
    let fixture = Fixture::start();
    let mut failures = String::new();
    let rows = REQUESTS
        .lines()
        .map(|line| serde_json::from_str(line).expect(line));
    let rows: Vec<RequestRow> = rows.collect();
    assert!(rows.len() >= 150, "{}", rows.len());
    for row in &rows {
        let (status, answer) = fixture.send(row);
        let expected = match &row.status {
            Statuses::One(one) => vec![*one],
            Statuses::Several(several) => several.clone(),
        };
        let shown = answer.chars().rev().take(150).collect::<String>();
        let shown = shown.chars().rev().collect::<String>();
        if !expected.contains(&status) {
            let _ = writeln!(
                failures,
                "{}: {status}, expected {expected:?}: {shown}",
                row.attack
            );
        }
        if row
            .words
            .as_ref()
            .is_some_and(|words| !answer.contains(words.as_str()))
        {
            let _ = writeln!(failures, "{}: no `{:?}`: {shown}", row.attack, row.words);
        }
        let may_see = row.caller == "ada" || row.caller == "page";
        let run = fixture.expand_text("{run}");
        let gives_away = answer.contains(KEY)
            || (!may_see && (answer.contains(SECRET) || status == 200 && answer.contains(&run)));
        if gives_away && !row.headers.contains_key("Host") {
            let _ = writeln!(failures, "{}: gives away a secret: {shown}", row.attack);
        }
    }
    assert!(failures.is_empty(), "{failures}");
    // The server goes on, and the start address is still good for nobody.
    let trials = fixture
        .server
        .finish(&fixture.server.launch("file.py  --x '[1, 2]'"));
    assert!(
        trials
            .iter()
            .all(|trial| trial["state"] == "EXPERIMENT_STATE_SUCCEEDED")
    );
    drop(fixture.home);
}

#[test]
fn hostile_scripts_get_nothing_and_stop_nobody() {
    let fixture = Fixture::start();
    let rows = SCRIPTS
        .lines()
        .map(|line| serde_json::from_str(line).expect(line));
    let rows: Vec<ScriptRow> = rows.collect();
    let launch = |(number, row): (usize, &ScriptRow)| {
        let name = format!("attack{number}.sh");
        let script = fixture.expand_text(&row.script);
        fixture.home.write(&format!("source/{name}"), &script);
        let mut request = launch_request(&format!("{name} "));
        request["spec"]["sweepOptions"] = json!({"time_limit": 60});
        let answer = fixture.server.post_run(&request);
        assert_eq!(answer.status, 200, "{}: {}", row.attack, answer.text());
        answer.json()
    };
    let runs: Vec<Value> = rows.iter().enumerate().map(launch).collect();
    let honest = fixture.server.launch("file.py  --x '[1, 2, 3]'");
    let patience = Duration::from_secs(300);
    let mut failures = String::new();
    for (row, run) in rows.iter().zip(&runs) {
        let trial = fixture.server.finish_within(run, patience).remove(0);
        let ended = trial["state"]
            .as_str()
            .unwrap()
            .replace("EXPERIMENT_STATE_", "");
        let path = format!(
            "/v1/core/local/experiments/{}/logs?tail=1000",
            trial["id"].as_str().unwrap()
        );
        let answer = fixture.server.send(Request::new("GET", &path));
        let output = match answer.status {
            200 => answer.json()["text"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
            _ => String::new(),
        };
        let shown: String = output.chars().take(300).collect();
        if row.state.as_ref().is_some_and(|state| *state != ended) {
            let _ = writeln!(
                failures,
                "{}: {ended}: {}: {shown}",
                row.attack, trial["message"]
            );
        }
        if row
            .output
            .as_ref()
            .is_some_and(|words| !output.contains(words.as_str()))
        {
            let _ = writeln!(
                failures,
                "{}: its output lacks {:?}: {shown}",
                row.attack, row.output
            );
        }
        let absent = row.absent.as_ref().map(|words| fixture.expand_text(words));
        let secrets = [KEY, SECRET, "SQLite format 3"].map(str::to_owned);
        for secret in secrets.into_iter().chain(absent) {
            if output.contains(&secret) {
                let _ = writeln!(failures, "{}: read `{secret}`: {shown}", row.attack);
            }
        }
    }
    assert!(failures.is_empty(), "{failures}");
    let trials = fixture.server.finish_within(&honest, patience);
    assert!(
        trials
            .iter()
            .all(|trial| trial["state"] == "EXPERIMENT_STATE_SUCCEEDED")
    );
}

//! Sessions end with their key, are bounded, listed and ended together; guessing keys.

use std::io::BufRead;

use serde_json::{Value, json};

use crate::accounts::add_account;
use crate::client::{Request, read_head};
use crate::server::{Home, KEY, Server, USER};

const SESSION: &str = "/v1/session";
const SIGN_INS: &str = "/v1/sign-ins";

/// Signs a browser in at the server's own page; returns its cookie.
fn sign_in(server: &Server) -> String {
    let answer = Request::new("POST", SESSION)
        .header("Origin", &format!("http://{}", server.address))
        .header(
            "User-Agent",
            "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0",
        )
        .json(&json!({"username": USER, "apiKey": KEY}))
        .send(server.address);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let cookie = answer.header("set-cookie").unwrap();
    cookie.split(';').next().unwrap().to_owned()
}

/// A Bearer token.
fn log_in(server: &Server) -> String {
    let answer = Request::new("POST", "/v1/auth/login")
        .json(&json!({"username": USER, "apiKey": KEY}))
        .send(server.address);
    format!("Bearer {}", answer.json()["token"].as_str().unwrap())
}

fn status_by(server: &Server, header: &str, value: &str) -> u16 {
    let request = Request::new("GET", SESSION).header(header, value);
    request.send(server.address).status
}

fn status_by_key(server: &Server, user: &str, key: &str) -> u16 {
    let request = Request::new("GET", SESSION).basic(user, key);
    request.send(server.address).status
}

#[test]
fn another_key_ends_all_that_the_old_one_began() {
    let home = Home::new(&[]);
    let server = home.start();
    let (cookie, bearer) = (sign_in(&server), log_in(&server));
    let mut stream = Request::new("GET", "/v1/events")
        .basic(USER, KEY)
        .open(server.address);
    assert_eq!(read_head(&mut stream).0, 200);
    assert_eq!(status_by(&server, "Cookie", &cookie), 200);
    assert_eq!(status_by(&server, "Authorization", &bearer), 200);
    let key = add_account(&home, &[USER, "--new-key"]);
    assert_eq!(status_by(&server, "Cookie", &cookie), 401);
    assert_eq!(status_by(&server, "Authorization", &bearer), 401);
    assert_eq!(status_by_key(&server, USER, KEY), 401);
    assert_eq!(status_by_key(&server, USER, &key), 200);
    let used = Request::new("GET", &server.open).send(server.address);
    assert_eq!(used.status, 410, "the start address was the old key's");
    // The stream ends when its credentials are checked the next time.
    assert!(stream.lines().all(|line| line.is_ok()));
}

#[test]
fn sessions_outlive_a_restart_but_not_a_preset_key_that_is_new() {
    let home = Home::new(&[]);
    let port = {
        let server = home.start();
        server.address.port()
    };
    let start = |key: &str| {
        let mut command = home.command(&format!("127.0.0.1:{port}"));
        command.env("SWEEP_API_KEY", key);
        Server::start(command)
    };
    let server = start(KEY);
    let cookie = sign_in(&server);
    drop(server);
    let server = start(KEY);
    assert_eq!(status_by(&server, "Cookie", &cookie), 200);
    drop(server);
    let server = start("k-another-77aa");
    assert_eq!(status_by(&server, "Cookie", &cookie), 401);
    assert_eq!(status_by_key(&server, USER, "k-another-77aa"), 200);
}

#[test]
fn an_account_has_so_many_sessions_and_the_oldest_go() {
    let home = Home::new(&[]);
    let server = home.start();
    let cookies: Vec<String> = (0..53).map(|_| sign_in(&server)).collect();
    let listed = server.get(SIGN_INS);
    assert_eq!(listed["signIns"].as_array().unwrap().len(), 50);
    assert_eq!(status_by(&server, "Cookie", &cookies[2]), 401);
    assert_eq!(status_by(&server, "Cookie", &cookies[3]), 200);
}

#[test]
fn all_browsers_are_listed_and_signed_out_together() {
    let home = Home::new(&[]);
    let server = home.start();
    let (first, second, bearer) = (sign_in(&server), sign_in(&server), log_in(&server));
    let eve = add_account(&home, &["eve"]);
    let by_cookie = |method: &str, path: &str| {
        let request = Request::new(method, path).header("Cookie", &first);
        request
            .header("Origin", &format!("http://{}", server.address))
            .send(server.address)
    };
    let listed = by_cookie("GET", SIGN_INS).json();
    let listed = listed["signIns"].as_array().unwrap();
    let current: Vec<&Value> = listed.iter().map(|one| &one["current"]).collect();
    assert_eq!(
        current,
        [&json!(false), &json!(true)],
        "the last used first"
    );
    assert_eq!(listed[0]["client"], "Firefox on Linux");
    assert!(listed[0]["createdAt"].is_string() && listed[0]["usedAt"].is_string());
    // Others' are not among them.
    let eves = Request::new("GET", SIGN_INS).basic("eve", &eve);
    assert_eq!(eves.send(server.address).json(), json!({"signIns": []}));

    let mut stream = Request::new("GET", "/v1/events")
        .header("Cookie", &second)
        .open(server.address);
    assert_eq!(read_head(&mut stream).0, 200);
    let answer = by_cookie("DELETE", SIGN_INS);
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(answer.header("set-cookie").unwrap().contains("Max-Age=0"));
    assert_eq!(status_by(&server, "Cookie", &first), 401);
    assert_eq!(status_by(&server, "Cookie", &second), 401);
    assert_eq!(status_by(&server, "Authorization", &bearer), 401);
    assert!(stream.lines().all(|line| line.is_ok()), "the stream ends");
    assert_eq!(status_by_key(&server, USER, KEY), 200);
    assert_eq!(status_by_key(&server, "eve", &eve), 200);
}

/// Sends wrong keys until one is refused with 429; returns how many were.
fn guess(server: &Server, user: &str, from: Option<&str>) -> usize {
    let sent = (1..60).find(|number| {
        let login = json!({"username": user, "apiKey": format!("guess {number}")});
        let mut request = Request::new("POST", "/v1/auth/login").json(&login);
        if let Some(from) = from {
            request = request.header("X-Forwarded-For", from);
        }
        let answer = request.send(server.address);
        if answer.status == 429 {
            let seconds = answer.header("retry-after").unwrap();
            assert!(seconds.parse::<u32>().unwrap() > 0);
        }
        answer.status == 429
    });
    sent.expect("guessing is never slowed down")
}

#[test]
fn the_right_key_is_taken_however_many_wrong_ones_came() {
    let home = Home::new(&[]);
    let server = home.start();
    let eve = add_account(&home, &["eve"]);
    assert!(guess(&server, USER, None) > 30);
    // A key that the server has not seen before.
    assert_eq!(status_by_key(&server, USER, KEY), 200);
    // Nobody else is concerned, and names that do not exist are answered alike.
    assert_eq!(status_by_key(&server, "eve", "guess"), 401);
    assert_eq!(status_by_key(&server, "eve", &eve), 200);
    assert!(guess(&server, "nobody", None) > 30);
}

#[test]
fn many_guesses_at_once_do_not_keep_out_the_right_key() {
    let home = Home::new(&[]);
    let server = home.start();
    guess(&server, USER, None);
    let mut open = Vec::new();
    for number in 0..40 {
        let login = json!({"username": USER, "apiKey": format!("guess {number}")});
        let request = Request::new("POST", "/v1/auth/login").json(&login);
        open.push(request.open(server.address));
    }
    // Who hangs up keeps nobody waiting.
    open.truncate(8);
    assert_eq!(status_by_key(&server, USER, KEY), 200);
    for mut answer in open {
        assert_eq!(read_head(&mut answer).0, 429);
    }
}

#[test]
fn a_trusted_proxy_names_the_address() {
    let home = Home::new(&[]);
    let settings = "[clusters.local]\nslots = 2\n";
    home.write(
        "sweep.toml",
        &format!("trusted_proxies = [\"127.0.0.1\"]\n{settings}"),
    );
    let server = home.start();
    assert!(guess(&server, "x", Some("192.0.2.1")) > 30);
    // Another caller of the proxy, and one who puts an address in front of its own.
    assert!(guess(&server, "x", Some("192.0.2.2")) > 30);
    assert!(guess(&server, "x", Some("198.51.100.9, 192.0.2.2")) < 3);
    // Who is named in no way that can be read is neither the proxy nor another caller of it.
    assert!(guess(&server, "x", Some("unknown")) > 30);
    assert!(guess(&server, "x", Some("192.0.2.3, ")) < 3);
    assert_eq!(status_by_key(&server, "x", "guess"), 401);
    drop(server);
    home.write("sweep.toml", settings);
    let server = home.start();
    assert!(guess(&server, "x", Some("192.0.2.1")) > 30);
    assert!(
        guess(&server, "x", Some("192.0.2.2")) < 3,
        "nobody is believed"
    );
    drop(server);
    home.write("sweep.toml", "trusted_proxies = [\"proxy\"]");
    let output = home.command("127.0.0.1:0").output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("`proxy` is no address"), "{error}");
}

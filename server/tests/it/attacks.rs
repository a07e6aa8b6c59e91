//! Who gets in, and who gets nothing.

use serde_json::json;

use crate::client::{Answer, Request};
use crate::server::{Home, KEY, Server, USER, launch_request};

const RUNS: &str = "/v1/core/local/runs";

fn start_server() -> (Home, Server) {
    let home = Home::new(&[("file.py", "")]);
    home.write(
        "sweep.toml",
        "hosts = [\"planner.example.org\"]\norigins = [\"https://plan.example.org\"]\n",
    );
    let server = home.start();
    (home, server)
}

/// The cookie that the start address gives.
fn session_cookie(server: &Server) -> String {
    let answer = Request::new("GET", &server.open).send(server.address);
    assert_eq!((answer.status, answer.header("location")), (303, Some("/")));
    let cookie = answer.header("set-cookie").unwrap();
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"),
        "{cookie}"
    );
    cookie.split(';').next().unwrap().to_owned()
}

fn assert_gives_nothing(answer: &Answer) {
    assert!(
        [401, 403].contains(&answer.status),
        "{} {}",
        answer.status,
        answer.text()
    );
    assert!(!answer.message().is_empty());
    for header in ["set-cookie", "access-control-allow-origin"] {
        assert_eq!(answer.header(header), None);
    }
    // Only who may try again is challenged.
    let challenged = answer.header("www-authenticate").is_some();
    assert_eq!(challenged, answer.status == 401);
}

#[test]
fn without_credentials_there_is_nothing() {
    let (_home, server) = start_server();
    for path in [
        "/v1/auth/user",
        "/v1/core/clusters",
        "/v1/core/clusters/local",
        "/v1/core/clusters/local/instance-types",
        "/v1/core/sessions",
        RUNS,
        "/v1/core/local/runs/x",
        "/v1/core/local/runs/x/trials",
        "/v1/core/local/experiments",
        "/v1/core/local/experiments/x",
        "/v1/core/local/experiments/x/logs",
        "/v1/core/local/experiments/x/metrics",
        "/v1/core/local/experiments/x/artifacts",
        "/v1/core/local/experiments/x/artifacts/file",
        "/v1/events",
        "/v1/session",
        "/v1/nothing",
        "/openapi.json",
    ] {
        assert_gives_nothing(&Request::new("GET", path).send(server.address));
    }
    assert_gives_nothing(
        &Request::new("POST", RUNS)
            .json(&launch_request("file.py "))
            .send(server.address),
    );
    let health = Request::new("GET", "/healthz").send(server.address);
    assert_eq!((health.status, health.text().as_str()), (200, "ok\n"));
}

#[test]
fn wrong_credentials_are_worth_nothing() {
    let (_home, server) = start_server();
    let get = || Request::new("GET", RUNS);
    for request in [
        get().basic(USER, "wrong"),
        get().basic("nobody", KEY),
        get().basic(USER, ""),
        get().basic("", ""),
        get().header("Authorization", "Basic !!!"),
        get().header("Authorization", "Basic"),
        get().header("Authorization", "Bearer x"),
        get().header("Authorization", KEY),
        get().header("Authorization", "Digest x"),
        get().header("Cookie", "sweep_session_8080=x"),
        get().header(
            "Cookie",
            &format!("sweep_session_{}=x", server.address.port()),
        ),
        Request::new("POST", "/v1/auth/login").json(&json!({"username": USER, "apiKey": "no"})),
        Request::new("POST", "/v1/auth/login").json(&json!({})),
        Request::new("POST", "/v1/session").json(&json!({"username": USER, "apiKey": "no"})),
    ] {
        assert_gives_nothing(&request.send(server.address));
    }
}

#[test]
fn guessing_is_slowed_down_but_not_for_those_who_know() {
    let (_home, server) = start_server();
    assert_eq!(server.send(Request::new("GET", RUNS)).status, 200);
    let guess = |number: usize| {
        let login = json!({"username": USER, "apiKey": format!("guess {number}")});
        Request::new("POST", "/v1/auth/login")
            .json(&login)
            .send(server.address)
    };
    let statuses: Vec<u16> = (0..40).map(|number| guess(number).status).collect();
    assert_eq!(statuses[0], 401);
    assert_eq!(statuses[39], 429, "{statuses:?}");
    assert!(guess(99).header("retry-after").is_some());
    assert_eq!(server.send(Request::new("GET", RUNS)).status, 200);
}

#[test]
fn hosts_and_origins() {
    let (_home, server) = start_server();
    let own = format!("http://{}", server.address);
    let port = server.address.port();
    let get = |headers: &[(&str, &str)]| {
        let add = |request: Request, (name, value): &(&str, &str)| request.header(name, value);
        server.send(headers.iter().fold(Request::new("GET", RUNS), add))
    };
    for headers in [
        vec![("Host", "evil.example")],
        vec![("Host", "127.0.0.1.evil.example")],
        vec![("Host", "")],
        vec![("Host", "evil.example"), ("Origin", "http://evil.example")],
        vec![("Origin", "http://evil.example")],
        vec![("Origin", "null")],
        vec![("Origin", "http://localhost:1")],
        vec![("Origin", "https://plan.example.org.evil.example")],
    ] {
        assert_gives_nothing(&get(&headers));
    }
    for headers in [
        vec![("Host", "localhost")],
        vec![("Host", "planner.example.org")],
        vec![("Origin", own.as_str())],
    ] {
        assert_eq!(get(&headers).status, 200, "{headers:?}");
    }
    // The page's own files are refused to them too.
    let page = Request::new("GET", "/").header("Host", &format!("evil.example:{port}"));
    assert_eq!(page.send(server.address).status, 403);
    let health = Request::new("GET", "/healthz").header("Origin", "http://evil.example");
    assert_eq!(health.send(server.address).status, 403);
}

#[test]
fn a_page_hosted_apart_calls_with_its_credentials_alone() {
    let (_home, server) = start_server();
    let origin = "https://plan.example.org";
    let preflight = |origin: &str| {
        Request::new("OPTIONS", RUNS)
            .header("Origin", origin)
            .header("Access-Control-Request-Method", "POST")
            .header(
                "Access-Control-Request-Headers",
                "authorization, content-type",
            )
            .send(server.address)
    };
    let answer = preflight(origin);
    assert_eq!(answer.status, 204);
    assert_eq!(answer.header("access-control-allow-origin"), Some(origin));
    assert!(
        answer
            .header("access-control-allow-headers")
            .unwrap()
            .contains("authorization")
    );
    assert_eq!(answer.header("access-control-allow-credentials"), None);
    assert_gives_nothing(&preflight("http://evil.example"));
    let called = server.send(Request::new("GET", RUNS).header("Origin", origin));
    assert_eq!(called.status, 200);
    assert_eq!(called.header("access-control-allow-origin"), Some(origin));
    // The cookie counts for nothing there.
    let with_cookie = Request::new("GET", RUNS)
        .header("Origin", origin)
        .header("Cookie", &session_cookie(&server));
    assert_eq!(with_cookie.send(server.address).status, 401);
    let credentials = json!({"username": USER, "apiKey": KEY});
    let signed = Request::new("POST", "/v1/session")
        .json(&credentials)
        .header("Origin", origin);
    let signed = signed.send(server.address);
    assert_eq!((signed.status, signed.header("set-cookie")), (200, None));
}

#[test]
fn the_start_address_works_once_and_its_session_outlives_a_restart() {
    let (home, server) = start_server();
    let wrong = Request::new("GET", "/start?token=wrong").send(server.address);
    assert_eq!((wrong.status, wrong.header("set-cookie")), (410, None));
    let head = Request::new("POST", &server.open).send(server.address);
    assert_eq!(head.status, 405);
    let cookie = session_cookie(&server);
    let second = Request::new("GET", &server.open).send(server.address);
    assert_eq!((second.status, second.header("set-cookie")), (410, None));
    let session = Request::new("GET", "/v1/session").header("Cookie", &cookie);
    assert_eq!(
        session.send(server.address).json()["defaultCluster"],
        "local"
    );
    let address = server.address;
    server.kill();
    let server = Server::start(home.command(&address.to_string()));
    assert_eq!(session.send(server.address).status, 200);
    let own = format!("http://{}", server.address);
    let out = Request::new("DELETE", "/v1/session")
        .header("Cookie", &cookie)
        .header("Origin", &own);
    assert_eq!(out.send(server.address).status, 200);
    assert_eq!(session.send(server.address).status, 401);
}

#[test]
fn the_cookie_is_for_the_own_page_alone() {
    let (_home, server) = start_server();
    let cookie = session_cookie(&server);
    let own = format!("http://{}", server.address);
    let launch = || {
        Request::new("POST", RUNS)
            .json(&launch_request("file.py "))
            .header("Cookie", &cookie)
    };
    let get = || Request::new("GET", RUNS).header("Cookie", &cookie);
    assert_eq!(get().send(server.address).status, 200);
    assert_eq!(
        launch().header("Origin", &own).send(server.address).status,
        200
    );
    for request in [
        launch(),
        launch()
            .header("Origin", &own)
            .header("Sec-Fetch-Site", "cross-site"),
        launch().header("Origin", "http://evil.example"),
        launch().header("Sec-Fetch-Site", "same-origin"),
        get().header("Sec-Fetch-Site", "cross-site"),
        get().header("Sec-Fetch-Site", "same-site"),
    ] {
        assert_gives_nothing(&request.send(server.address));
    }
}

#[test]
fn every_answer_has_the_headers_that_keep_browsers_strict() {
    let (_home, server) = start_server();
    for path in ["/", "/healthz", RUNS, "/start"] {
        let answer = server.send(Request::new("GET", path));
        assert_eq!(
            answer.header("x-content-type-options"),
            Some("nosniff"),
            "{path}"
        );
        assert_eq!(
            answer.header("referrer-policy"),
            Some("no-referrer"),
            "{path}"
        );
        let policy = answer.header("content-security-policy").unwrap();
        assert!(
            policy.contains("frame-ancestors 'none'"),
            "{path}: {policy}"
        );
    }
}

#[test]
fn nothing_is_read_from_outside_its_folder() {
    let (_home, server) = start_server();
    for path in [
        "/../sweep.toml",
        "/..%2fsweep.toml",
        "/%2e%2e/sweep.toml",
        "//etc/passwd",
        "/v1/core/local/experiments/..%2F..%2Fsweep/logs",
        "/v1/core/local/experiments/x-0%2F..%2F..-0/logs",
        "/v1/core/local/runs/..%2f/trials",
    ] {
        let answer = server.send(Request::new("GET", path));
        assert!(
            [400, 404].contains(&answer.status),
            "{path}: {}",
            answer.status
        );
    }
}

#[test]
fn arguments_are_never_read_by_a_shell() {
    let home = Home::new(&[("show.py", "import sys\nprint(sys.argv[1:])")]);
    let server = home.start();
    let marker = home.path("marker");
    let evil = format!(
        "'$(touch {0})' '`touch {0}`' ';touch {0}' '|touch {0}'",
        marker.display()
    );
    let trial = &server.finish(&server.launch(&format!("show.py  {evil}")))[0];
    assert_eq!(trial["state"], "EXPERIMENT_STATE_SUCCEEDED");
    assert!(
        server.output_of(trial).contains("$(touch"),
        "{}",
        server.output_of(trial)
    );
    assert!(!marker.exists());
}

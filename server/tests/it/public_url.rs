//! Behind a proxy with TLS, the server's addresses and cookies are those of the public address.

use std::net::{SocketAddr, TcpListener};

use serde_json::{Value, json};

use crate::client::{Answer, Request};
use crate::server::{Home, KEY, Server, USER, launch_request};

const HOST: &str = "planner.example.org";
const ORIGIN: &str = "https://planner.example.org";

/// A server that is reached at [`ORIGIN`], as its proxy sees it.
fn start_behind_proxy(home: &Home) -> Server {
    start_at(home, free_address(), &format!("{ORIGIN}/"))
}

fn free_address() -> SocketAddr {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    free.local_addr().unwrap()
}

fn start_at(home: &Home, address: SocketAddr, public_url: &str) -> Server {
    home.write("sweep.toml", &format!("public_url = \"{public_url}\"\n"));
    let command = home.command(&address.to_string());
    Server::start_behind_proxy(command, Some(address))
}

/// Sends a request as the proxy passes it on.
fn forwarded(server: &Server, request: Request) -> Answer {
    request.header("Host", HOST).send(server.address)
}

/// The path of an address of this origin.
fn path_of(origin: &str, address: &Value) -> String {
    let address = address.as_str().unwrap();
    let path = address.strip_prefix(origin);
    path.unwrap_or_else(|| panic!("{address} is not of {origin}"))
        .to_owned()
}

/// Every kind of address that the server gives, of one trial and one upload.
fn addresses(server: &Server, headers: &[(&str, &str)]) -> [Value; 4] {
    let send = |request: Request| {
        let add = |request: Request, (name, value): &(&str, &str)| request.header(name, value);
        let request = headers.iter().fold(request, add);
        let answer = request.basic(USER, KEY).send(server.address);
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    };
    let run = server.launch("make.py");
    let trial = server.finish(&run).remove(0);
    let id = trial["id"].as_str().unwrap();
    let experiment = format!("/v1/core/local/experiments/{id}");
    let list = send(Request::new("GET", &format!("{experiment}/artifacts")));
    let log = send(Request::new("GET", &format!("{experiment}/logs")));
    let mut upload = launch_request("make.py");
    upload["localDir"] = json!(true);
    let uploaded = send(Request::new("POST", "/v1/core/local/runs").json(&upload));
    [
        list["artifacts"][0]["url"].clone(),
        list["archiveUrl"].clone(),
        log["downloadUrl"].clone(),
        uploaded["status"]["uploadUrl"].clone(),
    ]
}

fn make_home() -> Home {
    Home::new(&[(
        "make.py",
        "open('out.csv', 'w').write('a,b')\nprint('done')\n",
    )])
}

#[test]
fn all_addresses_are_of_the_public_url() {
    let home = make_home();
    let server = start_behind_proxy(&home);
    assert_eq!(server.origin, ORIGIN);
    let [file, archive, output, upload] = addresses(&server, &[]);
    for address in [&file, &archive, &output] {
        let get = Request::new("GET", &path_of(ORIGIN, address));
        assert_eq!(forwarded(&server, get).status, 200, "{address}");
    }
    assert!(path_of(ORIGIN, &upload).starts_with("/v1/uploads/"));
}

#[test]
fn the_cookie_is_for_tls_alone() {
    let home = make_home();
    let server = start_behind_proxy(&home);
    let started = forwarded(&server, Request::new("GET", &server.open));
    assert_eq!(
        (started.status, started.header("location")),
        (303, Some("/"))
    );
    let set = started.header("set-cookie").unwrap();
    assert!(set.starts_with("__Host-sweep_session_"), "{set}");
    assert!(
        set.contains("; Secure") && set.contains("; Path=/;"),
        "{set}"
    );
    let cookie = set.split(';').next().unwrap();
    let launch = |origin: &str| {
        let request = Request::new("POST", "/v1/core/local/runs")
            .json(&launch_request("make.py"))
            .header("Cookie", cookie)
            .header("Origin", origin);
        forwarded(&server, request).status
    };
    assert_eq!(launch(ORIGIN), 200);
    // The same host without TLS is not our page.
    assert_eq!(launch(&format!("http://{HOST}")), 403);
    // Some proxies send the server's own address as the host.
    let get = Request::new("GET", "/v1/session")
        .header("Cookie", cookie)
        .header("Origin", ORIGIN);
    assert_eq!(get.send(server.address).status, 200);
    let out = Request::new("DELETE", "/v1/session")
        .header("Cookie", cookie)
        .header("Origin", ORIGIN);
    let out = forwarded(&server, out);
    assert!(out.header("set-cookie").unwrap().contains("; Secure"));
}

#[test]
fn a_name_of_ones_own_keeps_the_cookie_from_other_ports() {
    let home = Home::new(&[]);
    let address = free_address();
    let host = format!("planner-7f3a.localhost:{}", address.port());
    let server = start_at(&home, address, &format!("http://{host}"));
    assert_eq!(server.origin, format!("http://{host}"));
    let open = Request::new("GET", &server.open).header("Host", &host);
    let opened = open.send(address);
    assert_eq!(opened.status, 303);
    let set = opened.header("set-cookie").unwrap();
    // Without a `Domain` it is for that name alone.
    assert!(!set.contains("Domain") && !set.contains("Secure"), "{set}");
    let get = |host: &str| {
        let request = Request::new("GET", "/healthz").header("Host", host);
        request.send(address).status
    };
    assert_eq!(get(&host), 200);
    assert_eq!(get("other.localhost"), 403);
}

#[test]
fn what_callers_say_about_a_proxy_is_not_believed() {
    let home = make_home();
    let server = home.start();
    let claims = [
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Host", "evil.example"),
        ("X-Forwarded-Port", "443"),
        ("Forwarded", "proto=https;host=evil.example"),
    ];
    let own = format!("http://{}", server.address);
    for address in addresses(&server, &claims) {
        path_of(&own, &address);
    }
    let start = Request::new("GET", &server.open);
    let start = claims
        .iter()
        .fold(start, |request, (name, value)| request.header(name, value));
    let set = start.send(server.address);
    let set = set.header("set-cookie").unwrap();
    assert!(
        set.starts_with("sweep_session_") && !set.contains("Secure"),
        "{set}"
    );
}

#[test]
fn a_public_url_that_cannot_be_one_ends_the_start() {
    for (url, words) in [
        ("https://planner.example.org/prefix", "a path"),
        ("planner.example.org", "https://"),
        ("https://bad host", "no host name"),
    ] {
        let home = Home::new(&[]);
        home.write("sweep.toml", &format!("public_url = \"{url}\"\n"));
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let ended = home.command(&any.to_string()).output().unwrap();
        let printed = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert!(
            !ended.status.success() && printed.contains(words),
            "{printed}"
        );
    }
}

//! The edges of signing in: challenges, the start address, cookies of others; and odd addresses.

use crate::client::{Answer, Request};
use crate::server::{Home, Server};

fn start_server() -> (Home, Server) {
    let home = Home::new(&[]);
    home.write("page/index.html", "<html></html>");
    let server = home.start();
    (home, server)
}

fn challenges(answer: &Answer) -> Vec<&str> {
    answer
        .headers
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case("www-authenticate"))
        .map(|(_, value)| value.split(' ').next().unwrap())
        .collect()
}

#[test]
fn a_refused_caller_is_challenged_and_a_browser_opens_no_window() {
    let (_home, server) = start_server();
    let get = || Request::new("GET", "/v1/core/clusters");
    let wget = get().header("User-Agent", "Wget/1.25.0");
    assert_eq!(challenges(&wget.send(server.address)), ["Basic", "Bearer"]);
    let page = get().header("Sec-Fetch-Mode", "cors");
    assert_eq!(challenges(&page.send(server.address)), ["Bearer"]);
    let browser = get()
        .basic("nobody", "nothing")
        .header("User-Agent", "Mozilla/5.0 (X11; Linux x86_64)");
    assert_eq!(challenges(&browser.send(server.address)), ["Bearer"]);
    let login = Request::new("POST", "/v1/auth/login")
        .json(&serde_json::json!({"username": "a", "apiKey": "b"}));
    assert_eq!(challenges(&login.send(server.address)), ["Basic", "Bearer"]);
    let health = Request::new("GET", "/healthz").send(server.address);
    assert!(challenges(&health).is_empty());
}

#[test]
fn who_is_not_known_yet_cannot_fill_the_memory() {
    let (_home, server) = start_server();
    for path in ["/v1/auth/login", "/v1/session"] {
        let long = serde_json::json!({"username": "a", "apiKey": "b".repeat(70_000)});
        let answer = Request::new("POST", path).json(&long).send(server.address);
        assert_eq!(answer.status, 413, "{path}: {}", answer.text());
    }
}

#[test]
fn looking_at_the_start_address_does_not_use_it_up() {
    let (_home, server) = start_server();
    let head = Request::new("HEAD", &server.open).send(server.address);
    assert_eq!((head.status, head.header("set-cookie")), (204, None));
    for (name, value) in [
        ("Sec-Purpose", "prefetch;prerender"),
        ("Purpose", "prefetch"),
        ("Sec-Fetch-Dest", "image"),
    ] {
        let request = Request::new("GET", &server.open).header(name, value);
        let answer = request.send(server.address);
        assert_eq!((answer.status, answer.header("set-cookie")), (403, None));
    }
    let opened = Request::new("GET", &server.open)
        .header("Sec-Fetch-Dest", "document")
        .header("Sec-Fetch-Mode", "navigate")
        .send(server.address);
    assert_eq!(opened.status, 303);
}

#[test]
fn a_cookie_that_another_program_has_set_hides_ours_from_nobody() {
    let (_home, server) = start_server();
    let opened = Request::new("GET", &server.open).send(server.address);
    let cookie = opened.header("set-cookie").unwrap();
    let (name, token) = cookie.split(';').next().unwrap().split_once('=').unwrap();
    let shadowed = format!("{name}=of-another-port; {name}={token}; {name}=x");
    let session = || Request::new("GET", "/v1/session").header("Cookie", &shadowed);
    assert_eq!(session().send(server.address).status, 200);
    // A second visit of the start address is no reason to sign in again either.
    let again = Request::new("GET", &server.open).header("Cookie", &shadowed);
    assert_eq!(again.send(server.address).status, 303);
    let out = Request::new("DELETE", "/v1/session")
        .header("Cookie", &shadowed)
        .header("Origin", &server.origin);
    assert_eq!(out.send(server.address).status, 200);
    assert_eq!(session().send(server.address).status, 401);
}

#[test]
fn odd_addresses_are_not_found() {
    let (_home, server) = start_server();
    for path in [
        "/index.html/",
        "/index.html/more",
        "//index.html",
        "//",
        "/./index.html",
        "/index.html%00",
        "/%ff",
        "/healthz/",
        &format!("/{}", "a".repeat(256)),
        &format!("/{}", "a".repeat(20_000)),
        &format!("/{}", "a/".repeat(5_000)),
        &format!("/v1/{}", "a".repeat(20_000)),
        &format!("/v1/core/local/runs/{}", "a".repeat(300)),
        &format!("/v1/core/local/experiments/{}/logs", "a".repeat(300)),
    ] {
        let answer = server.send(Request::new("GET", path));
        let shown = &path[..path.len().min(60)];
        assert_eq!(answer.status, 404, "{shown}: {}", answer.text());
    }
}

//! The built page.

use crate::client::Request;
use crate::server::Home;

#[test]
fn the_page_is_served_compressed_with_its_policy() {
    let home = Home::new(&[]);
    home.write(
        "page/index.html",
        "<html><script type=\"module\">start()</script></html>",
    );
    home.write(
        "page/page-0123456789abcdef.js",
        &"export default 1;\n".repeat(100),
    );
    home.write("page/page-0123456789abcdef.js.br", "as the build wrote it");
    let server = home.start();
    let get = |path: &str| Request::new("GET", path).header("Accept-Encoding", "br, gzip");
    let shell = get("/").send(server.address);
    assert_eq!(shell.status, 200);
    assert_eq!(
        shell.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    assert_eq!(shell.header("cache-control"), Some("no-cache"));
    assert!(
        shell
            .header("content-security-policy")
            .unwrap()
            .contains("'sha256-")
    );
    let script = get("/page-0123456789abcdef.js").send(server.address);
    assert_eq!(script.header("content-encoding"), Some("br"));
    assert_eq!(
        script.header("cache-control"),
        Some("public, max-age=31536000, immutable")
    );
    assert_eq!(
        script.header("cross-origin-resource-policy"),
        Some("same-origin")
    );
    assert!(script.body.len() < 200);
    let tag = script.header("etag").unwrap();
    let again = get("/page-0123456789abcdef.js")
        .header("If-None-Match", tag)
        .send(server.address);
    assert_eq!((again.status, again.body.len()), (304, 0));
    assert_eq!(get("/nothing.js").send(server.address).status, 404);
    assert_eq!(get("/runs").send(server.address).status, 404);
    // A new build is picked up.
    home.write("page/index.html", "<html>new</html>");
    assert!(
        Request::new("GET", "/")
            .send(server.address)
            .text()
            .contains("new")
    );
}

#[test]
fn a_page_that_is_not_built_is_said_to_be_so() {
    let home = Home::new(&[]);
    let server = home.start();
    let answer = Request::new("GET", "/").send(server.address);
    assert_eq!(answer.status, 503);
    assert!(answer.text().contains("make build"));
}

//! The server's own addresses, absolute and signed: whoever has one may use it for a while.

use axum::http::{HeaderMap, header};
use sweep_planner::api::paths;

use super::signed;
use crate::app::App;

/// What is signed besides a trial for its tar, so that no address of one kind is one of another.
pub const ARCHIVE: &str = "archive";
/// The same for an upload, besides its run.
pub const UPLOAD: &str = "upload";

/// The host by which a request has called this server.
pub fn host(headers: &HeaderMap) -> &str {
    let host = headers.get(header::HOST);
    host.and_then(|host| host.to_str().ok()).unwrap_or_default()
}

fn absolute(host: &str, path: &str, query: &str) -> String {
    format!("http://{host}{path}?{query}")
}

/// The address of a file that a trial made.
pub fn artifact(
    app: &App,
    host: &str,
    cluster: &str,
    id: &str,
    path: &str,
    expires: i64,
) -> String {
    let signed = signed::query(app, [id, path], expires);
    let query = format!("path={}&{signed}", escaped(path));
    absolute(
        host,
        &format!("{}/file", paths::artifacts(cluster, id)),
        &query,
    )
}

/// The address of the tar of a trial's files.
pub fn archive(app: &App, host: &str, cluster: &str, id: &str, expires: i64) -> String {
    let query = signed::query(app, [ARCHIVE, id], expires);
    absolute(host, &paths::artifacts_tar(cluster, id), &query)
}

/// The address of the upload of a run's source.
pub fn upload(app: &App, host: &str, run: &str, expires: i64) -> String {
    let query = signed::query(app, [UPLOAD, run], expires);
    absolute(host, &paths::upload(run), &query)
}

/// Percent-encoding of all but RFC 3986's unreserved characters and `/`.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                escaped.push(byte as char);
            }
            _ => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_escaped() {
        assert_eq!(escaped("a b/é&=.csv"), "a%20b/%C3%A9%26%3D.csv");
    }
}

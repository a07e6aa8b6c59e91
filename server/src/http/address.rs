//! The server's own addresses, absolute and signed: whoever has one may use it for a while.

use axum::http::{HeaderMap, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sweep_planner::api::paths;

use super::signed;
use crate::app::App;
use crate::sources::Caches;

/// What is signed besides a trial for its tar, so that no address of one kind is one of another.
pub const ARCHIVE: &str = "archive";
/// The same for its output, besides a trial and an attempt.
pub const OUTPUT: &str = "output";
/// The same for an upload, besides its run.
pub const UPLOAD: &str = "upload";

/// What is encoded in the path of a file: all but RFC 3986's unreserved characters and `/`.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/');

/// The origin of the server's addresses: the public one, else that by which a request has called
/// it. What a proxy says (`Forwarded`, `X-Forwarded-…`) is not believed, since callers can say it
/// too.
pub fn origin(app: &App, headers: &HeaderMap) -> String {
    if let Some(public) = &app.config.public_url {
        return public.origin().to_owned();
    }
    let host = headers.get(header::HOST);
    let host = host.and_then(|host| host.to_str().ok()).unwrap_or_default();
    format!("http://{host}")
}

fn absolute(origin: &str, path: &str, query: &str) -> String {
    format!("{origin}{path}?{query}")
}

/// The address of a file that a trial made.
pub fn artifact(
    app: &App,
    origin: &str,
    cluster: &str,
    id: &str,
    path: &str,
    expires: i64,
) -> String {
    let signed = signed::sign_query(app, [id, path], expires);
    let query = format!("path={}&{signed}", utf8_percent_encode(path, ENCODED));
    absolute(
        origin,
        &format!("{}/file", paths::artifacts(cluster, id)),
        &query,
    )
}

/// The address of the tar of a trial's files.
pub fn archive(
    app: &App,
    origin: &str,
    cluster: &str,
    id: &str,
    caches: Caches,
    expires: i64,
) -> String {
    let all = if caches == Caches::Listed {
        "all=true&"
    } else {
        ""
    };
    let query = format!("{all}{}", signed::sign_query(app, [ARCHIVE, id], expires));
    absolute(origin, &paths::artifacts_tar(cluster, id), &query)
}

/// The address of the output of an attempt of a trial.
pub fn output(
    app: &App,
    origin: &str,
    cluster: &str,
    id: &str,
    attempt: u32,
    expires: i64,
) -> String {
    let signed = signed::sign_query(app, [OUTPUT, &output_subject(id, attempt)], expires);
    let query = format!("attempt={attempt}&{signed}");
    absolute(origin, &paths::output_file(cluster, id), &query)
}

/// What is signed of an output.
pub fn output_subject(id: &str, attempt: u32) -> String {
    format!("{id}/{attempt}")
}

/// The address of the upload of a run's source.
pub fn upload(app: &App, origin: &str, run: &str, expires: i64) -> String {
    let query = signed::sign_query(app, [UPLOAD, run], expires);
    absolute(origin, &paths::upload(run), &query)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_escaped() {
        let encoded = |text| utf8_percent_encode(text, ENCODED).to_string();
        assert_eq!(encoded("a b/é&=.csv"), "a%20b/%C3%A9%26%3D.csv");
        let ascii: String = (0..128_u8).map(char::from).collect();
        let plain: String = encoded(&ascii)
            .split('%')
            .map(|part| part.get(2..).unwrap_or(""))
            .collect();
        assert_eq!(
            plain,
            "-./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~"
        );
    }
}

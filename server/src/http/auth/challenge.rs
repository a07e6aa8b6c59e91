//! `WWW-Authenticate`, which RFC 9110 (15.5.2) demands of every 401.
//!
//! A browser that is sent a challenge of the scheme Basic asks the person for a name and a password in
//! a window of its own, also where the page's own call is refused; what is typed there stays with the
//! browser until it is closed. So browsers are sent `Bearer` alone, which they do not know; the page
//! asks by itself. Other programs are sent both: some (`wget`) send credentials only once they are
//! challenged.

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;

const BASIC: HeaderValue =
    HeaderValue::from_static("Basic realm=\"Sweep Planner\", charset=\"UTF-8\"");
const BEARER: HeaderValue = HeaderValue::from_static("Bearer realm=\"Sweep Planner\"");

/// What browsers send and other programs do not. `Sec-Fetch-…` is not sent over plain HTTP, except to
/// loopback.
const SENT_BY_BROWSERS: [HeaderName; 4] = [
    HeaderName::from_static("sec-fetch-mode"),
    HeaderName::from_static("sec-fetch-site"),
    header::ORIGIN,
    header::COOKIE,
];

/// Whether a request may have come from a browser.
pub(super) fn is_from_browser(headers: &HeaderMap) -> bool {
    let agent = headers.get(header::USER_AGENT);
    SENT_BY_BROWSERS
        .iter()
        .any(|name| headers.contains_key(name))
        || agent.is_some_and(|agent| agent.as_bytes().starts_with(b"Mozilla/"))
}

/// Adds the challenges to a 401.
pub(super) fn with_challenges(from_browser: bool, mut response: Response) -> Response {
    if response.status() == StatusCode::UNAUTHORIZED {
        let headers = response.headers_mut();
        if !from_browser {
            headers.append(header::WWW_AUTHENTICATE, BASIC);
        }
        headers.append(header::WWW_AUTHENTICATE, BEARER);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_not_challenged_to_ask_for_a_password() {
        let from_browser = |name: &'static str, value: &str| {
            let headers = HeaderMap::from_iter([(
                HeaderName::from_static(name),
                HeaderValue::from_str(value).unwrap(),
            )]);
            is_from_browser(&headers)
        };
        assert!(from_browser("sec-fetch-mode", "cors"));
        assert!(from_browser("origin", "http://localhost"));
        assert!(from_browser("cookie", "a=b"));
        assert!(from_browser(
            "user-agent",
            "Mozilla/5.0 (X11; Linux x86_64)"
        ));
        assert!(!from_browser("user-agent", "Wget/1.25.0"));
        assert!(!from_browser("user-agent", "python-requests/2.32"));
        assert!(!from_browser("accept", "*/*"));
    }
}

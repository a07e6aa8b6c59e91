//! The cookie of a page session.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, header};

/// How long a page stays signed in.
pub const COOKIE_LIFE: Duration = Duration::from_secs(30 * 86_400);

/// The cookie. Its name holds the port, since browsers share cookies between the ports of a host.
#[derive(Clone, Debug)]
pub struct Cookie {
    name: String,
}

impl Cookie {
    /// For a server reached at this port.
    pub fn for_port(port: u16) -> Self {
        Self {
            name: format!("sweep_session_{port}"),
        }
    }

    /// The header that sets it. Scripts cannot read it, and other sites cannot make a browser
    /// send it.
    pub fn set(&self, token: &str) -> Option<HeaderValue> {
        self.header(token, COOKIE_LIFE.as_secs())
    }

    /// The header that removes it.
    pub fn clear(&self) -> Option<HeaderValue> {
        self.header("", 0)
    }

    fn header(&self, value: &str, seconds: u64) -> Option<HeaderValue> {
        let name = &self.name;
        let text = format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict");
        let mut header = HeaderValue::from_str(&text).ok()?;
        header.set_sensitive(true);
        Some(header)
    }

    /// The token that a request brings.
    pub fn token<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(name, token)| *name == self.name && !token.is_empty())
            .map(|(_, token)| token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_found_among_others() {
        let cookie = Cookie::for_port(8080);
        let mut headers = HeaderMap::new();
        headers.append(
            header::COOKIE,
            HeaderValue::from_static("a=1; sweep_session_80=no"),
        );
        assert_eq!(cookie.token(&headers), None);
        headers.append(
            header::COOKIE,
            HeaderValue::from_static("b=2;sweep_session_8080=yes"),
        );
        assert_eq!(cookie.token(&headers), Some("yes"));
    }

    #[test]
    fn it_is_for_this_site_alone() {
        let header = Cookie::for_port(1).set("t").unwrap();
        let text = header.to_str().unwrap();
        assert!(
            text.contains("HttpOnly") && text.contains("SameSite=Strict"),
            "{text}"
        );
        assert!(!format!("{header:?}").contains("sweep"));
    }
}

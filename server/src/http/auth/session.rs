//! The cookie of a page session.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, header};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::system::random::to_hex;

/// How long a page stays signed in.
pub const COOKIE_LIFETIME: Duration = Duration::from_secs(30 * 86_400);
/// So many cookies of the name are tried; a browser sends more only where somebody has set them.
const TRIED_MAX: usize = 16;

/// The cookie. Browsers share cookies between the ports of a host, so its name is one that no other
/// program of that host can guess, to set one that hides ours, and that no other server has.
#[derive(Clone, Debug)]
pub struct SessionCookie {
    name: String,
    secure: bool,
}

impl SessionCookie {
    /// For the server of this key, from which the name follows. `secure`: browsers reach the server
    /// over TLS alone. Then the cookie is sent over nothing else, and its prefix `__Host-` has
    /// browsers refuse one of that name that was set without TLS or by another host.
    pub fn new(signing_key: &[u8], secure: bool) -> Self {
        // HMAC accepts keys of any length: the fallback is never reached.
        let mut mac = Hmac::<Sha256>::new_from_slice(signing_key)
            .unwrap_or_else(|_| Hmac::new(&Default::default()));
        mac.update(b"the name of the session cookie");
        let id = to_hex(&mac.finalize().into_bytes()[..8]);
        let prefix = if secure { "__Host-" } else { "" };
        Self {
            name: format!("{prefix}sweep_session_{id}"),
            secure,
        }
    }

    /// The header that sets it. Scripts cannot read it, and other sites cannot make a browser
    /// send it.
    pub fn set_header(&self, token: &str) -> Option<HeaderValue> {
        self.header(token, COOKIE_LIFETIME.as_secs())
    }

    /// The header that removes it.
    pub fn clear_header(&self) -> Option<HeaderValue> {
        self.header("", 0)
    }

    fn header(&self, value: &str, seconds: u64) -> Option<HeaderValue> {
        let name = &self.name;
        let secure = if self.secure { "; Secure" } else { "" };
        let text =
            format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}");
        let mut header = HeaderValue::from_str(&text).ok()?;
        header.set_sensitive(true);
        Some(header)
    }

    /// The tokens that a request brings: more than one where somebody else has set a cookie of the
    /// name too, for a path below ours for example. Which of them is ours shows when it is looked
    /// up.
    pub fn tokens<'a>(&'a self, headers: &'a HeaderMap) -> impl Iterator<Item = &'a str> {
        headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .filter(|(name, token)| *name == self.name && !token.is_empty())
            .map(|(_, token)| token)
            .take(TRIED_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn brought(cookie: &SessionCookie, values: &[&str]) -> Vec<String> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::COOKIE, value.parse().unwrap());
        }
        cookie.tokens(&headers).map(str::to_owned).collect()
    }

    #[test]
    fn all_of_its_name_are_found_among_others() {
        let cookie = SessionCookie::new(b"key", false);
        let name = &cookie.name;
        assert!(brought(&cookie, &["a=1; sweep_session_80=no", "b"]).is_empty());
        let both = [
            format!("{name}=shadow; b=2"),
            format!("c=3;{name}=ours; {name}="),
        ];
        assert_eq!(
            brought(&cookie, &both.each_ref().map(String::as_str)),
            ["shadow", "ours"]
        );
        let many = format!("{name}=x; ").repeat(100);
        assert_eq!(brought(&cookie, &[&many]).len(), TRIED_MAX);
    }

    #[test]
    fn its_name_is_the_servers_own() {
        let name = |key: &[u8]| SessionCookie::new(key, false).name;
        assert_eq!(name(b"one"), name(b"one"));
        assert_ne!(name(b"one"), name(b"two"));
    }

    #[test]
    fn it_is_for_this_site_alone() {
        let header = SessionCookie::new(b"key", false).set_header("t").unwrap();
        let text = header.to_str().unwrap();
        assert!(
            text.contains("HttpOnly") && text.contains("SameSite=Strict"),
            "{text}"
        );
        assert!(!text.contains("Secure") && !text.starts_with("__Host-"));
        assert!(!format!("{header:?}").contains("sweep"));
    }

    #[test]
    fn behind_tls_it_is_for_tls_alone() {
        let cookie = SessionCookie::new(b"key", true);
        for header in [cookie.set_header("t"), cookie.clear_header()] {
            let header = header.unwrap();
            let text = header.to_str().unwrap();
            assert!(text.starts_with("__Host-sweep_session_"), "{text}");
            // What `__Host-` demands.
            assert!(text.contains("; Secure") && text.contains("; Path=/;"));
            assert!(!text.contains("Domain"));
        }
    }
}

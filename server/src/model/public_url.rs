//! The address at which callers reach the server, where it is another than the one it listens on.

use std::fmt;
use std::net::Ipv6Addr;

use serde::Deserialize;

/// An origin: a scheme, a host and, unless it is the scheme's own, a port; lower case, without a
/// slash at the end.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct PublicUrl {
    origin: String,
}

/// Why a text is no address for a server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PublicUrlError {
    /// Neither `http://` nor `https://`.
    #[error("public_url: `{0}` does not begin with https:// or http://")]
    Scheme(String),
    /// More than an origin.
    #[error(
        "public_url: `{0}` has a user, a path, a query or a fragment. The page and the API are at \
         the top of a host: give the server a host name, or a port, of its own"
    )]
    NotAnOrigin(String),
    /// No host, or one that is none.
    #[error(
        "public_url: `{0}` is no host name: letters, digits, `-` and `.` (of other alphabets in \
         their form `xn--…`), or an IP address, IPv6 in brackets"
    )]
    Host(String),
    /// No port.
    #[error("public_url: `{0}` is no port")]
    Port(String),
}

impl PublicUrl {
    /// As `Origin` has it: `https://planner.example.org`.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// As `Host` has it: `planner.example.org`, with the port unless it is the scheme's own.
    pub fn host(&self) -> &str {
        self.origin
            .split_once("://")
            .map_or("", |(_, authority)| authority)
    }

    /// Whether callers reach it over TLS.
    pub fn is_https(&self) -> bool {
        self.origin.starts_with("https://")
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin)
    }
}

impl TryFrom<String> for PublicUrl {
    type Error = PublicUrlError;

    fn try_from(text: String) -> Result<Self, PublicUrlError> {
        let lower = text.to_ascii_lowercase();
        let scheme = lower
            .split_once("://")
            .filter(|(scheme, _)| matches!(*scheme, "http" | "https"));
        let Some((scheme, rest)) = scheme else {
            return Err(PublicUrlError::Scheme(text));
        };
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        if authority.contains(['/', '\\', '?', '#', '@']) {
            return Err(PublicUrlError::NotAnOrigin(text));
        }
        let (host, port) = split_port(authority);
        if !is_host(host) {
            return Err(PublicUrlError::Host(host.to_owned()));
        }
        let number = match port {
            Some(digits) => {
                Some(parse_port(digits).ok_or_else(|| PublicUrlError::Port(digits.to_owned()))?)
            }
            None => None,
        };
        let own = if scheme == "https" { 443 } else { 80 };
        let origin = match number {
            Some(number) if number != own => format!("{scheme}://{host}:{number}"),
            _ => format!("{scheme}://{host}"),
        };
        Ok(Self { origin })
    }
}

/// The host, in brackets where it is IPv6, and what follows its colon.
fn split_port(authority: &str) -> (&str, Option<&str>) {
    let from = authority.rfind(']').map_or(0, |end| end + 1);
    match authority[from..].find(':') {
        Some(colon) => (
            &authority[..from + colon],
            Some(&authority[from + colon + 1..]),
        ),
        None => (authority, None),
    }
}

fn parse_port(digits: &str) -> Option<u16> {
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|port| plain && *port != 0)
}

fn is_host(host: &str) -> bool {
    let address = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    if let Some(address) = address {
        return address.parse::<Ipv6Addr>().is_ok();
    }
    host.len() <= 253
        && host.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<PublicUrl, PublicUrlError> {
        PublicUrl::try_from(text.to_owned())
    }

    #[test]
    fn an_origin_is_read_as_browsers_write_it() {
        for (text, origin, host) in [
            (
                "https://planner.example.org",
                "https://planner.example.org",
                "planner.example.org",
            ),
            (
                "HTTPS://Planner.Example.ORG/",
                "https://planner.example.org",
                "planner.example.org",
            ),
            ("https://a.example:443", "https://a.example", "a.example"),
            ("http://a.example:80/", "http://a.example", "a.example"),
            (
                "https://a.example:80",
                "https://a.example:80",
                "a.example:80",
            ),
            (
                "http://sweep.localhost:8080",
                "http://sweep.localhost:8080",
                "sweep.localhost:8080",
            ),
            ("http://[::1]:8080", "http://[::1]:8080", "[::1]:8080"),
            ("https://192.0.2.7", "https://192.0.2.7", "192.0.2.7"),
        ] {
            let url = read(text).unwrap();
            assert_eq!((url.origin(), url.host()), (origin, host), "{text}");
            assert_eq!(url.is_https(), origin.starts_with("https"), "{text}");
        }
    }

    #[test]
    fn what_is_no_origin_is_refused_in_words() {
        for (text, words) in [
            ("planner.example.org", "does not begin"),
            ("ftp://a.example", "does not begin"),
            ("", "does not begin"),
            ("https://a.example/planner", "a path"),
            ("https://a.example//", "a path"),
            ("https://a.example/?x", "a path"),
            ("https://a.example#x", "a path"),
            ("https://ada:key@a.example", "a user"),
            ("https://", "no host name"),
            ("https://:8080", "no host name"),
            ("https://a..example", "no host name"),
            ("https://-a.example", "no host name"),
            ("https://a_b.example", "no host name"),
            ("https://a b", "no host name"),
            ("https://b\u{fc}cher.example", "no host name"),
            ("https://[::1", "no host name"),
            ("https://[::g]", "no host name"),
            ("https://a.example:", "no port"),
            ("https://a.example:0", "no port"),
            ("https://a.example:+80", "no port"),
            ("https://a.example:70000", "no port"),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(words), "{text}: {error}");
        }
    }
}

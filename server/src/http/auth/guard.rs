//! Checks which hosts and origins may call at all, and so keeps other websites in the same browser
//! out.
//!
//! * A foreign `Host` means that somebody's name server points a name at this machine so that a
//!   browser takes their page for ours (DNS rebinding): refused.
//! * A foreign `Origin` is another website's page: refused, unless its origin is configured; then
//!   it may call with Basic authentication and CORS, never with the cookie.
//!
//! Written by hand, since CORS layers answer who may read, not who may call, and this rule ties
//! host, origin and cookie together.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, Method, Uri, header};

use crate::http::error::ApiError;
use crate::model::PublicUrl;

/// The rules in force.
#[derive(Clone, Debug)]
pub struct Guard {
    listen: IpAddr,
    hosts: Vec<String>,
    origins: Vec<String>,
    public_url: Option<PublicUrl>,
}

/// Where a request comes from, as far as the guard can tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// A request without `Origin`: no page, or a page's simple GET of its own server.
    NoOrigin,
    /// The page that this server serves.
    OwnPage,
    /// A page of a configured origin.
    OtherPage(String),
}

impl Guard {
    /// `hosts`: further allowed hosts, lower case, with or without a port; `origins`: allowed
    /// origins of pages hosted apart.
    pub fn new(listen: SocketAddr, hosts: Vec<String>, origins: Vec<String>) -> Self {
        Self {
            listen: listen.ip(),
            hosts,
            origins,
            public_url: None,
        }
    }

    /// With the address at which callers reach the server, if it is another than the one it listens
    /// on: its host is allowed, and the page that it serves has this origin, whatever `Host` a proxy
    /// sends.
    pub fn reached_at(mut self, public_url: Option<PublicUrl>) -> Self {
        self.hosts
            .extend(public_url.iter().map(|url| url.host().to_owned()));
        self.public_url = public_url;
        self
    }

    /// Refuses a foreign host or origin; else returns where the request comes from.
    pub fn check(&self, uri: &Uri, headers: &HeaderMap) -> Result<Caller, ApiError> {
        let host = self.check_host(uri, headers)?;
        let mut origins = headers.get_all(header::ORIGIN).iter();
        let Some(origin) = origins.next() else {
            return Ok(Caller::NoOrigin);
        };
        let origin = origin.to_str().unwrap_or("(unreadable)");
        let own = self.is_own_origin(origin, &host);
        if origins.next().is_some() {
            Err(ApiError::Forbidden(
                "More than one Origin header.".to_owned(),
            ))
        } else if own {
            Ok(Caller::OwnPage)
        } else if self.origins.iter().any(|allowed| allowed == origin) {
            Ok(Caller::OtherPage(origin.to_owned()))
        } else {
            Err(ApiError::Forbidden(
                "Pages of this origin may not call this server. Its `origins` setting names \
                 those that may."
                    .to_owned(),
            ))
        }
    }

    fn is_own_origin(&self, origin: &str, host: &str) -> bool {
        let Some((scheme, authority)) = origin.split_once("://") else {
            return false;
        };
        let default_port = match scheme {
            "http" => ":80",
            "https" => ":443",
            _ => return false,
        };
        match &self.public_url {
            Some(url) if url.origin() == origin => true,
            // The same host by the other scheme: a page that anybody on the way may have put there.
            Some(url) if strip_default_port(host) == url.host() => false,
            // An origin never has its scheme's own port; a host may.
            _ => {
                let shorter = host.strip_suffix(default_port).unwrap_or(host);
                [host, shorter]
                    .iter()
                    .any(|host| authority.eq_ignore_ascii_case(host))
            }
        }
    }

    fn check_host(&self, uri: &Uri, headers: &HeaderMap) -> Result<String, ApiError> {
        let mut named = headers.get_all(header::HOST).iter();
        let host = match (named.next(), named.next()) {
            (Some(host), None) => host.to_str().ok().map(str::to_owned),
            (None, _) => uri.authority().map(ToString::to_string),
            (Some(_), Some(_)) => None,
        };
        let host = host.map(|host| host.to_ascii_lowercase());
        match host {
            Some(host) if self.allows_host(&host) => Ok(host),
            _ => Err(ApiError::Forbidden(
                "This server does not answer to that host name. Its `hosts` setting names those \
                 that it does."
                    .to_owned(),
            )),
        }
    }

    fn allows_host(&self, host: &str) -> bool {
        let Some(name) = strip_port(host) else {
            return false;
        };
        let address = name
            .trim_start_matches('[')
            .trim_end_matches(']')
            .parse::<IpAddr>()
            .ok();
        name == "localhost"
            || address.is_some_and(|ip| ip.is_loopback() || ip == self.listen)
            || self.hosts.iter().any(|allowed| {
                allowed == host || allowed == name || strip_default_port(allowed) == host
            })
    }
}

/// A host without the port that `http` or `https` has by itself.
fn strip_default_port(host: &str) -> &str {
    let shorter = host.strip_suffix(":443").or(host.strip_suffix(":80"));
    shorter.unwrap_or(host)
}

/// `localhost` of `localhost:8080`, `[::1]` of `[::1]:8080`; `None` if it is neither.
fn strip_port(host: &str) -> Option<&str> {
    let end = if host.starts_with('[') {
        host.find(']')? + 1
    } else {
        host.find(':').unwrap_or(host.len())
    };
    let (name, port) = host.split_at(end);
    let port_fits = match port.strip_prefix(':') {
        Some(digits) => digits.parse::<u16>().is_ok(),
        None => port.is_empty(),
    };
    (port_fits && !name.is_empty()).then_some(name)
}

/// Whether the session cookie is accepted for this request: only from our own page. A simple GET
/// has no `Origin`; then the browser's `Sec-Fetch-Site`, if it sends one, must be same-origin or
/// none.
pub(super) fn accepts_cookie(caller: &Caller, method: &Method, headers: &HeaderMap) -> bool {
    let site = headers
        .get("sec-fetch-site")
        .map(axum::http::HeaderValue::as_bytes);
    let near = matches!(site, None | Some(b"same-origin" | b"none"));
    match caller {
        Caller::OwnPage => near,
        Caller::NoOrigin => near && (method == Method::GET || method == Method::HEAD),
        Caller::OtherPage(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard() -> Guard {
        let listen = SocketAddr::from(([127, 0, 0, 1], 8080));
        Guard::new(
            listen,
            vec!["planner.example.org".into()],
            vec!["https://plan.example.org".into()],
        )
    }

    fn check(pairs: &[(&'static str, &str)]) -> Option<Caller> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        guard()
            .check(&Uri::from_static("/v1/events"), &headers)
            .ok()
    }

    #[test]
    fn hosts() {
        for host in [
            "localhost",
            "localhost:8080",
            "LOCALHOST:1",
            "127.0.0.1:8080",
            "127.0.0.2",
            "[::1]:8080",
            "planner.example.org",
            "planner.example.org:443",
        ] {
            assert_eq!(check(&[("host", host)]), Some(Caller::NoOrigin), "{host}");
        }
        for host in [
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "evil.example:8080",
            "localhost:8080@evil.example",
            "user@localhost",
            "localhost:",
            "localhost:99999",
            "[::1",
            "192.168.0.1",
            "0.0.0.0",
            "",
            ":8080",
        ] {
            assert_eq!(check(&[("host", host)]), None, "{host}");
        }
        assert_eq!(check(&[]), None);
        assert_eq!(
            check(&[("host", "localhost"), ("host", "evil.example")]),
            None
        );
    }

    #[test]
    fn origins() {
        let host = ("host", "localhost:8080");
        assert_eq!(
            check(&[host, ("origin", "http://localhost:8080")]),
            Some(Caller::OwnPage)
        );
        assert_eq!(
            check(&[host, ("origin", "https://plan.example.org")]),
            Some(Caller::OtherPage("https://plan.example.org".into()))
        );
        for origin in [
            "null",
            "http://localhost:8081",
            "http://localhost",
            "http://127.0.0.1:8080",
            "http://evil.example",
            "http://plan.example.org",
            "https://plan.example.org.evil.example",
            "file://",
        ] {
            assert_eq!(check(&[host, ("origin", origin)]), None, "{origin}");
        }
        let twice = [
            host,
            ("origin", "http://localhost:8080"),
            ("origin", "http://evil.example"),
        ];
        assert_eq!(check(&twice), None);
    }

    #[test]
    fn behind_a_proxy_the_page_has_the_public_origin() {
        let url = PublicUrl::try_from("https://planner.example.net".to_owned()).unwrap();
        let guard = guard().reached_at(Some(url));
        let check = |host: &str, origin: &str| {
            let headers = HeaderMap::from_iter([
                (header::HOST, host.parse().unwrap()),
                (header::ORIGIN, origin.parse().unwrap()),
            ]);
            guard.check(&Uri::from_static("/"), &headers).ok()
        };
        let own = "https://planner.example.net";
        assert_eq!(check("planner.example.net", own), Some(Caller::OwnPage));
        assert_eq!(check("127.0.0.1:8080", own), Some(Caller::OwnPage));
        assert_eq!(check("evil.example", own), None);
        assert_eq!(
            check("planner.example.net", "http://planner.example.net"),
            None
        );
        assert_eq!(check("planner.example.net", "https://evil.example"), None);
        assert_eq!(
            check("localhost:8080", "http://localhost:8080"),
            Some(Caller::OwnPage)
        );
        for host in ["planner.example.net:443", "planner.example.net:80"] {
            assert_eq!(check(host, own), Some(Caller::OwnPage), "{host}");
            for other in ["", ":80", ":443"] {
                let other = format!("http://planner.example.net{other}");
                assert_eq!(check(host, &other), None, "{host}, {other}");
            }
        }
    }

    #[test]
    fn a_host_may_have_the_port_of_its_scheme() {
        for (host, origin) in [
            ("planner.example.org:443", "https://planner.example.org"),
            ("planner.example.org:80", "http://planner.example.org"),
            ("[::1]:80", "http://[::1]"),
        ] {
            let own = check(&[("host", host), ("origin", origin)]);
            assert_eq!(own, Some(Caller::OwnPage), "{host}");
        }
        let other_port = [
            ("host", "planner.example.org:443"),
            ("origin", "http://planner.example.org"),
        ];
        assert_eq!(check(&other_port), None);
        let listen = SocketAddr::from(([127, 0, 0, 1], 8080));
        let guard = Guard::new(listen, vec!["planner.example.org:443".into()], Vec::new());
        assert!(
            guard.allows_host("planner.example.org")
                && guard.allows_host("planner.example.org:443")
        );
        assert!(!guard.allows_host("planner.example.org:8443"));
    }

    #[test]
    fn the_cookie_is_for_our_own_page() {
        let counts = |caller, method, site: Option<&str>| {
            let mut headers = HeaderMap::new();
            if let Some(site) = site {
                headers.insert("sec-fetch-site", site.parse().unwrap());
            }
            accepts_cookie(&caller, &method, &headers)
        };
        assert!(counts(Caller::OwnPage, Method::POST, Some("same-origin")));
        assert!(counts(Caller::NoOrigin, Method::GET, None));
        assert!(counts(Caller::NoOrigin, Method::GET, Some("none")));
        assert!(!counts(Caller::NoOrigin, Method::POST, None));
        assert!(!counts(Caller::NoOrigin, Method::GET, Some("cross-site")));
        assert!(!counts(Caller::NoOrigin, Method::GET, Some("same-site")));
        assert!(!counts(Caller::OtherPage("x".into()), Method::GET, None));
    }
}

//! The address of a source: `https://github.com/acme/proj.git#ref=<commit>`, as Grid's client
//! sends it.

/// The longest address, in bytes.
const LENGTH_MAX: usize = 2_000;
/// The schemes that can be allowed, by what git calls their protocol.
const SCHEMES: [(&str, &str); 3] = [
    ("https://", "https"),
    ("ssh://", "ssh"),
    ("file://", "file"),
];

/// A repository and what of it to fetch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// As git takes it.
    pub url: String,
    /// A commit, branch or tag; `HEAD` where none is named.
    pub reference: String,
    /// The only protocol that git may use for it.
    pub protocol: &'static str,
}

/// Why an address is not taken. Never shows the address, which may hold a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// None are.
    #[error("This server takes no sources from repositories")]
    None,
    /// It begins otherwise than those allowed.
    #[error(
        "This server takes sources from repositories whose address begins with {0}, and not from \
         this one"
    )]
    NotAllowed(String),
    /// It holds a user or a password.
    #[error(
        "The address of the repository holds a user or a password. Leave it out; what the server's \
         account may read is for its own git to know"
    )]
    Credentials,
    /// It has a query, which may hold a token and would appear in git's messages.
    #[error(
        "The address of the repository has a `?` in it. Leave out what follows; what the server's \
         account may read is for its own git to know"
    )]
    Query,
    /// It cannot be read.
    #[error("The address of the repository {0}")]
    Unreadable(&'static str),
}

impl Address {
    /// Reads an address that begins with one of `allowed`.
    ///
    /// # Errors
    /// If it may not be fetched.
    pub fn read(text: &str, allowed: &[String]) -> Result<Self, Refused> {
        let visible = text.bytes().all(|byte| byte.is_ascii_graphic());
        if text.len() > LENGTH_MAX || !visible {
            return Err(Refused::Unreadable("is too long, or has blanks in it"));
        }
        let (url, fragment) = text.split_once('#').unwrap_or((text, ""));
        let not_allowed = || match allowed {
            [] => Refused::None,
            some => Refused::NotAllowed(some.join(" or ")),
        };
        let (scheme, protocol) = SCHEMES
            .into_iter()
            .find(|(scheme, _)| url.starts_with(scheme))
            .ok_or_else(not_allowed)?;
        let rest = &url[scheme.len()..];
        let authority = rest.split('/').next().unwrap_or_default();
        if let Some((user, _)) = authority.rsplit_once('@')
            && (protocol != "ssh" || user.contains(':'))
        {
            return Err(Refused::Credentials);
        }
        if rest.contains('?') {
            return Err(Refused::Query);
        }
        if !allowed.iter().any(|prefix| url.starts_with(prefix)) {
            return Err(not_allowed());
        }
        let lower = rest.to_ascii_lowercase();
        let goes_up = ["..", "%2e", "\\"].iter().any(|part| lower.contains(part));
        if goes_up || rest.is_empty() || authority.starts_with('-') {
            return Err(Refused::Unreadable("is none that git should see"));
        }
        let reference = match fragment {
            "" => "HEAD",
            named => named
                .strip_prefix("ref=")
                .filter(|name| is_reference(name))
                .ok_or(Refused::Unreadable(
                    "must end in `#ref=` and a commit, a branch or a tag",
                ))?,
        };
        Ok(Self {
            url: url.to_owned(),
            reference: reference.to_owned(),
            protocol,
        })
    }
}

/// Whether a setting can allow addresses: a scheme that is known, and a `/` at its end, so that
/// `https://a.example` does not allow `https://a.example.org`.
pub fn is_prefix(text: &str) -> bool {
    text.ends_with('/') && SCHEMES.iter().any(|(scheme, _)| text.starts_with(scheme))
}

/// Whether a text can only be a reference: stricter than git, so that it is never read as an
/// option.
fn is_reference(name: &str) -> bool {
    (1..=250).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._/-+".contains(&byte))
        && !name.starts_with(['-', '.', '/', '+'])
        && !name.ends_with(['.', '/'])
        && !["..", "//", "/."].iter().any(|part| name.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Address, Refused> {
        let allowed = ["https://", "ssh://git@a.example/", "file:///srv/git/"];
        Address::read(text, &allowed.map(str::to_owned))
    }

    #[test]
    fn addresses_are_read() {
        let commit = "0123456789012345678901234567890123456789";
        for (text, url, reference, protocol) in [
            (
                format!("https://github.com/acme/proj.git#ref={commit}"),
                "https://github.com/acme/proj.git",
                commit,
                "https",
            ),
            (
                "https://a.example:8443/b".into(),
                "https://a.example:8443/b",
                "HEAD",
                "https",
            ),
            (
                "ssh://git@a.example/b#ref=v1.0".into(),
                "ssh://git@a.example/b",
                "v1.0",
                "ssh",
            ),
            (
                "file:///srv/git/a#ref=x/y".into(),
                "file:///srv/git/a",
                "x/y",
                "file",
            ),
        ] {
            let found = read(&text).unwrap();
            assert_eq!(
                (found.url.as_str(), found.reference.as_str(), found.protocol),
                (url, reference, protocol)
            );
        }
    }

    #[test]
    fn what_may_not_be_fetched_is_refused_without_being_shown() {
        for text in [
            "http://a.example/b",
            "git://a.example/b",
            "ext::sh -c id",
            "ext::sh",
            "git@github.com:acme/proj.git",
            "ssh://git@b.example/x",
            "ssh://git:secret@a.example/x",
            "https://ada:secret@a.example/b",
            "https://secret@a.example/b",
            "https://a.example/b?private_token=secret",
            "https://a.example/b?private_token=secret#ref=main",
            "file:///srv/gitx/a",
            "file:///srv/git/../../etc",
            "file:///srv/git/%2E%2e/x",
            "/srv/git/a",
            "--upload-pack=id",
            "https://",
            "https://-oProxyCommand=id/x",
            "https://a.example/b#ref=--all",
            "https://a.example/b#ref=",
            "https://a.example/b#main",
            "https://a.example/b#ref=a:b",
            "https://a.example/b#ref=a..b",
            "https://a.example/b c",
            "https://a.example/b\n",
        ] {
            let refused = read(text).unwrap_err().to_string();
            assert!(!refused.contains("secret"), "{refused}");
        }
        assert_eq!(read("https://a:b@c/d"), Err(Refused::Credentials));
        assert_eq!(Address::read("https://a/b", &[]), Err(Refused::None));
        assert!(is_prefix("https://") && is_prefix("file:///srv/") && is_prefix("ssh://a@b/"));
        assert!(!is_prefix("https://a.example") && !is_prefix("http://a/") && !is_prefix("/"));
    }
}

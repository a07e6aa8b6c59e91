//! Short-lived secrets kept in memory as hashes.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::http::{HeaderMap, Method};
use sha2::{Digest, Sha256};

use crate::system::random::{self, NoEntropy};

/// At most so many at a time; the oldest are forgotten first.
const TOKENS_MAX: usize = 1_000;

/// SHA-256 of a token. Tokens have 256 random bits, so the time of a lookup by hash reveals
/// nothing.
pub fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}

/// Whether a request for an address that works once is made by somebody who opens it, and not by a
/// program that looks at it before: a HEAD, a browser that fetches or renders ahead, a page that
/// embeds it as a picture or a frame. A browser that sends nothing of that counts as somebody.
pub fn is_opened_by_person(method: &Method, headers: &HeaderMap) -> bool {
    let ahead = ["sec-purpose", "purpose", "x-purpose", "x-moz"]
        .iter()
        .flat_map(|name| headers.get_all(*name))
        .any(|purpose| {
            let purpose = purpose.to_str().unwrap_or_default().to_ascii_lowercase();
            ["prefetch", "prerender", "preview"]
                .iter()
                .any(|word| purpose.contains(word))
        });
    let destination = headers.get("sec-fetch-dest");
    let opened = destination.is_none_or(|destination| destination == "document");
    method == Method::GET && !ahead && opened
}

/// Tokens that stand for an account for a while.
pub struct TokenStore {
    lifetime: Duration,
    single_use: bool,
    tokens: Mutex<HashMap<[u8; 32], (String, Instant)>>,
}

impl fmt::Debug for TokenStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens")
            .field("life", &self.lifetime)
            .finish_non_exhaustive()
    }
}

impl TokenStore {
    /// Tokens that are valid for `life`; with `once`, for one use.
    pub fn new(lifetime: Duration, single_use: bool) -> Self {
        Self {
            lifetime,
            single_use,
            tokens: Mutex::default(),
        }
    }

    /// A new token for an account.
    pub fn issue(&self, account: &str) -> Result<String, NoEntropy> {
        let token = random::secret()?;
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        tokens.retain(|_, (_, made)| made.elapsed() < self.lifetime);
        if tokens.len() >= TOKENS_MAX
            && let Some(oldest) = tokens.iter().min_by_key(|(_, (_, made))| *made)
        {
            let oldest = *oldest.0;
            tokens.remove(&oldest);
        }
        tokens.insert(hash(&token), (account.to_owned(), Instant::now()));
        Ok(token)
    }

    /// The account of a valid token. A single-use or expired token is removed.
    pub fn redeem(&self, token: &str) -> Option<String> {
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        let key = hash(token);
        let (account, made) = tokens.get(&key)?.clone();
        if self.single_use || made.elapsed() >= self.lifetime {
            tokens.remove(&key);
        }
        (made.elapsed() < self.lifetime).then_some(account)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_token_works_once() {
        let tokens = TokenStore::new(Duration::from_secs(60), true);
        let token = tokens.issue("u").unwrap();
        assert_eq!(tokens.redeem("other"), None);
        assert_eq!(tokens.redeem(&token).as_deref(), Some("u"));
        assert_eq!(tokens.redeem(&token), None);
    }

    #[test]
    fn who_only_looks_ahead_is_nobody_who_opens() {
        let opened = |method: Method, name: &'static str, value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(name, value.parse().unwrap());
            is_opened_by_person(&method, &headers)
        };
        assert!(opened(Method::GET, "sec-fetch-dest", "document"));
        assert!(opened(Method::GET, "accept", "*/*"));
        assert!(!opened(Method::HEAD, "accept", "*/*"));
        for (name, value) in [
            ("sec-purpose", "prefetch"),
            ("sec-purpose", "prefetch;prerender"),
            ("purpose", "prefetch"),
            ("x-moz", "prefetch"),
            ("x-purpose", "preview"),
            ("sec-fetch-dest", "image"),
            ("sec-fetch-dest", "iframe"),
            ("sec-fetch-dest", "empty"),
        ] {
            assert!(!opened(Method::GET, name, value), "{name}: {value}");
        }
    }

    #[test]
    fn tokens_expire() {
        let tokens = TokenStore::new(Duration::ZERO, false);
        let token = tokens.issue("u").unwrap();
        assert_eq!(tokens.redeem(&token), None);
    }

    #[test]
    fn the_oldest_are_forgotten() {
        let tokens = TokenStore::new(Duration::from_secs(60), false);
        let first = tokens.issue("u").unwrap();
        for _ in 0..TOKENS_MAX {
            tokens.issue("u").unwrap();
        }
        assert_eq!(tokens.redeem(&first), None);
    }
}

//! Short-lived secrets kept in memory as hashes.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::http::{HeaderMap, Method};
use sha2::{Digest, Sha256};

use crate::model::Account;
use crate::system::random::{self, NoEntropy};

/// At most so many of one account at a time; its oldest are forgotten first.
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

/// What a token stands for: an account, as long as its key is the one that it had.
#[derive(Clone, PartialEq, Eq)]
pub struct Grant {
    /// The account's id.
    pub account: String,
    key_hash: Vec<u8>,
}

impl Grant {
    /// Whether it is still valid for this account.
    pub fn is_for(&self, account: &Account) -> bool {
        self.account == account.id && self.key_hash == account.key_hash
    }
}

/// Tokens that stand for an account for a while.
pub struct TokenStore {
    lifetime: Duration,
    single_use: bool,
    tokens: Mutex<HashMap<[u8; 32], (Grant, Instant)>>,
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
    pub fn issue(&self, account: &Account) -> Result<String, NoEntropy> {
        let token = random::secret()?;
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        tokens.retain(|_, (_, made)| made.elapsed() < self.lifetime);
        let own = || {
            tokens
                .iter()
                .filter(|(_, (grant, _))| grant.account == account.id)
        };
        let oldest = own().min_by_key(|(_, (_, made))| *made);
        if own().count() >= TOKENS_MAX
            && let Some(oldest) = oldest.map(|(hash, _)| *hash)
        {
            tokens.remove(&oldest);
        }
        let grant = Grant {
            account: account.id.clone(),
            key_hash: account.key_hash.clone(),
        };
        tokens.insert(hash(&token), (grant, Instant::now()));
        Ok(token)
    }

    /// What a valid token stands for. A single-use or expired token is removed.
    pub fn redeem(&self, token: &str) -> Option<Grant> {
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        let key = hash(token);
        let (grant, made) = tokens.get(&key)?.clone();
        if self.single_use || made.elapsed() >= self.lifetime {
            tokens.remove(&key);
        }
        (made.elapsed() < self.lifetime).then_some(grant)
    }

    /// Whether a token, by its hash, is valid. Uses up none.
    pub fn is_valid(&self, hash: &[u8; 32]) -> bool {
        let tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        let found = tokens.get(hash);
        found.is_some_and(|(_, made)| made.elapsed() < self.lifetime)
    }

    /// Ends all tokens of an account, by its id.
    pub fn revoke_all(&self, account: &str) {
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        tokens.retain(|_, (grant, _)| grant.account != account);
    }
}

#[cfg(test)]
mod tests {
    use sweep_planner::api::Timestamp;

    use super::*;

    fn account(id: &str, key_hash: u8) -> Account {
        Account {
            id: id.into(),
            name: id.into(),
            salt: Vec::new(),
            key_hash: vec![key_hash],
            created_at: Timestamp::from_micros(0),
            admin: false,
            revoked_at: None,
        }
    }

    #[test]
    fn a_start_token_works_once() {
        let tokens = TokenStore::new(Duration::from_secs(60), true);
        let token = tokens.issue(&account("u", 1)).unwrap();
        assert!(tokens.redeem("other").is_none());
        assert!(tokens.redeem(&token).unwrap().is_for(&account("u", 1)));
        assert!(tokens.redeem(&token).is_none());
    }

    #[test]
    fn a_token_is_bound_to_the_key_of_its_account() {
        let tokens = TokenStore::new(Duration::from_secs(60), false);
        let (ada, eve) = (account("ada", 1), account("eve", 2));
        let (token, other) = (tokens.issue(&ada).unwrap(), tokens.issue(&eve).unwrap());
        let grant = tokens.redeem(&token).unwrap();
        assert!(!grant.is_for(&account("ada", 3)) && !grant.is_for(&eve));
        tokens.revoke_all("ada");
        assert!(!tokens.is_valid(&hash(&token)) && tokens.is_valid(&hash(&other)));
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
        let token = tokens.issue(&account("u", 1)).unwrap();
        assert!(tokens.redeem(&token).is_none());
    }

    #[test]
    fn the_oldest_of_the_same_account_are_forgotten() {
        let tokens = TokenStore::new(Duration::from_secs(60), false);
        let other = tokens.issue(&account("other", 1)).unwrap();
        let first = tokens.issue(&account("u", 1)).unwrap();
        for _ in 0..TOKENS_MAX {
            tokens.issue(&account("u", 1)).unwrap();
        }
        assert!(tokens.redeem(&first).is_none());
        assert!(tokens.redeem(&other).is_some());
    }
}

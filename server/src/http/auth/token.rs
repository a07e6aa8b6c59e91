//! Short-lived secrets kept in memory as hashes.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use crate::system::random::{self, NoEntropy};

/// At most so many at a time; the oldest are forgotten first.
const KEPT: usize = 1_000;

/// SHA-256 of a token. Tokens have 256 random bits, so the time of a lookup by hash reveals
/// nothing.
pub fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}

/// Tokens that stand for an account for a while.
pub struct Tokens {
    life: Duration,
    once: bool,
    tokens: Mutex<HashMap<[u8; 32], (String, Instant)>>,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens")
            .field("life", &self.life)
            .finish_non_exhaustive()
    }
}

impl Tokens {
    /// Tokens that are valid for `life`; with `once`, for one use.
    pub fn new(life: Duration, once: bool) -> Self {
        Self {
            life,
            once,
            tokens: Mutex::default(),
        }
    }

    /// A new token for an account.
    pub fn make(&self, account: &str) -> Result<String, NoEntropy> {
        let token = random::secret()?;
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        tokens.retain(|_, (_, made)| made.elapsed() < self.life);
        if tokens.len() >= KEPT
            && let Some(oldest) = tokens.iter().min_by_key(|(_, (_, made))| *made)
        {
            let oldest = *oldest.0;
            tokens.remove(&oldest);
        }
        tokens.insert(hash(&token), (account.to_owned(), Instant::now()));
        Ok(token)
    }

    /// The account of a valid token. A single-use or expired token is removed.
    pub fn account(&self, token: &str) -> Option<String> {
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        let key = hash(token);
        let (account, made) = tokens.get(&key)?.clone();
        if self.once || made.elapsed() >= self.life {
            tokens.remove(&key);
        }
        (made.elapsed() < self.life).then_some(account)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_token_works_once() {
        let tokens = Tokens::new(Duration::from_secs(60), true);
        let token = tokens.make("u").unwrap();
        assert_eq!(tokens.account("other"), None);
        assert_eq!(tokens.account(&token).as_deref(), Some("u"));
        assert_eq!(tokens.account(&token), None);
    }

    #[test]
    fn tokens_expire() {
        let tokens = Tokens::new(Duration::ZERO, false);
        let token = tokens.make("u").unwrap();
        assert_eq!(tokens.account(&token), None);
    }

    #[test]
    fn the_oldest_are_forgotten() {
        let tokens = Tokens::new(Duration::from_secs(60), false);
        let first = tokens.make("u").unwrap();
        for _ in 0..KEPT {
            tokens.make("u").unwrap();
        }
        assert_eq!(tokens.account(&first), None);
    }
}

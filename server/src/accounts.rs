//! Making accounts: their names and keys, and the first one.

use std::fmt;

use zeroize::Zeroizing;

use crate::http::auth::{KeyHash, verify_key};
use crate::model::Account;
use crate::store::{Store, StoreError};
use crate::system::clock;
use crate::system::random::{self, NoEntropy};

/// The name of the first account where none is given.
const FIRST_USER: &str = "admin";
/// The longest name of an account, in characters.
const NAME_MAX: usize = 64;
/// The shortest key that is taken, in characters.
const KEY_MIN: usize = 6;
/// A shorter key is warned of, in characters: such a one may be guessed in time.
const KEY_WARN_BELOW: usize = 16;

/// Why an account cannot be made or used.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// The name does not fit.
    #[error(
        "{0} is no name for an account: 1 to {NAME_MAX} letters, digits, blanks within and any of \
         . _ - + @"
    )]
    Name(String),
    /// The key is too short, or cannot be sent.
    #[error(
        "the key that SWEEP_API_KEY presets is refused: it takes at least {KEY_MIN} characters and \
         no control characters. `openssl rand -hex 32` makes one that nobody guesses"
    )]
    Key,
    /// The preset account was revoked.
    #[error(
        "the account `{0}` that SWEEP_USER presets was revoked. `sweep account add {0} --new-key` \
         lets it in again; or name another one"
    )]
    Revoked(String),
    /// The database cannot be used.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// No random bytes.
    #[error("{0}")]
    Entropy(#[from] NoEntropy),
}

/// The first account as the environment presets it.
#[derive(Clone, Default)]
pub struct PresetAccount {
    /// `SWEEP_USER`.
    pub user: Option<String>,
    /// `SWEEP_API_KEY`, or what the file of `--api-key-file` holds.
    pub key: Option<Zeroizing<String>>,
}

impl fmt::Debug for PresetAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Preset")
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

/// The account that the start address signs in, and its key if it was drawn just now.
pub struct FirstAccount {
    /// The account.
    pub account: Account,
    /// To be shown this once.
    pub drawn_key: Option<Zeroizing<String>>,
}

/// The preset account, else the oldest administrator; made if there is none. One whose key is preset
/// is an administrator, and its sessions end where the key is another one than before.
pub async fn ensure_first_account(
    store: &Store,
    preset: PresetAccount,
) -> Result<FirstAccount, AccountError> {
    if let Some(key) = &preset.key {
        check_key(key)?;
    }
    let oldest = store.oldest_administrator().await?;
    let name = match (preset.user, &oldest) {
        (Some(user), _) => user,
        (None, Some(oldest)) => oldest.name.clone(),
        (None, None) => FIRST_USER.to_owned(),
    };
    let existing = store.account_by_name(name.clone()).await?;
    if existing
        .as_ref()
        .is_some_and(|one| one.revoked_at.is_some())
    {
        return Err(AccountError::Revoked(name));
    }
    let mut drawn_key = None;
    match (existing, preset.key) {
        (Some(account), Some(key)) => {
            if !verify_key(Some(&account), &key) {
                let KeyHash { salt, hash } = KeyHash::from_key(&key)?;
                store.change_key(account.id.clone(), salt, hash).await?;
                tracing::info!(account = %name, "another key is preset; sessions of the earlier one have ended");
            }
            if !account.admin {
                store.make_administrator(account.id).await?;
            }
        }
        (Some(_), None) => {}
        (None, Some(key)) => {
            store
                .insert_account(new_account(&name, &key, true)?)
                .await?;
        }
        (None, None) => {
            let key = Zeroizing::new(random::secret()?);
            store
                .insert_account(new_account(&name, &key, true)?)
                .await?;
            drawn_key = Some(key);
        }
    }
    let account = store.account_by_name(name).await?;
    Ok(FirstAccount {
        account: account.ok_or(StoreError::Closed)?,
        drawn_key,
    })
}

/// An account to be stored.
pub fn new_account(name: &str, key: &str, admin: bool) -> Result<Account, AccountError> {
    if !is_account_name(name) {
        return Err(AccountError::Name(format!("{name:?}")));
    }
    let KeyHash { salt, hash } = KeyHash::from_key(key)?;
    let now = clock::now();
    Ok(Account {
        id: format!("u-{}", random::ulid(now)?),
        name: name.to_owned(),
        salt,
        key_hash: hash,
        created_at: now,
        admin,
        revoked_at: None,
    })
}

/// Basic authentication ends a name at its first colon; what cannot be seen or typed would let one
/// account pass for another.
fn is_account_name(name: &str) -> bool {
    (1..=NAME_MAX).contains(&name.chars().count())
        && name.trim() == name
        && name
            .chars()
            .all(|letter| letter.is_alphanumeric() || " ._-+@".contains(letter))
}

fn check_key(key: &str) -> Result<(), AccountError> {
    let length = key.chars().count();
    if length < KEY_MIN || key.chars().any(char::is_control) {
        return Err(AccountError::Key);
    }
    if length < KEY_WARN_BELOW {
        tracing::warn!(length, "the preset key is short and may be guessed in time");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_can_be_typed_and_told_apart() {
        for name in [
            "ada",
            "Ada Lovelace",
            "ada@example.org",
            "été",
            "a.b_c-d+1",
            "0",
        ] {
            assert!(is_account_name(name), "{name}");
        }
        let long = "a".repeat(NAME_MAX + 1);
        for name in [
            "",
            " ",
            " ada",
            "ada ",
            "ad:a",
            "a\nb",
            "a\u{0}",
            "a\u{202e}b",
            "a/b",
            "a\tb",
            &long,
        ] {
            assert!(!is_account_name(name), "{name:?}");
        }
    }

    #[test]
    fn keys_have_a_least_length() {
        for key in ["secret", "k-secret-4f1c", "pässwörter"] {
            assert!(check_key(key).is_ok(), "{key}");
        }
        for key in ["", "k", "short", "with\ncontrol"] {
            assert!(check_key(key).is_err(), "{key:?}");
        }
    }
}

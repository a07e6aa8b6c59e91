//! Keys of accounts: only their salted hashes are kept.

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::model::Account;
use crate::system::random::{self, NoEntropy};

/// What is stored of a key.
pub struct KeyHash {
    /// 16 random bytes.
    pub salt: Vec<u8>,
    /// SHA-256 of salt and key.
    pub hash: Vec<u8>,
}

impl KeyHash {
    /// Hashes a key with a fresh salt.
    pub fn from_key(key: &str) -> Result<Self, NoEntropy> {
        let salt = random::bytes::<16>()?;
        Ok(Self {
            salt: salt.to_vec(),
            hash: hash_key(&salt, key).to_vec(),
        })
    }
}

fn hash_key(salt: &[u8], key: &str) -> [u8; 32] {
    Sha256::new()
        .chain_update(salt)
        .chain_update(key)
        .finalize()
        .into()
}

/// Whether `key` is the account's. Takes the same time whatever it is, and also without an
/// account, so that nobody learns which names exist.
pub fn verify_key(account: Option<&Account>, key: &str) -> bool {
    let nobody = ([0; 16].as_slice(), [0; 32].as_slice());
    let (salt, expected) =
        account.map_or(nobody, |account| (&account.salt[..], &account.key_hash[..]));
    let equal: bool = hash_key(salt, key).as_slice().ct_eq(expected).into();
    equal && account.is_some()
}

#[cfg(test)]
mod tests {
    use sweep_planner::api::Timestamp;

    use super::*;

    fn account(key: &str) -> Account {
        let KeyHash { salt, hash } = KeyHash::from_key(key).unwrap();
        Account {
            id: "u".into(),
            name: "ada".into(),
            salt,
            key_hash: hash,
            created_at: Timestamp::from_micros(0),
            admin: false,
            revoked_at: None,
        }
    }

    #[test]
    fn only_the_key_itself_fits() {
        let ada = account("k-secret");
        assert!(verify_key(Some(&ada), "k-secret"));
        for wrong in ["", "k-secre", "k-secret ", "K-secret"] {
            assert!(!verify_key(Some(&ada), wrong));
        }
        assert!(!verify_key(None, "k-secret"));
    }

    #[test]
    fn equal_keys_have_different_hashes() {
        assert_ne!(account("k").key_hash, account("k").key_hash);
    }
}

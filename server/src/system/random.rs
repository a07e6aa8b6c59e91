//! Secrets, ids and run names from the operating system's entropy.

use sweep_planner::api::Timestamp;

/// The operating system gave no random bytes. Nothing sensible can go on without them.
#[derive(Debug, thiserror::Error)]
#[error("the operating system gave no random bytes: {0}")]
pub struct NoEntropy(getrandom::Error);

/// `N` random bytes.
pub fn bytes<const N: usize>() -> Result<[u8; N], NoEntropy> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(NoEntropy)?;
    Ok(bytes)
}

/// A secret of 256 random bits as 64 hex digits.
pub fn secret() -> Result<String, NoEntropy> {
    Ok(hex(&bytes::<32>()?))
}

/// A random seed for a plan that needs one and has none.
pub fn seed() -> Result<u32, NoEntropy> {
    Ok(u32::from_le_bytes(bytes()?))
}

/// Lower-case hex digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Crockford's base 32 in lower case.
const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// A ULID in lower case, as Grid's ids were: 26 characters that sort by time; 48 bits of
/// milliseconds, 80 random ones.
pub fn ulid(now: Timestamp) -> Result<String, NoEntropy> {
    let millis = u128::try_from(now.micros().max(0) / 1000).unwrap_or(0) & ((1 << 48) - 1);
    let mut random = [0; 16];
    random[6..].copy_from_slice(&bytes::<10>()?);
    let number = millis << 80 | u128::from_be_bytes(random);
    let digit = |place: u32| DIGITS[(number >> (5 * place) & 31) as usize] as char;
    Ok((0..26).rev().map(digit).collect())
}

const ADJECTIVES: [&str; 32] = [
    "able", "amber", "bold", "brave", "brisk", "calm", "clever", "crisp", "daring", "eager",
    "early", "fair", "fleet", "gentle", "glad", "golden", "keen", "kind", "lively", "lucid",
    "mellow", "merry", "nimble", "patient", "proud", "quick", "quiet", "silver", "steady", "sunny",
    "vivid", "wise",
];

const SURNAMES: [&str; 32] = [
    "abel",
    "babbage",
    "bayes",
    "boole",
    "cantor",
    "curie",
    "dirac",
    "euler",
    "fermat",
    "fourier",
    "franklin",
    "galois",
    "gauss",
    "germain",
    "hamilton",
    "hilbert",
    "hopper",
    "jacobi",
    "johnson",
    "kepler",
    "kolmogorov",
    "lagrange",
    "laplace",
    "lovelace",
    "markov",
    "meitner",
    "noether",
    "pascal",
    "poisson",
    "ramanujan",
    "rubin",
    "turing",
];

/// A name for a run that got none: `adjective-surname-NNNN`, as Grid's client makes them.
pub fn run_name() -> Result<String, NoEntropy> {
    let bytes = bytes::<4>()?;
    let adjective = ADJECTIVES[usize::from(bytes[0]) % ADJECTIVES.len()];
    let surname = SURNAMES[usize::from(bytes[1]) % SURNAMES.len()];
    let number = u16::from_le_bytes([bytes[2], bytes[3]]) % 10_000;
    Ok(format!("{adjective}-{surname}-{number:04}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_time_and_differ() {
        let at = |micros| ulid(Timestamp::from_micros(micros)).unwrap();
        let (early, late) = (at(1_000_000_000_000), at(2_000_000_000_000_000));
        assert_eq!(early.len(), 26);
        assert!(early < late);
        assert_ne!(at(5), at(5));
        assert!(early.bytes().all(|byte| DIGITS.contains(&byte)));
    }

    #[test]
    fn an_id_begins_with_its_time() {
        // 01arz3ndek is the time part of the ULID specification's example, 1469922850259 ms.
        assert!(
            ulid(Timestamp::from_micros(1_469_922_850_259_000))
                .unwrap()
                .starts_with("01arz3ndek")
        );
    }

    #[test]
    fn names_fit_the_rule_for_names() {
        for _ in 0..100 {
            let name = run_name().unwrap();
            assert!(
                name.bytes()
                    .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
            );
            assert_eq!(name.split('-').count(), 3);
        }
    }
}

//! Signed addresses: whoever has one may use it until it expires. The HMAC key is the server's own.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::error::ApiError;
use super::extract::QueryParams;
use crate::app::App;
use crate::system::random::to_hex;

/// The query of an address, `expires=…&signature=…`, that works until `expires` (microseconds).
/// `subject` is what it is for; no two kinds of address may have equal ones.
pub(crate) fn sign_query(app: &App, subject: [&str; 2], expires: i64) -> String {
    let signature = to_hex(&compute_mac(app, subject, expires).finalize().into_bytes());
    format!("expires={expires}&signature={signature}")
}

/// Whether a call has such a query for `subject`, and in time. Compares in constant time.
pub(crate) fn verify_signature(
    app: &App,
    subject: [&str; 2],
    params: &QueryParams,
) -> Result<bool, ApiError> {
    let expires: i64 = params.parse_first("expires")?.unwrap_or(0);
    let signature = params.get("signature").and_then(from_hex);
    let signed = signature.is_some_and(|bytes| {
        compute_mac(app, subject, expires)
            .verify_slice(&bytes)
            .is_ok()
    });
    Ok(signed && expires >= app.clock.now().micros())
}

fn compute_mac(app: &App, [kind, of]: [&str; 2], expires: i64) -> Hmac<Sha256> {
    // HMAC accepts keys of any length: the fallback is never reached.
    let mut mac =
        Hmac::new_from_slice(&app.signing_key).unwrap_or_else(|_| Hmac::new(&Default::default()));
    for part in [kind, of, &expires.to_string()] {
        mac.update(&(part.len() as u64).to_le_bytes());
        mac.update(part.as_bytes());
    }
    mac
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    if !text.bytes().all(|byte| byte.is_ascii_hexdigit()) || !text.len().is_multiple_of(2) {
        return None;
    }
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_read() {
        assert_eq!(from_hex("00ff"), Some(vec![0, 255]));
        for wrong in ["0", "é0", "+1"] {
            assert_eq!(from_hex(wrong), None, "{wrong}");
        }
    }
}

//! Signed addresses: whoever has one may use it until it expires. The HMAC key is the server's own.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::error::ApiError;
use super::extract::Params;
use crate::app::App;
use crate::system::random::hex;

/// The query of an address, `expires=…&signature=…`, that works until `expires` (microseconds).
/// `subject` is what it is for; no two kinds of address may have equal ones.
pub(crate) fn query(app: &App, subject: [&str; 2], expires: i64) -> String {
    let signature = hex(&mac(app, subject, expires).finalize().into_bytes());
    format!("expires={expires}&signature={signature}")
}

/// Whether a call has such a query for `subject`, and in time. Compares in constant time.
pub(crate) fn is_signed(app: &App, subject: [&str; 2], params: &Params) -> Result<bool, ApiError> {
    let expires: i64 = params.read("expires")?.unwrap_or(0);
    let signature = params.get("signature").and_then(unhex);
    let signed =
        signature.is_some_and(|bytes| mac(app, subject, expires).verify_slice(&bytes).is_ok());
    Ok(signed && expires >= app.clock.now().micros())
}

fn mac(app: &App, [kind, of]: [&str; 2], expires: i64) -> Hmac<Sha256> {
    // HMAC accepts keys of any length: the fallback is never reached.
    let mut mac =
        Hmac::new_from_slice(&app.signing_key).unwrap_or_else(|_| Hmac::new(&Default::default()));
    for part in [kind, of, &expires.to_string()] {
        mac.update(&(part.len() as u64).to_le_bytes());
        mac.update(part.as_bytes());
    }
    mac
}

fn unhex(text: &str) -> Option<Vec<u8>> {
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
        assert_eq!(unhex("00ff"), Some(vec![0, 255]));
        for wrong in ["0", "é0", "+1"] {
            assert_eq!(unhex(wrong), None, "{wrong}");
        }
    }
}

//! What the page may do, as its Content-Security-Policy.

use axum::http::HeaderValue;
use base64::Engine as _;
use sha2::{Digest, Sha256};

/// The page's Content-Security-Policy: its own files, its inline scripts by their hashes, and
/// calls of its own origin and of the configured APIs.
pub(super) fn policy(html: &[u8], apis: &[String]) -> Option<HeaderValue> {
    let mut scripts = String::from("'self' 'wasm-unsafe-eval'");
    for script in inline_scripts(&String::from_utf8_lossy(html)) {
        let hash = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(script));
        scripts.push_str(&format!(" 'sha256-{hash}'"));
    }
    let apis: String = apis.iter().map(|api| format!(" {api}")).collect();
    let text = format!(
        "default-src 'none'; script-src {scripts}; style-src 'self'; style-src-attr \
         'unsafe-inline'; img-src 'self' data: blob:; font-src 'self'; manifest-src 'self'; \
         connect-src 'self'{apis}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    HeaderValue::from_str(&text).ok()
}

/// The contents of the script elements that have no `src`.
fn inline_scripts(html: &str) -> Vec<&str> {
    let mut scripts = Vec::new();
    let mut rest = html;
    while let Some(start) = rest.find("<script") {
        rest = &rest[start..];
        let (Some(open), Some(close)) = (rest.find('>'), rest.find("</script")) else {
            break;
        };
        if open < close && !rest[..open].contains(" src=") {
            scripts.push(&rest[open + 1..close]);
        }
        rest = &rest[close + 1..];
    }
    scripts
}

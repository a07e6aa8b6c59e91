//! Options of `grid run` that are not spelled as its client spells them today, or stand elsewhere.

use super::options::OPTIONS;
use super::suggest;
use super::words::is_script;

mod former;

pub(super) use former::{KeyToday, Today, key_today, prefixed_today, today};

/// Arguments that scripts are known to have and that look like a slip in an option's name.
const SCRIPTS_OWN: &[&str] = &[
    "speed", "tpus", "ipus", "hpus", "steps", "model", "mode", "nodes",
];

/// The options that `typed` may be a slip of, each as near as the others: one letter in a short name
/// changed, added, dropped or swapped, three in a long one.
pub(super) fn candidates(typed: &str) -> Vec<String> {
    // Dashes before the script: `--train.py`.
    let script = typed.trim_start_matches('-');
    if is_script(script) && !script.contains('=') {
        return vec![script.to_owned()];
    }
    let Some((name, _)) = former::bare_name(typed) else {
        return Vec::new();
    };
    if SCRIPTS_OWN.contains(&name.as_str()) {
        return Vec::new();
    }
    let allowed = match name.chars().count() {
        0..=2 => return Vec::new(),
        3..=5 => 1,
        6..=8 => 2,
        _ => 3,
    };
    let names = OPTIONS.iter().map(|spec| spec.name.trim_start_matches('-'));
    let found = suggest::all_nearest(&name, names, allowed);
    found.into_iter().map(|name| format!("--{name}")).collect()
}

/// The boolean that a word stands for, in any case; `None` for any other word.
pub(super) fn boolean(word: &str) -> Option<bool> {
    match word.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Some(true),
        "false" | "no" | "off" | "0" => Some(false),
        _ => None,
    }
}

//! Converts a plan to the text after `#` in the page's address and back: pure functions.

/// Everything that makes a plan: the text, and the settings that `grid run` has no options for.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct SavedPlan {
    /// The command text.
    pub(crate) text: String,
    /// The YAML of the file that `--config` names.
    pub(crate) config: Option<String>,
    /// The seed of commands without `--seed`.
    pub(crate) seed: Option<u32>,
    /// Run time of a trial as typed; empty: unknown.
    pub(crate) run_time: String,
    /// Parallel trials; `None`: as many as the cluster has slots.
    pub(crate) parallel: Option<u32>,
    /// The trials' environment variables as typed, `NAME=value` a line.
    pub(crate) environment: String,
    /// The Python of the trials as typed; empty: the server's choice.
    pub(crate) python: String,
    /// Whether the run time is fitted to finished trials, where there are some.
    pub(crate) uses_fit: bool,
    /// Stands for the scripts whose finished trials run again while all are chosen.
    pub(crate) run_again: Option<u64>,
    /// Which trials are chosen; `None`: all.
    pub(crate) selection: Option<LinkedSelection>,
}

/// A selection and the plan that it was made for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LinkedSelection {
    /// Fingerprint of the plan: on any other the positions mean nothing.
    pub(crate) fingerprint: u64,
    /// The chosen positions as ranges from 0, `0-3,7`.
    pub(crate) ranges: String,
}

/// The text after `#`: `c=grid+run+…&config=…&seed=7&time=10+minutes&parallel=4&env=A%3d1&python=.venv&fit=1&again=9f…&pick=0-3~9f…`.
pub(crate) fn to_hash(saved: &SavedPlan) -> String {
    let mut hash = String::from("c=");
    encode(&saved.text, &mut hash);
    if let Some(yaml) = &saved.config {
        pair("config", yaml, &mut hash);
    }
    if let Some(seed) = saved.seed {
        pair("seed", &seed.to_string(), &mut hash);
    }
    if !saved.run_time.is_empty() {
        pair("time", &saved.run_time, &mut hash);
    }
    if let Some(parallel) = saved.parallel {
        pair("parallel", &parallel.to_string(), &mut hash);
    }
    for (name, value) in [("env", &saved.environment), ("python", &saved.python)] {
        if !value.is_empty() {
            pair(name, value, &mut hash);
        }
    }
    if saved.uses_fit {
        pair("fit", "1", &mut hash);
    }
    if let Some(scripts) = saved.run_again {
        pair("again", &hex(scripts), &mut hash);
    }
    if let Some(picked) = &saved.selection {
        pair(
            "pick",
            &[&picked.ranges, "~", &hex(picked.fingerprint)].concat(),
            &mut hash,
        );
    }
    hash
}

/// Parses an address's text after `#` (with or without the sign); `None` if it holds no plan.
/// Unknown names are skipped, so that this version opens links of later ones.
pub(crate) fn from_hash(hash: &str) -> Option<SavedPlan> {
    let mut saved = SavedPlan::default();
    let mut has_text = false;
    for part in hash.trim_start_matches('#').split('&') {
        let (name, value) = part.split_once('=')?;
        let value = decode(value)?;
        match name {
            "c" => {
                saved.text = value;
                has_text = true;
            }
            "config" => saved.config = Some(value),
            "seed" => saved.seed = value.parse().ok(),
            "time" => saved.run_time = value,
            "parallel" => saved.parallel = value.parse().ok().filter(|slots| *slots > 0),
            "env" => saved.environment = value,
            "python" => saved.python = value,
            "fit" => saved.uses_fit = value == "1",
            "again" => saved.run_again = u64::from_str_radix(&value, 16).ok(),
            "pick" => {
                // A selection that cannot be read must not become all trials: fingerprint 0 fits no plan,
                // so none is chosen.
                let read = value.rsplit_once('~').and_then(|(ranges, shape)| {
                    Some((ranges, u64::from_str_radix(shape, 16).ok()?))
                });
                let (ranges, shape) = read.unwrap_or((&value, 0));
                saved.selection = Some(LinkedSelection {
                    fingerprint: shape,
                    ranges: ranges.to_owned(),
                });
            }
            _ => {}
        }
    }
    has_text.then_some(saved)
}

fn pair(name: &str, value: &str, into: &mut String) {
    into.push('&');
    into.push_str(name);
    into.push('=');
    encode(value, into);
}

const HEX: &[u8; 16] = b"0123456789abcdef";

fn hex(number: u64) -> String {
    (0..16)
        .rev()
        .map(|nibble| char::from(HEX[(number >> (4 * nibble) & 15) as usize]))
        .collect()
}

/// Form encoding: blanks become `+`; every character at which chat programs end a link becomes `%XX`.
fn encode(text: &str, into: &mut String) {
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z'
            | b'a'..=b'z'
            | b'0'..=b'9'
            | b'-'
            | b'_'
            | b'.'
            | b'~'
            | b'/'
            | b':'
            | b',' => {
                into.push(char::from(byte));
            }
            b' ' => into.push('+'),
            _ => {
                into.push('%');
                into.push(char::from(HEX[usize::from(byte >> 4)]));
                into.push(char::from(HEX[usize::from(byte & 15)]));
            }
        }
    }
}

fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => nibble(rest.next()?)? << 4 | nibble(rest.next()?)?,
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

fn nibble(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|value| value as u8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    #[test]
    fn a_plan_comes_back_from_its_link() {
        let saved = SavedPlan {
            text: "grid run a.py --x \"[1, 'ü+%&=#']\" \\\n --y 2".to_owned(),
            config: Some("compute: # ü\n  train: {use_spot: on}\n".to_owned()),
            seed: Some(u32::MAX),
            run_time: "minutes = 40 * epochs / batch_size".to_owned(),
            parallel: Some(8),
            environment: "A=1\nB=x y & z".to_owned(),
            python: "/opt/a b/bin/python3".to_owned(),
            uses_fit: true,
            run_again: Some(7),
            selection: Some(LinkedSelection {
                fingerprint: 0x00ff_0000_0000_0001,
                ranges: "0-3,7".to_owned(),
            }),
        };
        assert_eq!(from_hash(&to_hash(&saved)), Some(saved.clone()));
        assert_eq!(from_hash(&["#", &to_hash(&saved)].concat()), Some(saved));
        assert_eq!(
            from_hash(&to_hash(&SavedPlan::default())),
            Some(SavedPlan::default())
        );
    }

    #[test]
    fn links_are_legible() {
        let saved = SavedPlan {
            text: "grid run a.py --b \"[8, 16]\"".to_owned(),
            seed: Some(7),
            ..SavedPlan::default()
        };
        assert_eq!(
            to_hash(&saved),
            "c=grid+run+a.py+--b+%22%5b8,+16%5d%22&seed=7"
        );
    }

    #[test]
    fn what_is_no_plan_is_refused() {
        for hash in ["", "#", "#top", "#c=%zz", "#c=%2", "#c=%ff", "#seed=7"] {
            assert_eq!(from_hash(hash), None, "{hash}");
        }
        let saved = from_hash("#c=x&later=1&seed=nonsense&parallel=0&pick=0-3")
            .map(|saved| (saved.seed, saved.parallel, saved.selection));
        let unreadable = LinkedSelection {
            fingerprint: 0,
            ranges: "0-3".to_owned(),
        };
        assert_eq!(saved, Some((None, None, Some(unreadable))));
    }
}

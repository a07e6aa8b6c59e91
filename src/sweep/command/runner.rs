//! Other programs than `grid run` that start a script, where more has to change than their name.

use crate::sweep::diagnostic::Kind;
use crate::sweep::diagnostic::foreign::{Foreign, Runner};
use crate::sweep::span::Span;
use crate::sweep::words::{Words, is_script};

/// The program that starts the script in place of `grid run`; `None` where its name alone has to change.
pub(in crate::sweep) fn runner(words: &Words) -> Option<(Span, Kind)> {
    let text = |at: usize| words.words.get(at).map(|word| word.text.as_str());
    let first = words.words.first()?;
    let to = |last: usize| {
        first
            .span
            .to(words.words.get(last).map_or(first.span, |w| w.span))
    };
    let (span, runner) = match text(0)? {
        "lightning" if text(1) == Some("run") => {
            let count = 2 + usize::from(matches!(text(2), Some("sweep" | "experiment" | "app")));
            let typed = if count == 3 {
                format!("lightning run {}", text(2)?)
            } else {
                "lightning run".into()
            };
            let algorithm = algorithm(words, count);
            (to(count - 1), Runner::Lightning { typed, algorithm })
        }
        python if is_python(python) => python_runner(words)?,
        _ => return None,
    };
    Some((span, Kind::Foreign(Foreign::Runner(runner))))
}

/// `--algorithm NAME` of `lightning run sweep`.
fn algorithm(words: &Words, from: usize) -> Option<(Span, String)> {
    let mut words = words.words.iter().skip(from);
    while let Some(word) = words.next() {
        let Some(rest) = word.text.strip_prefix("--algorithm") else {
            continue;
        };
        let (span, value) = match rest.strip_prefix('=') {
            Some(value) => (word.span, value.to_owned()),
            None => {
                let value = words.next()?;
                (word.span.to(value.span), value.text.to_string())
            }
        };
        let plain = value.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        return plain.then_some((span, value));
    }
    None
}

fn python_runner(words: &Words) -> Option<(Span, Runner)> {
    let first = words.words.first()?;
    for (at, word) in words.words.iter().enumerate().skip(1) {
        let span = first.span.to(word.span);
        if word.text == "-m" {
            let module = words.words.get(at + 1)?;
            let typed = module.text.to_string();
            return Some((first.span.to(module.span), Runner::Module { module: typed }));
        }
        if !word.text.starts_with('-') {
            let before = words.words.get(at.checked_sub(1)?)?;
            let typed: Vec<&str> = words.words[..at].iter().map(|w| w.text.as_str()).collect();
            let typed = typed.join(" ");
            let options = at > 1 && is_script(&word.text);
            return options
                .then_some((first.span.to(before.span), Runner::PythonOptions { typed }));
        }
        if span.end.saturating_sub(span.start) > 200 {
            return None;
        }
    }
    None
}

/// `python`, `python3.9`.
pub(in crate::sweep) fn is_python(word: &str) -> bool {
    let version = word.strip_prefix("python");
    version.is_some_and(|v| v.bytes().all(|b| b.is_ascii_digit() || b == b'.'))
}

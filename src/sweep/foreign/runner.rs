//! Other programs than `grid run` that start a script, where the fix has to change more than their name.

use super::Foreign;
use super::others::is_python;
use crate::sweep::diagnostic::{Fix, Kind, is_script};
use crate::sweep::span::Span;
use crate::sweep::words::Words;
use std::fmt;

/// The program, where the fix has to change more than its name.
#[derive(Clone, Debug, PartialEq)]
pub enum Runner {
    /// `python -m package.module`.
    Module {
        /// The dotted name behind `-m`.
        module: String,
    },
    /// `python -u train.py`.
    PythonOptions {
        /// The interpreter with its options.
        typed: String,
    },
    /// `lightning run sweep`, the name of Grid's successor.
    Lightning {
        /// The two or three words that the fix replaces.
        typed: String,
        /// `--algorithm NAME`, which was called `--strategy`: its place and its value.
        algorithm: Option<(Span, String)>,
    },
}

impl fmt::Display for Runner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Runner::Module { module } => write!(
                f,
                "expected `grid run` and a script, found `python -m {module}`: a module is no script"
            ),
            Runner::PythonOptions { typed } | Runner::Lightning { typed, .. } => {
                write!(f, "expected `grid run`, found `{typed}`")
            }
        }
    }
}

/// The file of a module.
fn file(module: &str) -> String {
    format!("{}.py", module.replace('.', "/"))
}

impl Runner {
    pub(super) fn help(&self) -> String {
        match self {
            Runner::Module { module } => format!(
                "name the module's file, where it is in the source, or a script that runs it: \
                 `grid run {}`",
                file(module)
            ),
            Runner::PythonOptions { .. } => "options of Python's own are not passed".into(),
            Runner::Lightning { .. } => "what was a run of Grid's is `grid run` here".into(),
        }
    }

    pub(super) fn fixes(&self, span: Span, text: &str) -> Vec<Fix> {
        let (label, written) = match self {
            Runner::Module { module } => {
                let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'.';
                if !module.bytes().all(plain) {
                    return Vec::new();
                }
                let command = format!("grid run {}", file(module));
                (format!("Write {command}"), command)
            }
            Runner::PythonOptions { .. } => ("Write grid run".into(), "grid run".into()),
            Runner::Lightning { algorithm, .. } => {
                let strategy = algorithm
                    .as_ref()
                    .map(|(_, value)| format!(" --strategy {value}"));
                let written = format!("grid run{}", strategy.unwrap_or_default());
                ("Write grid run".into(), written)
            }
        };
        let mut edits = vec![(span, written)];
        if let Runner::Lightning {
            algorithm: Some((place, _)),
            ..
        } = self
        {
            edits.push((crate::sweep::edit::with_blanks(text, *place), String::new()));
        }
        vec![Fix { label, edits }]
    }
}

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

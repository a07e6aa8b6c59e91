//! Other programs than `grid run` that start a script, where more has to change than their name.

use crate::sweep::diagnostic::{Fix, with_blanks};
use crate::sweep::span::Span;
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
        /// As it stands.
        typed: String,
    },
    /// `lightning run sweep`, the name of Grid's successor.
    Lightning {
        /// As it stands.
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
            edits.push((with_blanks(text, *place), String::new()));
        }
        vec![Fix { label, edits }]
    }
}

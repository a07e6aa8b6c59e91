//! One-click fixes.

use super::{Diagnostic, Kind, Shell};
use crate::sweep::literal::Problem;
use crate::sweep::quote;
use crate::sweep::span::{Origin, Span};
use crate::sweep::words::{self, CharacterProblem};

/// An edit that makes a problem go away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What a button says.
    pub label: String,
    /// The places to replace and what to write there; in order, not overlapping.
    pub edits: Vec<(Span, String)>,
}

impl Fix {
    /// `text` with the edits made.
    pub fn apply(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len() + 16);
        let mut done = 0;
        for (span, replacement) in &self.edits {
            out.push_str(text.get(done..span.start as usize).unwrap_or(""));
            out.push_str(replacement);
            done = span.end as usize;
        }
        out.push_str(text.get(done..).unwrap_or(""));
        out
    }
}

impl Diagnostic {
    /// The edits that may be meant, the likeliest first; empty where none is likely. `text` is the
    /// text it was found in. Each leaves another text, without this problem.
    pub fn fixes(&self, text: &str) -> Vec<Fix> {
        match &self.kind {
            Kind::Spelling(problem) => problem.fixes(self.span, text),
            Kind::Foreign(foreign) => foreign.fixes(self.span),
            _ => self.likeliest_fix(text).into_iter().collect(),
        }
    }

    /// The first of [`Diagnostic::fixes`].
    pub fn fix(&self, text: &str) -> Option<Fix> {
        self.fixes(text).into_iter().next()
    }

    fn likeliest_fix(&self, text: &str) -> Option<Fix> {
        let replace = |label: &str, replacement: String| {
            Some(Fix {
                label: label.into(),
                edits: vec![(self.span, replacement)],
            })
        };
        if self.origin == Origin::Config {
            return self.config_fix(text);
        }
        match &self.kind {
            Kind::UnclosedQuote { quote } => {
                let end = text[self.span.end as usize..].find('\n');
                let at = end.map_or(text.len(), |end| end + self.span.end as usize);
                let at = Span::at(u32::try_from(at).ok()?);
                Some(Fix {
                    label: format!("Add {quote} at the end of the line"),
                    edits: vec![(at, quote.to_string())],
                })
            }
            Kind::TypographicQuote { content: Some(_) } => Some(words::quotes_fix(text)),
            Kind::Character(problem) => problem.fix(text, self.span),
            Kind::Shell(problem) => problem.fix(text),
            Kind::ShellSyntax(Shell::Expansion { typed }) if typed.starts_with('`') => {
                words::backticks_fix(text, self.span)
            }
            Kind::Dash => Some(words::dashes_fix(text)),
            Kind::UnquotedSweep { typed, .. } => {
                replace("Put it in quotes", quote::readable(typed).into_owned())
            }
            Kind::ShellSyntax(Shell::Braces { list: Some(list) }) => {
                replace("Write it as a list", format!("\"{list}\""))
            }
            Kind::ShellSyntax(Shell::Background) => replace("Remove it", String::new()),
            Kind::DanglingLine { previous_end } => {
                // All between the two goes: behind a `\\` nothing may stand, and no line is empty.
                let gap = Span::new(*previous_end, self.span.start.max(*previous_end));
                let between = gap.slice(text);
                let blanks = between.trim_end_matches([' ', '\t']).len();
                let lines = between.contains(['\n', '\r']);
                let indentation = lines.then(|| &between[blanks..]);
                let joined = indentation.map_or(" ".into(), |blanks| format!(" \\\n{blanks}"));
                Some(Fix {
                    label: "Join the lines".into(),
                    edits: vec![(gap, joined)],
                })
            }
            Kind::NotGridRun { found } if is_script(found) => Some(Fix {
                label: "Add grid run".into(),
                edits: vec![(Span::at(self.span.start), "grid run ".into())],
            }),
            Kind::NotGridRun { found } if found.starts_with("python") => {
                replace("Write grid run", "grid run".into())
            }
            Kind::BadRunName {
                suggestion: Some(name),
                ..
            }
            | Kind::UnknownMachine {
                suggestion: Some(name),
                ..
            } => replace(&format!("Change to {name}"), name.clone()),
            Kind::RepeatedRunName { name, .. } => replace(
                &format!("Call it {name}"),
                quote::readable(name).into_owned(),
            ),
            Kind::MissingComma { previous_end } => Some(Fix {
                label: "Add the comma".into(),
                edits: vec![(Span::at(*previous_end), ",".into())],
            }),
            Kind::Literal {
                problem,
                value,
                place,
            } => literal_fix(text, self.span, problem, value, *place),
            Kind::NumTrialsMissing => Some(Fix {
                label: "Add --num_trials 10".into(),
                edits: vec![(Span::at(self.span.end), " --num_trials 10".into())],
            }),
            _ => None,
        }
    }

    /// In YAML only what replaces a whole key or value is sure to leave YAML.
    fn config_fix(&self, config: &str) -> Option<Fix> {
        let (label, text) = match &self.kind {
            Kind::Config(problem) => problem.replacement()?,
            Kind::Character(problem @ CharacterProblem::Hidden { .. }) => {
                return problem.fix(config, self.span);
            }
            Kind::UnknownMachine {
                suggestion: Some(name),
                ..
            } => (format!("Change to {name}"), name.clone()),
            _ => return None,
        };
        Some(Fix {
            label,
            edits: vec![(self.span, text)],
        })
    }
}

/// A bare name or a bad number in a list is most likely text; anything else that begins like a
/// sweep and is none may be meant as it stands, which a list of one item passes.
fn literal_fix(text: &str, span: Span, problem: &Problem, value: &str, place: Span) -> Option<Fix> {
    let quote = if place.slice(text).starts_with('\'') {
        '"'
    } else {
        '\''
    };
    let closed = value.trim_end().ends_with([']', ')']);
    let edit = |label: &str, edits| {
        let label = label.into();
        Some(Fix { label, edits })
    };
    match problem {
        Problem::UnclosedBracket(open) => {
            let inside = u32::from(place.slice(text).ends_with(['"', '\'']));
            let close = match open {
                '[' => ']',
                '{' => '}',
                _ => ')',
            };
            let at = Span::at(place.end.saturating_sub(inside));
            edit(&format!("Add {close}"), vec![(at, close.to_string())])
        }
        Problem::Name(name) if closed && python_constant(name).is_some() => {
            let constant = python_constant(name).unwrap_or_default();
            edit(&format!("Write {constant}"), vec![(span, constant.into())])
        }
        Problem::Name(_) | Problem::BadNumber(_) | Problem::LeadingZero(_) if closed => {
            let quoted = format!("{quote}{}{quote}", span.slice(text));
            edit("Put it in quotes", vec![(span, quoted)])
        }
        // It is to wait, not to be taken for text.
        Problem::NamesNotAtHand => None,
        Problem::TypographicQuote => {
            let typographic = |c: char| matches!(c, '\u{2018}'..='\u{201f}');
            let plain = place.slice(text).replace(typographic, &quote.to_string());
            edit("Use plain quotes", vec![(place, plain)])
        }
        _ => {
            let list = quote::readable(&format!("[{}]", quote::python(value))).into_owned();
            edit("Pass it as it stands", vec![(place, list)])
        }
    }
}

/// Python's spelling of a constant of JSON, YAML or R.
fn python_constant(name: &str) -> Option<&'static str> {
    match name.to_ascii_lowercase().as_str() {
        "true" => Some("True"),
        "false" => Some("False"),
        "null" | "none" => Some("None"),
        _ => None,
    }
}

/// Whether a word looks like a script that `grid run` takes.
pub fn is_script(word: &str) -> bool {
    let name = word.rsplit('/').next().unwrap_or(word);
    [".py", ".sh", ".jl"]
        .iter()
        .any(|end| name.ends_with(end) && name.len() > end.len())
}

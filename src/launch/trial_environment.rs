//! What a launch gives each trial beside its arguments, as a person types it: environment variables, a
//! line each, and the Python that runs it.

use crate::sweep::{Severity, Span};
use std::collections::BTreeMap;
use std::fmt;

/// Variables as typed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TypedEnvironment {
    /// The variables of the lines that can be read.
    pub variables: BTreeMap<String, String>,
    /// What is wrong or doubtful, in the order of the text, with its place.
    pub problems: Vec<(Span, VariableProblem)>,
}

/// What is wrong or doubtful in a line of variables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VariableProblem {
    /// A line without `=`.
    NoValue,
    /// What stands before `=` names no variable.
    Name,
    /// An earlier line sets the same variable.
    Repeated {
        /// That line, counted from 1.
        line: usize,
    },
    /// A character that no variable can hold.
    Nul,
    /// Quotes around the value, which a shell would take away: they stay.
    Quotes,
    /// `$` before a name, which a shell would replace: it stays.
    Dollar,
}

impl VariableProblem {
    /// Whether it keeps the plan from its launch.
    pub fn severity(&self) -> Severity {
        match self {
            Self::Quotes | Self::Dollar => Severity::Warning,
            _ => Severity::Error,
        }
    }
}

impl fmt::Display for VariableProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoValue => f.write_str("expected NAME=value"),
            Self::Name => f.write_str("a name has letters, digits and _, and no digit first"),
            Self::Repeated { line } => write!(f, "line {line} sets it already"),
            Self::Nul => f.write_str("it holds a NUL character"),
            Self::Quotes => f.write_str("the quotes become part of the value"),
            Self::Dollar => f.write_str("no shell reads it: $ stays as typed"),
        }
    }
}

impl TypedEnvironment {
    /// Whether something keeps the plan from its launch.
    pub fn has_errors(&self) -> bool {
        let error = |(_, problem): &(Span, VariableProblem)| problem.severity() == Severity::Error;
        self.problems.iter().any(error)
    }
}

/// Reads `NAME=value` lines. Blank lines and those that begin with `#` are skipped, `export` before a
/// name too; a value is everything behind `=`, without the blanks at the line's end. O(n log n).
pub fn parse_environment(text: &str) -> TypedEnvironment {
    let mut typed = TypedEnvironment::default();
    let mut lines_by_name: BTreeMap<&str, usize> = BTreeMap::new();
    let mut start = 0;
    for (number, line) in (1..).zip(text.split('\n')) {
        let at = start;
        start += line.len() + 1;
        let content = line.trim();
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        let place = span_of(at + line.len() - line.trim_start().len(), content);
        match parse_line(content) {
            Err(problem) => typed.problems.push((place, problem)),
            Ok((name, _)) if lines_by_name.contains_key(name) => {
                let line = lines_by_name.get(name).copied().unwrap_or_default();
                typed
                    .problems
                    .push((place, VariableProblem::Repeated { line }));
            }
            Ok((name, value)) => {
                lines_by_name.insert(name, number);
                typed.variables.insert(name.to_owned(), value.to_owned());
                let doubt = doubtful_value(value);
                typed.problems.extend(doubt.map(|doubt| (place, doubt)));
            }
        }
    }
    typed
}

fn span_of(start: usize, text: &str) -> Span {
    let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    Span::new(offset(start), offset(start + text.len()))
}

fn parse_line(line: &str) -> Result<(&str, &str), VariableProblem> {
    let (name, value) = line.split_once('=').ok_or(VariableProblem::NoValue)?;
    let exported = name.strip_prefix("export").map(str::trim_start);
    let name = match exported {
        Some(exported) if name.starts_with("export ") || name.starts_with("export\t") => exported,
        _ => name,
    };
    let first_fits = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if !first_fits || !name.chars().all(fits) {
        return Err(VariableProblem::Name);
    }
    match value.contains('\0') {
        true => Err(VariableProblem::Nul),
        false => Ok((name, value)),
    }
}

fn doubtful_value(value: &str) -> Option<VariableProblem> {
    let quoted =
        |quote: char| value.len() > 1 && value.starts_with(quote) && value.ends_with(quote);
    if quoted('"') || quoted('\'') {
        return Some(VariableProblem::Quotes);
    }
    let behind = value.split('$').skip(1);
    let names =
        |text: &str| text.starts_with(|c: char| c == '{' || c == '_' || c.is_ascii_alphabetic());
    behind
        .into_iter()
        .any(names)
        .then_some(VariableProblem::Dollar)
}

/// Why a text cannot name a Python on any server, as far as the text alone shows; `None` if it may.
/// The server looks whether it is there.
pub fn check_python(text: &str) -> Option<&'static str> {
    let path = text.trim();
    let relative = !path.starts_with('/');
    if path.contains(char::is_control) {
        Some("one path in one line")
    } else if path.starts_with('~') {
        Some("~ is a shell's: write the path in full")
    } else if relative && path.split('/').any(|part| part == "..") {
        Some(".. leads out of the source: write the path in full")
    } else if path.contains('\\') {
        Some("a path on the server has / and no \\")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    #[test]
    fn lines_are_variables() {
        let text =
            "A=1\n\n  # a note = no variable\r\nexport B_2 = x\nexport C=a=b c \r\nD=\nexporter=1";
        let typed = parse_environment(text);
        let variables: Vec<(&str, &str)> = typed
            .variables
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        assert_eq!(
            variables,
            [("A", "1"), ("C", "a=b c"), ("D", ""), ("exporter", "1")]
        );
        assert_eq!(typed.problems.len(), 1, "a blank before the sign");
        assert_eq!(parse_environment(""), TypedEnvironment::default());
    }

    #[test]
    fn problems_have_their_places() {
        let problem_of = |text: &str| {
            let typed = parse_environment(text);
            let (span, problem) = typed.problems.into_iter().next().unwrap();
            (span.slice(text).to_owned(), problem)
        };
        let repeated = VariableProblem::Repeated { line: 1 };
        for (text, place, problem) in [
            ("A=1\n  B", "B", VariableProblem::NoValue),
            ("A=1\nA B=2", "A B=2", VariableProblem::Name),
            ("1A=2", "1A=2", VariableProblem::Name),
            ("ü=2", "ü=2", VariableProblem::Name),
            ("=2", "=2", VariableProblem::Name),
            ("ü\nA=2", "ü", VariableProblem::NoValue),
            ("A=1\nB=2\nA=3", "A=3", repeated),
            ("A=\0", "A=\0", VariableProblem::Nul),
            ("A=\"x y\"", "A=\"x y\"", VariableProblem::Quotes),
            ("P=$HOME/x", "P=$HOME/x", VariableProblem::Dollar),
        ] {
            assert_eq!(problem_of(text), (place.to_owned(), problem), "{text}");
        }
        assert!(
            parse_environment("A=5$\nB=$5\nC='\nD=it's")
                .problems
                .is_empty()
        );
        assert!(!parse_environment("A='x'").has_errors());
        assert!(parse_environment("A").has_errors());
    }

    #[test]
    fn a_python_is_a_path() {
        for path in [
            "",
            "/opt/x/bin/python3",
            ".venv",
            "envs/a",
            " python3.12 ",
            "/a/../b",
        ] {
            assert_eq!(check_python(path), None, "{path}");
        }
        for path in ["~/x", "../x", "a/../../b", "C:\\x", "a\tb"] {
            assert!(check_python(path).is_some(), "{path}");
        }
    }
}

//! One-click fixes: for each problem the edits that may be meant.
//!
//! They stand above the stages, since some read the text again: an edit is offered where what it leaves
//! is read without the problem.

use super::diagnostic::{
    CharacterProblem, Diagnostic, Fix, Kind, ShellSyntax, TypedValue, ValuePlace,
    extend_over_blanks,
};
use super::literal::LiteralErrorKind;
use super::repair::{self, Repair};
use super::shell_quote;
use super::shell_words::{self, is_script};
use super::span::{Origin, Span};

mod gpus;

impl Diagnostic {
    /// The edits that may be meant, the likeliest first; empty where none is likely. `text` is the
    /// text it was found in. Each leaves another text, without this problem.
    pub fn fixes(&self, text: &str) -> Vec<Fix> {
        let mut fixes = self.possible_fixes(text);
        fixes.retain(|fix| fix.edits.iter().any(|(span, new)| span.slice(text) != new));
        fixes
    }

    fn possible_fixes(&self, text: &str) -> Vec<Fix> {
        if self.origin == Origin::Config {
            return self.config_fix(text).into_iter().collect();
        }
        match &self.kind {
            Kind::Spelling(problem) => problem.fixes(self.span, text),
            Kind::Foreign(foreign) => foreign.fixes(self.span, text),
            Kind::TooManyUnits {
                found,
                machine,
                has,
                counts_gpus,
                places: Some(places),
                ..
            } => places.fixes(*found, machine, if *counts_gpus { *has } else { 0 }),
            Kind::NoGpu {
                found,
                machine,
                places: Some(places),
            } => places.fixes(*found, machine, 0),
            Kind::Lint(lint) => lint.fixes(self.span, text),
            Kind::Literal { problem, typed } => value_fixes(problem, typed, text),
            Kind::RepeatedValues {
                whole: Some(typed), ..
            } => {
                let whole = Repair::pass_verbatim(&typed.value);
                let label = "Pass the list as one value".into();
                to_fixes(vec![Repair { label, ..whole }], &typed.place)
            }
            Kind::UnknownCall { typed, .. } => {
                to_fixes(repair::call_repairs(&typed.value), &typed.place)
            }
            Kind::RangeNotInteger { typed, .. } => {
                to_fixes(repair::repairs_of_unreadable(&typed.value), &typed.place)
            }
            Kind::UnquotedSweep { typed, .. } if !repair::is_sweep(typed) => to_fixes(
                repair::repairs_of_unquoted(typed),
                &ValuePlace::at(self.span),
            ),
            _ => self.likeliest_fix(text).into_iter().collect(),
        }
    }

    /// The first of [`Diagnostic::fixes`].
    #[cfg(feature = "internals")]
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
        match &self.kind {
            Kind::UnclosedQuote { quote } => {
                let rest = text.get(self.span.end as usize..)?;
                let line = rest.lines().next().unwrap_or("").trim_end_matches('\r');
                // Behind a `\` the line goes on, and a quote would be part of it.
                let backslashes = line.len() - line.trim_end_matches('\\').len();
                let typed = match backslashes % 2 {
                    1 => line.trim_end_matches('\\').trim_end(),
                    _ => line,
                };
                if *quote == '"' && ["`", "$(", "${"].iter().any(|open| typed.contains(open)) {
                    // It may go on beyond the line, and take the quote with it.
                    return None;
                }
                let at = self.span.end + u32::try_from(typed.len()).ok()?;
                let at = Span::at(at);
                Some(Fix {
                    label: format!("Add {quote} at the end of the line"),
                    edits: vec![(at, quote.to_string())],
                })
            }
            Kind::TypographicQuote { content: Some(_) } => Some(shell_words::quotes_fix(text)),
            Kind::Character(problem) => problem.fix(text, self.span),
            Kind::Shell(problem) => problem.fix(text),
            Kind::ShellSyntax(ShellSyntax::Expansion { typed }) if typed.starts_with('`') => {
                shell_words::backticks_fix(text, self.span)
                    .or_else(|| shell_words::run_name_fix(text, self.span))
            }
            Kind::ShellSyntax(ShellSyntax::Expansion { .. }) => {
                shell_words::run_name_fix(text, self.span)
            }
            Kind::ShellSyntax(shell @ (ShellSyntax::Pipe | ShellSyntax::Redirection)) => {
                shell_words::operator_fix(text, self.span, shell)
            }
            Kind::Dash => Some(shell_words::dashes_fix(text)),
            Kind::UnquotedSweep { typed, .. } => replace(
                "Put it in quotes",
                shell_quote::quote_readably(typed).into_owned(),
            ),
            Kind::ShellSyntax(ShellSyntax::Braces { list: Some(list) }) => {
                replace("Write it as a list", format!("\"{list}\""))
            }
            Kind::ShellSyntax(ShellSyntax::Background) => replace("Remove it", String::new()),
            Kind::DanglingLine { gaps } => {
                let joined = gaps.iter().map(|gap| (*gap, line_joiner(gap.slice(text))));
                Some(Fix {
                    label: "Join the lines".into(),
                    edits: joined.collect(),
                })
            }
            Kind::ScriptExtension {
                script_at: Some(script),
                ..
            } => Some(Fix {
                label: "Take it out".into(),
                edits: vec![(Span::new(self.span.start, *script), String::new())],
            }),
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
                shell_quote::quote_readably(name).into_owned(),
            ),
            Kind::MissingComma { previous_end } => Some(Fix {
                label: "Add the comma".into(),
                edits: vec![(Span::at(*previous_end), ",".into())],
            }),
            // Without `--name` the run gets a drawn name; other options would change more.
            Kind::MissingValue { option: "--name" } => Some(Fix {
                label: "Leave out --name".into(),
                edits: vec![(extend_over_blanks(text, self.span), String::new())],
            }),
            Kind::NotAnInteger {
                option: "--memory",
                found,
                least,
                ..
            } => disk_size_fix(text, self.span, found, *least),
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

/// What a value that cannot be read may be meant as.
fn value_fixes(problem: &LiteralErrorKind, typed: &TypedValue, text: &str) -> Vec<Fix> {
    let TypedValue { value, place } = typed;
    match problem {
        // The value becomes readable once the names are loaded.
        LiteralErrorKind::NamesNotLoaded => Vec::new(),
        LiteralErrorKind::TypographicQuote => {
            let typed = place.span.slice(text);
            let quote = if typed.starts_with('\'') { "\"" } else { "'" };
            let typographic = |c: char| matches!(c, '\u{2018}'..='\u{201f}');
            vec![Fix {
                label: "Use plain quotes".into(),
                edits: vec![(place.span, typed.replace(typographic, quote))],
            }]
        }
        _ => {
            let own = to_fixes(repair::repairs_of_unreadable(value), place);
            let longer = unquoted_words(place.span, text).and_then(|place| {
                let meanings = repair::repairs_of_unreadable(place.span.slice(text));
                let fix = to_fixes(meanings, &place).into_iter().next()?;
                let label = "Take the words behind it into the list".into();
                Some(Fix { label, ..fix })
            });
            longer.into_iter().chain(own).collect()
        }
    }
}

/// The words that an open list without quotes goes on in, `[sgd, adam`: up to the next flag. Looked
/// for in 512 bytes.
fn unquoted_words(value: Span, text: &str) -> Option<ValuePlace> {
    let rest = text
        .get(value.start as usize..)
        .filter(|rest| rest.starts_with('['))?;
    let rest = &rest[..rest.floor_char_boundary(1 << 9)];
    let line = rest
        .split([
            '\n', ';', '&', '|', '#', '\\', '<', '>', '(', ')', '{', '$', '`', '"', '\'',
        ])
        .next()?;
    let words = line.split(" -").next()?.trim_end();
    let end = value.start + u32::try_from(words.len()).ok()?;
    (end > value.end).then(|| ValuePlace::at(Span::new(value.start, end)))
}

/// `--memory 200GB` becomes the number. A size below the least disk is left out with its option, since
/// earlier clients meant main memory by it.
fn disk_size_fix(text: &str, span: Span, found: &str, least: u32) -> Option<Fix> {
    let unit = found.trim_start_matches(|c: char| c.is_ascii_digit());
    let size: u32 = found.strip_suffix(unit)?.parse().ok()?;
    let gigabytes = ["", "g", "gb", "gib"].contains(&unit.trim().to_lowercase().as_str());
    if !gigabytes {
        return None;
    }
    if size >= least {
        let label = format!("Write {size}");
        let edits = vec![(span, size.to_string())];
        return Some(Fix { label, edits });
    }
    let before = text.get(..span.start as usize)?;
    let option = before.trim_end_matches([' ', '\t', '=', '"', '\'']);
    let start = option.strip_suffix("--memory")?.len();
    let whole = Span::new(u32::try_from(start).ok()?, span.end);
    Some(Fix {
        label: "Leave out --memory".into(),
        edits: vec![(extend_over_blanks(text, whole), String::new())],
    })
}

/// What replaces `between` to join what it parts: a blank on one line, else a `\` and a line end, with the
/// indentation kept. Nothing may stand behind the `\`, and an empty line would end the command.
fn line_joiner(between: &str) -> String {
    let blanks = between.trim_end_matches([' ', '\t']).len();
    let lines = between.contains(['\n', '\r']);
    let indentation = lines.then(|| &between[blanks..]);
    indentation.map_or(" ".into(), |blanks| format!(" \\\n{blanks}"))
}

fn to_fixes(meanings: Vec<Repair>, place: &ValuePlace) -> Vec<Fix> {
    let meanings = meanings.into_iter();
    meanings.map(|meaning| place.to_fix(meaning)).collect()
}

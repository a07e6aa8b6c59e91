//! Texts that are no command and are named for what they are: links, and files of other tools.

use super::diagnostic::{Diagnostic, Fix, Kind};
use super::reading::MAX_PROBLEMS;
use super::span::Span;
use super::words::Words;
use std::fmt;

mod link;
mod yaml;

pub(super) use yaml::check_yaml;

/// What a text is that is no command.
#[derive(Clone, Debug, PartialEq)]
pub enum Foreign {
    /// A file in YAML.
    Yaml {
        /// What it is, in words.
        what: &'static str,
        /// What to do with it.
        help: &'static str,
    },
    /// A part of a config file of Grid's.
    ConfigPart {
        /// Its first key.
        key: String,
        /// The key that it stands under.
        section: &'static str,
    },
    /// A link that starts a run of Grid's.
    GridRun {
        /// The command that it stands for, in today's options.
        command: Option<String>,
        /// The repository of the script, with the commit.
        repository: Option<String>,
    },
    /// Any other link.
    Link {
        /// What it leads to, in words.
        what: &'static str,
        /// What to write instead.
        help: String,
    },
}

impl Foreign {
    /// What would be right.
    pub fn help(&self) -> Option<String> {
        Some(match self {
            Foreign::Yaml { help, .. } => (*help).into(),
            Foreign::ConfigPart { key, section } => {
                format!("in a config file `{key}` stands under `{section}`")
            }
            Foreign::GridRun { repository, .. } => {
                let code = repository.as_ref()?;
                format!("its code is {code}: launch it from a checkout of that")
            }
            Foreign::Link { help, .. } => help.clone(),
        })
    }

    /// The edits that may be meant for what stands at `span`.
    pub(super) fn fixes(&self, span: Span) -> Vec<Fix> {
        match self {
            Foreign::GridRun {
                command: Some(command),
                ..
            } => vec![Fix {
                label: "Write its command".into(),
                edits: vec![(span, command.clone())],
            }],
            _ => Vec::new(),
        }
    }
}

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Foreign::Yaml { what, .. } => write!(f, "this is {what}, not a `grid run` command"),
            Foreign::ConfigPart { .. } => write!(
                f,
                "this is a part of a config file of `grid run --config`, not a command"
            ),
            Foreign::GridRun { .. } => {
                write!(f, "this is a link to a run of Grid's, not a command")
            }
            Foreign::Link { what, .. } => write!(f, "this is a link to {what}, not a command"),
        }
    }
}

/// Takes the lines that begin with a link out of `commands`, and says of each what it is. All else that
/// a shell would make of such a line is noise. Whether there was one. O(length of the text).
pub(super) fn take_links(
    text: &str,
    commands: &mut Vec<Words>,
    diagnostics: &mut Vec<Diagnostic>,
) -> bool {
    let first_word = |words: &Words| words.words.first().map(|word| word.span);
    let mut lines: Vec<Span> = Vec::new();
    for words in commands.iter() {
        let Some(first) = first_word(words) else {
            continue;
        };
        let covered = lines.last().is_some_and(|line| first.start < line.end);
        if !covered && link::begins_link(first.slice(text)) {
            let line = text.get(first.start as usize..).unwrap_or("");
            let line = line.lines().next().unwrap_or("").trim_end();
            let end = first.start.saturating_add(super::words::offset(line.len()));
            lines.push(Span::new(first.start, end));
        }
    }
    if lines.is_empty() {
        return false;
    }
    // The line that begins last at or before it; both are in the order of the text.
    let is_within = |at: u32| {
        let line = lines
            .partition_point(|line| line.start <= at)
            .checked_sub(1);
        line.and_then(|line| lines.get(line))
            .is_some_and(|line| at <= line.end)
    };
    commands.retain(|words| !is_within(words.span.start));
    diagnostics.retain(|diagnostic| !is_within(diagnostic.span.start));
    for (number, line) in lines.into_iter().enumerate() {
        // Nobody reads the thousandth.
        let few = number < MAX_PROBLEMS;
        let foreign = link::read(if few { line.slice(text) } else { "" });
        diagnostics.push(Diagnostic::new(line, Kind::Foreign(foreign)));
    }
    true
}

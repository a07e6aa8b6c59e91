//! Changes of the text from a control: every setting that `grid run` has an option for is kept in the text
//! alone.

use super::command::{self, Command};
use super::diagnostic::{Fix, with_blanks};
use super::options;
use super::quote;
use super::span::Span;
use super::words::{self, Source};

/// `text` with the option `name` set in every command: replaced where it stands, else put in behind
/// `grid run`; taken out for `None`. A flag is set by `Some("")`. A name that `grid run` does not
/// have changes nothing. O(length of the text).
pub fn set_option(text: &str, name: &str, value: Option<&str>) -> String {
    let Some(spec) = options::find(name) else {
        return text.to_owned();
    };
    let written = value.map(|value| match spec.takes {
        options::Takes::Nothing => spec.name.to_owned(),
        _ => format!("{} {}", spec.name, quote::readable(value)),
    });
    let (commands, _) = words::split(text, Source::Person);
    let mut edits = Vec::new();
    for words in commands {
        if let Some(command) = command::parse(words, &mut Vec::new()) {
            edit_command(text, &command, spec, written.as_deref(), &mut edits);
        }
    }
    edits.sort_by_key(|(span, _)| *span);
    Fix {
        label: String::new(),
        edits,
    }
    .apply(text)
}

fn edit_command(
    text: &str,
    command: &Command,
    spec: &options::OptionSpec,
    written: Option<&str>,
    edits: &mut Vec<(Span, String)>,
) {
    let uses: Vec<Span> = command
        .uses
        .iter()
        .filter(|u| u.spec == spec)
        .map(|u| u.span)
        .collect();
    let Some((last, earlier)) = uses.split_last() else {
        if let Some(written) = written {
            edits.push((Span::at(command.options_at), format!(" {written}")));
        }
        return;
    };
    for span in earlier {
        edits.push((with_blanks(text, *span), String::new()));
    }
    match written {
        Some(written) => edits.push((*last, written.to_owned())),
        None => edits.push((with_blanks(text, *last), String::new())),
    }
}

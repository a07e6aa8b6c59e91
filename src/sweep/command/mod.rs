//! Stage 3: the words of one command as options, script and arguments.

use super::diagnostic::spelling::Problem;
use super::diagnostic::{Diagnostic, Kind, ShellProblem};
use super::options::{OptionSpec, Options, Strategy};
use super::shell_words::{CommandWords, Word, is_placeholder, is_script};
use super::span::{Origin, Span};
use compact_str::CompactString;

// The options, then the script's arguments.
mod arguments;
mod option_reader;
mod typed;

// What holds between them.
mod rules;

// What is another program, and what goes on from the line above.
mod dangling_lines;
mod runner;

use arguments::name_arguments;
pub(super) use dangling_lines::parse_all;
use option_reader::OptionReader;
pub(super) use option_reader::split_at_equals;
pub(super) use rules::{check_draw_count, check_units};
pub(super) use runner::{detect_runner, is_python};

/// One option as it stands in the text.
#[derive(Clone, Debug, PartialEq)]
pub struct OptionUse {
    /// The entry of the client's table of options.
    pub(crate) spec: &'static OptionSpec,
    /// From its first dash to the end of its value.
    pub(crate) span: Span,
    /// The value alone; empty at the end of the option where it has none.
    pub value_span: Span,
    /// The value as typed, quotes removed; "" for a flag.
    pub value: String,
    /// The text that the places are in.
    pub(crate) origin: Origin,
}

/// One argument of the script.
#[derive(Clone, Debug, PartialEq)]
pub struct Argument {
    /// `--batch_size`, `-v`; `#1`, `#2`, … for positional ones; `--x#2` for a flag's second use.
    pub name: CompactString,
    /// Where the value begins in the word.
    value_start: u32,
    /// Whether this word is only a flag's name, its value (if any) being the next word.
    pub is_flag: bool,
    /// Name and value with their places, quotes removed.
    pub word: Word,
    /// The text that its places are in.
    pub origin: Origin,
}

impl Argument {
    /// What stands before the value in the same word: `--name=`, or nothing.
    pub(crate) fn prefix(&self) -> &str {
        self.word
            .text
            .get(..self.value_start as usize)
            .unwrap_or("")
    }

    /// The value as the script would be passed it.
    pub fn value(&self) -> &str {
        self.word
            .text
            .get(self.value_start as usize..)
            .unwrap_or("")
    }

    /// The whole value in the command text, its quotes included.
    pub(crate) fn value_span(&self) -> Span {
        let span = self.word.span;
        match self.value_start.checked_sub(1) {
            None => span,
            Some(equals) => Span::new(self.word.locate(equals, self.value_start).end, span.end),
        }
    }

    /// The place in the command text of bytes `start..end` of the value.
    pub(crate) fn locate(&self, start: u32, end: u32) -> Span {
        let (start, end) = (
            start.saturating_add(self.value_start),
            end.saturating_add(self.value_start),
        );
        self.word.locate(start, end)
    }
}

/// One command: the options of `grid run`, the script, and the script's arguments.
#[derive(Clone, Debug, PartialEq)]
pub struct Command {
    /// The whole command in the text.
    pub span: Span,
    /// Where an option can be put in: behind `grid run`.
    pub(crate) options_at: u32,
    /// The options as typed; once a config file is merged, the typed ones that still count, then the file's.
    pub(crate) uses: Vec<OptionUse>,
    /// The values that count, defaults filled in.
    pub options: Options,
    /// As typed, relative to the source's top folder.
    pub(crate) script: String,
    /// Quotes included.
    pub(crate) script_span: Span,
    /// Its arguments, one for each word.
    pub arguments: Vec<Argument>,
    /// Whether the config file that `--config` names is part of all this.
    pub config_read: bool,
    /// Names of the options that the config file sets: typed values of these do not count.
    pub(crate) decided_by_config: Vec<&'static str>,
}

impl Command {
    /// The use of an option that counts: the last one.
    pub fn effective_use(&self, option: &str) -> Option<&OptionUse> {
        self.uses.iter().rev().find(|used| used.spec.name == option)
    }
}

/// Reads one command. `None` where there is no script to run; the diagnostics report why.
pub(crate) fn parse(words: CommandWords, diagnostics: &mut Vec<Diagnostic>) -> Option<Command> {
    let report = |diagnostics: &mut Vec<Diagnostic>, span, kind| {
        diagnostics.push(Diagnostic::new(span, kind));
    };
    let first = words.words.first()?;
    let is_run = words
        .words
        .get(1)
        .is_some_and(|w| matches!(w.text.as_str(), "run" | "train"));
    if first.text != "grid" || !is_run {
        if let Some((span, kind)) = detect_runner(&words) {
            report(diagnostics, span, kind);
            return None;
        }
        let unknown = first.text == "grid" && words.words.len() > 1;
        let span = if unknown {
            words.words[1].span.to(first.span)
        } else {
            first.span
        };
        let found = if unknown {
            format!("grid {}", words.words[1].text)
        } else {
            first.text.to_string()
        };
        report(diagnostics, span, Kind::NotGridRun { found });
        return None;
    }
    let name = &words.words[1];
    if name.text == "train" {
        report(diagnostics, name.span, Kind::Spelling(Problem::Train));
    }
    let options_at = name.span.end;
    let mut reader = OptionReader::new(&words.words, diagnostics);
    reader.read();
    let (next, uses, options) = reader.finish();
    let Some(script) = words.words.get(next) else {
        // A placeholder at the end has its own problem there.
        let is_filled = words
            .words
            .last()
            .is_none_or(|last| !last.text.ends_with('>'));
        let place = match is_filled {
            true => Span::at(words.span.end),
            false => first.span.to(name.span),
        };
        report(diagnostics, place, Kind::NoScript);
        return None;
    };
    if is_placeholder(&script.text) {
        let rest = script.span.to(words.span);
        report(diagnostics, rest, Kind::Shell(ShellProblem::Usage));
        return None;
    }
    if !is_script(&script.text) {
        let after = words.words.get(next + 1);
        let after = after.filter(|word| is_script(&word.text));
        let kind = Kind::ScriptExtension {
            found: script.text.to_string(),
            script_at: after.map(|word| word.span.start),
        };
        report(diagnostics, script.span, kind);
    }
    let (script, script_span) = (script.text.to_string(), script.span);
    // A person who reads an error about the script cannot use a warning about its text.
    let repeated = is_script(&script)
        .then(|| rules::check_script_repeated(&script, script_span, &words))
        .flatten();
    let command = Command {
        span: words.span,
        options_at,
        uses,
        options,
        script,
        script_span,
        arguments: name_arguments(words.words.into_iter().skip(next + 1)),
        config_read: false,
        decided_by_config: Vec::new(),
    };
    rules::check_typed(&command, diagnostics);
    diagnostics.extend(repeated);
    Some(command)
}

/// Adds the words of a config file behind a command's arguments. Names are given anew, since a flag of
/// the file may be a second use.
pub(super) fn append_words(command: &mut Command, words: &[Word]) {
    let typed = command.arguments.len();
    let own = std::mem::take(&mut command.arguments);
    let own = own.into_iter().map(|argument| argument.word);
    command.arguments = name_arguments(own.chain(words.iter().cloned()));
    for argument in command.arguments.iter_mut().skip(typed) {
        argument.origin = Origin::Config;
    }
}

/// The command that a request carries: `words` are the script and its arguments.
pub(crate) fn from_request(
    words: CommandWords,
    options: Options,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Command> {
    let script = words.words.first()?;
    if !is_script(&script.text) {
        let kind = Kind::ScriptExtension {
            found: script.text.to_string(),
            script_at: None,
        };
        diagnostics.push(Diagnostic::new(script.span, kind));
    }
    if options.strategy == Strategy::RandomSearch {
        let wrong = match options.num_trials {
            None => Some(Kind::NumTrialsMissing),
            Some(asked) => check_draw_count(asked),
        };
        let place = Span::at(words.span.end);
        diagnostics.extend(wrong.map(|kind| Diagnostic::new(place, kind)));
    }
    Some(Command {
        span: words.span,
        options_at: words.span.start,
        uses: Vec::new(),
        options,
        script: script.text.to_string(),
        script_span: script.span,
        arguments: name_arguments(words.words.into_iter().skip(1)),
        config_read: false,
        decided_by_config: Vec::new(),
    })
}

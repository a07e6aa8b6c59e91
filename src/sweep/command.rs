//! Stage 3: the words of one command as options, script and arguments.

use super::diagnostic::{Diagnostic, Kind};
use super::options::{self, OptionSpec, Options, Strategy, Takes};
use super::reading::MAX_PROBLEMS;
use super::rules;
use super::span::{Origin, Span};
use super::suggest::nearest;
use super::words::{self, Word, Words};
use compact_str::{CompactString, format_compact};
use std::collections::HashMap;
use std::collections::hash_map::Entry;

pub use super::diagnostic::is_script;

/// One option as it stands in the text.
#[derive(Clone, Debug, PartialEq)]
pub struct OptionUse {
    /// Which.
    pub spec: &'static OptionSpec,
    /// From its first dash to the end of its value.
    pub span: Span,
    /// The value alone; empty at the end of the option where it has none.
    pub value_span: Span,
    /// The value as typed, quotes removed; "" for a flag.
    pub value: String,
    /// The text that the places are in.
    pub origin: Origin,
}

/// One argument of the script.
#[derive(Clone, Debug, PartialEq)]
pub struct Argument {
    /// `--batch_size`, `-v`; `#1`, `#2`, … for positional ones; `--x#2` for a flag's second use.
    pub name: CompactString,
    /// Where the value begins in the word.
    value_at: u32,
    /// Whether this word is only a flag's name, its value (if any) being the next word.
    pub is_flag: bool,
    /// The word.
    pub word: Word,
    /// The text that its places are in.
    pub origin: Origin,
}

impl Argument {
    /// What stands before the value in the same word: `--name=`, or nothing.
    pub fn prefix(&self) -> &str {
        self.word.text.get(..self.value_at as usize).unwrap_or("")
    }

    /// The value as the script would be passed it.
    pub fn value(&self) -> &str {
        self.word.text.get(self.value_at as usize..).unwrap_or("")
    }

    /// The whole value in the command text, its quotes included.
    pub fn value_place(&self) -> Span {
        let span = self.word.span;
        match self.value_at.checked_sub(1) {
            None => span,
            Some(equals) => Span::new(self.word.locate(equals, self.value_at).end, span.end),
        }
    }

    /// The place in the command text of bytes `start..end` of the value.
    pub fn locate(&self, start: u32, end: u32) -> Span {
        let (start, end) = (
            start.saturating_add(self.value_at),
            end.saturating_add(self.value_at),
        );
        self.word.locate(start, end)
    }
}

/// One command: what `grid run` is told, the script, and what the script is told.
#[derive(Clone, Debug, PartialEq)]
pub struct Command {
    /// The whole command in the text.
    pub span: Span,
    /// Where an option can be put in: behind `grid run`.
    pub options_at: u32,
    /// The options as they stand; with a config file those that count, its own last.
    pub uses: Vec<OptionUse>,
    /// The options as they count.
    pub options: Options,
    /// The script's path.
    pub script: String,
    /// Where it stands.
    pub script_span: Span,
    /// Its arguments, one for each word.
    pub arguments: Vec<Argument>,
    /// Whether the config file that `--config` names is part of all this.
    pub config_read: bool,
    /// The options that the config file decides: typed ones do not count.
    pub ruled_by_config: Vec<&'static str>,
}

impl Command {
    /// The use of an option that counts.
    pub fn used(&self, option: &str) -> Option<&OptionUse> {
        self.uses.iter().rev().find(|used| used.spec.name == option)
    }
}

/// Reads one command. `None` where there is no script to run; the diagnostics say why.
pub fn parse(words: Words, diagnostics: &mut Vec<Diagnostic>) -> Option<Command> {
    let report = |diagnostics: &mut Vec<Diagnostic>, span, kind| {
        diagnostics.push(Diagnostic::new(span, kind));
    };
    let first = words.words.first()?;
    let is_run = words
        .words
        .get(1)
        .is_some_and(|w| matches!(w.text.as_str(), "run" | "train"));
    if first.text != "grid" || !is_run {
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
    let options_at = words.words[1].span.end;
    let mut reader = OptionReader {
        words: &words.words,
        next: 2,
        uses: Vec::new(),
        given: Vec::new(),
        options: Options::default(),
        diagnostics,
    };
    reader.read();
    let OptionReader {
        next,
        uses,
        options,
        ..
    } = reader;
    let Some(script) = words.words.get(next) else {
        report(diagnostics, Span::at(words.span.end), Kind::NoScript);
        return None;
    };
    if !is_script(&script.text) {
        let kind = Kind::ScriptExtension {
            found: script.text.to_string(),
        };
        report(diagnostics, script.span, kind);
    }
    let (script, script_span) = (script.text.to_string(), script.span);
    let repeated = rules::script_repeated(&script, script_span, &words);
    let command = Command {
        span: words.span,
        options_at,
        uses,
        options,
        script,
        script_span,
        arguments: arguments(words.words.into_iter().skip(next + 1)),
        config_read: false,
        ruled_by_config: Vec::new(),
    };
    rules::check_typed(&command, diagnostics);
    diagnostics.extend(repeated);
    Some(command)
}

/// Puts the words of a config file behind a command's arguments, which may rename some of them.
pub(super) fn append(command: &mut Command, words: &[Word]) {
    let typed = command.arguments.len();
    let own = std::mem::take(&mut command.arguments);
    let own = own.into_iter().map(|argument| argument.word);
    command.arguments = arguments(own.chain(words.iter().cloned()));
    for argument in command.arguments.iter_mut().skip(typed) {
        argument.origin = Origin::Config;
    }
}

/// The command that a request carries: `words` are the script and its arguments.
pub fn from_request(
    words: Words,
    options: Options,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Command> {
    let script = words.words.first()?;
    if !is_script(&script.text) {
        let kind = Kind::ScriptExtension {
            found: script.text.to_string(),
        };
        diagnostics.push(Diagnostic::new(script.span, kind));
    }
    if options.strategy == Strategy::RandomSearch {
        let wrong = match options.num_trials {
            None => Some(Kind::NumTrialsMissing),
            Some(asked) => rules::too_many_to_draw(asked),
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
        arguments: arguments(words.words.into_iter().skip(1)),
        config_read: false,
        ruled_by_config: Vec::new(),
    })
}

struct OptionReader<'a> {
    words: &'a [Word],
    next: usize,
    uses: Vec<OptionUse>,
    /// The names of the options in `uses`, each once.
    given: Vec<&'static str>,
    options: Options,
    diagnostics: &'a mut Vec<Diagnostic>,
}

impl OptionReader<'_> {
    fn report(&mut self, span: Span, kind: Kind) {
        self.diagnostics.push(Diagnostic::new(span, kind));
    }

    /// Reads options up to the script.
    fn read(&mut self) {
        while let Some(word) = self.words.get(self.next) {
            if word.text == "--" {
                self.next += 1;
                return;
            }
            if !word.text.starts_with('-') || word.text == "-" {
                return;
            }
            self.next += 1;
            let (name, inline) = split_inline(&word.text);
            match (options::find(name), lettered(name)) {
                (Some(spec), _) => self.known(spec, word, name.len() + 1, inline),
                (None, Some((spec, value))) => self.known(spec, word, 2, Some(value)),
                (None, None) => self.unknown(word, name, inline.is_some()),
            }
        }
    }

    fn known(
        &mut self,
        spec: &'static OptionSpec,
        word: &Word,
        value_start: usize,
        inline: Option<&str>,
    ) {
        let (value, value_span, span) = match (spec.takes, inline) {
            (Takes::Nothing, None) => (String::new(), Span::at(word.span.end), word.span),
            (Takes::Nothing, Some(_)) => {
                return self.report(word.span, Kind::UnexpectedValue { option: spec.name });
            }
            (_, Some(value)) => {
                let start = u32::try_from(value_start).unwrap_or(u32::MAX);
                let end = u32::try_from(word.text.len()).unwrap_or(u32::MAX);
                (value.to_owned(), word.locate(start, end), word.span)
            }
            (_, None) => match self.words.get(self.next) {
                // Click would take an option for the value; it is more likely that one is missing.
                Some(value) if options::find(split_inline(&value.text).0).is_none() => {
                    self.next += 1;
                    (value.text.to_string(), value.span, word.span.to(value.span))
                }
                _ => return self.report(word.span, Kind::MissingValue { option: spec.name }),
            },
        };
        if !self.given.contains(&spec.name) {
            self.given.push(spec.name);
        } else if spec.takes != Takes::Nothing {
            self.report(span, Kind::RepeatedOption { option: spec.name });
        }
        if let Err(kind) = self.options.set(spec, &value) {
            let place = if value_span.start == value_span.end {
                span
            } else {
                value_span
            };
            self.report(place, kind);
        }
        self.uses.push(OptionUse {
            spec,
            span,
            value_span,
            value,
            origin: Origin::Command,
        });
    }

    /// An unknown option: what follows is taken for its value, unless it looks like something else.
    fn unknown(&mut self, word: &Word, name: &str, inline: bool) {
        let names = options::OPTIONS.iter().map(|o| o.name);
        // To look for one costs more than all else, and nobody reads the thousandth.
        let few = self.diagnostics.len() < MAX_PROBLEMS;
        let suggested = few.then(|| apart(name).or_else(|| nearest(name, names)));
        let suggestion = suggested.flatten();
        let place = word.locate(0, u32::try_from(name.len()).unwrap_or(u32::MAX));
        let found = name.to_owned();
        let flag = suggestion
            .as_deref()
            .and_then(options::find)
            .is_some_and(|o| o.takes == Takes::Nothing);
        self.report(place, Kind::UnknownOption { found, suggestion });
        let value = self
            .words
            .get(self.next)
            .filter(|w| !w.text.starts_with('-') && !is_script(&w.text));
        let more = self.words.len() > self.next + 1;
        if value.is_some() && !inline && !flag && more {
            self.next += 1;
        }
    }
}

/// `-dDockerfile`: a one-letter option and its value in one word.
fn lettered(word: &str) -> Option<(&'static OptionSpec, &str)> {
    let (name, value) = word.split_at_checked(2)?;
    let spec = options::find(name).filter(|spec| spec.takes != Takes::Nothing)?;
    (!name.starts_with("--") && !value.is_empty()).then_some((spec, value))
}

/// `-l -d` for `-ld`, which Click reads as both.
fn apart(word: &str) -> Option<String> {
    let letters = word.strip_prefix('-')?;
    let names: Vec<String> = letters.chars().map(|c| format!("-{c}")).collect();
    let known = names.iter().all(|name| options::find(name).is_some());
    (known && names.len() > 1).then(|| names.join(" "))
}

/// `--name=value` apart.
pub(super) fn split_inline(text: &str) -> (&str, Option<&str>) {
    let inline = text.starts_with("--").then(|| text.split_once('='));
    match inline.flatten() {
        Some((name, value)) => (name, Some(value)),
        None => (text, None),
    }
}

/// The script's words as arguments, named. O(words).
fn arguments(words: impl Iterator<Item = Word>) -> Vec<Argument> {
    let mut uses: HashMap<CompactString, u32> = HashMap::new();
    let mut positional = 0_u32;
    let mut flag: Option<CompactString> = None;
    let name_one = |word: Word| {
        let (flag_name, inline) = split_inline(&word.text);
        let is_flag_word = begins_flag(&word.text);
        let name = if is_flag_word {
            next_name(flag_name, &mut uses)
        } else {
            flag.take().unwrap_or_else(|| {
                positional += 1;
                format_compact!("#{positional}")
            })
        };
        let value = inline.filter(|_| is_flag_word);
        let is_flag = is_flag_word && value.is_none();
        flag = is_flag.then(|| name.clone());
        Argument {
            name,
            value_at: value.map_or(0, |value| words::offset(word.text.len() - value.len())),
            is_flag,
            word,
            origin: Origin::Command,
        }
    };
    words.map(name_one).collect()
}

/// A name for the next use of a flag, which no other use has: `--x`, `--x#2`, ….
fn next_name(flag: &str, uses: &mut HashMap<CompactString, u32>) -> CompactString {
    let Some(mut count) = uses.get(flag).copied() else {
        let name = CompactString::from(flag);
        uses.insert(name.clone(), 1);
        return name;
    };
    let name = loop {
        count += 1;
        let name = format_compact!("{flag}#{count}");
        // A flag may really be called `--x#2`.
        if let Entry::Vacant(free) = uses.entry(name.clone()) {
            free.insert(1);
            break name;
        }
    };
    if let Some(used) = uses.get_mut(flag) {
        *used = count;
    }
    name
}

/// `--name` or `-n`, and no negative number.
pub(super) fn begins_flag(text: &str) -> bool {
    let name = text.trim_start_matches('-');
    let dashes = text.len() - name.len();
    (1..=2).contains(&dashes) && name.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

//! The options before the script, word by word.

use super::OptionUse;
use crate::sweep::diagnostic::spelling::Problem;
use crate::sweep::diagnostic::{Diagnostic, Kind, MAX_PROBLEMS, ShellProblem};
use crate::sweep::options::{self, OptionSpec, Options, Takes};
use crate::sweep::span::{Origin, Span};
use crate::sweep::spelling::{self, Today};
use crate::sweep::words::{self, Word, is_script};

pub(super) struct OptionReader<'a> {
    words: &'a [Word],
    next: usize,
    uses: Vec<OptionUse>,
    /// The names of the options in `uses`, each once.
    given: Vec<&'static str>,
    options: Options,
    diagnostics: &'a mut Vec<Diagnostic>,
    /// The index of the first diagnostic of this command's options.
    first_diagnostic: usize,
}

impl<'a> OptionReader<'a> {
    /// Reads behind `grid run`, the first two of `words`.
    pub(super) fn new(words: &'a [Word], diagnostics: &'a mut Vec<Diagnostic>) -> OptionReader<'a> {
        OptionReader {
            words,
            next: 2,
            uses: Vec::new(),
            given: Vec::new(),
            options: Options::default(),
            first_diagnostic: diagnostics.len(),
            diagnostics,
        }
    }

    /// The index of the script's word, and the options. Unknown options get the script's end, behind which
    /// their fix moves them.
    pub(super) fn finish(self) -> (usize, Vec<OptionUse>, Options) {
        let script = self.words.get(self.next);
        let end = script
            .filter(|word| is_script(&word.text))
            .map(|word| word.span.end);
        for diagnostic in self.diagnostics.iter_mut().skip(self.first_diagnostic) {
            if let Kind::Spelling(Problem::Unknown { script_end, .. }) = &mut diagnostic.kind {
                *script_end = end;
            }
        }
        (self.next, self.uses, self.options)
    }

    fn report(&mut self, span: Span, kind: Kind) {
        self.diagnostics.push(Diagnostic::new(span, kind));
    }

    fn report_spelling(&mut self, span: Span, problem: Problem) {
        self.report(span, Kind::Spelling(problem));
    }

    /// Reads options up to the script.
    pub(super) fn read(&mut self) {
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
                (None, None) => self.former(word, name, inline),
            }
        }
    }

    /// An option that `grid run` does not have: a former name is read as today's, any other is reported.
    fn former(&mut self, word: &Word, name: &str, inline: Option<&str>) {
        let place = word.locate(0, words::offset(name.len()));
        let found = name.to_owned();
        match spelling::today(name) {
            Some(Today::Renamed { spec, note }) => {
                let today = spec.name;
                self.report_spelling(place, Problem::Renamed { found, today, note });
                self.known(spec, word, name.len() + 1, inline);
            }
            Some(Today::Gone(gone)) => {
                let value = (gone.takes_value && inline.is_none()).then(|| self.value_of_unknown());
                let span = word.span.to(value.flatten().unwrap_or(word.span));
                let (why, is_removable) = (gone.why, gone.is_removable);
                let problem = Problem::Gone {
                    found,
                    why,
                    is_removable,
                };
                self.report_spelling(span, problem);
            }
            None => self.unknown(word, name, inline.is_some()),
        }
    }

    /// Whether the word is an option, by any name.
    fn is_option(word: &Word) -> bool {
        let name = split_inline(&word.text).0;
        options::find(name).is_some() || spelling::today(name).is_some()
    }

    fn known(
        &mut self,
        spec: &'static OptionSpec,
        word: &Word,
        value_start: usize,
        inline: Option<&str>,
    ) {
        let (value, value_span, span) = match (spec.takes, inline) {
            (Takes::Nothing, _) => match self.flag(spec.name, word, inline) {
                Some(span) => (String::new(), Span::at(span.end), span),
                None => return,
            },
            (_, Some(value)) => {
                let start = u32::try_from(value_start).unwrap_or(u32::MAX);
                let end = u32::try_from(word.text.len()).unwrap_or(u32::MAX);
                (value.to_owned(), word.locate(start, end), word.span)
            }
            (_, None) => match self.words.get(self.next) {
                // Click would take an option for the value; it is more likely that one is missing.
                Some(value) if !Self::is_option(value) => {
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
        if words::is_placeholder(&value) {
            let typed = value.clone();
            self.report(value_span, Kind::Shell(ShellProblem::Placeholder { typed }));
        } else if let Err(kind) = self.options.set(spec, &value) {
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

    /// The place of a flag that is on, with a boolean that stands behind it; `None` for one that is off.
    fn flag(&mut self, option: &'static str, word: &Word, inline: Option<&str>) -> Option<Span> {
        let mut span = word.span;
        let boolean = match inline {
            Some(value) => {
                let Some(boolean) = spelling::boolean(value) else {
                    self.report_spelling(span, Problem::UnexpectedValue { option });
                    return Some(span);
                };
                boolean
            }
            // No script is called so, and one has to follow.
            None => {
                let next = self.words.get(self.next);
                let boolean = next.and_then(|next| Some((next, spelling::boolean(&next.text)?)));
                let Some((next, boolean)) = boolean else {
                    return Some(span);
                };
                self.next += 1;
                span = span.to(next.span);
                boolean
            }
        };
        let is_on = boolean;
        self.report_spelling(span, Problem::FlagValue { option, is_on });
        is_on.then_some(span)
    }

    /// Reports an unknown option. The next word is taken for its value, unless it looks like a flag or the
    /// script.
    fn unknown(&mut self, word: &Word, name: &str, inline: bool) {
        // The search for similar names costs more than all else, and nobody reads the thousandth suggestion.
        let few = self.diagnostics.len() < MAX_PROBLEMS;
        let suggest = || match apart(name) {
            Some(letters) => vec![letters],
            None => spelling::candidates(name),
        };
        let candidates = if few { suggest() } else { Vec::new() };
        let flag = match candidates.as_slice() {
            [only] => options::find(only).is_some_and(|o| o.takes == Takes::Nothing),
            _ => false,
        };
        let value = (!inline && !flag)
            .then(|| self.value_of_unknown())
            .flatten();
        let problem = Problem::Unknown {
            found: name.to_owned(),
            candidates,
            place: word.span.to(value.unwrap_or(word.span)),
            script_end: None,
        };
        let place = word.locate(0, words::offset(name.len()));
        self.report_spelling(place, problem);
    }

    /// Passes over what may be the value of an option that is not known.
    fn value_of_unknown(&mut self) -> Option<Span> {
        let value = self.words.get(self.next)?;
        let more = self.words.len() > self.next + 1;
        let fits = more && !value.text.starts_with('-') && !is_script(&value.text);
        self.next += usize::from(fits);
        fits.then_some(value.span)
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

/// Splits `--name=value` at its first `=`; any other word is a name without a value.
pub(in crate::sweep) fn split_inline(text: &str) -> (&str, Option<&str>) {
    let inline = text.starts_with("--").then(|| text.split_once('='));
    match inline.flatten() {
        Some((name, value)) => (name, Some(value)),
        None => (text, None),
    }
}

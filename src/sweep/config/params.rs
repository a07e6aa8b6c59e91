//! `params`: the parameters that the client appends to the script's own arguments, as words.

use super::schema::Reader;
use super::tree::{Child, Content};
use super::value::Value;
use crate::sweep::diagnostic::Diagnostic;
use crate::sweep::diagnostic::config::Problem;
use crate::sweep::literal::Literal;
use crate::sweep::span::{Origin, Span};
use crate::sweep::words::{self, Source, Word};

impl Reader<'_> {
    /// ` key value` for each entry, in the order of Python's dict.
    pub(super) fn params(&mut self, at: Child) {
        let (mut passed, mut parameters) = (String::new(), Vec::new());
        for entry in self.entries(at, "params").unwrap_or_default() {
            let key = entry.key.to_str();
            passed.push_str(&format!(" {key}"));
            parameters.extend(self.words(&key, entry.key_place));
            if !key.starts_with('-') {
                let key = key.clone();
                self.report(entry.key_place.span, Problem::BareKey { key });
            }
            let Some(value) = self.load(entry.value) else {
                continue;
            };
            self.note_retyped(entry.value);
            let text = value.to_str();
            passed.push_str(&format!(" {text}"));
            let words = self.words(&text, entry.value);
            match value {
                Value::Scalar(Literal::None) => {
                    self.report(entry.visible(), Problem::NullParameter { key });
                }
                value if words.len() > 1 => self.note_split(entry.value, &value, words.len()),
                _ => {}
            }
            parameters.extend(words);
        }
        self.check_apart(&passed, &parameters);
        self.config.parameters = parameters;
    }

    /// Checks that each value ends where it should: the client passes all of them as one text, in which a
    /// value with an open bracket runs on into the next.
    fn check_apart(&mut self, passed: &str, words: &[Word]) {
        let (commands, _) = words::split(passed, Source::Client);
        let whole = commands.iter().flat_map(|command| &command.words);
        let same = whole
            .zip(words)
            .take_while(|(a, b)| a.text == b.text)
            .count();
        if let Some(word) = words.get(same) {
            self.report(word.span, Problem::RunsOn);
        }
    }

    fn note_split(&mut self, at: Child, value: &Value, words: usize) {
        let text = match value {
            Value::Scalar(Literal::Str(text)) if !at.alias => {
                let plain = |c: char| !c.is_control() && !matches!(c, '\'' | '"' | '\\');
                text.chars().all(plain).then(|| text.clone())
            }
            _ => None,
        };
        let problem = Problem::Split {
            words: u32::try_from(words).unwrap_or(u32::MAX),
            mapping: matches!(value, Value::Dict(_)),
            text,
        };
        self.report(at.span, problem);
    }

    /// The words of `text`, the value of the node `at`: placed byte by byte where the file holds it so, else
    /// each at the whole node.
    fn words(&mut self, text: &str, at: Child) -> Vec<Word> {
        let verbatim = match self.loader.content(at) {
            Content::Scalar {
                text: own,
                verbatim: Some(span),
                ..
            } if own == text && !at.alias => Some(*span),
            _ => None,
        };
        let (commands, diagnostics) = words::split(text, Source::Client);
        for Diagnostic { span, kind, .. } in diagnostics {
            let place = match verbatim {
                Some(within) => Span::new(within.start + span.start, within.start + span.end),
                None => at.span,
            };
            self.diagnostics
                .push(Diagnostic::new(place, kind).of(Origin::Config));
        }
        let words = commands.into_iter().flat_map(|command| command.words);
        words
            .map(|word| match verbatim {
                Some(within) => word.moved(within.start),
                None => word.covering(at.span),
            })
            .collect()
    }
}

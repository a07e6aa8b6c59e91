//! `params`: the parameters that the client appends to the script's own arguments, as words.

use super::schema::SchemaReader;
use super::tree::{NodeContent, NodeRef};
use super::value::YamlValue;
use crate::sweep::diagnostic::Diagnostic;
use crate::sweep::diagnostic::config::ConfigProblem;
use crate::sweep::literal::Literal;
use crate::sweep::shell_words::{self, TextSource, Word};
use crate::sweep::span::{Origin, Span};

impl SchemaReader<'_> {
    /// ` key value` for each entry, in the order of Python's dict.
    pub(super) fn read_params(&mut self, at: NodeRef) {
        let (mut passed, mut parameters) = (String::new(), Vec::new());
        for entry in self.load_entries(at, "params").unwrap_or_default() {
            let key = entry.key.to_str();
            passed.push_str(&format!(" {key}"));
            parameters.extend(self.split_words(&key, entry.key_place));
            if !key.starts_with('-') {
                let key = key.clone();
                self.report(entry.key_place.span, ConfigProblem::BareKey { key });
            }
            let Some(value) = self.load(entry.value) else {
                continue;
            };
            self.warn_retyped(entry.value);
            let text = value.to_str();
            passed.push_str(&format!(" {text}"));
            let words = self.split_words(&text, entry.value);
            match value {
                YamlValue::Scalar(Literal::None) => {
                    self.report(entry.visible_span(), ConfigProblem::NullParameter { key });
                }
                value if words.len() > 1 => self.warn_split(entry.value, &value, words.len()),
                _ => {}
            }
            parameters.extend(words);
        }
        self.check_values_stay_apart(&passed, &parameters);
        self.config.parameters = parameters;
    }

    /// Checks that each value ends where it should: the client passes all of them as one text, in which a
    /// value with an open bracket runs on into the next.
    fn check_values_stay_apart(&mut self, passed: &str, words: &[Word]) {
        let (commands, _) = shell_words::split(passed, TextSource::Client);
        let whole = commands.iter().flat_map(|command| &command.words);
        let same = whole
            .zip(words)
            .take_while(|(a, b)| a.text == b.text)
            .count();
        if let Some(word) = words.get(same) {
            self.report(word.span, ConfigProblem::RunsOn);
        }
    }

    fn warn_split(&mut self, at: NodeRef, value: &YamlValue, words: usize) {
        let text = match value {
            YamlValue::Scalar(Literal::Str(text)) if !at.alias => {
                let plain = |c: char| !c.is_control() && !matches!(c, '\'' | '"' | '\\');
                text.chars().all(plain).then(|| text.clone())
            }
            _ => None,
        };
        let problem = ConfigProblem::Split {
            words: u32::try_from(words).unwrap_or(u32::MAX),
            mapping: matches!(value, YamlValue::Dict(_)),
            text,
        };
        self.report(at.span, problem);
    }

    /// The words of `text`, the value of the node `at`: placed byte by byte where the file holds it so, else
    /// each at the whole node.
    fn split_words(&mut self, text: &str, at: NodeRef) -> Vec<Word> {
        let verbatim = match self.loader.content(at) {
            NodeContent::Scalar {
                text: own,
                verbatim: Some(span),
                ..
            } if own == text && !at.alias => Some(*span),
            _ => None,
        };
        let (commands, diagnostics) = shell_words::split(text, TextSource::Client);
        for Diagnostic { span, kind, .. } in diagnostics {
            let place = match verbatim {
                Some(within) => Span::new(within.start + span.start, within.start + span.end),
                None => at.span,
            };
            self.diagnostics
                .push(Diagnostic::new(place, kind).with_origin(Origin::Config));
        }
        let words = commands.into_iter().flat_map(|command| command.words);
        words
            .map(|word| match verbatim {
                Some(within) => word.shifted_by(within.start),
                None => word.placed_at(at.span),
            })
            .collect()
    }
}

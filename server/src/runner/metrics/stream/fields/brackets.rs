//! What stands in brackets: units, asides, indices, labels, fields.

use super::super::number::Number;
use super::super::tokens::{Kind, Token};
use super::super::vocabulary as words;
use super::{After, Name, Scan, Sign, is_prose};

impl Scan<'_> {
    pub(super) fn open(&mut self, bracket: u8) {
        let open = self.at - 1;
        let close = self.partners[open];
        if close == open {
            return self.end_field();
        }
        let attached = self.tokens[open].blanks == 0;
        let inside = &self.tokens[self.at..close];
        let next = self.tokens.get(close + 1);
        match bracket {
            b'(' => {
                let signed =
                    next.is_some_and(|next| matches!(next.kind, Kind::Colon | Kind::Equals));
                let numbered =
                    attached && next.is_some_and(|next| matches!(next.kind, Kind::Number(_)));
                if let Some(name) = self.name {
                    let word = self.tokens[name.last].text;
                    let phase = inside.iter().find(|token| token.word.is_phase());
                    if let (Some(_), Some(phase)) = (words::step_word_rank(word), phase) {
                        // `Epoch(train) [1]`.
                        self.set_phase(phase.text, true, false);
                        self.at = close + 1;
                        return;
                    }
                    let goes_on = next.is_some_and(is_prose)
                        && inside.first().is_some_and(is_prose)
                        && words::is_metric(word);
                    if goes_on {
                        let end = self.tokens[close].start + 1;
                        self.name = Some(Name {
                            last: close,
                            end,
                            ..name
                        });
                    } else if (signed || numbered)
                        && inside.len() <= 3
                        && !words::announces_settings(word)
                    {
                        let end = self.tokens[close].start + 1;
                        self.name = Some(Name { end, ..name });
                    } else {
                        self.name = None;
                        self.take_label(name, false);
                    }
                } else {
                    self.aside(inside);
                }
                self.at = close + 1;
            }
            b'[' => self.square(open, close),
            _ => {
                self.end_field();
                self.at = close + 1;
                self.after_value = After::Step;
            }
        }
    }

    /// What stands in parentheses behind a value: the percentage of a fraction, a step.
    pub(super) fn aside(&mut self, inside: &[Token]) {
        if let [word, number] = inside
            && let (Kind::Number(Number::Value { value, .. }), Some(rank)) =
                (number.kind, words::step_word_rank(word.text))
            && self.fields.step.is_none()
        {
            (self.fields.step, self.fields.step_rank) = (Some(value), Some(rank));
        }
        if let [number] = inside
            && let Kind::Number(Number::Value {
                value,
                percent: true,
            }) = number.kind
            && self.after_value == After::Pair
            && let Some(last) = self.fields.pairs.last_mut()
            && last.sign != Sign::None
        {
            (last.value, last.percent) = (value, true);
        }
    }

    /// Square brackets: an index (`[1]`, `[10/22]`), a label (`[train]`), or fields.
    pub(super) fn square(&mut self, open: usize, close: usize) {
        let inside = &self.tokens[self.at..close];
        let index = match inside.first().map(|token| token.kind) {
            Some(Kind::Number(Number::Value { value, .. })) => Some(value),
            Some(Kind::Number(Number::Fraction { part, .. })) => Some(part),
            _ => None,
        };
        let has_pairs = inside.iter().any(|token| token.kind == Kind::Equals);
        if let (Some(index), false) = (index, has_pairs) {
            if let Some(name) = self.name.take() {
                let percent = false;
                let number = Number::Value {
                    value: index,
                    percent,
                };
                if !self.state_step(name, number, Sign::None) {
                    self.take_label(name, false);
                }
            } else if open == 0 && inside.len() == 1 {
                self.fields.step = Some(index);
            }
            self.at = close + 1;
            self.after_value = After::Step;
            return;
        }
        self.end_field();
        let timed = |token: &Token| matches!(token.kind, Kind::Number(Number::Quantity));
        if has_pairs && inside.iter().any(timed) {
            self.bar_end = close;
        }
        if let [word] = inside
            && word.word.is_phase()
        {
            self.set_phase(word.text, false, false);
            self.at = close + 1;
        }
    }
}

//! Steps and phases that a line states.

use super::super::number::Number;
use super::super::tokens::Kind;
use super::super::vocabulary as words;
use super::{After, Label, Name, Scan, Sign, is_prose};

impl Scan<'_> {
    /// Takes the number as the step if the words before it say so.
    pub(super) fn state_step(&mut self, name: Name, number: Number, sign: Sign) -> bool {
        let word = self.tokens[name.last].text;
        let Some(rank) = words::step_word_rank(word) else {
            return false;
        };
        if name.end != self.tokens[name.last].start + word.len() {
            return false;
        }
        let before = &self.tokens[name.first..name.last];
        // `Training acc over epoch: 0.6`, `Loss for final step: 0.4` measure.
        if let (Some(last), true) = (before.last(), sign != Sign::None) {
            let whole = matches!(number, Number::Value { value, .. } if value.fract() == 0.0);
            if is_prose(last) || !(whole || matches!(number, Number::Fraction { .. })) {
                return false;
            }
        }
        let step = match number {
            Number::Value {
                value,
                percent: false,
            } if value.is_finite() => value,
            Number::Fraction { part, .. } => part,
            _ => {
                self.after_value = After::Bare;
                return true;
            }
        };
        if self.fields.step_rank.is_none_or(|best| rank <= best) {
            (self.fields.step, self.fields.step_rank) = (Some(step), Some(rank));
        }
        if let Some(phase) = before.iter().find(|token| token.word.is_phase()) {
            let indexed = self.peek() == Some(Kind::Open(b'['));
            self.set_phase(phase.text, indexed, false);
        }
        if self.tokens[name.last].text.eq_ignore_ascii_case("trial") && !before.is_empty() {
            self.prose = true;
        }
        self.after_value = After::Step;
        self.measure_at_step(name);
        true
    }

    /// `Cost after iteration 100: 1.72`, `Loss at epoch 1 is 1.72`: what is measured stands before
    /// the step, its value behind.
    pub(super) fn measure_at_step(&mut self, name: Name) {
        let before = &self.tokens[name.first..name.last];
        let kept = before.iter().rposition(|token| !is_prose(token));
        let Some(last) = kept.filter(|last| last + 1 < before.len()) else {
            return;
        };
        let measured = Name {
            first: name.first,
            last: name.first + last,
            end: before[last].start + before[last].text.len(),
        };
        let text = &self.line[before[0].start..measured.end];
        let sign = self.tokens.get(self.at);
        let signed = sign.is_some_and(|sign| {
            matches!(sign.kind, Kind::Colon | Kind::Equals) || ["is", "was"].contains(&sign.text)
        });
        let value = self.tokens.get(self.at + 1).map(|token| token.kind);
        if let (true, true, Some(Kind::Number(number))) = (signed, words::is_metric(text), value) {
            self.at += 2;
            self.pair(measured, number, Sign::Colon);
        }
    }

    /// `Train: 0 [10/22 …`: a phase with its epoch.
    pub(super) fn state_phase_step(&mut self, name: Name, number: Number) -> bool {
        let phase = self.tokens[name.first].text;
        let indexed = self.peek() == Some(Kind::Open(b'['));
        let Number::Value { value, .. } = number else {
            return false;
        };
        let states = name.first == name.last && words::is_phase(phase) && indexed;
        if states && value.fract() == 0.0 {
            self.fields.step = self.fields.step.or(Some(value));
            self.set_phase(phase, true, false);
            self.after_value = After::Step;
        }
        states
    }

    pub(super) fn set_phase(&mut self, phase: &str, marker: bool, colon: bool) {
        if self.labels.is_empty() && !self.fields.pairs.is_empty() {
            return;
        }
        if self.labels.is_empty() {
            self.training_marker = marker && words::is_training(phase);
            self.fields.phase = Some(phase.to_owned());
        }
        let text = phase.to_owned();
        self.labels.push(Label { text, colon });
    }
}

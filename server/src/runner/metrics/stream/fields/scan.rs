//! Goes through the tokens of a line.

use super::super::number::Number;
use super::super::tokens::{Kind, Token};
use super::super::vocabulary as words;
use super::{After, Name, Scan, Sign, is_wrapper};

impl Scan<'_> {
    pub(super) fn run(&mut self) {
        while let Some(token) = self.tokens.get(self.at).copied() {
            self.at += 1;
            match token.kind {
                Kind::Word => {
                    if self.begins_sentence(&token) {
                        break;
                    }
                    self.word(&token);
                }
                Kind::Number(number) => self.number(number),
                Kind::Equals => self.sign(Sign::Equals),
                Kind::Colon => self.sign(Sign::Colon),
                Kind::Open(bracket) => self.open(bracket),
                Kind::Separator => self.end_field(),
                Kind::Close(_) => self.end_field(),
                Kind::Quote => {}
                // `0.1 -> 0.01` is a change, `epoch 3 -> loss 0.5` a result.
                Kind::Arrow if matches!(self.after_value, After::Pair | After::Bare) => {
                    self.arrow = true;
                }
                Kind::Arrow => self.end_field(),
            }
        }
        self.end_field();
    }

    pub(super) fn peek(&self) -> Option<Kind> {
        self.tokens.get(self.at).map(|token| token.kind)
    }

    /// Whether a sentence ended before this word: `…: 0.5. Best is trial 3`.
    pub(super) fn begins_sentence(&self, token: &Token) -> bool {
        token.text.starts_with('.') && token.text.len() == 1
    }

    pub(super) fn word(&mut self, token: &Token) {
        let at = self.at - 1;
        if token.blanks > 1
            && let Some(name) = self.name
        {
            // `final  value 4.89`.
            let summary = name.first == name.last && words::is_summary(self.tokens[name.last].text);
            if !summary || token.blanks > 2 {
                self.end_field();
            }
        }
        let end = token.start + token.text.len();
        match &mut self.name {
            Some(name) => (name.last, name.end) = (at, end),
            None => {
                self.name = Some(Name {
                    first: at,
                    last: at,
                    end,
                });
            }
        }
    }

    /// A number that no sign stands before.
    pub(super) fn number(&mut self, number: Number) {
        // `number of nan iterations`: a word.
        if let Some(name) = self.name
            && name.first < name.last
            && ["of", "the"].contains(&self.tokens[name.last].text)
        {
            let token = self.tokens[self.at - 1];
            return self.word(&token);
        }
        let Some(name) = self.name.take() else {
            let first = self.at == 1;
            let step = match number {
                Number::Value {
                    value,
                    percent: false,
                } if value.fract() == 0.0 => Some(value),
                _ => None,
            };
            // `0:` at the start, as CatBoost and `print(f"{i}: …")` write.
            if let (true, Some(Kind::Colon), Some(step)) = (first, self.peek(), step)
                && self
                    .tokens
                    .get(self.at + 1)
                    .is_some_and(|next| next.blanks > 0)
            {
                self.fields.step = Some(step);
                self.at += 1;
                self.after_value = After::Step;
                return;
            }
            // `Mem: 24 10 2`: which is it?
            if self.after_value == After::Pair && !words::is_metric(&self.last_name()) {
                self.fields.pairs.pop();
            }
            self.after_value = After::Bare;
            return;
        };
        if self.state_step(name, number, Sign::None) {
            return;
        }
        self.pair(name, number, Sign::None);
    }

    /// `=` or `:`.
    pub(super) fn sign(&mut self, sign: Sign) {
        let Some(name) = self.name else {
            if sign == Sign::Colon && self.after_value == After::Pair {
                // `loss: 0.5 acc: 36%:` of a bar's description.
                self.after_value = After::Step;
            }
            return;
        };
        let Some(next) = self.tokens.get(self.at).copied() else {
            self.name = None;
            self.take_label(name, true);
            return;
        };
        match next.kind {
            Kind::Number(number) => {
                self.at += 1;
                self.name = None;
                if !self.state_step(name, number, sign) && !self.state_phase_step(name, number) {
                    self.pair(name, number, sign);
                }
            }
            Kind::Quote => match self.quoted() {
                Some(number) => {
                    self.name = None;
                    self.pair(name, number, sign);
                }
                None => self.text(),
            },
            Kind::Word => match self.wrapped() {
                Some(number) => {
                    self.name = None;
                    self.pair(name, number, sign);
                }
                None if sign == Sign::Equals => self.text(),
                None => {
                    self.name = None;
                    self.take_label(name, true);
                }
            },
            // `Epoch: [0][10/22]`; a list is no measurement.
            Kind::Open(b'[') if words::step_word_rank(self.tokens[name.last].text).is_some() => {}
            Kind::Open(_) => {
                self.name = None;
                self.take_label(name, true);
                self.at = self.partners[self.at] + 1;
                self.after_value = After::Step;
            }
            _ => {
                self.name = None;
                self.take_label(name, true);
            }
        }
    }

    /// A number in quotes behind a sign.
    pub(super) fn quoted(&mut self) -> Option<Number> {
        let [open, value, close] = self.tokens.get(self.at..self.at + 3)? else {
            return None;
        };
        let Kind::Number(number) = value.kind else {
            return None;
        };
        (open.kind == Kind::Quote && close.kind == Kind::Quote).then_some(())?;
        self.at += 3;
        Some(number)
    }

    /// The number of `tensor(0.5, …)`, `np.float64(0.5)`, `Array(0.5, dtype=float32)`.
    pub(super) fn wrapped(&mut self) -> Option<Number> {
        let [word, open, value] = self.tokens.get(self.at..self.at + 3)? else {
            return None;
        };
        let attached = open.kind == Kind::Open(b'(') && open.blanks == 0;
        let (Kind::Number(number), true) = (value.kind, attached) else {
            return None;
        };
        is_wrapper(word.text).then_some(())?;
        let close = self.partners[self.at + 1];
        let after = self.tokens.get(self.at + 3).map(|token| token.kind);
        matches!(after, Some(Kind::Close(_) | Kind::Separator)).then_some(())?;
        self.at = close.max(self.at + 2) + 1;
        Some(number)
    }

    /// A value that is a text, up to the next separator or gap.
    pub(super) fn text(&mut self) {
        self.name = None;
        self.fields.texts += 1;
        self.after_value = After::Step;
        let mut first = true;
        while let Some(token) = self.tokens.get(self.at) {
            let ends = matches!(token.kind, Kind::Separator | Kind::Close(_));
            let next_pair = self
                .tokens
                .get(self.at + 1)
                .is_some_and(|next| next.kind == Kind::Equals);
            if ends || (!first && (token.blanks > 1 || (token.is_word() && next_pair))) {
                break;
            }
            self.at = match token.kind {
                Kind::Open(_) => self.partners[self.at] + 1,
                _ => self.at + 1,
            };
            first = false;
        }
    }
}

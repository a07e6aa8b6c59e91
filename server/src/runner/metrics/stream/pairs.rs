//! Names and values on a line.
//!
//! A line is a row of fields. A field is a pair (`name=value`, `name: value` or `name value`), a
//! statement of the step (`Epoch 3/10`, `iter: 5`, `Epoch[1]`), a label (`Test set:`, `[train]`), or
//! something that measures nothing (a time, a count, a bar, an aside in parentheses). What is none
//! of these is prose; prose makes pairs without `=` uncertain, and uncertain pairs are not read.

use super::number::Number;
use super::tokens::{Kind, Token, match_brackets, tokenize};
use super::vocabulary as words;

/// The most pairs of one line.
const PAIRS_MAX: usize = 200;
/// The longest name of a metric, in bytes.
const NAME_MAX: usize = 100;
/// The most words of a name; a sign behind it allows longer ones.
const WORDS_MAX: usize = 4;
const WORDS_BEFORE_SIGN_MAX: usize = 6;
/// `Test Accuracy of the model on the 389 test images: 94.6 %`.
const WORDS_OF_METRIC_MAX: usize = 12;
/// The most words of a label.
const LABEL_WORDS_MAX: usize = 4;
/// From so many `name=value` on, of which a quarter are no numbers, a line is a dump of settings.
const DUMP_MIN: usize = 6;

/// How a pair is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    Equals,
    Colon,
    None,
}

/// A named number on a line.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Pair {
    pub(super) name: String,
    pub(super) value: f64,
    pub(super) percent: bool,
    sign: Sign,
    /// Whether it stands behind a progress bar, which shows settings as well.
    in_bar: bool,
    /// Which of the line's labels stands before it.
    label: Option<usize>,
}

/// What a line says.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Fields {
    /// The step stated on the line.
    pub(super) step: Option<f64>,
    /// The rank of the name that states it, see [`words::step_rank`].
    pub(super) step_rank: Option<usize>,
    /// The phase that the line names before its pairs (`Test set`).
    pub(super) phase: Option<String>,
    pub(super) pairs: Vec<Pair>,
    /// How many pairs were found, and not counted as certain.
    pub(super) uncertain: usize,
    /// Pairs whose values are texts.
    pub(super) texts: usize,
    /// Whether the line announces settings.
    pub(super) settings: bool,
    /// Whether a value could not be read for certain (`0,5`).
    pub(super) unclear: bool,
    /// Whether the line is a heading (`model:`) or an item of a list (`- 64`).
    pub(super) is_heading: bool,
    /// Whether a pair was left out as a setting.
    pub(super) has_settings: bool,
    /// Whether a word of the line may be the title of a column of steps, or of classes.
    pub(super) may_be_header: bool,
}

/// Reads the fields of lines; keeps its buffers from line to line.
#[derive(Debug, Default)]
pub(super) struct FieldReader {
    partners: Vec<usize>,
}

impl FieldReader {
    /// Reads a line. O(length).
    pub(super) fn read(&mut self, line: &str) -> Fields {
        let mut tokens = Vec::new();
        tokenize(line, &mut tokens);
        match_brackets(&tokens, &mut self.partners);
        let mut scan = Scan {
            line,
            tokens: &tokens,
            partners: &self.partners,
            at: 0,
            name: None,
            fields: Fields::default(),
            labels: Vec::new(),
            after_value: After::Nothing,
            prose: false,
            arrow: false,
            training_marker: false,
            bar_end: 0,
        };
        scan.run();
        scan.finish()
    }
}

/// What a field ended with: what words after it mean.
#[derive(Clone, Copy, PartialEq)]
enum After {
    Nothing,
    /// A number without a name: words are its unit.
    Bare,
    /// The value of a pair: words that are no name make it a quantity.
    Pair,
    /// A stated step.
    Step,
}

/// Words that may become a name: from which token up to which, and up to which byte.
#[derive(Clone, Copy)]
struct Name {
    first: usize,
    /// The last token.
    last: usize,
    /// Where the name ends, in bytes: behind a unit in parentheses.
    end: usize,
}

struct Label {
    text: String,
    /// Whether a colon stands between it and the name.
    colon: bool,
}

struct Scan<'a> {
    line: &'a str,
    tokens: &'a [Token<'a>],
    partners: &'a [usize],
    at: usize,
    name: Option<Name>,
    fields: Fields,
    /// The phases named on the line, each for the pairs behind it.
    labels: Vec<Label>,
    after_value: After,
    prose: bool,
    arrow: bool,
    /// Whether the phase stands in the statement of the step (`Train Epoch: 1`).
    training_marker: bool,
    /// Up to which token the brackets of a progress bar reach.
    bar_end: usize,
}

impl<'a> Scan<'a> {
    fn run(&mut self) {
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

    fn peek(&self) -> Option<Kind> {
        self.tokens.get(self.at).map(|token| token.kind)
    }

    /// Whether a sentence ended before this word: `…: 0.5. Best is trial 3`.
    fn begins_sentence(&self, token: &Token) -> bool {
        token.text.starts_with('.') && token.text.len() == 1
    }

    fn word(&mut self, token: &Token) {
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
    fn number(&mut self, number: Number) {
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

    /// Takes the number as the step if the words before it say so.
    fn state_step(&mut self, name: Name, number: Number, sign: Sign) -> bool {
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
    fn measure_at_step(&mut self, name: Name) {
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
    fn state_phase_step(&mut self, name: Name, number: Number) -> bool {
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

    fn set_phase(&mut self, phase: &str, marker: bool, colon: bool) {
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

    /// `=` or `:`.
    fn sign(&mut self, sign: Sign) {
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
    fn quoted(&mut self) -> Option<Number> {
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
    fn wrapped(&mut self) -> Option<Number> {
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
    fn text(&mut self) {
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

    fn open(&mut self, bracket: u8) {
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
    fn aside(&mut self, inside: &[Token]) {
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
    fn square(&mut self, open: usize, close: usize) {
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

    /// Ends a field whose words have become neither a name nor a step.
    fn end_field(&mut self) {
        if let Some(name) = self.name.take() {
            let words = name.last - name.first + 1;
            match self.after_value {
                // `3 hours`, `0/22 batches`: a unit.
                After::Bare if words <= 3 => {}
                After::Pair => {
                    // `Note: 3 files`: a quantity.
                    if !words::is_metric(&self.last_name()) || self.fields.step.is_none() {
                        self.fields.pairs.pop();
                    }
                    self.prose |= words > 2;
                }
                _ => self.take_label(name, false),
            }
        }
        self.after_value = After::Nothing;
    }

    fn last_name(&self) -> String {
        let last = self.fields.pairs.last();
        last.map(|pair| pair.name.clone()).unwrap_or_default()
    }

    /// Words without a value: a label, or prose.
    fn take_label(&mut self, name: Name, colon: bool) {
        let tokens = &self.tokens[name.first..=name.last];
        let is_word = |token: &&Token| token.is_word();
        let text = self.line[self.tokens[name.first].start..name.end].trim();
        if tokens
            .iter()
            .any(|token| words::announces_settings(token.text))
        {
            self.fields.settings = true;
        }
        let phase = tokens
            .iter()
            .filter(is_word)
            .take_while(|token| !is_prose(token))
            .any(|token| token.word.is_phase());
        if phase && tokens[0].word.is_phase() {
            // `valid on 'valid' subset` is `valid`.
            let last = tokens
                .iter()
                .take_while(|token| token.is_word() && !is_prose(token))
                .last();
            let end = last.map_or(name.end, |token| token.start + token.text.len());
            let text = &self.line[self.tokens[name.first].start..end];
            let before_name = matches!(self.peek(), Some(Kind::Word));
            self.set_phase(text, false, colon && before_name);
            return;
        }
        let stop = tokens.iter().any(|token| is_prose(token));
        if stop || tokens.len() > LABEL_WORDS_MAX {
            self.prose = true;
        } else if colon && !text.is_empty() {
            self.fields.texts += usize::from(self.peek().is_some());
        }
    }

    fn pair(&mut self, name: Name, number: Number, sign: Sign) {
        self.after_value = After::Pair;
        let named = &self.tokens[name.first..=name.last];
        if named
            .iter()
            .any(|token| words::announces_settings(token.text))
        {
            self.fields.settings = true;
        }
        let (value, percent) = match number {
            Number::Value { value, percent } => (value, percent),
            Number::Fraction { part, whole } if sign != Sign::None && whole != 0.0 => {
                let text = &self.line[self.tokens[name.first].start..name.end];
                if !words::is_metric(text) {
                    self.after_value = After::Step;
                    return;
                }
                (part / whole, false)
            }
            Number::Unclear => {
                self.fields.unclear = true;
                self.after_value = After::Step;
                return;
            }
            Number::Fraction { .. } | Number::Quantity => {
                self.after_value = After::Step;
                return;
            }
        };
        // A percentage before a bar is how far something is.
        if percent && sign == Sign::Colon && self.peek() == Some(Kind::Separator) {
            let bar = &self.tokens[self.at];
            let attached = bar.text == "|" && bar.blanks == 0;
            if attached
                || bar
                    .text
                    .starts_with(|letter| ('\u{2500}'..='\u{259F}').contains(&letter))
            {
                self.take_label(name, true);
                self.after_value = After::Step;
                return;
            }
        }
        match self.name_text(name, sign) {
            Some(name) if self.fields.pairs.len() < PAIRS_MAX => self.fields.pairs.push(Pair {
                name,
                value,
                percent,
                sign,
                in_bar: self.at <= self.bar_end,
                label: self.labels.len().checked_sub(1),
            }),
            Some(_) => {}
            None => {
                self.fields.uncertain += 1;
                self.after_value = After::Step;
            }
        }
    }

    /// The whole name, if the words are one.
    fn name_text(&mut self, name: Name, sign: Sign) -> Option<String> {
        let mut tokens = &self.tokens[name.first..=name.last];
        let mut end = name.end;
        // `The rmse of the prediction is: 59.3`.
        if let ([_, .., before, last], true) = (tokens, sign != Sign::None)
            && ["is", "was", "are"].contains(&last.text)
        {
            end = before.start + before.text.len();
            tokens = &tokens[..tokens.len() - 1];
        }
        let stops = |token: &Token| {
            token.word.is_stop() || (sign == Sign::None && token.word.is_connective())
        };
        // What stands before `with` or `to` is prose.
        if let Some(last) = tokens.iter().rposition(stops) {
            self.prose = true;
            if sign == Sign::None {
                return None;
            }
            tokens = &tokens[last + 1..];
        }
        if let [first, _, ..] = tokens
            && ["The", "the"].contains(&first.text)
        {
            tokens = &tokens[1..];
        }
        let metric = || words::is_metric(&self.line[tokens[0].start..end]);
        let most = match sign {
            Sign::None => WORDS_MAX,
            _ if !tokens.is_empty() && metric() => WORDS_OF_METRIC_MAX,
            _ => WORDS_BEFORE_SIGN_MAX,
        };
        let fits = tokens.first().is_some_and(|first| first.is_word())
            && tokens.len() <= most
            && tokens
                .iter()
                .all(|token| !token.is_word() || is_name_word(token.text));
        if !fits {
            self.prose = true;
            return None;
        }
        let start = tokens[0].start;
        let text = &self.line[start..end];
        (text.len() <= NAME_MAX).then(|| join_words(text))
    }

    /// Decides which pairs are certain, and gives those of a labelled line its label.
    fn finish(mut self) -> Fields {
        let mut fields = std::mem::take(&mut self.fields);
        let found = fields.pairs.len();
        let has_step = fields.step.is_some();
        let total = found + fields.texts;
        let dump = total >= DUMP_MIN && fields.texts * 4 >= total && !has_step;
        if self.arrow || dump {
            fields.pairs.clear();
        }
        let settings = fields.settings;
        let prose = self.prose;
        let mut has_settings = false;
        fields.pairs.retain(|pair| {
            let metric = words::is_metric(&pair.name);
            let last = pair.name.rsplit(' ').next().unwrap_or_default();
            let known =
                (words::step_rank(last).is_none() || metric) && !words::is_progress(&pair.name);
            let clear = match pair.sign {
                Sign::Equals => !prose || has_step || metric,
                Sign::Colon => !prose || (has_step && metric),
                Sign::None => (has_step && !prose) || metric,
            };
            let setting = (!has_step || pair.in_bar) && words::is_setting(&pair.name) && !metric;
            has_settings |= setting;
            known && clear && !setting && (metric || !settings)
        });
        fields.has_settings = has_settings;
        let last = self.tokens.last().map(|token| token.kind);
        fields.is_heading = last == Some(Kind::Colon) || self.line.starts_with("- ");
        fields.may_be_header = self
            .tokens
            .first()
            .is_some_and(|first| first.text.starts_with(['c', 'C']))
            || self.tokens.iter().any(|token| token.word.is_step());
        fields.uncertain += found - fields.pairs.len();
        self.apply_label(&mut fields);
        fields
    }

    /// Gives all names the phase that the line names: `train Loss: 2.2 Acc: 0.3`.
    fn apply_label(&self, fields: &mut Fields) {
        if self.training_marker {
            return;
        }
        if self.labels.is_empty() {
            return inherit_phase(fields);
        }
        for pair in &mut fields.pairs {
            let label = pair.label.and_then(|label| self.labels.get(label));
            if let Some(Label { text, colon }) = label
                && !pair.name.split(' ').any(words::is_phase)
            {
                let colon = if *colon { ":" } else { "" };
                pair.name = format!("{text}{colon} {}", pair.name);
            }
        }
    }
}

/// Gives the phase in the first name of a line to the others: `train Loss: 2.2 Acc: 0.3`. Names
/// of several phases on a line tell for themselves which they are.
fn inherit_phase(fields: &mut Fields) {
    let mut names = fields.pairs.iter().map(|pair| pair.name.as_str());
    let first = names.next().and_then(|name| name.split_once(' '));
    let Some((phase, _)) = first.filter(|(word, _)| words::is_phase(word)) else {
        return;
    };
    fields.phase = Some(phase.to_owned());
    if names.any(mentions_phase) {
        return;
    }
    let phase = phase.to_owned();
    for pair in fields.pairs.iter_mut().skip(1) {
        pair.name = format!("{phase} {}", pair.name);
    }
}

/// Whether a name tells of a phase, also in one word with others (`val_loss`).
fn mentions_phase(name: &str) -> bool {
    name.split(|letter: char| !letter.is_alphanumeric())
        .any(words::is_phase)
}

/// Whether a word belongs to a sentence rather than to a label.
fn is_prose(token: &Token) -> bool {
    token.word.is_stop() || token.word.is_connective()
}

/// Whether a word can be part of a name.
fn is_name_word(word: &str) -> bool {
    word.starts_with(|first: char| first.is_alphabetic() || matches!(first, '_' | '#' | '.'))
        && word != "#"
        && !word.ends_with(".py")
        && !word.contains("//")
        && word.chars().all(|letter| {
            letter.is_alphanumeric()
                || matches!(
                    letter,
                    '_' | '.' | '/' | '-' | '@' | '#' | '\'' | '^' | '&' | '+' | '*' | '%' | '~'
                )
        })
}

/// Whether a word makes a number of what stands in the parentheses behind it.
pub(super) fn is_wrapper(word: &str) -> bool {
    let last = word.rsplit('.').next().unwrap_or(word);
    let plain = last.trim_end_matches(|letter: char| letter.is_ascii_digit() || letter == '_');
    [
        "float",
        "int",
        "uint",
        "double",
        "tensor",
        "array",
        "devicearray",
        "arrayimpl",
        "decimal",
        "scalar",
        "bfloat",
    ]
    .iter()
    .any(|wrapper| wrapper.eq_ignore_ascii_case(plain))
}

/// A name with single blanks.
fn join_words(text: &str) -> String {
    if text.contains("  ") || text.contains('\t') {
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    } else {
        text.to_owned()
    }
}

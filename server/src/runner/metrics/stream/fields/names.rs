//! Names of pairs: whole, or none.

use super::super::super::lines::NAME_MAX;
use super::super::number::Number;
use super::super::tokens::{Kind, Token};
use super::super::vocabulary as words;
use super::{
    After, Name, PAIRS_MAX, Pair, Scan, Sign, WORDS_BEFORE_SIGN_MAX, WORDS_MAX, WORDS_OF_METRIC_MAX,
};

impl Scan<'_> {
    pub(super) fn pair(&mut self, name: Name, number: Number, sign: Sign) {
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
    pub(super) fn name_text(&mut self, name: Name, sign: Sign) -> Option<String> {
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
        let fits = tokens.first().is_some_and(Token::is_word)
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

/// A name with single blanks.
fn join_words(text: &str) -> String {
    if text.contains("  ") || text.contains('\t') {
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    } else {
        text.to_owned()
    }
}

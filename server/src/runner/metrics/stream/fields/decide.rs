//! What is certain of a line, and under which name.

use super::super::tokens::{Kind, Token};
use super::super::vocabulary as words;
use super::{After, DUMP_MIN, Fields, LABEL_WORDS_MAX, Label, Name, Scan, Sign, is_prose};

impl Scan<'_> {
    /// Ends a field whose words have become neither a name nor a step.
    pub(super) fn end_field(&mut self) {
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

    pub(super) fn last_name(&self) -> String {
        let last = self.fields.pairs.last();
        last.map(|pair| pair.name.clone()).unwrap_or_default()
    }

    /// Words without a value: a label, or prose.
    pub(super) fn take_label(&mut self, name: Name, colon: bool) {
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

    /// Decides which pairs are certain, and gives those of a labelled line its label.
    pub(super) fn finish(mut self) -> Fields {
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
    pub(super) fn apply_label(&self, fields: &mut Fields) {
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

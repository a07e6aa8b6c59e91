//! An estimate's figures in words, for page and terminal.

use super::compute::{Estimate, MachineUse};
use super::date::Date;
use super::money::Money;
use super::uncertainty::Spread;
use crate::sweep::diagnostic::format_count;

impl Estimate {
    /// The likely cost with low and high: `$1.20 ($0.98 to $1.50)`. Where some trials have no price or no
    /// run time that of the others, `3 of 4 trials: $1.20 (…)`; where all lack one, the price of an hour.
    pub fn describe_cost(&self) -> String {
        match (&self.cost, &self.partial, &self.per_trial_hour) {
            (Some(cost), _, _) => describe_spread(cost),
            (None, Some(partial), _) => format!(
                "{} of {} trials: {}",
                format_count(partial.trials),
                format_count(self.trials),
                describe_spread(&partial.cost)
            ),
            (None, None, Some(rate)) => {
                format!("unknown; ${} for each trial and hour", rate.to_rate())
            }
            (None, None, None) => "unknown".to_owned(),
        }
    }

    /// For beside the cost, where a price behind it is more than 90 days old or may be: `price of
    /// 2022-06-10, more than 90 days ago`. Each date once.
    pub fn describe_old_prices(&self, today: Date) -> Option<String> {
        let quotes = self.machines.iter().map(MachineUse::requested_quote);
        let mut notes: Vec<String> = Vec::new();
        for (_, note) in quotes.filter_map(|quote| quote.age_note(today)) {
            if !notes.contains(&note) {
                notes.push(note);
            }
        }
        (!notes.is_empty()).then(|| notes.join("; "))
    }
}

fn describe_spread(cost: &Spread<Money>) -> String {
    let [likely, low, high] = [&cost.likely, &cost.low, &cost.high].map(Money::to_figure);
    format!("{likely} ({low} to {high})")
}

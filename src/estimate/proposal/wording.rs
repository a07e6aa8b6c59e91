//! Proposals in words, one sentence a line, for page and terminal.

use super::{Alternative, NoProposal, Proposal};
use crate::estimate::compute::Estimate;
use crate::estimate::duration::format_seconds;
use crate::estimate::money::Money;
use crate::estimate::uncertainty::Spread;
use crate::sweep::diagnostic::format_count;
use std::fmt;

impl Proposal {
    /// What is proposed, what it leaves out, its likely and high figures and the other ways, the
    /// commands of these left to [`Alternative::Machine`].
    pub fn sentences(&self) -> Vec<String> {
        let all = self.estimate.trials.saturating_add(self.left_out);
        let mut out = Vec::new();
        if self.left_out == 0 {
            out.push(format!("nothing is left out: {} fit", count_trials(all)));
        } else {
            let seed = self.seed.map_or_else(String::new, |seed| {
                format!(", drawn at random with seed {seed}")
            });
            out.push(format!(
                "left out: {} of {} trials; {} fit{}{seed}",
                format_count(self.left_out),
                format_count(all),
                format_count(self.estimate.trials),
                if self.estimate.trials == 1 { "s" } else { "" },
            ));
        }
        for number in &self.dropped_commands {
            out.push(format!("nothing is left of command {number}"));
        }
        if self.is_capped {
            out.push("more may fit, but no more can be drawn at random".to_owned());
        }
        out.extend(figures(&self.estimate));
        out.extend(self.alternatives.iter().map(|other| other.sentence(all)));
        out
    }
}

/// The likely and the high figures, and the ceiling.
fn figures(estimate: &Estimate) -> Vec<String> {
    let mut out = Vec::new();
    if let Some(cost) = &estimate.cost {
        let ceiling = estimate.ceiling.as_ref().map_or_else(String::new, |most| {
            format!(", at most {} by the time limit", most.to_figure())
        });
        out.push(format!("cost: {}{ceiling}", likely_and_high_cost(cost)));
    }
    if let Some(wall) = &estimate.wall_seconds {
        out.push(format!(
            "time: {}, {} at once",
            likely_and_high_time(wall),
            format_count(estimate.parallel.into())
        ));
    }
    out
}

fn likely_and_high_cost(cost: &Spread<Money>) -> String {
    let (likely, high) = (cost.likely.to_figure(), cost.high.to_figure());
    format!("likely {likely}, high {high}")
}

fn likely_and_high_time(wall: &Spread<f64>) -> String {
    let (likely, high) = (format_time(wall.likely), format_time(wall.high));
    format!("likely {likely}, high {high}")
}

/// A percentile is no exact time: tenths of a second up to ten, whole ones above.
fn format_time(seconds: f64) -> String {
    format_seconds(match seconds {
        0.95..10.0 => (seconds * 10.0).round() / 10.0,
        10.0.. => seconds.round(),
        _ => seconds,
    })
}

impl Alternative {
    /// The other way for `all` trials, in words.
    pub fn sentence(&self, all: u128) -> String {
        match self {
            Alternative::Machine { row, .. } => {
                let kind = if row.spot { " interruptible" } else { "" };
                let cost = row.cost.cost.as_ref().map(likely_and_high_cost);
                let wall = row.wall_seconds.as_ref().map(likely_and_high_time);
                let figures: Vec<String> = cost.into_iter().chain(wall).collect();
                let assumed = if row.run_time.is_known() {
                    ""
                } else {
                    "; same run time assumed"
                };
                format!(
                    "{} fit on {}{kind}: {}{assumed}",
                    count_trials(all),
                    row.machine,
                    figures.join("; "),
                )
            }
            Alternative::Parallel(row) => {
                let wall = row.wall_seconds.as_ref().map(likely_and_high_time);
                format!(
                    "{} fit with {} at once: {}",
                    count_trials(all),
                    format_count(row.parallel.into()),
                    wall.unwrap_or_default()
                )
            }
        }
    }
}

/// `1 trial`, `all 4 trials`.
fn count_trials(count: u128) -> String {
    match count {
        1 => "1 trial".to_owned(),
        _ => format!("all {} trials", format_count(count)),
    }
}

impl fmt::Display for NoProposal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoProposal::NoRunTime => {
                write!(f, "a budget or a deadline needs a run time to compare with")
            }
            NoProposal::Unknown(problems) => {
                write!(
                    f,
                    "what the trials take is not known: {}",
                    problems.join("; ")
                )
            }
            NoProposal::BelowOneTrial { one, .. } => {
                write!(f, "not even one trial fits; {}", figures(one).join("; "))
            }
            NoProposal::NotWritable => {
                write!(f, "a smaller sweep of these commands cannot be written")
            }
        }
    }
}

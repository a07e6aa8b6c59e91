//! `sweep plan --budget` and `--deadline`: the commands that fit.

use std::io::{self, Write};

use sweep_planner::estimate::{Alternative, Bounds, NoProposal, Proposal, propose};
use sweep_planner::sweep::{Plan, Settings};

use super::format::Format;
use super::pricing::Pricing;

/// What was proposed, or why nothing was, in words.
pub(super) fn find_proposal(
    plan: &Plan,
    reading: &Settings,
    pricing: &Pricing,
    bounds: &Bounds,
) -> Result<Proposal, String> {
    let found = propose(plan, reading, &pricing.settings, &pricing.catalogue, bounds);
    found.map_err(|refused| {
        let mut lines = vec![refused.to_string()];
        if let NoProposal::BelowOneTrial { alternatives, .. } = &refused {
            lines.extend(
                alternatives
                    .iter()
                    .flat_map(|other| describe(other, plan.len())),
            );
        }
        lines.join("\n")
    })
}

/// The commands to standard output (as JSON Lines one object with all of it), the words to standard
/// error.
pub(super) fn write_proposal(
    proposal: &Proposal,
    format: Format,
    out: &mut impl Write,
) -> io::Result<()> {
    if format == Format::Jsonl {
        writeln!(out, "{}", proposal.to_json())?;
    } else {
        for command in &proposal.commands {
            writeln!(out, "{command}")?;
        }
    }
    out.flush()?;
    let all = proposal.estimate.trials.saturating_add(proposal.left_out);
    let sentences = proposal.sentences();
    let own = sentences.len().saturating_sub(proposal.alternatives.len());
    for sentence in sentences.iter().take(own) {
        eprintln!("{sentence}");
    }
    for line in proposal
        .alternatives
        .iter()
        .flat_map(|other| describe(other, all))
    {
        eprintln!("{line}");
    }
    Ok(())
}

/// Another way in words, and its commands.
fn describe(other: &Alternative, all: u128) -> Vec<String> {
    let mut lines = vec![format!("or {}", other.sentence(all))];
    match other {
        Alternative::Machine { commands, .. } => {
            lines.extend(commands.iter().map(|command| format!("   {command}")));
        }
        Alternative::Parallel(row) => lines.push(format!("   --parallel {}", row.parallel)),
    }
    lines
}

//! What the controls show.

use crate::sweep::{Origin, Part, Reading, Strategy};

/// The options that have a control. While the text has errors, they stay as they last were.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Shown {
    /// `--strategy`.
    pub(crate) strategy: Strategy,
    /// `--num_trials`.
    pub(crate) num_trials: Option<u32>,
    /// The seed of the first command.
    pub(crate) seed: u32,
    /// Whether that seed was drawn, not typed.
    pub(crate) seed_drawn: bool,
    /// Whether any trial depends on a seed.
    pub(crate) seed_matters: bool,
    /// The machine, aliases resolved.
    pub(crate) machine: String,
    /// `--use_spot`.
    pub(crate) spot: bool,
    /// The options that the config file sets: an edit of the text would not change them.
    pub(crate) in_config: Vec<&'static str>,
    /// `--config`.
    pub(crate) config: Option<String>,
    /// `--cluster`.
    pub(crate) cluster: Option<String>,
    /// How many trials the spaces of all commands hold.
    pub(crate) space: u128,
}

impl Shown {
    /// Whether one of these options is the config file's.
    pub(crate) fn is_in_config(&self, options: &[&str]) -> bool {
        options.iter().any(|name| self.in_config.contains(name))
    }
}

pub(super) fn shown(reading: &Reading, before: Option<&Shown>) -> Shown {
    let before = before.cloned().unwrap_or_default();
    let Some(options) = reading.options() else {
        return before;
    };
    let parts = reading.plan.parts();
    let seed = parts.first().map(Part::seed);
    Shown {
        strategy: options.strategy,
        num_trials: options.num_trials,
        seed: seed.map_or(before.seed, |seed| seed.value),
        seed_drawn: seed.map_or(options.seed.is_none(), |seed| seed.drawn),
        seed_matters: parts.iter().any(Part::needs_seed),
        machine: options.instance_type.clone(),
        spot: options.use_spot,
        in_config: in_config(reading),
        config: options.config.clone(),
        cluster: options.cluster.clone(),
        space: if parts.is_empty() {
            before.space
        } else {
            parts
                .iter()
                .fold(0, |sum: u128, part| sum.saturating_add(part.space_len()))
        },
    }
}

fn in_config(reading: &Reading) -> Vec<&'static str> {
    let first = reading.commands.first();
    let uses = first.into_iter().flat_map(|command| &command.uses);
    let of_config = uses.filter(|used| used.origin == Origin::Config);
    of_config.map(|used| used.spec.name).collect()
}

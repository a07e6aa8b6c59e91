//! The values that the controls show, read from the text.

use crate::sweep::{Part, Reading, Strategy};

/// The options that have a control. While no command can be read, they keep their last values.
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
    /// The options that the config file sets. Editing the text would not change them, so their controls
    /// are disabled.
    pub(crate) ruled_by_config: Vec<&'static str>,
    /// `--cluster`.
    pub(crate) cluster: Option<String>,
    /// How many trials there are before a random search draws some, over all commands.
    pub(crate) space: u128,
}

impl Shown {
    /// Whether the config file decides this option.
    pub(crate) fn is_ruled(&self, option: &str) -> bool {
        self.ruled_by_config.contains(&option)
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
        ruled_by_config: reading
            .commands
            .first()
            .map_or(Vec::new(), |command| command.ruled_by_config.clone()),
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

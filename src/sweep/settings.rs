//! What a plan depends on beside its text.

use super::literal::CharacterNames;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a plan depends on beside its text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// The seed of parts without `--seed`.
    pub drawn_seed: u32,
    /// The YAML text of the file that `--config` names.
    pub config: Option<Arc<str>>,
    /// Environment variables of the trials of all commands; they go before a config file's.
    pub environment: BTreeMap<String, String>,
    /// The names of characters, for `\N{NAME}` in strings; refused without them.
    pub character_names: Option<CharacterNames>,
}

//! The YAML file of `grid run --config`, read and merged as Grid's published client 0.8.81 does.
//!
//! ```text
//! compute:
//!   provider: {cluster: ID}
//!   train:
//!     framework, instance, use_spot, cpus, gpus, storage_gb, localdir, dockerfile, auto_resume,
//!     datastore_name and datastore_version, datastore_mount_dir
//!     environment: {NAME: value}
//!     dependency_file_info: {path: FILE}
//!     actions: {on_build, on_build_start, on_build_end, on_experiment_start, on_experiment_end: [..]}
//!     scratch: {size_gb: N} or {mount_path: P}
//! hyper_params:
//!   settings: {strategy: .., strategy_options: {num_trials: N, seed: S}}
//!   params: {--lr: "[0.1, 0.2]", --flag: ""}
//! ```
//!
//! What the file sets wins over the command's options, and its `strategy_options` replace `--num_trials`
//! and `--seed` together. Each of `params` is put behind the script's own arguments as ` key value`,
//! the value as Python prints what PyYAML loads, without quotes; the words are then found as in a
//! request of the client ([`Source::Client`](super::shell_words::TextSource)). [`read()`] gives all that is
//! wrong at once, each problem with its place in the YAML text:
//!
//! ```
//! use std::sync::Arc;
//! use sweep_planner::internals::sweep::{Settings, read};
//!
//! let config = "hyper_params: {params: {--lr: [0.1, 0.2], --gamma: 1:30}}";
//! let settings = Settings { config: Some(Arc::from(config)), ..Settings::default() };
//! let reading = read("grid run --config c.yml f.py --n 1", &settings);
//! assert_eq!(reading.plan.len(), 2);
//! let last = reading.plan.trial(1).unwrap();
//! assert_eq!(reading.plan.command_line(&last), "f.py --n 1 --lr 0.2 --gamma 90");
//! // A colon between digits is base 60 to YAML 1.1.
//! assert_eq!(reading.config_diagnostics[0].span.slice(config), "1:30");
//! ```

// YAML text to a tree, and its scalars to Python's values.
mod parser_errors;
mod resolve;
mod retyped;
mod scalar;
mod timestamp;
mod tree;
mod value;

// The tree to what Grid's client takes from it.
mod params;
mod schema;
mod trial_setup;

// Into a command; or a file in a command's place.
mod merge;
mod pasted;

#[cfg(test)]
mod tests;

pub use pasted::split_pasted;
pub(super) use pasted::{check_pasted, split_key};

use super::diagnostic::Diagnostic;
use super::diagnostic::config::ConfigProblem;
use super::options::{Actions, OptionSpec};
use super::shell_words::{self, Word};
use super::span::Span;
use std::collections::BTreeMap;

/// What a config file sets. Places are in its text.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Config {
    /// Options of `grid run`, in the file's order.
    pub(crate) settings: Vec<Setting>,
    /// `strategy_options`, where the file has them: they replace `--num_trials` and `--seed`.
    pub(crate) strategy_options: Option<Span>,
    /// The trials' environment, where the file has one; values as Python prints them.
    pub(crate) environment: Option<BTreeMap<String, String>>,
    /// Commands around the image build and the trial.
    pub(crate) actions: Actions,
    /// The words of `params`, as the client puts them behind the script's own arguments.
    pub(crate) parameters: Vec<Word>,
}

/// An option that the file sets.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Setting {
    /// The key in the file, such as `storage_gb` for `--memory`.
    pub(crate) key: &'static str,
    /// The option of the command that it replaces.
    pub(crate) spec: &'static OptionSpec,
    /// The value as it would be typed, "" for a flag that is set; `None` for a flag that is not, and
    /// for a null, which leaves the option at its default.
    pub(crate) value: Option<String>,
    /// The value's place in the YAML text.
    pub(crate) span: Span,
}

/// Longest text that is read, in bytes.
pub(crate) const MAX_TEXT: usize = 1 << 20;

/// Reads a config file's text and reports what is wrong in it. Any text gives a config; nothing panics.
/// O(length), and some 10^5 values at most, aliases counted as often as they stand.
pub(crate) fn read(text: &str) -> (Config, Vec<Diagnostic>) {
    if text.len() > MAX_TEXT {
        let diagnostic = Diagnostic::in_config(Span::at(0), ConfigProblem::TooLong);
        return (Config::default(), vec![diagnostic]);
    }
    let (config, found) = match tree::parse(text) {
        Ok((tree, root)) => schema::read(&tree, root),
        Err(diagnostic) => (Config::default(), vec![diagnostic]),
    };
    // First, since they are often why something else is found at their place.
    let mut diagnostics = shell_words::check_hidden_in_config(text);
    diagnostics.extend(found);
    (config, diagnostics)
}

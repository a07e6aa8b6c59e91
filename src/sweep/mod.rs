//! The sweep language: from a command's text to the trials it stands for.
//!
//! The stages are plain values, each made by a pure function from the one before: text →
//! [`shell_words`] → [`command`] → [`axis`] → [`part`] (space, strategy, seed) → [`plan`]. [`read`] runs all
//! of them:
//!
//! ```
//! use sweep_planner::sweep::{Settings, read};
//!
//! let reading = read("grid run file.py --batch_size \"[1, 2]\" --layers \"[3, 5]\"", &Settings::default());
//! let plan = &reading.plan;
//! assert_eq!(plan.len(), 4);
//! assert_eq!(plan.columns(), ["--batch_size", "--layers"]);
//! // The first swept argument varies fastest.
//! let second = plan.trial(1).unwrap();
//! assert_eq!(plan.argv(&second), ["file.py", "--batch_size", "2", "--layers", "3"]);
//! ```
//!
//! # The language
//!
//! ```text
//! text     = command { (line end | ";" | "&&") command }
//! command  = "grid run" { option } script { argument }
//! argument = flag | flag value | flag "=" value | value
//! value    = sweep, or any other text, which passes through exactly as typed
//! sweep    = list | range | draw          (blanks and parentheses around it are allowed)
//! list     = "[" [ literal { "," literal } [","] ] "]"
//! range    = "range(" [start ","] stop ["," step] ")"
//! draw     = ["np.random." | "numpy.random." | "random."] distribution "(" arguments ")"
//! ```
//!
//! Words follow a POSIX shell's rules ([`shell_words`]): quotes, escapes, `\` at a line's end, comments.
//! No shell changes them later, so that `~/x`, `*.csv` and `$$` are passed as typed, with a warning that
//! single quotes silence. An invisible character is reported where it stands: as an error in a name, in a
//! number and between the values of a sweep, where it cannot be meant, else as a warning; not at all where
//! it has its effect, as a joiner between letters that join. A line goes on where `\` is its last
//! character. What stands before `grid run` on its line, such as a prompt, is reported and skipped.
//!
//! A sweep needs quotes, since a shell would take it apart:
//!
//! ```
//! # use sweep_planner::sweep::{Settings, read};
//! # fn trials(text: &str) -> Vec<String> {
//! #     let reading = read(text, &Settings::default());
//! #     assert!(!reading.has_errors(), "{:?}", reading.diagnostics);
//! #     let plan = reading.plan;
//! #     (0..plan.len()).map(|n| plan.command_line(&plan.trial(n).unwrap())).collect()
//! # }
//! // A list: each item is a Python literal, passed as Python's `str` prints it.
//! assert_eq!(trials(r#"grid run f.py --lr "[1e-3, 0.10, 'auto']""#), ["f.py --lr 0.001", "f.py --lr 0.1", "f.py --lr auto"]);
//! // Python's range: the stop is left out, steps may be negative, integers of any size.
//! assert_eq!(trials(r#"grid run f.py --n "range(1, 10, 4)""#), ["f.py --n 1", "f.py --n 5", "f.py --n 9"]);
//! // A missing comma between texts is read as one, with a warning.
//! assert_eq!(trials(r#"grid run f.py --m "['a' 'b']""#), ["f.py --m a", "f.py --m b"]);
//! // Without sweeps a command is one trial; several commands are one plan.
//! assert_eq!(trials("grid run f.py --n 1\ngrid run f.py --n 2"), ["f.py --n 1", "f.py --n 2"]);
//! // A text that only looks like a list is passed by a list of one item.
//! assert_eq!(trials(r#"grid run f.py --p "['[a-z]+']""#), [r#"f.py --p "[a-z]+""#]);
//! ```
//!
//! What may waste money is a warning ([`lints`]): a value that argparse takes for an option
//! (`--lr "[-1e-5]"`: behind `--lr=` it does not), a text that looks like a sweep and is passed as one
//! value (`"(1, 2)"`, `lr="[0.1, 0.2]"`), a swept flag that is given again. A value that begins like a
//! sweep and cannot be read as one is an error, and the sweeps that may have been meant are its fixes, the
//! likeliest first:
//!
//! ```
//! # use sweep_planner::sweep::{Settings, read};
//! let text = r#"grid run f.py --m "[bert-base, roberta]""#;
//! let reading = read(text, &Settings::default());
//! let fixes = reading.diagnostics[0].fixes(text);
//! assert_eq!(fixes[0].apply(text), r#"grid run f.py --m "['bert-base', 'roberta']""#);
//! assert_eq!(fixes[1].apply(text), r#"grid run f.py --m "['[bert-base, roberta]']""#);
//! ```
//!
//! The strategy decides which trials of the product are proposed: `grid_search` (all of them, the
//! default), `random_search` (`--num_trials` of them, drawn with the seed) or `none` (one trial, its
//! arguments as typed). The same seed feeds the distributions, whose draws are NumPy's own
//! ([`sampling`]):
//!
//! ```
//! # use sweep_planner::sweep::{Settings, read};
//! let text = r#"grid run --seed 0 f.py --lr "uniform(0, 1, 2)""#;
//! let plan = read(text, &Settings::default()).plan;
//! // np.random.seed(0); np.random.uniform(0, 1, 2)
//! assert_eq!(plan.value(&plan.trial(0).unwrap(), 0).unwrap(), "0.5488135039273248");
//! assert_eq!(plan.value(&plan.trial(1).unwrap(), 0).unwrap(), "0.7151893663724195");
//! ```
//!
//! Options by Grid's former names are problems whose fix is today's name ([`spelling`]), and two
//! commands of one `--name` get two names:
//!
//! ```
//! # use sweep_planner::sweep::{Settings, read};
//! let reading = read("grid run --g_cpus 7 f.py", &Settings::default());
//! assert_eq!(reading.diagnostics[0].fix("grid run --g_cpus 7 f.py").unwrap().edits[0].1, "--cpus");
//! let text = "grid run --name abc f.py --x 1\ngrid run --name abc f.py --x 2";
//! let plan = read(text, &Settings::default()).plan;
//! assert_eq!([plan.run_name(0), plan.run_name(1)], [Some("abc"), Some("abc-2")]);
//! ```
//!
//! [`config::split_pasted`] splits a text that holds a config file; links and other tools' files are reported as
//! what they are ([`foreign_text`]).
//!
//! The YAML file of `--config` is read by PyYAML's rules and merged as Grid's client merges it ([`config`]).
//!
//! Whatever is wrong becomes a [`Diagnostic`] with its place; the rest of the text is still read:
//!
//! ```
//! # use sweep_planner::sweep::{Settings, read};
//! let text = "grid run f.py --n \"range(1, 10, 0)\"";
//! let reading = read(text, &Settings::default());
//! assert_eq!(reading.diagnostics[0].render(text), "\
//! error: the step of a range must not be zero
//!   |
//! 1 | grid run f.py --n \"range(1, 10, 0)\"
//!   |                                 ^
//! ");
//! ```

// What all stages stand on: places in a text, quoting, limits, and what a plan depends on beside its text.
pub(crate) mod budget;
#[cfg(any(test, feature = "page", feature = "internals"))]
pub(crate) mod fnv;
mod settings;
pub(crate) mod shell_quote;
pub(crate) mod span;
pub(crate) mod suggest;
mod truncate;

// Characters that are not what they look like, and mathematics that is the same everywhere.
pub(crate) mod math;
pub(crate) mod unicode;

// Literals, ranges and distributions.
pub mod literal;
pub(crate) mod range;
pub(crate) mod sampling;

// Which of them a value is, and what one that cannot be read may be meant as.
mod repair;
pub(crate) mod value;

// Whatever is wrong, with its wording.
pub mod diagnostic;

// Text to words.
pub(crate) mod shell_words;

// The options of a command, by today's names and former ones.
pub(crate) mod machine_nicknames;
pub(crate) mod options;
pub(crate) mod spelling;

// Words to a command: options, script, arguments.
pub(crate) mod command;

// What is merged into a command, what is no command, and what holds between several.
pub(crate) mod config;
pub(crate) mod foreign_text;
mod grid_client_rules;

// Arguments to axes.
pub(crate) mod axis;

// Axes to a command's space, strategy and seed.
mod argument_template;
pub(crate) mod part;
pub(crate) mod subset;

// All commands as one plan.
pub(crate) mod plan;
mod run_names;

// What may not be meant in it.
mod fingerprint;
pub(crate) mod lints;

// All of these in a row; and the edits that mend what they report.
mod fixes;
pub(crate) mod reading;

// The choice of trials, its trials in order and as text, and its name.
pub(crate) mod carry_selection;
#[cfg_attr(
    not(feature = "internals"),
    expect(dead_code, reason = "issue 14 wires it to the page")
)]
pub(crate) mod command_lines;
pub(crate) mod digest;
#[cfg_attr(
    not(feature = "internals"),
    expect(dead_code, reason = "issue 14 wires it to the page")
)]
pub(crate) mod sorted_space;
pub(crate) mod trial_lookup;
pub(crate) mod trial_set;

// Changing the text from a control, or a command for a proposal.
pub(crate) mod changed_line;
pub(crate) mod edit;
pub(crate) mod single_command;

// The interface of the library: what the server uses.
pub use argument_template::{ArgumentSizes, ArgumentTemplate, find_nul, listed_values};
pub use diagnostic::Diagnostic;
pub use digest::digest;
pub use options::{Options, Strategy};
pub use part::Part;
pub use plan::{Plan, Trial};
pub use reading::{Reading, read};
pub use settings::Settings;
pub use span::Span;
pub use suggest::nearest_name;
pub use trial_set::Ranges;
pub use truncate::{QUOTED_MAX, truncate_chars};

// What the page and the other stages use beside it.
pub(crate) use budget::MAX_LISTED;
pub(crate) use carry_selection::carry;
pub(crate) use diagnostic::{Fix, Severity};
pub(crate) use reading::{MAX_TEXT, read_request};
pub(crate) use single_command::suggest_single_command;
pub(crate) use span::Origin;

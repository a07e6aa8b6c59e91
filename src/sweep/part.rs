//! Stages 5 and 6: one command's space, strategy and seed.
//!
//! The space is the product of the axes. An index in it, from 0, is a number in mixed radix whose digits
//! are the places of the values: the first axis is the fastest digit.

use super::axis::{self, ArgumentReading, Axis, LazyStream};
use super::budget::Budget;
use super::command::{Argument, Command};
use super::diagnostic::{Diagnostic, Kind};
use super::options::{Options, Strategy};
use super::settings::Settings;
use super::shell_quote;
use super::span::Span;
use super::subset;
use super::value::{self, ParsedValue};
use std::borrow::Cow;
use std::sync::Arc;

/// The seed of a part's draws, 0 to 2^32 − 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Seed {
    /// What `np.random.seed` would be given.
    pub value: u32,
    /// Whether it was drawn for the plan because the command gives no `--seed`.
    pub drawn: bool,
}

/// One command with its space, strategy and seed.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    command: Arc<Command>,
    axes: Vec<Axis>,
    /// For each axis, over how many indices its value stays the same: the sizes of the axes before it
    /// multiplied.
    strides: Vec<u128>,
    /// For each argument of the command, the axis that gives its value; `None` where it is not swept.
    swept: Vec<Option<u32>>,
    space_len: u128,
    seed: Seed,
    /// The indices that random search proposes, ascending; `None` where all of the space is proposed.
    drawn_indices: Option<Vec<u128>>,
}

/// An argument of a part, by its number: found by name once, then read for many trials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ArgumentSlot(u32);

impl Part {
    /// Reads the axes of `command`, draws the values of its distributions in the order of the command, and
    /// counts the space. `None` where that fails; the reason is among the diagnostics.
    pub(super) fn new(
        command: Arc<Command>,
        settings: &Settings,
        budget: &mut Budget,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<Part> {
        let options = &command.options;
        let seed = Seed {
            value: options.seed.unwrap_or(settings.drawn_seed),
            drawn: options.seed.is_none(),
        };
        let names = settings.character_names.as_ref();
        let mut draws = LazyStream::new(seed.value);
        let mut axes = Vec::new();
        let mut swept = vec![None; command.arguments.len()];
        let mut all_readable = true;
        for (argument, slot) in command.arguments.iter().zip(&mut swept) {
            if argument.is_flag || options.strategy == Strategy::None {
                continue;
            }
            match axis::read_argument(argument, names, &mut draws, budget, diagnostics) {
                ArgumentReading::Fixed => {}
                ArgumentReading::Invalid => all_readable = false,
                ArgumentReading::Swept(axis) => {
                    *slot = Some(u32::try_from(axes.len()).ok()?);
                    axes.push(axis);
                }
            }
        }
        if !all_readable || axes.iter().any(Axis::is_empty) {
            return None;
        }
        let mut strides = Vec::with_capacity(axes.len());
        let mut space_len = 1_u128;
        for axis in &axes {
            strides.push(space_len);
            let Some(longer) = space_len.checked_mul(axis.len()) else {
                diagnostics.push(Diagnostic::new(command.script_span, Kind::SpaceTooLarge));
                return None;
            };
            space_len = longer;
        }
        let chosen = draw_chosen_indices(&command, space_len, seed, budget, diagnostics);
        Some(Part {
            command,
            axes,
            strides,
            swept,
            space_len,
            seed,
            drawn_indices: chosen,
        })
    }

    /// The command that the part was made from.
    pub fn command(&self) -> &Command {
        &self.command
    }

    /// The options of `grid run`, those of a config file included.
    pub fn options(&self) -> &Options {
        &self.command.options
    }

    /// The script's path as typed, without quotes.
    pub fn script(&self) -> &str {
        &self.command.script
    }

    /// The command's place in the text.
    pub(crate) fn span(&self) -> Span {
        self.command.span
    }

    /// The swept arguments, in command-line order.
    pub fn axes(&self) -> &[Axis] {
        &self.axes
    }

    /// Which indices of the space are proposed.
    pub(crate) fn strategy(&self) -> Strategy {
        self.command.options.strategy
    }

    /// The seed of the draws; see [`Part::needs_seed`].
    pub fn seed(&self) -> Seed {
        self.seed
    }

    /// Whether another seed could give other trials.
    pub fn needs_seed(&self) -> bool {
        self.strategy() == Strategy::RandomSearch || self.axes.iter().any(Axis::is_drawn)
    }

    /// How many trials the space has: the sizes of the axes multiplied.
    pub fn space_len(&self) -> u128 {
        self.space_len
    }

    /// How many trials are proposed.
    #[allow(clippy::len_without_is_empty, reason = "no part is empty")]
    pub fn len(&self) -> u128 {
        self.drawn_indices
            .as_ref()
            .map_or(self.space_len, |chosen| chosen.len() as u128)
    }

    /// The index in the space of the `n`-th proposed trial, from 0. O(1).
    pub fn index_at(&self, n: u128) -> Option<u128> {
        match &self.drawn_indices {
            Some(chosen) => chosen.get(usize::try_from(n).ok()?).copied(),
            None => (n < self.space_len).then_some(n),
        }
    }

    /// The number, from 0, of the proposed trial with this index in the space. O(log proposed).
    pub fn position_of(&self, index: u128) -> Option<u128> {
        match &self.drawn_indices {
            Some(chosen) => chosen.binary_search(&index).ok().map(|n| n as u128),
            None => (index < self.space_len).then_some(index),
        }
    }

    /// For each axis, in order, the number of its value in the trial at `index`, from 0: the first axis
    /// varies fastest.
    pub fn digits(&self, index: u128) -> impl Iterator<Item = u128> + '_ {
        let mut rest = index;
        self.axes.iter().map(move |axis| {
            let digit = rest % axis.len();
            rest /= axis.len();
            digit
        })
    }

    /// The value of axis number `axis` at `index`. O(1).
    pub(super) fn axis_value(&self, axis: usize, index: u128) -> Option<Cow<'_, str>> {
        let stride = self.strides.get(axis)?;
        let axis = self.axes.get(axis)?;
        axis.value(index / stride % axis.len())
    }

    /// The words of the trial at `index`, the script first; `None` outside the space. O(words).
    pub fn argv(&self, index: u128) -> Option<Vec<String>> {
        if index >= self.space_len {
            return None;
        }
        let digits: Vec<u128> = self.digits(index).collect();
        let mut argv = Vec::with_capacity(1 + self.command.arguments.len());
        argv.push(self.command.script.clone());
        for (argument, swept) in self.command.arguments.iter().zip(&self.swept) {
            argv.push(match swept {
                Some(axis) => {
                    let axis = *axis as usize;
                    format!(
                        "{}{}",
                        argument.prefix(),
                        self.axes[axis].value(digits[axis])?
                    )
                }
                None => argument.word.text.to_string(),
            });
        }
        Some(argv)
    }

    /// The argument that a formula calls `variable`: leading dashes gone, `-` as `_`; a positional
    /// one is `arg1`, `arg2`, ….
    pub(crate) fn find_argument(&self, variable: &str) -> Option<ArgumentSlot> {
        let matches = |name: &str| match name.strip_prefix('#') {
            Some(number) => variable.strip_prefix("arg") == Some(number),
            None => {
                let plain = name.trim_start_matches('-');
                plain.len() == variable.len()
                    && plain
                        .bytes()
                        .zip(variable.bytes())
                        .all(|(a, b)| a == b || (a == b'-' && b == b'_'))
            }
        };
        // From the end: a flag that has a value is two words of one name, and the value is the second.
        let found = self
            .command
            .arguments
            .iter()
            .rposition(|a| matches(&a.name));
        found
            .and_then(|at| u32::try_from(at).ok())
            .map(ArgumentSlot)
    }

    /// The arguments as a formula calls them, each once, in the order of the command line.
    pub(crate) fn variables(&self) -> impl Iterator<Item = String> + '_ {
        self.named_arguments().map(|(name, _)| Part::variable(name))
    }

    /// What a formula calls the argument `name`: leading dashes gone, `-` as `_`; `#1` is `arg1`.
    pub(crate) fn variable(name: &str) -> String {
        match name.strip_prefix('#') {
            Some(number) => format!("arg{number}"),
            None => name.trim_start_matches('-').replace('-', "_"),
        }
    }

    /// The number of the axis that sweeps the argument; `None` where it is not swept.
    pub(crate) fn axis_of(&self, slot: ArgumentSlot) -> Option<u32> {
        self.swept.get(slot.0 as usize).copied().flatten()
    }

    /// What the trial at `index` passes for the argument. O(1).
    pub(crate) fn value(&self, slot: ArgumentSlot, index: u128) -> Option<Cow<'_, str>> {
        let argument = self.command.arguments.get(slot.0 as usize)?;
        match self.axis_of(slot) {
            Some(axis) => self.axis_value(axis as usize, index),
            None => Some(Cow::Borrowed(argument.value())),
        }
    }

    /// The value of an argument as typed.
    pub(super) fn typed_value(&self, slot: ArgumentSlot) -> &str {
        let argument = self.command.arguments.get(slot.0 as usize);
        argument.map_or("", Argument::value)
    }

    /// Every argument that no axis sweeps: its name, which no other has, and what all trials pass for
    /// it. A flag without a value passes its own word.
    pub fn fixed_arguments(&self) -> impl Iterator<Item = (&str, &str)> + '_ {
        self.named_arguments().filter_map(|(name, slot)| {
            let argument = self.command.arguments.get(slot.0 as usize)?;
            self.axis_of(slot)
                .is_none()
                .then(|| (name, argument.value()))
        })
    }

    /// Every argument as typed, and whether an axis gives its value.
    pub(super) fn arguments(&self) -> impl Iterator<Item = (&Argument, bool)> + '_ {
        self.command
            .arguments
            .iter()
            .zip(self.swept.iter().map(Option::is_some))
    }

    /// The indices that random search proposes, ascending; `None` where all of the space is.
    pub(super) fn drawn_indices(&self) -> Option<&[u128]> {
        self.drawn_indices.as_deref()
    }

    /// Every argument that has a value: its name, which no other of them has, the axis that sweeps
    /// it, and its value as typed.
    pub(super) fn valued_arguments(&self) -> impl Iterator<Item = (&str, Option<u32>, &str)> + '_ {
        let arguments = self.command.arguments.iter().zip(&self.swept);
        arguments
            .filter(|(argument, _)| !argument.is_flag)
            .map(|(argument, axis)| (&*argument.name, *axis, argument.value()))
    }

    /// The arguments with their names: the value word of a flag that has one, the flag's own word
    /// where it has none.
    pub(crate) fn named_arguments(&self) -> impl Iterator<Item = (&str, ArgumentSlot)> + '_ {
        let arguments = &self.command.arguments;
        arguments
            .iter()
            .enumerate()
            .filter_map(move |(at, argument)| {
                let has_value = arguments
                    .get(at + 1)
                    .is_some_and(|next| next.name == argument.name);
                let counts = !(argument.is_flag && has_value);
                counts
                    .then(|| Some((&*argument.name, ArgumentSlot(u32::try_from(at).ok()?))))
                    .flatten()
            })
    }

    /// What the wire calls `runControllerCommand`: the script, two blanks (one where there are no
    /// arguments), and the arguments as typed, each quoted for a shell.
    pub fn run_controller_command(&self) -> String {
        let words: Vec<_> = self
            .command
            .arguments
            .iter()
            .map(|a| shell_quote::quote_for_shell(&a.word.text))
            .collect();
        let blanks = if words.is_empty() { " " } else { "  " };
        format!(
            "{}{blanks}{}",
            shell_quote::quote_for_shell(&self.command.script),
            words.join(" ")
        )
    }

    /// One `grid run …` line for the trial at `index` alone. It has the options as typed, except that the
    /// name is `run_name`, the strategy is `none` where a value would be read as a sweep again, and the
    /// options of a config file stand in place of `--config` (its environment and actions cannot).
    pub(super) fn grid_run_line(&self, index: u128, run_name: Option<&str>) -> Option<String> {
        let argv = self.argv(index)?;
        let swept = |word: &String| {
            let value = word.split_once('=').filter(|_| word.starts_with("--"));
            let read = value::read(value.map_or(word.as_str(), |(_, value)| value));
            !matches!(read, ParsedValue::Plain | ParsedValue::UnknownCall { .. })
        };
        let mut line = String::from("grid run");
        for used in &self.command.uses {
            let name = used.spec.name;
            // The config file's options stand among the others already.
            let done = self.command.config_read && name == "--config";
            if done || matches!(name, "--strategy" | "--num_trials") {
                continue;
            }
            let value = match name {
                "--name" => run_name,
                _ => Some(used.value.as_str()),
            };
            let Some(value) = value else { continue };
            line.push(' ');
            line.push_str(name);
            if used.spec.value_type != super::options::ValueType::Nothing {
                // A value that looks like an option is read as a value only behind `=`.
                line.push(if value.starts_with('-') { '=' } else { ' ' });
                line.push_str(&shell_quote::quote_for_shell(value));
            }
        }
        if argv.iter().skip(1).any(swept) {
            line.push_str(" --strategy none");
        }
        if self.command.script.starts_with('-') {
            line.push_str(" --");
        }
        for word in &argv {
            line.push(' ');
            line.push_str(&shell_quote::quote_for_shell(word));
        }
        Some(line)
    }
}

/// The indices that random search draws; `None` where all of the space is proposed, or where the budget
/// does not allow the draw, which is reported.
fn draw_chosen_indices(
    command: &Command,
    space_len: u128,
    seed: Seed,
    budget: &mut Budget,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Vec<u128>> {
    let options = &command.options;
    let asked = options
        .num_trials
        .filter(|_| options.strategy == Strategy::RandomSearch)?;
    let mut report = |kind| {
        diagnostics.push(match command.effective_use("--num_trials") {
            Some(used) => Diagnostic::new(used.span, kind).with_origin(used.origin),
            None => Diagnostic::new(command.script_span, kind),
        });
    };
    if u128::from(asked) > space_len {
        let space = space_len;
        report(Kind::NumTrialsOverSpace { asked, space });
    }
    if u128::from(asked) >= space_len {
        return None;
    }
    if budget.is_spent() {
        return None;
    }
    if !budget.take(u64::from(asked)) {
        report(Kind::TooMuchListed);
        return None;
    }
    Some(subset::draw(space_len, u64::from(asked), seed.value))
}

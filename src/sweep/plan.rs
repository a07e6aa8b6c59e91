//! Stage 6: joins the parts of a text to one plan, a function from positions to trials.

use super::part::{ArgumentSlot, Part};
use super::run_names::RunNames;
use super::shell_quote;
use super::trial_set::Ranges;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

/// One trial of a plan: its position, and which trial of which part stands there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Trial {
    /// Its number among all proposed trials of the plan, from 0.
    pub position: u128,
    /// The number of its part, from 0.
    pub part: u32,
    /// Its index in the space of its part.
    pub index: u128,
}

/// Everything that a command text stands for: a function of the position, never a list. A trial costs
/// O(log parts + axes), whatever the size.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    parts: Vec<Part>,
    /// How many proposed trials stand before each part; the last entry counts all.
    starts: Vec<u128>,
    columns: Vec<String>,
    /// The names of the runs that the parts are launched as.
    run_names: RunNames,
    /// For each part, by column number, the argument behind the columns that it has; `None` stands for
    /// the script.
    cells: Vec<BTreeMap<u32, Option<ArgumentSlot>>>,
}

impl Plan {
    /// Joins the parts; `None` where they have more than 2^128 − 1 trials.
    pub(super) fn new(parts: Vec<Part>) -> Option<Plan> {
        let mut starts = vec![0_u128];
        for part in &parts {
            starts.push(starts.last()?.checked_add(part.len())?);
        }
        let (columns, cells) = find_columns(&parts);
        let typed: Vec<_> = parts
            .iter()
            .map(|part| part.options().name.as_deref())
            .collect();
        let names = RunNames::new(&typed);
        Some(Plan {
            parts,
            starts,
            columns,
            run_names: names,
            cells,
        })
    }

    /// The parts, in the order of the text.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// How many trials all parts propose.
    pub fn len(&self) -> u128 {
        self.starts.last().copied().unwrap_or(0)
    }

    /// Whether there is none: the text has errors, or no command.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The position of a part's first trial; behind the last part, the plan's length.
    pub fn part_start(&self, part: u32) -> u128 {
        self.starts
            .get(part as usize)
            .copied()
            .unwrap_or(self.len())
    }

    /// The name of the run that a part is launched as, different from every other part's; `None` where the
    /// command gives no `--name`.
    pub fn run_name(&self, part: u32) -> Option<&str> {
        self.run_names.of_run(part)
    }

    /// Names of what differs between trials: every axis, and every argument (or the script) that
    /// differs between parts, in order of appearance.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The trial at `position`, from 0.
    pub fn trial(&self, position: u128) -> Option<Trial> {
        let part = self
            .starts
            .partition_point(|start| *start <= position)
            .checked_sub(1)?;
        let index = self
            .parts
            .get(part)?
            .index_at(position - self.starts[part])?;
        Some(Trial {
            position,
            part: u32::try_from(part).ok()?,
            index,
        })
    }

    fn part(&self, trial: &Trial) -> Option<&Part> {
        self.parts.get(trial.part as usize)
    }

    /// The text that the trial passes for a column; `None` where its part has no such argument.
    pub fn value(&self, trial: &Trial, column: u32) -> Option<Cow<'_, str>> {
        let part = self.part(trial)?;
        match self.cells.get(trial.part as usize)?.get(&column)? {
            Some(slot) => part.value(*slot, trial.index),
            None => Some(Cow::Borrowed(part.script())),
        }
    }

    /// The trial's words, the script first; none for a trial of another plan.
    pub fn argv(&self, trial: &Trial) -> Vec<String> {
        self.part(trial)
            .and_then(|part| part.argv(trial.index))
            .unwrap_or_default()
    }

    /// The trial's words quoted for a POSIX shell.
    pub fn command_line(&self, trial: &Trial) -> String {
        let words = self.argv(trial);
        words
            .iter()
            .map(|word| shell_quote::quote_readably(word))
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// A `grid run` command for the trial alone. Where the plan's command gives a name, the trial's is
    /// different from every other trial's. O(axes + parts of like names).
    pub fn grid_run_line(&self, trial: &Trial) -> String {
        let position = trial.position.saturating_sub(self.part_start(trial.part));
        let name = self.run_names.of_trial(trial.part, position);
        self.part(trial)
            .and_then(|part| part.grid_run_line(trial.index, name.as_deref()))
            .unwrap_or_default()
    }

    /// The selected trials of one part as indices in its space: what a launch carries. `selection`
    /// holds positions. O(ranges), or O(selected) where random search chose the trials.
    pub fn chosen_indices(&self, part: u32, selection: &Ranges) -> Ranges {
        let Some(of) = self.parts.get(part as usize) else {
            return Ranges::empty();
        };
        let start = self.part_start(part);
        let Some(last) = (start + of.len()).checked_sub(1) else {
            return Ranges::empty();
        };
        let inside = selection.between(start, last);
        let positions = inside.shift_down(start);
        if of.len() == of.space_len() {
            return positions;
        }
        Ranges::from_ascending(positions.iter().filter_map(|n| of.index_at(n)))
    }
}

type Cells = Vec<BTreeMap<u32, Option<ArgumentSlot>>>;

/// The columns of a single command: its axes, in their order. Within one command names are unique.
fn columns_of_single_part(part: &Part) -> (Vec<String>, Cells) {
    let swept = part
        .named_arguments()
        .filter(|(_, slot)| part.axis_of(*slot).is_some());
    let (names, slots): (Vec<String>, Vec<ArgumentSlot>) =
        swept.map(|(name, slot)| (name.to_owned(), slot)).unzip();
    let cells = (0..).zip(slots.into_iter().map(Some)).collect();
    (names, vec![cells])
}

/// Finds the columns, and the argument of each part behind them: every axis, and what differs between
/// parts or is missing in some. O(arguments of all parts).
fn find_columns(parts: &[Part]) -> (Vec<String>, Cells) {
    #[derive(Default)]
    struct SeenArgument<'a> {
        order: u32,
        parts: u32,
        differs: bool,
        value: Cow<'a, str>,
    }
    if let [part] = parts {
        return columns_of_single_part(part);
    }
    let mut seen: HashMap<&str, SeenArgument<'_>> = HashMap::new();
    for part in parts {
        for (name, slot) in part.named_arguments() {
            let value = part.value(slot, 0).unwrap_or_default();
            let order = u32::try_from(seen.len()).unwrap_or(u32::MAX);
            let entry = seen.entry(name).or_insert_with(|| SeenArgument {
                order,
                value: value.clone(),
                ..SeenArgument::default()
            });
            entry.parts += 1;
            entry.differs |= part.axis_of(slot).is_some() || entry.value != value;
        }
    }
    let count = u32::try_from(parts.len()).unwrap_or(u32::MAX);
    let mut shown: Vec<(u32, &str)> = seen
        .iter()
        .filter(|(_, entry)| entry.differs || entry.parts != count)
        .map(|(name, entry)| (entry.order, *name))
        .collect();
    shown.sort_unstable();
    // The script's column, where there is one, is the first.
    let scripts_differ = parts
        .windows(2)
        .any(|pair| pair[0].script() != pair[1].script());
    let mut columns: Vec<String> = Vec::new();
    columns.extend(scripts_differ.then(|| "script".to_owned()));
    let first = u32::from(scripts_differ);
    columns.extend(shown.iter().map(|(_, name)| (*name).to_owned()));
    let numbers: HashMap<&str, u32> = (first..)
        .zip(&shown)
        .map(|(n, (_, name))| (*name, n))
        .collect();
    let cells = parts.iter().map(|part| {
        let arguments = part.named_arguments();
        let mut cells: BTreeMap<u32, Option<ArgumentSlot>> = arguments
            .filter_map(|(name, slot)| Some((*numbers.get(name)?, Some(slot))))
            .collect();
        if scripts_differ {
            cells.insert(0, None);
        }
        cells
    });
    (columns, cells.collect())
}

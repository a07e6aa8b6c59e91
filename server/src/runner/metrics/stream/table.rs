//! Tables: a header with a column for the step and rows of numbers below it, and boxes of two
//! columns, a name and a value.

use super::super::lines::{LineMetrics, NAME_MAX};
use super::number::{Number, parse_whole};
use super::vocabulary as words;
use sweep_planner::api::MetricValue;

/// The most columns, and the longest title in bytes.
const COLUMNS_MAX: usize = 64;
const TITLE_MAX: usize = 60;
/// The most rows of a box.
const BOX_ROWS_MAX: usize = 200;
/// Names in a box that say where it stands, the first that is there.
const BOX_STEPS: [&str; 9] = [
    "total_timesteps",
    "timesteps",
    "total_steps",
    "global_step",
    "step",
    "steps",
    "iterations",
    "iteration",
    "epoch",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Separator {
    Blanks,
    Sign(char),
}

/// A table whose header was read.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Table {
    /// The titles, with where each begins and ends in the line, in letters.
    titles: Vec<(String, usize, usize)>,
    step: Option<usize>,
    separator: Separator,
}

impl Table {
    /// Reads a header. `None` if the line is none. O(length).
    pub(super) fn from_header(line: &str) -> Option<Self> {
        let line = without_bar(line);
        if line.len() > 2_000 || line.contains(['=', ':', '"', '{', '[']) {
            return None;
        }
        let (separator, cells) = split_header(line);
        let fits = (2..=COLUMNS_MAX).contains(&cells.len())
            && cells.iter().all(|(cell, ..)| is_title(cell))
            // A title that stands twice belongs to groups in a line above.
            && !cells.iter().enumerate().any(|(at, (cell, ..))| {
                cells[..at].iter().any(|(other, ..)| other == cell)
            });
        fits.then_some(())?;
        let step = cells
            .iter()
            .enumerate()
            .filter_map(|(at, (cell, ..))| Some((words::step_rank(cell)?, at)))
            .min()
            .map(|(_, at)| at);
        let measures = cells.iter().any(|(cell, ..)| words::is_metric(cell));
        let classes = matches!(cells[0].0.as_str(), "classes" | "Class" | "class");
        (step.is_some() || (classes && measures)).then_some(Self {
            titles: cells,
            step,
            separator,
        })
    }

    /// Reads a row of this table: its numbers by their titles. `None` if the line is no row.
    pub(super) fn row(&self, line: &str) -> Option<LineMetrics> {
        let line = without_bar(line);
        let cells = match self.separator {
            Separator::Blanks => split_cells(line, |_, blank| blank),
            Separator::Sign(sign) => split_signs(line, sign),
        };
        let columns = self.columns(&cells)?;
        let mut measured = LineMetrics::default();
        for ((cell, ..), column) in cells.iter().zip(columns) {
            let number = parse_whole(cell);
            if Some(column) == self.step {
                measured.step = match number? {
                    Number::Value { value, .. } => Some(value),
                    Number::Fraction { part, .. } => Some(part),
                    _ => return None,
                };
                continue;
            }
            let title = &self.titles[column].0;
            if self.step.is_none() && column == 0 {
                (cell == "all").then_some(())?;
            } else if let Some(Number::Value { value, .. }) = number
                && words::step_rank(title).is_none()
                && !words::is_progress(title)
                && !title.eq_ignore_ascii_case("time")
            {
                measured.values.push((title.clone(), MetricValue(value)));
            }
        }
        let stated = self.step.is_none() || measured.step.is_some();
        (stated && !measured.values.is_empty()).then_some(measured)
    }

    /// Which column each cell stands in: by their order, or, if some are empty, by their place.
    fn columns(&self, cells: &[(String, usize, usize)]) -> Option<Vec<usize>> {
        if cells.len() == self.titles.len() {
            return Some((0..cells.len()).collect());
        }
        (self.separator == Separator::Blanks && cells.len() > 1).then_some(())?;
        let below = |start: usize, end: usize| {
            let mut columns = self
                .titles
                .iter()
                .enumerate()
                .filter(|(_, (_, from, to))| start < *to && *from < end);
            let (column, _) = columns.next()?;
            columns.next().is_none().then_some(column)
        };
        let columns: Option<Vec<_>> = cells
            .iter()
            .map(|(_, from, to)| below(*from, *to))
            .collect();
        let columns = columns?;
        columns.is_sorted_by(|a, b| a < b).then_some(columns)
    }
}

/// The part of a line before a progress bar: `… 32: 100% ━━━ 2/2`.
fn without_bar(line: &str) -> &str {
    let Some(percent) = line.find('%') else {
        return line;
    };
    let before =
        line[..percent].trim_end_matches(|letter: char| letter.is_ascii_digit() || letter == '.');
    match before.trim_end().strip_suffix(':') {
        Some(cells) => cells,
        None => line,
    }
}

fn is_title(cell: &str) -> bool {
    cell.len() <= TITLE_MAX
        && cell.split(' ').count() <= 4
        && cell.starts_with(|first: char| first.is_alphabetic() || matches!(first, '#' | '_'))
}

fn split_header(line: &str) -> (Separator, Vec<(String, usize, usize)>) {
    for sign in ['|', '│', ','] {
        if line.contains(sign) {
            return (Separator::Sign(sign), split_signs(line, sign));
        }
    }
    // Titles of several words stand two blanks apart; where nothing does, each word is one.
    let wide = split_cells(line, |blanks, _| blanks > 1);
    if wide.len() > 1 {
        (Separator::Blanks, wide)
    } else {
        (Separator::Blanks, split_cells(line, |_, blank| blank))
    }
}

/// Cells parted by blanks, where `parts` says so of how many there are; with their places.
fn split_cells(line: &str, parts: impl Fn(usize, bool) -> bool) -> Vec<(String, usize, usize)> {
    let mut cells: Vec<(String, usize, usize)> = Vec::new();
    let mut blanks = 2;
    for (at, letter) in line.chars().enumerate() {
        if letter.is_whitespace() {
            blanks += if letter == '\t' { 2 } else { 1 };
            continue;
        }
        if cells.len() > COLUMNS_MAX {
            break;
        }
        match cells.last_mut() {
            Some((cell, _, end)) if !parts(blanks, blanks > 0) => {
                if blanks > 0 {
                    cell.push(' ');
                }
                cell.push(letter);
                *end = at + 1;
            }
            _ => cells.push((letter.to_string(), at, at + 1)),
        }
        blanks = 0;
    }
    cells
}

fn split_signs(line: &str, sign: char) -> Vec<(String, usize, usize)> {
    line.trim()
        .trim_matches(sign)
        .split(sign)
        .take(COLUMNS_MAX + 1)
        .map(|cell| (cell.trim().to_owned(), 0, 0))
        .collect()
}

/// The two cells of a row of a box: `| name | 0.5 |`.
pub(super) fn box_row(line: &str) -> Option<(&str, &str)> {
    let sign = line
        .chars()
        .next()
        .filter(|first| matches!(first, '|' | '│' | '┃'))?;
    let inner = line.strip_prefix(sign)?.strip_suffix(sign)?;
    let (left, right) = inner.split_once(sign)?;
    (!right.contains(sign)).then_some((left.trim(), right.trim()))
}

/// A box whose rows are being read.
#[derive(Debug, Default)]
pub(super) struct BoxReader {
    group: String,
    values: Vec<(String, f64)>,
    texts: usize,
}

impl BoxReader {
    pub(super) fn push(&mut self, name: &str, cell: &str) {
        if name.is_empty() || self.values.len() >= BOX_ROWS_MAX {
            return;
        }
        match parse_whole(cell) {
            _ if cell.is_empty() => self.group = name.to_owned(),
            Some(Number::Value { value, .. }) => {
                let joint = if self.group.is_empty() || self.group.ends_with('/') {
                    ""
                } else {
                    "/"
                };
                let name = format!("{}{joint}{name}", self.group);
                if name.len() <= NAME_MAX {
                    self.values.push((name, value));
                }
            }
            Some(_) => {}
            None => self.texts += 1,
        }
    }

    /// What the box measured; it is empty afterwards.
    pub(super) fn take(&mut self) -> Option<LineMetrics> {
        let this = std::mem::take(self);
        let last = |name: &str| name.rsplit('/').next().unwrap_or_default().to_owned();
        let step = BOX_STEPS.iter().find_map(|step| {
            let mut values = this.values.iter();
            let found = values.find(|(name, _)| last(name).eq_ignore_ascii_case(step));
            found.map(|(_, value)| *value)
        });
        let described = this.texts > 1;
        let values: Vec<_> = this
            .values
            .into_iter()
            .filter(|(name, _)| {
                let plain = last(name);
                let stated = BOX_STEPS
                    .iter()
                    .any(|step| step.eq_ignore_ascii_case(&plain));
                let setting = step.is_none() && words::is_setting(&plain);
                let metric = words::is_metric(&plain);
                !stated && !words::is_progress(&plain) && (metric || !(setting || described))
            })
            .map(|(name, value)| (name, MetricValue(value)))
            .collect();
        (!values.is_empty()).then_some(LineMetrics { step, values })
    }
}

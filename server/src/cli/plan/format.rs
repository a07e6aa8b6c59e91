//! The forms in which `sweep plan` prints trials. Nothing is held but the trial being printed (a
//! table also holds the rows it shows, to align them).

use clap::ValueEnum;
use serde_json::json;
use std::borrow::Cow;
use std::io::{self, Write};
use sweep_planner::estimate::{
    self, Date, Estimate, TrialEstimate, TrialEstimator, format_seconds,
};
use sweep_planner::sweep::diagnostic::format_count;
use sweep_planner::sweep::{Plan, Ranges, Trial};

use super::pricing::Pricing;
use super::table::write_aligned;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// Columns for people
    Table,
    /// One JSON object a line
    Jsonl,
    /// Comma-separated values with a header
    Csv,
    /// One `grid run` command a line
    Sh,
}

/// The largest whole number that every JSON reader keeps exactly: 2^53.
const JSON_EXACT_MAX: u128 = 1 << 53;

fn make_pricer<'a>(plan: &'a Plan, pricing: Option<&'a Pricing>) -> Option<TrialEstimator<'a>> {
    pricing.map(|pricing| TrialEstimator::new(plan, &pricing.settings, &pricing.catalogue))
}

/// One object a line: `{"index", "part"?, "values", "argv", "seconds"?, "cost_usd"?}`.
pub(super) fn write_json_lines(
    plan: &Plan,
    trials: impl Iterator<Item = Trial>,
    pricing: Option<&Pricing>,
    out: &mut impl Write,
) -> io::Result<()> {
    let pricer = make_pricer(plan, pricing);
    let several = plan.parts().len() > 1;
    for trial in trials {
        let index = match u64::try_from(trial.index) {
            Ok(index) if trial.index <= JSON_EXACT_MAX => json!(index),
            _ => json!(trial.index.to_string()),
        };
        write!(out, "{{\"index\": {index}")?;
        if several {
            write!(out, ", \"part\": {}", trial.part)?;
        }
        // Written piece by piece, since the values keep the order of the command.
        write!(out, ", \"values\": {{")?;
        let mut comma = "";
        for (column, name) in (0..).zip(plan.columns()) {
            if let Some(value) = plan.value(&trial, column) {
                write!(out, "{comma}{}: {}", json!(name), json!(value))?;
                comma = ", ";
            }
        }
        write!(out, "}}, \"argv\": {}", json!(plan.argv(&trial)))?;
        if let Some(pricer) = &pricer {
            let estimate = pricer.estimate(&trial).to_json();
            let (seconds, cost) = (&estimate["seconds"], &estimate["cost_usd"]);
            write!(out, ", \"seconds\": {seconds}, \"cost_usd\": {cost}")?;
        }
        writeln!(out, "}}")?;
    }
    Ok(())
}

/// What a cell of a formula begins with, wide forms of Chinese and Japanese keyboards included: OWASP's
/// list against CSV injection.
const FORMULA_STARTS: [char; 11] = [
    '=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}',
];

/// How cells of CSV are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CsvCells {
    /// As they are.
    Exact,
    /// With a `'` before what a spreadsheet would take for a formula.
    Defused,
}

/// A header, then a row for each trial: its index, its values (empty where it lacks one), its
/// seconds and dollars where wanted (empty where unknown). Quoted by RFC 4180.
pub(super) fn write_csv(
    plan: &Plan,
    trials: impl Iterator<Item = Trial>,
    pricing: Option<&Pricing>,
    form: CsvCells,
    out: &mut impl Write,
) -> io::Result<()> {
    let pricer = make_pricer(plan, pricing);
    let several = plan.parts().len() > 1;
    let mut header = vec!["index".to_owned()];
    header.extend(several.then(|| "part".to_owned()));
    header.extend(plan.columns().iter().cloned());
    if pricer.is_some() {
        header.extend(["seconds".to_owned(), "cost_usd".to_owned()]);
    }
    write_csv_row(&header, form, out)?;
    for trial in trials {
        let mut cells = vec![trial.index.to_string()];
        cells.extend(several.then(|| trial.part.to_string()));
        for (column, _) in (0..).zip(plan.columns()) {
            cells.push(plan.value(&trial, column).unwrap_or_default().into_owned());
        }
        if let Some(pricer) = &pricer {
            let TrialEstimate { seconds, cost, .. } = pricer.estimate(&trial);
            cells.push(seconds.map_or(String::new(), |seconds| seconds.to_string()));
            cells.push(cost.map_or(String::new(), |cost| cost.to_decimal(6)));
        }
        write_csv_row(&cells, form, out)?;
    }
    Ok(())
}

/// By hand although metrics are read with the crate `csv`: its writer has one style of quotes for
/// all cells and leaves a cell that begins or ends with a blank without them. Reading what is written
/// here with the crate gives the same cells (a test).
fn write_csv_row(cells: &[String], form: CsvCells, out: &mut impl Write) -> io::Result<()> {
    let mut comma = "";
    for cell in cells {
        let cell = match form {
            CsvCells::Defused if cell.starts_with(FORMULA_STARTS) => Cow::Owned(format!("'{cell}")),
            _ => Cow::Borrowed(cell),
        };
        let quoted =
            cell.contains([',', '"', '\n', '\r']) || cell.starts_with(' ') || cell.ends_with(' ');
        if quoted {
            write!(out, "{comma}\"{}\"", cell.replace('"', "\"\""))?;
        } else {
            write!(out, "{comma}{cell}")?;
        }
        comma = ",";
    }
    out.write_all(b"\r\n")
}

/// One `grid run …` line for each trial, which stands for it alone.
pub(super) fn write_shell_lines(
    plan: &Plan,
    trials: impl Iterator<Item = Trial>,
    out: &mut impl Write,
) -> io::Result<()> {
    for trial in trials {
        writeln!(out, "{}", plan.grid_run_line(&trial))?;
    }
    Ok(())
}

/// Aligned columns, trials counted from 1 as on the page.
pub(super) fn write_table(
    plan: &Plan,
    trials: impl Iterator<Item = Trial>,
    pricing: Option<&Pricing>,
    out: &mut impl Write,
) -> io::Result<()> {
    let pricer = make_pricer(plan, pricing);
    let mut header = vec!["Trial".to_owned()];
    header.extend(plan.columns().iter().cloned());
    header.extend(
        pricer
            .iter()
            .flat_map(|_| ["Time".to_owned(), "Cost".to_owned()]),
    );
    let mut rows = vec![header];
    for trial in trials {
        let mut cells = vec![format_count(trial.position.saturating_add(1))];
        for (column, _) in (0..).zip(plan.columns()) {
            let value = plan.value(&trial, column);
            cells.push(value.map_or("–".to_owned(), |value| replace_control_characters(&value)));
        }
        if let Some(pricer) = &pricer {
            let TrialEstimate { seconds, cost, .. } = pricer.estimate(&trial);
            cells.push(seconds.map_or("unknown".into(), format_seconds));
            cells.push(cost.map_or("unknown".into(), |cost| cost.to_figure()));
        }
        rows.push(cells);
    }
    write_aligned(&rows, 0, out)
}

/// What stands below the trials: the total of all proposed trials, where an estimate is wanted.
pub(super) fn write_footer(
    plan: &Plan,
    format: Format,
    pricing: Option<&Pricing>,
    out: &mut impl Write,
) -> io::Result<()> {
    let whole = |pricing: &Pricing| {
        let all = Ranges::full(plan.len());
        estimate::estimate_plan(plan, &all, &pricing.settings, &pricing.catalogue)
    };
    match (format, pricing) {
        (Format::Jsonl, Some(pricing)) => {
            writeln!(out, "{}", json!({ "total": whole(pricing).to_json() }))
        }
        (Format::Table, Some(pricing)) => write_total(&whole(pricing), pricing.settings.today, out),
        (Format::Table, None) => writeln!(out, "{}", format_trial_count(plan.len())),
        _ => Ok(()),
    }
}

fn write_total(estimate: &Estimate, today: Option<Date>, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "{}", format_trial_count(estimate.trials))?;
    writeln!(out, "cost   {}", estimate.describe_cost())?;
    if let Some(note) = today.and_then(|today| estimate.describe_old_prices(today)) {
        writeln!(out, "       {note}")?;
    }
    if let Some(note) = &estimate.rounding_note {
        writeln!(out, "       {note}")?;
    }
    if let Some(ceiling) = &estimate.ceiling {
        writeln!(
            out,
            "       at most {} by the time limit",
            ceiling.to_figure()
        )?;
    }
    if let Some(mean) = &estimate.with_failures {
        writeln!(
            out,
            "       {} on average with failed attempts",
            mean.to_figure()
        )?;
    }
    match &estimate.wall_seconds {
        Some(wall) => {
            let [low, likely, high] = [wall.low, wall.likely, wall.high].map(format_seconds);
            writeln!(
                out,
                "time   {likely} ({low} to {high}), {} at once",
                estimate.parallel
            )?;
        }
        None => writeln!(out, "time   unknown")?,
    }
    for problem in &estimate.problems {
        writeln!(out, "note   {problem}")?;
    }
    for assumption in &estimate.assumptions {
        writeln!(out, "       {assumption}")?;
    }
    Ok(())
}

/// A value on one line, with nothing in it that a terminal would obey.
pub(super) fn replace_control_characters(value: &str) -> String {
    value
        .chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}

fn format_trial_count(count: u128) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{} trial{s}", format_count(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_crate_reads_back_each_cell() {
        let mut cells = vec![String::new()];
        for length in 0..3 {
            let shorter: Vec<String> = cells
                .iter()
                .filter(|cell| cell.len() == length)
                .cloned()
                .collect();
            let letters = ["a", "\"", ",", " ", "\r", "\n", "\t", "="];
            cells.extend(
                shorter
                    .iter()
                    .flat_map(|cell| letters.map(|next| format!("{cell}{next}"))),
            );
        }
        let rows: Vec<Vec<String>> = cells
            .iter()
            .zip(cells.iter().rev())
            .map(|(a, b)| vec!["0".into(), a.clone(), b.clone()])
            .collect();
        let mut text = Vec::new();
        for row in &rows {
            write_csv_row(row, CsvCells::Exact, &mut text).unwrap();
        }
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .from_reader(text.as_slice());
        for row in rows {
            let mut read = csv::StringRecord::new();
            assert!(reader.read_record(&mut read).unwrap());
            assert_eq!(read, row);
        }
        assert!(!reader.read_record(&mut csv::StringRecord::new()).unwrap());
    }
}

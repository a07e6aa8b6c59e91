//! `sweep plan --machines`: the plan on every machine of the price list.

use std::io::{self, Write};

use sweep_planner::estimate::{
    Date, MachineRow, MachineRunTime, Marks, ParallelRow, PriceAge, compare_machines,
    compare_parallel, format_seconds,
};
use sweep_planner::sweep::diagnostic::format_count;
use sweep_planner::sweep::{Plan, Ranges};

use super::format::{Format, replace_control_characters};
use super::pricing::Pricing;
use super::table::write_aligned;

/// Machines that a table shows unless told otherwise, beside those with a mark.
const TABLE_LIMIT: u128 = 20;

/// Rows of a table of all that `limit` allows, the cheapest first; as JSON Lines all of them.
pub(super) fn write_machines(
    plan: &Plan,
    pricing: &Pricing,
    format: Format,
    limit: Option<u128>,
    out: &mut impl Write,
) -> io::Result<()> {
    let all = Ranges::full(plan.len());
    let rows = compare_machines(plan, &all, &pricing.settings, &pricing.catalogue);
    if format == Format::Jsonl {
        let limit = limit.and_then(|limit| usize::try_from(limit).ok());
        for row in rows.iter().take(limit.unwrap_or(usize::MAX)) {
            writeln!(out, "{}", row.to_json())?;
        }
        return Ok(());
    }
    write_table(
        &rows,
        limit.unwrap_or(TABLE_LIMIT),
        pricing.settings.today,
        out,
    )?;
    writeln!(out)?;
    let by_parallel = compare_parallel(plan, &all, &pricing.settings, &pricing.catalogue);
    write_parallel_table(by_parallel, out)
}

fn write_table(
    rows: &[MachineRow],
    limit: u128,
    today: Option<Date>,
    out: &mut impl Write,
) -> io::Result<()> {
    let header = [
        "Machine", "Price", "Notes", "Cost", "Low", "High", "Time", "Per hour", "As of",
    ];
    let mut table = vec![header.map(str::to_owned).to_vec()];
    let mut left_out = 0u128;
    for (number, row) in (0u128..).zip(rows) {
        if number < limit || row.marks != Marks::default() || row.is_requested {
            table.push(to_cells(row, today));
        } else {
            left_out += 1;
        }
    }
    write_aligned(&table, 3, out)?;
    if left_out > 0 {
        writeln!(out, "… and {} more (--limit)", format_count(left_out))?;
    }
    Ok(())
}

fn to_cells(row: &MachineRow, today: Option<Date>) -> Vec<String> {
    let unknown = || "unknown".to_owned();
    let partial = row.cost.partial.as_ref().map(|partial| &partial.cost);
    let cost = row.cost.cost.as_ref().or(partial);
    let figure =
        |pick: fn(&sweep_planner::estimate::Spread<sweep_planner::estimate::Money>) -> String| {
            cost.map_or_else(unknown, pick)
        };
    let hour = row.cost.per_trial_hour.as_ref();
    vec![
        replace_control_characters(&row.machine),
        if row.spot { "interruptible" } else { "list" }.to_owned(),
        describe(row),
        figure(|cost| cost.likely.to_figure()),
        figure(|cost| cost.low.to_figure()),
        figure(|cost| cost.high.to_figure()),
        row.wall_seconds
            .as_ref()
            .map_or_else(unknown, |wall| format_seconds(wall.likely)),
        hour.map_or_else(unknown, |rate| format!("${}", rate.to_rate())),
        describe_date(row, today),
    ]
}

/// `requested, fastest; same run time assumed`.
fn describe(row: &MachineRow) -> String {
    let requested = row.is_requested.then_some("requested");
    let marks: Vec<&str> = requested.into_iter().chain(row.marks.words()).collect();
    let run_time = match row.run_time {
        MachineRunTime::Stated => None,
        MachineRunTime::Scaled(factor) => Some(format!("{factor} × the run time")),
        MachineRunTime::Assumed => Some("same run time assumed".to_owned()),
    };
    let notes = [
        (!marks.is_empty()).then(|| marks.join(", ")),
        run_time.filter(|_| row.wall_seconds.is_some()),
        row.rounding_note.clone(),
    ];
    notes.into_iter().flatten().collect::<Vec<_>>().join("; ")
}

fn describe_date(row: &MachineRow, today: Option<Date>) -> String {
    let Some(machine) = row
        .quote
        .machine
        .as_ref()
        .filter(|_| row.quote.rate.is_some())
    else {
        return String::new();
    };
    let age = today.and_then(|today| row.quote.age(today));
    let remark = match age {
        Some(PriceAge::Old) => " (old)",
        Some(PriceAge::Unclear) => " (age unclear)",
        Some(PriceAge::Current) | None => "",
    };
    format!("{}{remark}", machine.as_of)
}

/// The wall clock with other numbers of trials at once.
fn write_parallel_table(rows: Vec<ParallelRow>, out: &mut impl Write) -> io::Result<()> {
    let mut table = vec![
        ["At once", "Time", "Low", "High"]
            .map(str::to_owned)
            .to_vec(),
    ];
    for row in rows {
        let Some(wall) = row.wall_seconds else {
            return writeln!(
                out,
                "The time is unknown with any number of trials at once."
            );
        };
        let mut cells = vec![format_count(row.parallel.into())];
        cells.extend([wall.likely, wall.low, wall.high].map(format_seconds));
        table.push(cells);
    }
    write_aligned(&table, 0, out)?;
    writeln!(out, "The cost does not depend on it.")
}

//! A person's own prices: a plain CSV of machines and negotiated rates, which go before the price list's.
//!
//! ```text
//! name,on_demand_usd_per_hour,as_of
//! g5.xlarge,0.80,2026-11-01
//! lab-box,0.12,
//! ```
//!
//! The columns are those of the price list, in any order; `name` and one of the two prices have to be
//! there. What a row leaves out of a machine that the price list has is taken from it.

use super::super::csv;
use super::super::date::Date;
use super::super::machine::Machine;
use super::{COLUMNS, Catalogue, parse_optional, parse_positive, parse_price};
use crate::sweep::machine_nicknames::is_nameable;
use crate::sweep::nearest_name;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// The most machines of a list, which bounds what a look-up and a comparison take.
const MAX_MACHINES: usize = 5_000;

/// The most problems that are reported of a list.
const MAX_PROBLEMS: usize = 20;

/// Why a price list is refused, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceListProblem {
    /// The line at fault, from 1.
    pub line: u32,
    /// What is wrong there.
    pub message: String,
}

impl fmt::Display for PriceListProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

impl std::error::Error for PriceListProblem {}

/// Machines with prices of a person's own, each name once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OwnPrices {
    pub(super) machines: Vec<Machine>,
}

impl OwnPrices {
    /// Reads a list. All of its problems are reported, up to twenty. O(length × log machines).
    pub fn parse(text: &str) -> Result<OwnPrices, Vec<PriceListProblem>> {
        let mut rows = Rows::new(text)?;
        let columns = rows.find_columns(&COLUMNS)?;
        let column = |name: &str| columns.get(name).copied();
        let has_price = ["on_demand_usd_per_hour", "spot_usd_per_hour"]
            .iter()
            .any(|name| column(name).is_some());
        if column("name").is_none() || !has_price {
            return Err(vec![PriceListProblem {
                line: rows.header_line,
                message:
                    "the header needs `name`, and `on_demand_usd_per_hour` or `spot_usd_per_hour`"
                        .to_owned(),
            }]);
        }
        let mut machines = MachineList::default();
        let mut problems = Vec::new();
        while let Some((line, fields)) = rows.next(&mut problems) {
            let field = |name: &str| {
                let at = column(name);
                at.and_then(|at| fields.get(at))
                    .map_or("", |text| text.trim())
            };
            let machine = check_lengths(&fields).and_then(|()| parse_machine(field));
            match machine {
                Ok(machine) => problems.extend(machines.push(line, machine)),
                Err(message) => problems.push(PriceListProblem { line, message }),
            }
        }
        machines.finish(problems)
    }

    /// The machines, in the order of the file.
    pub fn machines(&self) -> impl Iterator<Item = &Machine> {
        self.machines.iter()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.machines.is_empty()
    }

    /// Takes over a newer list: its machines replace those of the same name. Of an alias that is then
    /// the name of another machine the name stays, and of two equal aliases the newer one. The number of
    /// machines replaced. O(machines × log machines).
    pub fn merge(&mut self, newer: OwnPrices) -> usize {
        let before = self.machines.len();
        let lower = |name: &String| name.to_ascii_lowercase();
        let names_of = |machines: &[Machine]| -> BTreeSet<String> {
            machines
                .iter()
                .map(|machine| lower(&machine.name))
                .collect()
        };
        let new_names = names_of(&newer.machines);
        self.machines
            .retain(|known| !new_names.contains(&lower(&known.name)));
        let replaced = before - self.machines.len();
        self.machines.extend(newer.machines);
        let names = names_of(&self.machines);
        let mut aliases = BTreeSet::new();
        for machine in self.machines.iter_mut().rev() {
            machine
                .aliases
                .retain(|alias| !names.contains(&lower(alias)) && aliases.insert(lower(alias)));
        }
        replaced
    }

    /// The list without its sentences on where prices are from, which may name files: for others to
    /// read.
    #[must_use]
    pub fn without_sources(&self) -> OwnPrices {
        let mut machines = self.machines.clone();
        for machine in &mut machines {
            machine.source.clear();
        }
        OwnPrices { machines }
    }

    /// The list as [`OwnPrices::parse`] reads it.
    pub fn to_csv(&self) -> String {
        let mut text = COLUMNS.join(",");
        text.push('\n');
        for machine in &self.machines {
            let number = |value: Option<String>| value.unwrap_or_default();
            let price = |rate: &Option<super::Money>| {
                let rate = rate.as_ref();
                rate.map(|rate| rate.to_exact_decimal().unwrap_or_else(|| rate.to_rate()))
                    .unwrap_or_default()
            };
            let fields = [
                machine.provider.clone(),
                machine.name.clone(),
                machine.aliases.join(";"),
                number(machine.vcpus.map(|cpus| cpus.to_string())),
                number(machine.memory_gb.map(|memory| memory.to_string())),
                machine.gpu.clone().unwrap_or_default(),
                machine.gpu_count.to_string(),
                number(machine.gpu_memory_gb.map(|memory| memory.to_string())),
                price(&machine.on_demand),
                price(&machine.spot),
                machine.region.clone(),
                machine.as_of.clone(),
                machine.source.clone(),
            ];
            text.push_str(&fields.map(|field| csv::quote_field(&field)).join(","));
            text.push('\n');
        }
        text
    }
}

/// The lines of a list behind its header, comments and empty lines left out.
pub(super) struct Rows<'a> {
    lines: std::iter::Zip<std::ops::RangeFrom<u32>, std::str::Lines<'a>>,
    header: Vec<String>,
    pub(super) header_line: u32,
}

impl<'a> Rows<'a> {
    pub(super) fn new(text: &'a str) -> Result<Rows<'a>, Vec<PriceListProblem>> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut rows = Rows {
            lines: (1..).zip(text.lines()),
            header: Vec::new(),
            header_line: 1,
        };
        let mut problems = Vec::new();
        match rows.next_fields(&mut problems) {
            Some((line, header)) => {
                rows.header = header.iter().map(|name| name.trim().to_owned()).collect();
                rows.header_line = line;
                Ok(rows)
            }
            None if problems.is_empty() => Err(vec![PriceListProblem {
                line: 1,
                message: "the list is empty: expected a header".to_owned(),
            }]),
            None => Err(problems),
        }
    }

    /// The header's names.
    pub(super) fn header(&self) -> &[String] {
        &self.header
    }

    /// The place of each column that is there. Names that are none of `known`, or stand twice, are
    /// problems.
    fn find_columns(
        &self,
        known: &[&str],
    ) -> Result<BTreeMap<String, usize>, Vec<PriceListProblem>> {
        let mut columns = BTreeMap::new();
        let mut problems = Vec::new();
        let mut report = |message: String| {
            problems.push(PriceListProblem {
                line: self.header_line,
                message,
            });
        };
        for (at, name) in self.header.iter().enumerate() {
            if !known.contains(&name.as_str()) {
                let similar = nearest_name(name, known.iter().copied());
                report(match similar {
                    Some(similar) => {
                        format!("there is no column `{name}`; did you mean `{similar}`?")
                    }
                    None => format!(
                        "there is no column `{name}`; there are {}",
                        known.join(", ")
                    ),
                });
            } else if columns.insert(name.clone(), at).is_some() {
                report(format!("the column `{name}` stands twice"));
            }
        }
        if problems.is_empty() {
            Ok(columns)
        } else {
            Err(problems)
        }
    }

    /// The next row with as many fields as the header; others are problems. None at the end, and once
    /// there are too many problems.
    pub(super) fn next(
        &mut self,
        problems: &mut Vec<PriceListProblem>,
    ) -> Option<(u32, Vec<String>)> {
        loop {
            let (line, fields) = self.next_fields(problems)?;
            if fields.len() == self.header.len() {
                return Some((line, fields));
            }
            problems.push(PriceListProblem {
                line,
                message: format!(
                    "expected {} fields as in the header, found {}",
                    self.header.len(),
                    fields.len()
                ),
            });
        }
    }

    fn next_fields(&mut self, problems: &mut Vec<PriceListProblem>) -> Option<(u32, Vec<String>)> {
        loop {
            if problems.len() >= MAX_PROBLEMS {
                return None;
            }
            let (line, text) = self.lines.next()?;
            if text.trim().is_empty() || text.starts_with('#') {
                continue;
            }
            match csv::split_fields(text) {
                Some(fields) => return Some((line, fields)),
                None => problems.push(PriceListProblem {
                    line,
                    message: "a quote is not closed, or stands within a field".to_owned(),
                }),
            }
        }
    }
}

/// The machines of a list, and where each of their names stands.
#[derive(Default)]
pub(super) struct MachineList {
    machines: Vec<Machine>,
    /// Names and aliases in lower case with their lines.
    lines: BTreeMap<String, u32>,
}

impl MachineList {
    /// Adds a machine, or reports that one of its names has a price already.
    pub(super) fn push(&mut self, line: u32, machine: Machine) -> Option<PriceListProblem> {
        let message = 'refused: {
            if self.machines.len() >= MAX_MACHINES {
                break 'refused format!("a list may have at most {MAX_MACHINES} machines");
            }
            let names = std::iter::once(&machine.name).chain(&machine.aliases);
            for name in names {
                if let Some(first) = self.lines.insert(name.to_ascii_lowercase(), line) {
                    break 'refused format!(
                        "a second price for `{name}`; the first is on line {first}"
                    );
                }
            }
            self.machines.push(machine);
            return None;
        };
        Some(PriceListProblem { line, message })
    }

    pub(super) fn finish(
        self,
        mut problems: Vec<PriceListProblem>,
    ) -> Result<OwnPrices, Vec<PriceListProblem>> {
        if self.machines.is_empty() && problems.is_empty() {
            problems.push(PriceListProblem {
                line: 1,
                message: "the list has no machine".to_owned(),
            });
        }
        problems.truncate(MAX_PROBLEMS);
        if problems.is_empty() {
            Ok(OwnPrices {
                machines: self.machines,
            })
        } else {
            Err(problems)
        }
    }
}

/// The machine of a row, from its fields by their columns' names.
fn parse_machine<'a>(field: impl Fn(&str) -> &'a str) -> Result<Machine, String> {
    let name = field("name");
    check_name(name)?;
    let aliases: Vec<String> = field("aliases")
        .split(';')
        .map(str::trim)
        .filter(|alias| !alias.is_empty())
        .map(str::to_owned)
        .collect();
    let wrong = |column: &str, expected: &str| {
        format!("`{}` is no {column}: expected {expected}", field(column))
    };
    let price = |column: &str| {
        parse_optional(field(column), parse_price).ok_or_else(|| {
            wrong(
                column,
                "USD per hour above zero, such as 0.526, or nothing where it is unknown",
            )
        })
    };
    let (on_demand, spot) = (
        price("on_demand_usd_per_hour")?,
        price("spot_usd_per_hour")?,
    );
    if on_demand.is_none() && spot.is_none() {
        return Err(format!("`{name}` has no price"));
    }
    let whole = |column: &str| {
        parse_optional(field(column), |text| text.parse::<u32>().ok())
            .ok_or_else(|| wrong(column, "a whole number"))
    };
    let as_of = field("as_of");
    if !as_of.is_empty() && Date::parse_span(as_of).is_none() {
        return Err(wrong("as_of", "a date such as 2026-07-20, 2026-07 or 2026"));
    }
    let gpu = field("gpu");
    Ok(Machine {
        provider: field("provider").to_ascii_lowercase(),
        name: name.to_owned(),
        aliases,
        vcpus: whole("vcpus")?,
        memory_gb: parse_optional(field("memory_gb"), parse_positive)
            .ok_or_else(|| wrong("memory_gb", "a number above zero"))?,
        gpu: (!gpu.is_empty()).then(|| gpu.to_owned()),
        gpu_count: whole("gpu_count")?.unwrap_or(u32::from(!gpu.is_empty())),
        gpu_memory_gb: whole("gpu_memory_gb")?,
        on_demand,
        spot,
        region: field("region").to_owned(),
        as_of: as_of.to_owned(),
        source: field("source").to_owned(),
        is_own: true,
    })
}

/// The most characters of a field, which bounds a list as a whole.
const MAX_FIELD: usize = 300;

fn check_lengths(fields: &[String]) -> Result<(), String> {
    match fields
        .iter()
        .find(|field| field.chars().count() > MAX_FIELD)
    {
        None => Ok(()),
        Some(long) => {
            let begin: String = long.chars().take(20).collect();
            Err(format!(
                "the field that begins with `{begin}` has more than {MAX_FIELD} characters"
            ))
        }
    }
}

/// The most characters of a machine's name.
const MAX_NAME: usize = 100;

/// Refuses what `--instance_type` cannot name.
fn check_name(name: &str) -> Result<(), String> {
    if name.is_empty() {
        return Err("a machine needs a name".to_owned());
    }
    if name.chars().count() > MAX_NAME
        || name.contains(|c: char| c.is_whitespace() || c.is_control())
    {
        return Err(format!(
            "a machine's name has at most {MAX_NAME} characters and no blanks among them"
        ));
    }
    if !is_nameable(name) {
        return Err(format!(
            "no command can name `{name}`: a name with `_` is one of Grid's nicknames there"
        ));
    }
    Ok(())
}

impl Catalogue {
    /// This list with a person's own prices before it. What a row of theirs leaves out of a machine of
    /// the list (its provider, which decides the rounding, and its size) is the list's.
    #[must_use]
    pub fn with_own(&self, own: &OwnPrices) -> Catalogue {
        let mut machines = Vec::with_capacity(own.machines.len() + self.machines.len());
        for machine in &own.machines {
            let mut machine = machine.clone();
            let listed = self.quote(&machine.name, false).machine;
            if let Some(listed) = listed {
                fill_in(&mut machine, listed);
            } else if machine.provider.is_empty() {
                machine.provider = "own".to_owned();
            }
            machines.push(machine);
        }
        machines.extend(self.machines.iter().cloned());
        Catalogue::of(machines)
    }
}

fn fill_in(machine: &mut Machine, listed: Machine) {
    if machine.provider.is_empty() {
        machine.provider = listed.provider;
    }
    machine.vcpus = machine.vcpus.or(listed.vcpus);
    machine.memory_gb = machine.memory_gb.or(listed.memory_gb);
    if machine.gpu.is_none() && machine.gpu_count == 0 {
        machine.gpu = listed.gpu;
        machine.gpu_count = listed.gpu_count;
        machine.gpu_memory_gb = machine.gpu_memory_gb.or(listed.gpu_memory_gb);
    }
}

#[cfg(test)]
mod tests;

//! The price list: parses machines with their rates, and finds the rate for a machine's name.

mod own;
#[cfg(any(test, feature = "page"))]
mod search;
mod skypilot;

use super::csv::{self, CsvError};
use super::machine::Machine;
use super::money::Money;
use super::quote::{Basis, Quote};
use crate::sweep::suggest::nearest_name;
use std::collections::BTreeMap;
use std::sync::OnceLock;

pub use own::{OwnPrices, PriceListProblem};
#[cfg(any(test, feature = "page"))]
pub(crate) use search::MachineSearch;
pub use skypilot::{SkyPilotImport, SkyPilotSource, is_skypilot};

/// The price list that this program was built with; the page serves the same file.
const EMBEDDED: &str = include_str!("../../../public/prices.csv");

/// The columns of a price list, in order.
const COLUMNS: [&str; 13] = [
    "provider",
    "name",
    "aliases",
    "vcpus",
    "memory_gb",
    "gpu",
    "gpu_count",
    "gpu_memory_gb",
    "on_demand_usd_per_hour",
    "spot_usd_per_hour",
    "region",
    "as_of",
    "source",
];

/// A price list of at least one machine, except for the default.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Catalogue {
    machines: Vec<Machine>,
    /// Where the machines of a name stand, by the name in lower case; the best rank first.
    by_name: BTreeMap<String, Vec<usize>>,
    /// The same of an alias.
    by_alias: BTreeMap<String, Vec<usize>>,
}

impl Catalogue {
    /// The list that this program was built with, parsed once.
    pub fn embedded() -> &'static Catalogue {
        static PARSED: OnceLock<Catalogue> = OnceLock::new();
        // A test parses the same text, so that the default (no machine, every price unknown) is
        // never used.
        PARSED.get_or_init(|| Catalogue::parse(EMBEDDED).unwrap_or_default())
    }

    /// Reads a price list: CSV (RFC 4180) whose header names exactly the thirteen columns,
    /// preceded by lines `# key = text` that `source` refers to as `key` or `key argument`, the
    /// argument standing for `{}` in the text. Strict: an unknown key, a price that is no plain
    /// decimal, a repeated machine or alias of one provider are errors. O(length).
    pub(crate) fn parse(text: &str) -> Result<Catalogue, CsvError> {
        let mut sources = Vec::new();
        let mut machines: Vec<Machine> = Vec::new();
        let mut header_seen = false;
        for (line, text) in (1..).zip(text.lines()) {
            if let Some(comment) = text.strip_prefix('#') {
                let pair = comment.split_once(" = ").ok_or(CsvError {
                    line,
                    expected: "key = text",
                })?;
                sources.push((pair.0.trim(), pair.1));
                continue;
            }
            let fields = csv::split_fields(text).ok_or(CsvError {
                line,
                expected: "quoted field",
            })?;
            if !header_seen {
                if fields != COLUMNS {
                    return Err(CsvError {
                        line,
                        expected: "header",
                    });
                }
                header_seen = true;
                continue;
            }
            let machine = parse_machine(&fields, &sources).map_err(|what| CsvError {
                line,
                expected: what,
            })?;
            if machines.iter().any(|known| is_duplicate(known, &machine)) {
                return Err(CsvError {
                    line,
                    expected: "name or alias used once",
                });
            }
            machines.push(machine);
        }
        if machines.is_empty() {
            return Err(CsvError {
                line: 1,
                expected: "at least one machine",
            });
        }
        Ok(Catalogue::of(machines))
    }

    /// Indexes machines by name and alias. O(machines × log machines).
    fn of(machines: Vec<Machine>) -> Catalogue {
        let mut by_rank: Vec<(usize, &Machine)> = machines.iter().enumerate().collect();
        // Stable: machines of one rank stay in the order of the list.
        by_rank.sort_by_key(|(_, machine)| machine_rank(machine));
        let (mut by_name, mut by_alias) = (BTreeMap::new(), BTreeMap::new());
        let add = |index: &mut BTreeMap<String, Vec<usize>>, name: &str, at| {
            let places = index.entry(name.to_ascii_lowercase()).or_default();
            places.push(at);
        };
        for (at, machine) in by_rank {
            add(&mut by_name, &machine.name, at);
            for alias in &machine.aliases {
                add(&mut by_alias, alias, at);
            }
        }
        Catalogue {
            machines,
            by_name,
            by_alias,
        }
    }

    /// All machines, in the order of the file.
    pub fn machines(&self) -> impl Iterator<Item = &Machine> {
        self.machines.iter()
    }

    /// Quotes the machine that `instance_type` names, or is an alias of, in any case of letters: at
    /// Grid's rate, else AWS's for the same type, else that of any provider with a machine of this
    /// name. An alias means what Grid's documents say; where the published client picks another
    /// machine, reading the command warns ([`crate::sweep::machine_nicknames`]). An unknown name or price
    /// gives a quote without a rate, never a rate of zero. O(log machines); an unknown name costs
    /// O(machines), for a similar one.
    pub fn quote(&self, instance_type: &str, spot: bool) -> Quote {
        let requested = instance_type.trim();
        let name = self.resolve_name(requested);
        let same: Vec<&Machine> = self.look_up(&self.by_name, name).collect();
        let priced = same.iter().find(|machine| machine.rate(spot).is_some());
        let machine = priced.or(same.first()).copied();
        Quote {
            requested: requested.to_owned(),
            spot,
            rate: machine.and_then(|machine| machine.rate(spot).cloned()),
            basis: machine.map_or(Basis::Unknown, |machine| price_basis(machine, &same)),
            machine: machine.cloned(),
            suggestion: machine
                .is_none()
                .then(|| self.suggest_name(requested))
                .flatten(),
        }
    }

    /// The name of the machine that `instance_type` names or is an alias of; itself where there is no
    /// such machine. A name of the person's own list goes before aliases. O(log machines).
    pub fn resolve_name<'a>(&'a self, instance_type: &'a str) -> &'a str {
        let requested = instance_type.trim();
        let called = self.look_up(&self.by_name, requested).next();
        called
            .filter(|machine| machine.is_own)
            .or_else(|| self.look_up(&self.by_alias, requested).next())
            .or(called)
            .map_or(requested, |machine| machine.name.as_str())
    }

    /// The machines that an index has under a name, the best rank first.
    fn look_up<'a>(
        &'a self,
        index: &'a BTreeMap<String, Vec<usize>>,
        name: &str,
    ) -> impl Iterator<Item = &'a Machine> {
        let places = index.get(&name.to_ascii_lowercase());
        let places = places.into_iter().flatten();
        places.filter_map(|at| self.machines.get(*at))
    }

    fn suggest_name(&self, name: &str) -> Option<String> {
        let mut by_rank: Vec<&Machine> = self.machines.iter().collect();
        by_rank.sort_by_key(|machine| machine_rank(machine));
        let names = by_rank.into_iter().flat_map(|machine| {
            let aliases = machine.aliases.iter().map(String::as_str);
            std::iter::once(machine.name.as_str()).chain(aliases)
        });
        nearest_name(name, names)
    }
}

/// The rank of a machine by its list and provider: the person's own, Grid, AWS, all others. The first
/// that fits gives the rate.
fn machine_rank(machine: &Machine) -> u8 {
    match machine.provider.as_str() {
        _ if machine.is_own => 0,
        "grid" => 1,
        "aws" => 2,
        _ => 3,
    }
}

fn price_basis(machine: &Machine, same: &[&Machine]) -> Basis {
    match machine.provider.as_str() {
        _ if machine.is_own => Basis::Own,
        "grid" => Basis::Grid,
        _ if same.iter().any(|machine| machine.provider == "grid") => Basis::InsteadOfGrid,
        _ => Basis::Provider,
    }
}

fn is_duplicate(known: &Machine, new: &Machine) -> bool {
    let same_provider = known.provider == new.provider;
    same_provider && known.is_called(&new.name)
        || new
            .aliases
            .iter()
            .any(|alias| known.has_alias(alias) || known.is_called(alias))
}

/// Parses one row; the error is a noun phrase for what was expected.
fn parse_machine(fields: &[String], sources: &[(&str, &str)]) -> Result<Machine, &'static str> {
    let [
        provider,
        name,
        aliases,
        vcpus,
        memory,
        gpu,
        gpu_count,
        gpu_memory,
        on_demand,
        spot,
        region,
        as_of,
        source,
    ] = fields
    else {
        return Err("thirteen fields");
    };
    if provider.is_empty() || name.is_empty() {
        return Err("provider and name");
    }
    let words = |text: &str| {
        text.split(';')
            .filter(|t| !t.is_empty())
            .map(str::to_owned)
            .collect()
    };
    Ok(Machine {
        provider: provider.clone(),
        name: name.clone(),
        aliases: words(aliases),
        vcpus: parse_optional(vcpus, |text| text.parse().ok()).ok_or("vcpus")?,
        memory_gb: parse_optional(memory, parse_positive).ok_or("memory_gb")?,
        gpu: (!gpu.is_empty()).then(|| gpu.clone()),
        gpu_count: gpu_count.parse().map_err(|_| "gpu_count")?,
        gpu_memory_gb: parse_optional(gpu_memory, |text| text.parse().ok())
            .ok_or("gpu_memory_gb")?,
        on_demand: parse_optional(on_demand, parse_price).ok_or("on_demand_usd_per_hour")?,
        spot: parse_optional(spot, parse_price).ok_or("spot_usd_per_hour")?,
        region: region.clone(),
        as_of: as_of.clone(),
        source: expand_source(source, sources).ok_or("source that is listed above")?,
        is_own: false,
    })
}

/// Some(None) for an empty field, None where `read` refuses the text.
fn parse_optional<T>(text: &str, read: impl Fn(&str) -> Option<T>) -> Option<Option<T>> {
    if text.is_empty() {
        Some(None)
    } else {
        read(text).map(Some)
    }
}

fn parse_positive(text: &str) -> Option<f64> {
    text.parse()
        .ok()
        .filter(|value: &f64| value.is_finite() && *value > 0.0)
}

/// Refuses a price of zero as a slip: nobody rents machines for nothing.
fn parse_price(text: &str) -> Option<Money> {
    Money::from_decimal(text).filter(|price| !price.is_zero())
}

fn expand_source(source: &str, sources: &[(&str, &str)]) -> Option<String> {
    let (key, argument) = source.split_once(' ').unwrap_or((source, ""));
    let (_, text) = sources.iter().find(|(known, _)| *known == key)?;
    Some(text.replace("{}", argument))
}

#[cfg(test)]
mod tests;

//! SkyPilot's catalogue of a cloud, `vms.csv` (schema version 5 and later), as prices of one's own.
//!
//! It has a row for each machine, region and zone. A command names a machine alone, so that one region's
//! prices are taken: the one asked for, else for each machine the region where its list price is lowest.
//! Zones of a region share the list price; of their interruptible prices the lowest is taken.

use super::super::machine::Machine;
use super::super::money::Money;
use super::own::{MachineList, OwnPrices, PriceListProblem, Rows};
use super::{parse_optional, parse_positive, parse_price};
use crate::sweep::machine_nicknames::is_nameable;
use std::collections::BTreeMap;

/// What a catalogue does not say of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SkyPilotSource {
    /// The cloud as this program calls it: `aws`, `gcp`, ….
    pub provider: String,
    /// The region whose prices are taken; None is for each machine the cheapest one's.
    pub region: Option<String>,
    /// The day of the prices, `2026-11-28`.
    pub as_of: String,
    /// Where the catalogue is from.
    pub source: String,
}

/// What was read of a catalogue.
#[derive(Clone, Debug, PartialEq)]
pub struct SkyPilotImport {
    /// The machines.
    pub prices: OwnPrices,
    /// Machines that no command can name, since `_` stands in Grid's nicknames alone.
    pub unnameable: Vec<String>,
    /// Rows without a machine: accelerators that a cloud attaches to several.
    pub without_machine: u32,
}

/// Whether a text is a catalogue of SkyPilot's, by its header.
pub fn is_skypilot(text: &str) -> bool {
    Rows::new(text).is_ok_and(|rows| rows.header().iter().any(|name| name == "InstanceType"))
}

/// One row.
struct Offer {
    line: u32,
    region: String,
    zone: String,
    list: Option<Money>,
    spot: Option<Money>,
    machine: Machine,
}

impl SkyPilotSource {
    /// Reads a catalogue. Two list prices of one machine in one zone are a problem, as is a row that
    /// cannot be read. O(length × log machines).
    pub fn import(&self, text: &str) -> Result<SkyPilotImport, Vec<PriceListProblem>> {
        let mut rows = Rows::new(text)?;
        let header = rows.header().to_vec();
        let column = |name: &str| header.iter().position(|known| known == name);
        if column("InstanceType").is_none() || column("Price").is_none() {
            return Err(vec![PriceListProblem {
                line: rows.header_line,
                message: "the header of a SkyPilot catalogue has `InstanceType` and `Price`"
                    .to_owned(),
            }]);
        }
        let mut problems = Vec::new();
        let mut without_machine = 0;
        let mut unnameable: Vec<String> = Vec::new();
        let mut by_machine: BTreeMap<String, Vec<Offer>> = BTreeMap::new();
        while let Some((line, fields)) = rows.next(&mut problems) {
            let field = |name: &str| {
                let at = column(name);
                at.and_then(|at| fields.get(at))
                    .map_or("", |text| text.trim())
            };
            let name = field("InstanceType");
            if name.is_empty() {
                without_machine += 1;
                continue;
            }
            if !is_nameable(name) {
                if !unnameable.iter().any(|known| known == name) {
                    unnameable.push(name.to_owned());
                }
                continue;
            }
            match self.parse_row(line, field) {
                Ok(offer) => by_machine
                    .entry(name.to_ascii_lowercase())
                    .or_default()
                    .push(offer),
                Err(message) => problems.push(PriceListProblem { line, message }),
            }
        }
        let mut machines = MachineList::default();
        for offers in by_machine.into_values() {
            problems.extend(find_conflict(&offers));
            if let Some((line, machine)) = self.choose(offers) {
                problems.extend(machines.push(line, machine));
            }
        }
        problems.sort_by_key(|problem| problem.line);
        Ok(SkyPilotImport {
            prices: machines.finish(problems)?,
            unnameable,
            without_machine,
        })
    }

    fn parse_row<'a>(&self, line: u32, field: impl Fn(&str) -> &'a str) -> Result<Offer, String> {
        let name = field("InstanceType");
        let price = |column: &str| {
            parse_optional(field(column), parse_price).ok_or_else(|| {
                format!(
                    "`{}` is no {column}: expected USD per hour, such as 0.526",
                    field(column)
                )
            })
        };
        // Counts are written as `4.0`; parts of one are of no use here.
        let whole = |column: &str| {
            let text = field(column);
            text.strip_suffix(".0").unwrap_or(text).parse::<u32>().ok()
        };
        let gpu = field("AcceleratorName");
        let memory = field("GpuInfo")
            .split_once("'SizeInMiB': ")
            .map_or("", |(_, rest)| rest);
        let memory = memory
            .split(|c: char| !c.is_ascii_digit())
            .next()
            .unwrap_or("");
        Ok(Offer {
            line,
            region: field("Region").to_owned(),
            zone: field("AvailabilityZone").to_owned(),
            list: price("Price")?,
            spot: price("SpotPrice")?,
            machine: Machine {
                provider: self.provider.to_ascii_lowercase(),
                name: name.to_owned(),
                aliases: Vec::new(),
                vcpus: whole("vCPUs"),
                memory_gb: parse_positive(field("MemoryGiB")),
                gpu: (!gpu.is_empty()).then(|| gpu.to_owned()),
                gpu_count: whole("AcceleratorCount").unwrap_or(u32::from(!gpu.is_empty())),
                gpu_memory_gb: memory.parse::<u32>().ok().map(|mebibytes| mebibytes / 1024),
                on_demand: None,
                spot: None,
                region: String::new(),
                as_of: self.as_of.clone(),
                source: self.source.clone(),
                is_own: true,
            },
        })
    }

    /// The machine at one region's prices, and its first line there. None without a price there.
    fn choose(&self, offers: Vec<Offer>) -> Option<(u32, Machine)> {
        let lowest_list = || {
            let priced = offers.iter().filter(|offer| offer.list.is_some());
            priced
                .min_by(|a, b| a.list.cmp(&b.list))
                .map(|offer| offer.region.clone())
        };
        let region = match &self.region {
            Some(region) => region.clone(),
            None => lowest_list().or_else(|| offers.first().map(|offer| offer.region.clone()))?,
        };
        let there = || offers.iter().filter(|offer| offer.region == region);
        let list = there().filter_map(|offer| offer.list.clone()).min();
        let spot = there().filter_map(|offer| offer.spot.clone()).min();
        let first = there().next()?;
        (list.is_some() || spot.is_some()).then(|| {
            let machine = Machine {
                on_demand: list,
                spot,
                region,
                ..first.machine.clone()
            };
            (first.line, machine)
        })
    }
}

/// The first row whose list price is another one than that of a row before it for the same zone.
fn find_conflict(offers: &[Offer]) -> Option<PriceListProblem> {
    let mut seen: BTreeMap<(&str, &str), &Offer> = BTreeMap::new();
    for offer in offers {
        let first = *seen.entry((&offer.region, &offer.zone)).or_insert(offer);
        if first.list != offer.list {
            let place = if offer.zone.is_empty() {
                &offer.region
            } else {
                &offer.zone
            };
            return Some(PriceListProblem {
                line: offer.line,
                message: format!(
                    "a second price for `{}` in {place}; the first is on line {}",
                    offer.machine.name, first.line
                ),
            });
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    const AWS: &str = "\
InstanceType,AcceleratorName,AcceleratorCount,vCPUs,MemoryGiB,Price,SpotPrice,Region,AvailabilityZone,GpuInfo
g4dn.xlarge,T4,1.0,4.0,16.0,0.526,0.2132,us-east-1,us-east-1a,\"{'Gpus': [{'Name': 'T4', 'MemoryInfo': {'SizeInMiB': 16384}}]}\"
g4dn.xlarge,T4,1.0,4.0,16.0,0.526,0.21,us-east-1,us-east-1b,\"{'Gpus': [{'Name': 'T4', 'MemoryInfo': {'SizeInMiB': 16384}}]}\"
g4dn.xlarge,T4,1.0,4.0,16.0,0.5,,us-west-9,us-west-9a,
t3.medium,,,2.0,4.0,0.0416,,us-east-1,us-east-1a,
t3.medium,,,2.0,4.0,0.0416,,us-east-1,us-east-1a,
only.spot,,,2.5,4.0,,0.01,us-east-1,us-east-1a,
no.price,,,2.0,4.0,,,us-east-1,us-east-1a,
odd_name,,,2.0,4.0,1,,us-east-1,us-east-1a,
cpu_4x_general,,,4.0,16.0,0.2,,us-east-1,,
,T4,1.0,,,0.35,0.1,us-east-1,us-east-1a,
";

    fn source(region: Option<&str>) -> SkyPilotSource {
        SkyPilotSource {
            provider: "AWS".into(),
            region: region.map(str::to_owned),
            as_of: "2026-11-28".into(),
            source: "aws/vms.csv".into(),
        }
    }

    #[test]
    fn one_region_s_prices_are_taken() {
        assert!(is_skypilot(AWS) && !is_skypilot("name,spot_usd_per_hour\na,1\n"));
        let found = source(Some("us-east-1")).import(AWS).unwrap();
        let rows: Vec<(&str, Option<String>, Option<String>)> = found
            .prices
            .machines()
            .map(|machine| {
                let rate = |rate: &Option<Money>| rate.as_ref().map(Money::to_rate);
                (
                    machine.name.as_str(),
                    rate(&machine.on_demand),
                    rate(&machine.spot),
                )
            })
            .collect();
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(
            rows,
            [
                ("cpu_4x_general", text("0.20"), None),
                ("g4dn.xlarge", text("0.526"), text("0.21")),
                ("only.spot", None, text("0.01")),
                ("t3.medium", text("0.0416"), None),
            ]
        );
        assert_eq!(found.unnameable, ["odd_name"]);
        assert_eq!(found.without_machine, 1);
        let g4dn = found.prices.machines().nth(1).unwrap();
        assert_eq!(
            (
                g4dn.provider.as_str(),
                g4dn.vcpus,
                g4dn.gpu_count,
                g4dn.gpu_memory_gb,
                g4dn.as_of.as_str()
            ),
            ("aws", Some(4), 1, Some(16), "2026-11-28")
        );
        // Without one, each machine's cheapest.
        let cheapest = source(None).import(AWS).unwrap();
        let g4dn = cheapest.prices.machines().nth(1).unwrap();
        assert_eq!((g4dn.region.as_str(), &g4dn.spot), ("us-west-9", &None));
        assert_eq!(
            OwnPrices::parse(&cheapest.prices.to_csv()),
            Ok(cheapest.prices)
        );
    }

    #[test]
    fn what_cannot_be_read_is_said_at_its_line() {
        let problems = |text: &str| -> Vec<String> {
            let problems = source(None).import(text).unwrap_err();
            problems.iter().map(ToString::to_string).collect()
        };
        let head = "InstanceType,Price,Region,AvailabilityZone\n";
        assert_eq!(
            problems(&format!(
                "{head}a.b,1,r,z\nc.d,x,r,z\na.b,2,r,z\na.b,3,q,z\nshort\n"
            )),
            [
                "line 3: `x` is no Price: expected USD per hour, such as 0.526",
                "line 4: a second price for `a.b` in z; the first is on line 2",
                "line 6: expected 4 fields as in the header, found 1",
            ]
        );
        assert_eq!(problems(head), ["line 1: the list has no machine"]);
        assert_eq!(
            problems("InstanceType,Cost\na,1\n"),
            ["line 1: the header of a SkyPilot catalogue has `InstanceType` and `Price`"]
        );
    }
}

//! Machines of the price list in the words of the picker and of its hint.

use crate::estimate::{Catalogue, Date, Machine, MachineSearch, Quote, provider_name};

/// The most machines that are listed at once; more typed letters show others.
const MAX_LISTED: usize = 200;

/// A machine in the list to choose from.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct MachineOption {
    pub(super) name: String,
    /// Its size, and whose machine it is: `4 vCPU, 16 GB, 1 × T4 · AWS`.
    pub(super) detail: String,
    /// `$0.55/h`, and `spot $0.16/h`; none where they do not decide the cost.
    pub(super) prices: Option<[String; 2]>,
    /// `old price`, where a price is, with its date.
    pub(super) age: Option<(&'static str, String)>,
}

/// Machines to choose from.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct MachineOptions {
    pub(super) listed: Vec<MachineOption>,
    /// How many more fit.
    pub(super) more: usize,
}

impl MachineOptions {
    /// The machines that fit what was typed.
    pub(super) fn find(
        catalogue: &Catalogue,
        typed: &str,
        has_list_prices: bool,
        today: Option<Date>,
    ) -> MachineOptions {
        let found = catalogue.search(&MachineSearch::parse(typed));
        let option =
            |machine: &&Machine| MachineOption::of(machine, catalogue, has_list_prices, today);
        MachineOptions {
            listed: found.iter().take(MAX_LISTED).map(option).collect(),
            more: found.len().saturating_sub(MAX_LISTED),
        }
    }
}

impl MachineOption {
    fn of(
        machine: &Machine,
        catalogue: &Catalogue,
        has_list_prices: bool,
        today: Option<Date>,
    ) -> MachineOption {
        let quotes = [false, true].map(|spot| catalogue.quote(&machine.name, spot));
        // The machine as the quote has it: whose price it is, and the size where a row of one's own
        // leaves it out.
        let quoted = quotes[0].machine.as_ref().unwrap_or(machine);
        let whose = if quoted.is_own {
            "your own price"
        } else {
            provider_name(&quoted.provider).trim_end_matches("'s")
        };
        let size = describe_machine(quoted);
        let detail = if size.is_empty() {
            whose.to_owned()
        } else {
            [&size, " · ", whose].concat()
        };
        let age = |quote: &Quote| quote.age_note(today?);
        MachineOption {
            name: machine.name.clone(),
            detail,
            prices: has_list_prices.then(|| {
                let [list, spot] = quotes.each_ref().map(price_label);
                [list, ["spot ", &spot].concat()]
            }),
            age: quotes.iter().find_map(age).filter(|_| has_list_prices),
        }
    }
}

/// `$0.55/h`.
fn price_label(quote: &Quote) -> String {
    match &quote.rate {
        Some(rate) => ["$", &rate.to_rate(), "/h"].concat(),
        None => "unknown".to_owned(),
    }
}

/// The size of a machine: `2 vCPU, 8 GB, 1 × T4`.
pub(super) fn describe_size(catalogue: &Catalogue, name: &str) -> String {
    match catalogue.quote(name, false).machine {
        Some(machine) => describe_machine(&machine),
        None => "not in the price list".to_owned(),
    }
}

fn describe_machine(machine: &Machine) -> String {
    let mut words = Vec::new();
    if let Some(cpus) = machine.vcpus {
        words.push([&cpus.to_string(), " vCPU"].concat());
    }
    if let Some(memory) = machine.memory_gb {
        words.push([&memory.to_string(), " GB"].concat());
    }
    if let Some(gpu) = &machine.gpu {
        words.push([&machine.gpu_count.to_string(), " × ", gpu].concat());
    }
    words.join(", ")
}

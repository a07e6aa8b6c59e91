//! The box to choose a machine of the price list from.

use leptos::ev;
use leptos::prelude::*;

use crate::estimate::{Catalogue, Machine, provider_name};

/// A box to choose a machine from, grouped by cloud provider, with list prices beside the names where
/// those decide the cost.
#[component]
pub(super) fn MachineSelect(
    chosen: Memo<String>,
    choose: Callback<String>,
    #[prop(into)] has_list_prices: Signal<bool>,
    disabled: Memo<bool>,
) -> impl IntoView {
    let groups = machines_by_provider(Catalogue::embedded());
    let known = Memo::new(move |_| chosen.with(|name| is_in_catalogue(name)));
    let option = move |machine: &'static Machine| {
        let name = machine.name.as_str();
        let selected = move || chosen.with(|chosen| chosen == name);
        // The text alone changes with the cluster: a box whose options are replaced forgets its choice.
        let price = move || has_list_prices.get().then(|| price_label(machine));
        view! { <option value=name selected=selected>{machine_label(machine)}{price}</option> }
    };
    view! {
        <select
            id="machine"
            class="input select"
            disabled=move || disabled.get()
            aria-describedby="machine-hint"
            prop:value=move || chosen.get()
            on:change=move |event: ev::Event| choose.run(event_target_value(&event))
        >
            {move || {
                (!known.get()).then(|| view! { <option value=chosen.get() selected=true>{chosen.get()}</option> })
            }}
            {groups
                .into_iter()
                .map(|(provider, machines)| {
                    view! {
                        <optgroup label=provider_name(provider)>
                            {machines.into_iter().map(option).collect_view()}
                        </optgroup>
                    }
                })
                .collect_view()}
        </select>
    }
}

/// The machines by provider in the list's order; a name that two providers share stands once, with
/// the first of them, since the command cannot tell them apart.
fn machines_by_provider(
    catalogue: &'static Catalogue,
) -> Vec<(&'static str, Vec<&'static Machine>)> {
    let mut groups: Vec<(&str, Vec<&Machine>)> = Vec::new();
    let mut names = std::collections::HashSet::new();
    for machine in catalogue.machines() {
        if !names.insert(machine.name.as_str()) {
            continue;
        }
        match groups
            .iter_mut()
            .find(|(provider, _)| *provider == machine.provider)
        {
            Some((_, group)) => group.push(machine),
            None => groups.push((&machine.provider, vec![machine])),
        }
    }
    groups
}

fn is_in_catalogue(name: &str) -> bool {
    Catalogue::embedded()
        .machines()
        .any(|machine| machine.name == name)
}

/// `g4dn.xlarge · 1 × T4`.
fn machine_label(machine: &Machine) -> String {
    let mut words = machine.name.clone();
    if let Some(gpu) = &machine.gpu {
        words.push_str(" · ");
        words.push_str(&machine.gpu_count.to_string());
        words.push_str(" × ");
        words.push_str(gpu);
    }
    words
}

/// ` · $0.55/h`, the list price.
fn price_label(machine: &Machine) -> String {
    match Catalogue::embedded().quote(&machine.name, false).rate {
        Some(rate) => [" · $", &rate.to_rate(), "/h"].concat(),
        None => " · price unknown".to_owned(),
    }
}

/// The size of a machine: `2 vCPU, 8 GB, 1 × T4`.
pub(super) fn describe_size(name: &str) -> String {
    let Some(machine) = Catalogue::embedded().quote(name, false).machine else {
        return "not in the price list".to_owned();
    };
    let mut words = Vec::new();
    if let Some(cpus) = machine.vcpus {
        words.push([&cpus.to_string(), " vCPU"].concat());
    }
    if let Some(memory) = machine.memory_gb {
        words.push([&memory.to_string(), " GB"].concat());
    }
    if let Some(gpu) = machine.gpu {
        words.push([&machine.gpu_count.to_string(), " × ", &gpu].concat());
    }
    words.join(", ")
}

//! The plan on other machines, at list price and interruptible: what it would cost and how long it would take.

use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

use super::super::icon::{CHECK, icon};
use crate::estimate::{Date, EstimateSettings, MachineRow, Marks};
use crate::page::format::format_duration;
use crate::page::state::{Draft, State};

/// How many rows are shown at least while the table is folded.
const FOLDED: usize = 4;
/// How many rows are shown at most then; those that are marked or in use go first.
const MOST_FOLDED: usize = 12;

/// The words of a row.
#[derive(Clone, Debug, Default, PartialEq)]
struct Cells {
    is_in_use: bool,
    marks: Marks,
    /// `list` or `interruptible`, the GPUs, and that the price is old.
    kind: String,
    time: String,
    /// Whether the time is that of another machine.
    is_assumed: bool,
    cost: String,
    /// Low and high, for the pointer.
    range: String,
}

/// A row's machine, and whether it is interruptible.
type Key = (String, bool);

#[component]
pub(super) fn MachineTable() -> impl IntoView {
    let state = State::get();
    let (draft, comparison) = (state.draft, state.machines);
    let all = RwSignal::new(false);
    let shown: Memo<Vec<(Key, Cells)>> = Memo::new(move |_| {
        let today = draft.pricing.with(|pricing| pricing.today);
        comparison.machines.with(|rows| {
            let rows = if all.get() {
                rows.iter().collect()
            } else {
                fold(rows)
            };
            rows.into_iter()
                .map(|row| (key_of(row), Cells::of(row, today)))
                .collect()
        })
    });
    let keys =
        move || shown.with(|rows| rows.iter().map(|(key, _)| key.clone()).collect::<Vec<_>>());
    let count = move || comparison.machines.with(|rows| rows.len());
    // With a price of its own a cluster has nothing to compare.
    let is_hidden = move || {
        draft.pricing.with(EstimateSettings::has_cluster_price)
            || draft.plan().is_empty()
            || draft.estimate.with(|estimate| estimate.trials == 0)
    };
    let is_assumed = move || shown.with(|rows| rows.iter().any(|(_, cells)| cells.is_assumed));
    view! {
        <section class="what-if" aria-labelledby="machines-title" hidden=is_hidden>
            <header class="estimate-part">
                <h3 id="machines-title">"Machines"</h3>
                <p class="fine" role="status">
                    {move || comparison.is_refining.get().then_some("Refining…")}
                </p>
                <button
                    type="button"
                    class="ghost small"
                    aria-controls="machines"
                    aria-expanded=move || all.get().to_string()
                    aria-label=move || if all.get() { "Show fewer machines" } else { "Show all machines" }
                    on:click=move |_| all.update(|all| *all = !*all)
                >
                    {move || if all.get() { "Show fewer".to_owned() } else { ["Show all ", &count().to_string()].concat() }}
                </button>
            </header>
            <table
                id="machines"
                class="what-if-table num"
                aria-labelledby="machines-title"
                aria-busy=move || comparison.is_refining.get().to_string()
                on:keydown=move |event| move_by_arrows(&event)
            >
                <thead>
                    <tr>
                        <th scope="col">"Machine"</th>
                        <th scope="col" class="right">"Time"</th>
                        <th scope="col" class="right">"Cost"</th>
                        <th scope="col"><span class="hidden-visually">"Use"</span></th>
                    </tr>
                </thead>
                <tbody>
                    <For each=keys key=Clone::clone let(key)>
                        {machine_row(draft, shown, key)}
                    </For>
                </tbody>
            </table>
            <p class="fine what-if-note" hidden=move || !is_assumed()>
                "assumed: the same run time as on the machine in use; such rows are marked by price alone."
            </p>
        </section>
    }
}

fn key_of(row: &MachineRow) -> Key {
    (row.machine.clone(), row.spot)
}

/// The rows in use and the marked ones, and the cheapest besides.
fn fold(rows: &[MachineRow]) -> Vec<&MachineRow> {
    let is_first = |row: &MachineRow| row.is_requested || row.marks != Marks::default();
    let first = rows.iter().filter(|row| is_first(row)).count();
    let mut others = FOLDED.saturating_sub(first);
    let mut kept = Vec::new();
    for row in rows {
        let is_first = is_first(row);
        if row.is_requested || kept.len() < MOST_FOLDED && (is_first || others > 0) {
            others -= usize::from(!is_first);
            kept.push(row);
        }
    }
    kept
}

impl Cells {
    fn of(row: &MachineRow, today: Option<Date>) -> Cells {
        let partial = row.cost.partial.as_ref().map(|partial| &partial.cost);
        let cost = row.cost.cost.as_ref().or(partial);
        let wall = row.wall_seconds.as_ref();
        let hour = row.cost.per_trial_hour.as_ref();
        let hourly = || hour.map(|rate| ["$", &rate.to_rate(), "/h"].concat());
        let mut ranges = Vec::new();
        if let Some(cost) = cost {
            ranges.push([&cost.low.to_compact(), " – ", &cost.high.to_compact()].concat());
        }
        if let Some(wall) = wall {
            ranges.push([format_duration(wall.low), format_duration(wall.high)].join(" – "));
        }
        ranges.extend(hourly().filter(|_| cost.is_some()));
        let age = today.and_then(|today| row.quote.age_note(today));
        let age = age.map(|(words, date)| {
            ranges.push(date);
            words
        });
        Cells {
            is_in_use: row.is_requested,
            marks: row.marks,
            kind: describe_kind(row, age),
            time: wall.map_or_else(|| "–".to_owned(), |wall| format_duration(wall.likely)),
            is_assumed: wall.is_some() && !row.run_time.is_known(),
            cost: match cost {
                Some(cost) => cost.likely.to_compact(),
                None => hourly().unwrap_or_else(|| "unknown".to_owned()),
            },
            range: ranges.join(", "),
        }
    }
}

fn describe_kind(row: &MachineRow, age: Option<&str>) -> String {
    let kind = if row.spot { "interruptible" } else { "list" };
    let machine = row.quote.machine.as_ref();
    let gpus = machine.and_then(|machine| {
        let gpu = machine.gpu.as_ref()?;
        Some([&machine.gpu_count.to_string(), " × ", gpu].concat())
    });
    let parts = [Some(kind), gpus.as_deref(), age];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// A row, which stays the same element while its figures change, so that the focus stays in it.
fn machine_row(draft: Draft, shown: Memo<Vec<(Key, Cells)>>, key: Key) -> AnyView {
    let (machine, spot) = key.clone();
    let cells = Memo::new(move |_| {
        let found =
            |rows: &Vec<(Key, Cells)>| rows.iter().find(|(other, _)| *other == key).cloned();
        shown
            .with(found)
            .map(|(_, cells)| cells)
            .unwrap_or_default()
    });
    let name = machine.clone();
    let label = if spot {
        ["Use ", &machine, " interruptible"].concat()
    } else {
        ["Use ", &machine].concat()
    };
    let is_ruled = Memo::new(move |_| {
        draft.controls.with(|shown| {
            shown.is_set_by_config("--instance_type") || shown.is_set_by_config("--use_spot")
        })
    });
    let in_use = move || cells.with(|cells| cells.is_in_use);
    let pick = move |_| {
        if !in_use() {
            draft.use_machine(&machine, spot);
        }
    };
    view! {
        <tr class:current=in_use title=move || cells.with(|cells| cells.range.clone())>
            <th scope="row">
                {name}
                {move || {
                    let marks = cells.with(|cells| cells.marks);
                    let mark = |(name, word)| view! { " "<span class=["mark ", name].concat()>{word}</span> };
                    marks.names().zip(marks.words()).map(mark).collect_view()
                }}
                <span class="fine">{move || cells.with(|cells| cells.kind.clone())}</span>
            </th>
            <td class="right">
                {move || cells.with(|cells| cells.time.clone())}
                {move || cells.with(|cells| cells.is_assumed).then(|| view! {
                    <span class="fine" aria-hidden="true">"assumed"</span>
                    <span class="hidden-visually">"same run time assumed"</span>
                })}
            </td>
            <td class="right">{move || cells.with(|cells| cells.cost.clone())}</td>
            <td class="right">
                <button
                    type="button"
                    class="ghost small"
                    aria-label=label
                    aria-pressed=move || in_use().to_string()
                    disabled=move || is_ruled.get()
                    title=move || is_ruled.get().then_some("set by the config file")
                    on:click=pick
                >
                    {move || if in_use() { icon(CHECK).into_any() } else { "Use".into_any() }}
                </button>
            </td>
        </tr>
    }
    .into_any()
}

/// Up and Down go from button to button.
fn move_by_arrows(event: &ev::KeyboardEvent) {
    let is_down = match event.key().as_str() {
        "ArrowDown" => true,
        "ArrowUp" => false,
        _ => return,
    };
    let target = event
        .target()
        .and_then(|target| target.dyn_into::<Element>().ok());
    let row = target.and_then(|target| target.closest("tr").ok().flatten());
    let next = row.and_then(|row| {
        if is_down {
            row.next_element_sibling()
        } else {
            row.previous_element_sibling()
        }
    });
    let button = next.and_then(|row| row.query_selector("button").ok().flatten());
    if let Some(button) = button.and_then(|button| button.dyn_into::<HtmlElement>().ok()) {
        event.prevent_default();
        let _ = button.focus();
    }
}

//! How long the plan takes with fewer or more trials at once.

use leptos::prelude::*;

use super::parallel_curve::ParallelCurve;
use crate::estimate::EstimateSettings;
use crate::page::format::{format_count, format_duration};
use crate::page::state::State;

#[component]
pub(super) fn ParallelTable() -> impl IntoView {
    let state = State::get();
    let (draft, comparison) = (state.draft, state.machines);
    let rows = move || {
        let in_force = draft.pricing.with(EstimateSettings::parallel);
        comparison.by_parallel.with(|rows| {
            let row = |(parallel, time, range): (u32, String, String)| {
                let count = format_count(parallel.into());
                let label = ["Use ", &count, " at once"].concat();
                view! {
                    <tr class:current=parallel == in_force>
                        <th scope="row">{count}</th>
                        <td class="right">{time}</td>
                        <td class="right fine">{range}</td>
                        <td class="right">
                            <button
                                type="button"
                                class="ghost small"
                                aria-label=label
                                on:click=move |_| draft.set_parallel(parallel)
                            >
                                "Use"
                            </button>
                        </td>
                    </tr>
                }
            };
            let known = rows.iter().filter_map(|row| {
                let wall = row.wall_seconds.as_ref()?;
                let range = [format_duration(wall.low), format_duration(wall.high)].join(" – ");
                Some((row.parallel, format_duration(wall.likely), range))
            });
            known.map(row).collect_view()
        })
    };
    // With one trial, or without a run time, there is nothing to compare.
    let is_hidden = move || {
        let is_known = |rows: &std::sync::Arc<Vec<_>>| rows.len() > 1;
        !comparison.by_parallel.with(is_known)
            || draft.plan().is_empty()
            || draft
                .estimate
                .with(|estimate| estimate.wall_seconds.is_none())
    };
    view! {
        <section hidden=is_hidden>
            <header class="estimate-part">
                <h3 id="parallel-title">"By parallel trials"</h3>
                <p class="fine">"the cost stays the same"</p>
            </header>
            <ParallelCurve />
            <table class="what-if-table by-parallel num" aria-labelledby="parallel-title">
                <thead>
                    <tr>
                        <th scope="col">"At once"</th>
                        <th scope="col" class="right">"Time"</th>
                        <th scope="col" class="right">"Low – high"</th>
                        <th scope="col"><span class="hidden-visually">"Use"</span></th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </section>
    }
}

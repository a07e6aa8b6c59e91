//! One row of the grid.

use leptos::ev;
use leptos::prelude::*;

use super::Grid;
use super::finished::finished_cell;
use super::virtual_scroll::Drawn;
use crate::estimate::{Catalogue, EstimateSettings, TrialEstimator};
use crate::page::format::{digit_groups, format_duration};
use crate::sweep::Plan;

/// The id of a row's element, for `aria-activedescendant`.
pub(super) fn row_id(position: u128) -> String {
    ["trial-", &position.to_string()].concat()
}

/// The row of the trial at `position`. It updates itself when the plan changes.
pub(super) fn trial_row(grid: Grid, position: u128, has_finished: Memo<bool>) -> AnyView {
    let draft = grid.draft;
    let chosen = Memo::new(move |_| draft.chosen.with(|chosen| chosen.contains(position)));
    let number = (position + 1).to_string();
    let label = ["Select trial ", &number].concat();
    let index = position.saturating_add(2).to_string();
    let click = move |event: ev::MouseEvent| {
        if event.shift_key() {
            event.prevent_default();
            grid.toggle(position, true);
        } else {
            grid.active.set(position);
            grid.anchor.set(position);
        }
    };
    // The checkbox shows the selection, so a click only changes that; the box follows.
    let tick = move |event: ev::MouseEvent| {
        event.stop_propagation();
        grid.toggle(position, event.shift_key());
    };
    view! {
        <div
            role="row"
            class="grid-row"
            id=row_id(position)
            class:chosen=move || chosen.get()
            class:active=move || grid.active() == Some(position)
            aria-rowindex=index
            aria-selected=move || chosen.get().to_string()
            on:click=click
        >
            <div role="gridcell" class="cell select">
                <input type="checkbox" tabindex="-1" aria-label=label prop:checked=move || chosen.get()
                    disabled=move || draft.displayed.is_stale.get() on:click=tick />
            </div>
            <div role="rowheader" class="cell trial-number num">{grouped_number(position + 1)}</div>
            {move || value_cells(grid, position)}
            {move || figure_cells(grid, position)}
            {move || has_finished.get().then(|| finished_cell(grid, position))}
        </div>
    }
    .into_any()
}

/// A number with its thousands set apart by CSS, so that it is copied and read out as one number.
fn grouped_number(number: u128) -> AnyView {
    let groups = digit_groups(number);
    if groups.len() == 1 {
        return number.to_string().into_any();
    }
    groups
        .into_iter()
        .map(|group| view! { <span class="digits">{group}</span> })
        .collect_view()
        .into_any()
}

fn value_cells(grid: Grid, position: u128) -> AnyView {
    grid.draft.displayed.plan.with(|plan| {
        let Some(trial) = plan.trial(position) else {
            return ().into_any();
        };
        (0..plan.columns().len())
            .map(|column| {
                let value = plan.value(&trial, column as u32);
                match value {
                    Some(value) => {
                        let (text, title) = (value.to_string(), value.into_owned());
                        view! { <div role="gridcell" class="cell value" title=title>{text}</div> }
                            .into_any()
                    }
                    None => {
                        view! { <div role="gridcell" class="cell value none">"–"</div> }.into_any()
                    }
                }
            })
            .collect_view()
            .into_any()
    })
}

fn figure_cells(grid: Grid, position: u128) -> AnyView {
    let [time, cost] = grid.figures.with(|figures| figures.at(position));
    view! {
        <div role="gridcell" class="cell figure-cell num">{time}</div>
        <div role="gridcell" class="cell figure-cell num">{cost}</div>
    }
    .into_any()
}

/// Time and cost of the rendered rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Figures {
    first: u128,
    rows: Vec<[String; 2]>,
}

impl Figures {
    /// Prices all rendered rows by one pricer, which looks the machine up once.
    pub(super) fn of(
        drawn: Drawn,
        plan: &Plan,
        settings: &EstimateSettings,
        catalogue: &Catalogue,
    ) -> Figures {
        let pricer = TrialEstimator::new(plan, settings, catalogue);
        let unknown = || "–".to_owned();
        let figures = |position| {
            let priced = plan
                .trial(position)
                .map(|trial| pricer.estimate(&trial))
                .unwrap_or_default();
            let time = priced.seconds.map_or_else(unknown, format_duration);
            [
                time,
                priced.cost.map_or_else(unknown, |cost| cost.to_figure()),
            ]
        };
        let rows = (0..u128::from(drawn.count))
            .map(|row| figures(drawn.first + row))
            .collect();
        Figures {
            first: drawn.first,
            rows,
        }
    }

    fn at(&self, position: u128) -> [String; 2] {
        let row = position
            .checked_sub(self.first)
            .and_then(|row| usize::try_from(row).ok());
        row.and_then(|row| self.rows.get(row))
            .cloned()
            .unwrap_or_default()
    }
}

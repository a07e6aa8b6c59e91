//! The Trials grid. Of a plan of any length it renders only the rows in view.

mod columns;
pub(super) mod finished;
mod keys;
mod row;
mod toolbar;
mod virtual_scroll;

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use super::super::icon::{CHECK, COPY, icon};
use crate::page::browser;
use crate::page::state::{Draft, State};
use crate::sweep::Ranges;
use toolbar::Toolbar;
use virtual_scroll::{Drawn, Geometry, Position};

/// The state that the parts of the grid share.
#[derive(Clone, Copy)]
struct Grid {
    draft: Draft,
    scroller: NodeRef<html::Div>,
    geometry: Memo<Geometry>,
    position: RwSignal<Position>,
    drawn: Memo<Drawn>,
    figures: Memo<row::Figures>,
    /// The row that keys act on and whose command line is shown.
    active: RwSignal<u128>,
    /// Where a selection with Shift begins.
    anchor: RwSignal<u128>,
}

impl Grid {
    fn new(draft: Draft) -> Grid {
        let scroller = NodeRef::<html::Div>::new();
        let rows = Memo::new(move |_| draft.displayed.plan.with(|plan| plan.len()));
        let size = RwSignal::new((36.0, 400.0));
        let geometry = Memo::new(move |_| {
            let (row_height, viewport) = size.get();
            Geometry {
                rows: rows.get(),
                row_height,
                viewport,
            }
        });
        let position = RwSignal::new(Position::default());
        let drawn = Memo::new(move |_| {
            let geometry = geometry.get();
            geometry.rows_to_draw(geometry.clamp(position.get()))
        });
        let figures = Memo::new(move |_| {
            let plan = draft.plan();
            let catalogue = draft.catalogue.get();
            draft
                .pricing
                .with(|pricing| row::Figures::of(drawn.get(), &plan, pricing, &catalogue))
        });
        observe_size(scroller, size);
        let (active, anchor) = (RwSignal::new(0), RwSignal::new(0));
        Grid {
            draft,
            scroller,
            geometry,
            position,
            drawn,
            figures,
            active,
            anchor,
        }
    }

    /// The active row, or the last one if the plan has become shorter; `None` without rows. Tracked.
    fn active(self) -> Option<u128> {
        let last = self.geometry.get().rows.checked_sub(1)?;
        Some(self.active.get().min(last))
    }

    fn on_scroll(self) {
        if let Some(scroller) = self.scroller.get_untracked() {
            let top = f64::from(scroller.scroll_top());
            let geometry = self.geometry.get_untracked();
            self.position.update(|position| {
                *position = geometry.after_scroll(geometry.clamp(*position), top);
            });
        }
    }

    /// Scrolls to a position. The browser may round the offset, so it is read back.
    fn scroll_to(self, mut to: Position) {
        if let Some(scroller) = self.scroller.get_untracked() {
            scroller.set_scroll_top(to.top.round() as i32);
            to.top = f64::from(scroller.scroll_top());
        }
        self.position.set(to);
    }

    /// Makes a row active and shows it.
    fn move_to(self, row: u128) {
        let geometry = self.geometry.get_untracked();
        let row = row.min(geometry.rows.saturating_sub(1));
        self.active.set(row);
        let from = geometry.clamp(self.position.get_untracked());
        let to = geometry.reveal(from, row);
        if to != from {
            self.scroll_to(to);
        }
    }

    /// Makes a row active and puts it at the top.
    fn go_to(self, row: u128) {
        let geometry = self.geometry.get_untracked();
        let row = row.min(geometry.rows.saturating_sub(1));
        self.active.set(row);
        self.anchor.set(row);
        self.scroll_to(geometry.position_of_row(row));
    }

    /// Chooses or drops a row; with Shift, all from the last one touched to it.
    fn toggle(self, row: u128, extend: bool) {
        let choose = !self
            .draft
            .chosen
            .with_untracked(|chosen| chosen.contains(row));
        let from = if extend {
            self.anchor.get_untracked()
        } else {
            row
        };
        self.draft.update_selection(|chosen, _| {
            if choose {
                chosen.insert_range(from.min(row), from.max(row));
            } else {
                chosen.remove_range(from.min(row), from.max(row));
            }
        });
        self.anchor.set(row);
        self.active.set(row);
    }
}

/// Keeps `size`, the heights of a row and of the viewport, up to date. The row's height is measured
/// because the style sheet sets it.
fn observe_size(scroller: NodeRef<html::Div>, size: RwSignal<(f64, f64)>) {
    Effect::new(move |_| {
        let Some(element) = scroller.get() else {
            return;
        };
        let read = move || {
            let Some(element) = scroller.get_untracked() else {
                return;
            };
            let header = element.query_selector(".grid-header").ok().flatten();
            let Some(header) = header.and_then(|header| header.dyn_into::<HtmlElement>().ok())
            else {
                return;
            };
            let row = f64::from(header.offset_height()).max(1.0);
            let viewport = f64::from(element.client_height()) - row;
            // While another tab is shown, sizes are 0: keep the last ones.
            if viewport > 0.0 && size.get_untracked() != (row, viewport) {
                size.set((row, viewport));
            }
        };
        browser::on_resize(&element, read);
    });
}

#[component]
pub(super) fn TrialGrid() -> impl IntoView {
    let grid = Grid::new(State::get().draft);
    let in_view = grid.draft.displayed;
    let has_finished = finished::has_column(grid.draft);
    let template = Memo::new(move |_| {
        in_view
            .plan
            .with(|plan| columns::template(plan, has_finished.get()))
    });
    let names = Memo::new(move |_| in_view.plan.with(|plan| plan.columns().to_vec()));
    let row_count = move || columns::aria_row_count(grid.geometry.get().rows);
    let active_id = move || {
        let (active, drawn) = (grid.active()?, grid.drawn.get());
        let inside = active >= drawn.first && active - drawn.first < u128::from(drawn.count);
        inside.then(|| row::row_id(active))
    };
    let positions = move || {
        let drawn = grid.drawn.get();
        (0..u128::from(drawn.count)).map(move |row| drawn.first + row)
    };
    view! {
        <section class="card trials" class:stale=move || in_view.is_stale.get() aria-labelledby="trials-title">
            <Toolbar grid=grid />
            <div
                class="grid"
                role="grid"
                tabindex="0"
                aria-label="Trials"
                aria-multiselectable="true"
                aria-describedby="trials-count"
                aria-rowcount=row_count
                aria-colcount=move || (names.with(Vec::len) + 4 + usize::from(has_finished.get())).to_string()
                aria-activedescendant=active_id
                node_ref=grid.scroller
                style:--columns=move || template.get()
                on:scroll=move |_| grid.on_scroll()
                on:keydown=move |event| keys::handle_key(grid, &event)
            >
                <div class="grid-header grid-row" role="row" aria-rowindex="1">
                    {view! { <SelectAll grid=grid /> }.into_any()}
                    <div role="columnheader" class="cell trial-number" aria-colindex="2">"Trial"</div>
                    {move || names.get().into_iter().map(|name| view! {
                        <div role="columnheader" class="cell value">{name}</div>
                    }).collect_view()}
                    <div role="columnheader" class="cell figure-cell">"Time"</div>
                    <div role="columnheader" class="cell figure-cell">"Cost"</div>
                    {move || has_finished.get().then(|| view! {
                        <div role="columnheader" class="cell value finished">"Finished"</div>
                    })}
                </div>
                <div
                    class="grid-body"
                    role="rowgroup"
                    style:height=move || px(grid.geometry.get().height())
                >
                    <div class="grid-window" role="presentation" style:top=move || px(grid.drawn.get().y)>
                        <For each=positions key=|position| *position let(position)>
                            {row::trial_row(grid, position, has_finished)}
                        </For>
                    </div>
                </div>
                {move || in_view.plan.with(|plan| plan.is_empty()).then(|| empty_grid(grid.draft))}
            </div>
            <Detail grid=grid />
        </section>
    }
}

fn px(length: f64) -> String {
    [length.to_string().as_str(), "px"].concat()
}

/// The text in the place of the rows if there are none.
fn empty_grid(draft: Draft) -> AnyView {
    let words = if draft.displayed.is_blank.get() {
        (
            "No command yet",
            "Paste a grid run command above, or start from an example. Every trial it stands for is listed here.",
        )
    } else {
        (
            "No trials yet",
            "They appear here as soon as the command can be read: see the problems listed under it.",
        )
    };
    view! {
        <div class="empty grid-empty" role="presentation">
            <p class="empty-title">{words.0}</p>
            <p>{words.1}</p>
        </div>
    }
    .into_any()
}

#[component]
fn SelectAll(grid: Grid) -> impl IntoView {
    let draft = grid.draft;
    let state = Memo::new(move |_| {
        let (chosen, all) = (draft.chosen.with(Ranges::len), grid.geometry.get().rows);
        (all > 0 && chosen == all, chosen > 0 && chosen < all)
    });
    let flip = move |_| {
        let all = state.get_untracked().0;
        draft.update_selection(|chosen, len| {
            *chosen = if all {
                Ranges::empty()
            } else {
                Ranges::full(len)
            };
        });
    };
    view! {
        <div role="columnheader" class="cell select" aria-colindex="1">
            <input
                type="checkbox"
                tabindex="-1"
                aria-label="Select all"
                prop:checked=move || state.get().0
                prop:indeterminate=move || state.get().1
                disabled=move || draft.displayed.is_stale.get()
                on:change=flip
            />
        </div>
    }
}

/// The foot of the grid: the exact command line of the active trial.
#[component]
fn Detail(grid: Grid) -> impl IntoView {
    let line = Memo::new(move |_| {
        let active = grid.active()?;
        grid.draft
            .displayed
            .plan
            .with(|plan| Some(plan.command_line(&plan.trial(active)?)))
    });
    let copied = RwSignal::new(false);
    let copy = move |_| {
        let Some(line) = line.get_untracked() else {
            return;
        };
        leptos::task::spawn_local(async move {
            copied.set(browser::copy_to_clipboard(&line).await);
            browser::sleep(1600).await;
            copied.set(false);
        });
    };
    let number = move || {
        grid.active()
            .map(|active| crate::page::format::format_count(active + 1))
    };
    view! {
        <footer class="grid-detail">
            <p class="detail-name">{move || number().map(|number| ["Trial ", &number].concat())}</p>
            <code class="detail-line">{move || line.get()}</code>
            <button
                type="button"
                class="ghost small"
                disabled=move || line.get().is_none()
                on:click=copy
            >
                {move || if copied.get() { icon(CHECK) } else { icon(COPY) }}
                {move || if copied.get() { "Copied" } else { "Copy" }}
            </button>
        </footer>
    }
}

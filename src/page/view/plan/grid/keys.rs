//! The keyboard in the grid.

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;

use super::Grid;
use crate::sweep::Ranges;

/// Handles a key press: arrows, Page Up, Page Down, Home and End move; Space chooses; Shift extends;
/// Ctrl+A chooses all.
pub(super) fn pressed(grid: Grid, event: &KeyboardEvent) {
    let geometry = grid.geometry.get_untracked();
    let Some(last) = geometry.rows.checked_sub(1) else {
        return;
    };
    let active = grid.active.get_untracked().min(last);
    let to = match event.key().as_str() {
        "ArrowDown" => active.saturating_add(1).min(last),
        "ArrowUp" => active.saturating_sub(1),
        "PageDown" => active.saturating_add(geometry.page()).min(last),
        "PageUp" => active.saturating_sub(geometry.page()),
        "Home" => 0,
        "End" => last,
        " " => {
            event.prevent_default();
            return grid.toggle(active, event.shift_key());
        }
        "a" if event.ctrl_key() || event.meta_key() => {
            event.prevent_default();
            return grid.draft.choose(|chosen, len| *chosen = Ranges::full(len));
        }
        _ => return,
    };
    event.prevent_default();
    if event.shift_key() {
        // The rows from the anchor to the new one become chosen if the anchor is, else unchosen.
        let anchor = grid.anchor.get_untracked().min(last);
        let (low, high) = (anchor.min(to), anchor.max(to));
        grid.draft.choose(|chosen, _| {
            if chosen.contains(anchor) {
                chosen.insert_range(low, high);
            } else {
                chosen.remove_range(low, high);
            }
        });
    } else {
        grid.anchor.set(to);
    }
    grid.move_to(to);
}

//! Line icons on a 16 by 16 grid.

use leptos::prelude::*;

pub(super) const CHECK: &str = "M3 8.5 6.5 12 13 4.5";
pub(super) const CLOSE: &str = "m4 4 8 8m0-8-8 8";
pub(super) const COPY: &str = "M5.5 5.5v-2h7v7h-2M3.5 5.5h7v7h-7z";
pub(super) const DICE: &str =
    "M3 3h10v10H3zM5.8 5.8h.01M10.2 5.8h.01M8 8h.01M5.8 10.2h.01M10.2 10.2h.01";
pub(super) const LINK: &str =
    "m6.5 9.5 3-3M7.5 4.8l1-1a2.6 2.6 0 0 1 3.7 3.7l-1 1M8.5 11.2l-1 1a2.6 2.6 0 0 1-3.7-3.7l1-1";
pub(super) const LOG: &str = "M3 4h10M3 8h10M3 12h6";
/// Several lines that become one.
pub(super) const OFFER: &str = "M2.5 3.5h4l3 4.5h4M2.5 12.5h4l3-4.5m2-2 2 2-2 2";
pub(super) const BOOK: &str = "M8 4.2C6.5 3 4.5 2.8 2.5 3v9.4c2-.2 4 0 5.5 1.2 1.5-1.2 3.5-1.4 5.5-1.2V3c-2-.2-4 0-5.5 1.2v9.2";
pub(super) const FILE: &str = "M4 1.8h5.2L12 4.6v9.6H4zM9 2v3h3M6 8h4M6 10.8h4";
pub(super) const RETRY: &str = "M13 8a5 5 0 1 1-1.5-3.6M13 2v3.2H9.8";
pub(super) const UNDO: &str = "M5.5 2.5 2.5 5.5l3 3M2.8 5.5h6.4a4 4 0 0 1 0 8H6";
pub(super) const REDO: &str = "m10.5 2.5 3 3-3 3M13.2 5.5H6.8a4 4 0 0 0 0 8H10";
pub(super) const STOP: &str = "M4.5 4.5h7v7h-7z";
pub(super) const ERROR: &str =
    "M8 4.6v4.2M8 11.3h.01M8 1.8a6.2 6.2 0 1 1 0 12.4A6.2 6.2 0 0 1 8 1.8";
pub(super) const WARNING: &str = "M8 6.2v3M8 11.4h.01M8 2.2l6.3 11.3H1.7z";

/// An icon, hidden from screen readers: the control that it stands on has a name of its own.
pub(super) fn icon(path: &'static str) -> AnyView {
    view! {
        <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
            <path d=path />
        </svg>
    }
    .into_any()
}

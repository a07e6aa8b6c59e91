//! Keeps the plan in the page's address and in the browser's storage.

use leptos::leptos_dom::helpers::TimeoutHandle;
use leptos::prelude::*;
use std::time::Duration;

use super::Draft;
use super::link::{self, Saved};
use crate::page::browser::{self, Keep};
use crate::page::text;

/// The name under which the last plan is stored, in the form of a link.
const PLAN: &str = "sweep.plan";
/// How long typing must pause before the address is updated: browsers limit such updates to some
/// hundred a minute.
const REST: Duration = Duration::from_millis(350);

/// Loads the plan of the address, else the last one of this browser, else the example.
pub(super) fn open() -> Saved {
    link::from_hash(&browser::hash())
        .or_else(|| link::from_hash(&Keep::Local.get(PLAN)?))
        .unwrap_or_else(|| Saved {
            text: text::EXAMPLE.to_owned(),
            run_time: text::EXAMPLE_RUN_TIME.to_owned(),
            ..Saved::default()
        })
}

/// From now on writes every change of the plan to the address and the storage, and loads the plan of
/// an address that the user types or goes back to.
pub(super) fn keep(draft: Draft) {
    let hash = Memo::new(move |_| link::to_hash(&draft.saved()));
    let waiting = StoredValue::new(None::<TimeoutHandle>);
    Effect::new(move |before: Option<()>| {
        let hash = hash.get();
        if let Some(earlier) = waiting.try_update_value(Option::take).flatten() {
            earlier.clear();
        }
        let write = move || {
            browser::replace_hash(&hash);
            Keep::Local.set(PLAN, Some(&hash));
        };
        if before.is_none() {
            write();
        } else if let Ok(handle) = set_timeout_with_handle(write, REST) {
            waiting.set_value(Some(handle));
        }
    });
    let _ = window_event_listener(leptos::ev::hashchange, move |_| {
        if let Some(saved) = link::from_hash(&browser::hash())
            && saved != draft.saved_untracked()
        {
            draft.restore(saved);
        }
    });
}

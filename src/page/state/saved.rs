//! The plan kept in the page's address and in this browser.

use leptos::leptos_dom::helpers::TimeoutHandle;
use leptos::prelude::*;
use std::time::Duration;

use super::Draft;
use super::link::{self, Saved};
use crate::page::browser::{self, Keep};
use crate::page::text;

/// Where the last plan is kept, in the form of a link.
const PLAN: &str = "sweep.plan";
/// Typing rests this long before the address follows: browsers refuse hundreds of changes a minute.
const REST: Duration = Duration::from_millis(350);

/// The plan of the address, else the last one, else the shipped example.
pub(super) fn open() -> Saved {
    link::from_hash(&browser::hash())
        .or_else(|| link::from_hash(&Keep::Local.get(PLAN)?))
        .unwrap_or_else(|| Saved {
            text: text::EXAMPLE.to_owned(),
            run_time: text::EXAMPLE_RUN_TIME.to_owned(),
            ..Saved::default()
        })
}

/// Lets address and browser follow the plan, and the plan follow an address typed or gone back to.
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

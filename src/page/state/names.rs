//! The names of characters, fetched when a command has `\N{NAME}`.

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::Draft;
use crate::page::{browser, client};

/// Milliseconds until it is tried again.
const PAUSE: i32 = 5000;

/// Fetches the table once it is needed, and tries until it is there.
pub(super) fn fetch_when_needed(draft: Draft) {
    let needs = |text: &String| text.contains("\\N{");
    let needed = Memo::new(move |_| {
        draft.text.with(needs) || draft.config.with(|yaml| yaml.as_ref().is_some_and(needs))
    });
    let asked = StoredValue::new(false);
    Effect::new(move |_| {
        if needed.get() && !asked.get_value() {
            asked.set_value(true);
            spawn_local(async move {
                loop {
                    if let Some(names) = client::character_names().await {
                        draft.names.set(Some(names));
                        return;
                    }
                    browser::sleep(PAUSE).await;
                }
            });
        }
    });
}

//! The names of characters, fetched when a command has `\N{NAME}`.

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::{Draft, Runs};
use crate::page::{browser, client};

/// Milliseconds until it is tried again, the first time and at most.
const FIRST_PAUSE: i32 = 1000;
const LAST_PAUSE: i32 = 60_000;

/// Fetches the table once the plan's text or a run's command needs it, and tries as long as one does.
pub(super) fn fetch_when_needed(draft: Draft, runs: Runs) {
    // Some that are no escapes after all cost a file, no more.
    let names = |text: &String| text.contains("\\N");
    let needed = Memo::new(move |_| {
        draft.text.with(names)
            || draft.config.with(|yaml| yaml.as_ref().is_some_and(names))
            || runs.list.with(|list| {
                let commands = list.iter().flatten();
                commands
                    .map(|run| &run.spec.run_controller_command)
                    .any(names)
            })
    });
    Effect::new(move |_| {
        if needed.get() && draft.names.with_untracked(Option::is_none) {
            spawn_local(async move {
                let mut pause = FIRST_PAUSE;
                while needed.get_untracked() && draft.names.with_untracked(Option::is_none) {
                    match client::character_names().await {
                        Some(names) => draft.names.set(Some(names)),
                        None => browser::sleep(pause).await,
                    }
                    pause = (2 * pause).min(LAST_PAUSE);
                }
            });
        }
    });
}

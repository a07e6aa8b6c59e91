//! Fetches the names of Unicode's characters when a command has `\N{NAME}`.

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::{Draft, Runs};
use crate::page::{browser, client};

/// Milliseconds before the first retry, and at most before a later one; each pause is twice the one
/// before.
const FIRST_RETRY_MILLIS: i32 = 1000;
const MAX_RETRY_MILLIS: i32 = 60_000;

/// Fetches the table once the plan's text, its config file or a run's command needs it, and retries
/// as long as one does.
pub(super) fn fetch_when_needed(draft: Draft, runs: Runs) {
    // A cheap test: text with `\N` that is no such escape only costs a needless request.
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
        if needed.get() && draft.character_names.with_untracked(Option::is_none) {
            spawn_local(async move {
                let mut pause = FIRST_RETRY_MILLIS;
                while needed.get_untracked()
                    && draft.character_names.with_untracked(Option::is_none)
                {
                    match client::fetch_character_names().await {
                        Some(names) => draft.character_names.set(Some(names)),
                        None => browser::sleep(pause).await,
                    }
                    pause = (2 * pause).min(MAX_RETRY_MILLIS);
                }
            });
        }
    });
}

//! Fetches the names of Unicode's characters when a command has `\N{NAME}`.

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::{Draft, Runs};
use crate::page::{browser, client};

/// Milliseconds before the first retry, and at most before a later one; each pause is twice the one
/// before.
const FIRST_PAUSE: i32 = 1000;
const LAST_PAUSE: i32 = 60_000;

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

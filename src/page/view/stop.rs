//! The Stop button. It takes two clicks, since what it stops may have run for days.

use std::time::Duration;

use leptos::prelude::*;

use super::icon::{STOP, icon};

/// How long the button waits for the second click.
const PATIENCE: Duration = Duration::from_secs(4);

/// A button that asks for confirmation before it calls `stop`; `what` is "trial 3" or "run hp".
pub(super) fn stop_button(what: String, stop: impl Fn() + Send + Sync + 'static) -> AnyView {
    let asking = RwSignal::new(false);
    let click = move |_| {
        if asking.get_untracked() {
            asking.set(false);
            return stop();
        }
        asking.set(true);
        // The row may have been removed by then, and its signal with it.
        let forget = move || {
            let _ = asking.try_set(false);
        };
        set_timeout(forget, PATIENCE);
    };
    let label = move || {
        let question = if asking.get() {
            "Really stop "
        } else {
            "Stop "
        };
        [question, &what].concat()
    };
    view! {
        <button type="button" class="ghost small stop" class:asking=move || asking.get() aria-label=label on:click=click>
            {icon(STOP)}
            {move || if asking.get() { "Really?" } else { "Stop" }}
        </button>
    }
    .into_any()
}

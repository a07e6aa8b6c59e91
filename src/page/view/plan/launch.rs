//! The Launch button, with the total beside it where the screen is narrow.

use leptos::prelude::*;
use leptos::{ev, html};

use super::super::rich_text::rich_text;
use super::super::undo::dialog_is_open;
use super::estimate::{describe_partial_count, format_cost_range};
use super::grid::finished::{all_are_left_out, describe_repeats};
use crate::launch::{MAX_TRIALS, TypedEnvironment, check_python};
use crate::page::format::{format_count, format_quantity};
use crate::page::state::{ConnectionStatus, Draft, Phase, State, Tab};
use crate::sweep::{Diagnostic, Ranges, Severity};

#[component]
pub(super) fn LaunchBar() -> impl IntoView {
    let state = State::get();
    let draft = state.draft;
    let phase = state.launch.phase;
    // The message of a failed launch is about one plan: the next change of the plan removes it.
    Effect::new(move |before: Option<()>| {
        draft.reading.track();
        draft.chosen.track();
        draft.python.track();
        if before.is_some() && matches!(phase.get_untracked(), Phase::Failed(_)) {
            phase.set(Phase::Idle);
        }
    });
    let reason = Memo::new(move |_| why_not_launchable(draft).or_else(|| why_no_budget(state)));
    let button = NodeRef::<html::Button>::new();
    let keys = window_event_listener(ev::keydown, move |event| {
        let is_here = state.tab.get_untracked() == Tab::Plan && !dialog_is_open();
        if is_launch(&event) && is_here {
            // Enter must not also click the button that has the focus.
            event.prevent_default();
            if let Some(button) = button.get_untracked() {
                button.click();
            }
        }
    });
    on_cleanup(move || keys.remove());
    let sending = move || phase.get() == Phase::Sending;
    let note = move || match phase.get() {
        Phase::Failed(reason) => ("launch-note bad", reason),
        Phase::Sending => ("launch-note", "Launching…".to_owned()),
        Phase::Idle => (
            "launch-note",
            reason.get().unwrap_or_else(|| describe_launch(state)),
        ),
    };
    let total = move || {
        draft.estimate.with(|estimate| {
            if let Some(partial) = &estimate.partial {
                let count = describe_partial_count(partial.trials, estimate.trials);
                return Some((partial.cost.likely.to_compact(), count));
            }
            let cost = estimate.cost.as_ref().filter(|_| estimate.trials > 0)?;
            Some((cost.likely.to_compact(), format_cost_range(cost)))
        })
    };
    view! {
        <div class="launch-bar">
            <p class="launch-total num" aria-hidden="true">
                {move || total().map(|(likely, range)| view! { <strong>{likely}</strong><span>{range}</span> })}
            </p>
            <button
                type="button"
                class="button primary launch"
                node_ref=button
                aria-describedby="launch-note"
                // The dialog's button is then the only one, also for tools that do not know what a modal
                // dialog makes inert.
                aria-hidden=move || state.launch.asking.get().then_some("true")
                aria-keyshortcuts="Control+Enter Meta+Enter"
                disabled=move || reason.get().is_some() || sending()
                on:click=move |_| state.launch.start(state)
            >
                {move || launch_label(draft)}
            </button>
            <p id="launch-note" role="status" class=move || note().0>{move || rich_text(&note().1)}</p>
        </div>
    }
}

/// `Launch 12 trials`.
pub(super) fn launch_label(draft: Draft) -> String {
    let count = format_quantity(draft.chosen.with(Ranges::len), "trial");
    ["Launch ", &count].concat()
}

/// Why the budget cannot be enforced, if it is to be.
fn why_no_budget(state: State) -> Option<String> {
    if !state.launch.enforces_budget.get() {
        return None;
    }
    let why = if state.launch.budget(state).is_none() {
        "Enter the Budget that is to be enforced."
    } else if state.draft.pricing.with(|p| p.run_time.is_none()) {
        "Enter a Run time: without one no budget can be enforced."
    } else {
        return None;
    };
    Some(why.to_owned())
}

/// Whether a key press is Ctrl+Enter or Cmd+Enter. A key that is held down counts once.
fn is_launch(event: &ev::KeyboardEvent) -> bool {
    event.key() == "Enter"
        && (event.ctrl_key() || event.meta_key())
        && !(event.shift_key() || event.alt_key() || event.repeat() || event.is_composing())
}

/// Why nothing can be launched; `None` if something can.
pub(super) fn why_not_launchable(draft: Draft) -> Option<String> {
    if draft.displayed.is_blank.get() {
        return Some("There is no command to launch yet.".to_owned());
    }
    if draft.displayed.is_stale.get() {
        let of_command = |d: &Diagnostic| d.severity() == Severity::Error;
        let command = draft.reading.with(|r| r.diagnostics.iter().any(of_command));
        let what = if command { "command" } else { "config file" };
        return Some(["The ", what, " has an error: see Problems."].concat());
    }
    if draft.typed_environment.with(TypedEnvironment::has_errors) {
        return Some("A variable cannot be read: see Environment.".to_owned());
    }
    if draft.python.with(|text| check_python(text).is_some()) {
        return Some("The path cannot be used: see Python.".to_owned());
    }
    let (plan, chosen) = (draft.plan(), draft.chosen.get());
    if plan.is_empty() {
        return Some("There are no trials to launch.".to_owned());
    }
    if chosen.is_empty() {
        // The grid explains what became of the selection, but a small screen does not show it here.
        let why = match draft.lost_choice.with(Option::is_some) {
            _ if all_are_left_out(draft) => {
                "All of these trials have finished already: see Trials to run them again."
            }
            true => "Your chosen trials are not in this plan: choose again under Trials.",
            false => "Choose at least one trial.",
        };
        return Some(why.to_owned());
    }
    let start = |part: usize| plan.part_start(u32::try_from(part).unwrap_or(u32::MAX));
    let too_many = plan.parts().iter().enumerate().any(|(at, part)| {
        let last = start(at).saturating_add(part.len().saturating_sub(1));
        chosen.between(start(at), last).len() > MAX_TRIALS
    });
    too_many.then(|| {
        let most = format_count(MAX_TRIALS);
        [
            "One launch takes up to ",
            &most,
            " trials: choose fewer, or a random search.",
        ]
        .concat()
    })
}

/// The note beside the button: where the launch goes, and whether it repeats what has finished already.
fn describe_launch(state: State) -> String {
    let target = describe_target(state);
    match describe_repeats(state.draft) {
        Some(repeats) => [&target, ". ", &repeats].concat(),
        None => target,
    }
}

/// The cluster that the launch goes to, or that there is no server.
fn describe_target(state: State) -> String {
    state.server.status.with(|status| match status {
        ConnectionStatus::Connecting => String::new(),
        ConnectionStatus::Connected(session) => {
            let cluster = state.draft.controls.with(|options| options.cluster.clone());
            [
                "On cluster ",
                &cluster.unwrap_or_else(|| session.default_cluster.clone()),
            ]
            .concat()
        }
        ConnectionStatus::SignedOut => "Sign in to launch.".to_owned(),
        ConnectionStatus::Absent => "No server connected: you can plan, not launch.".to_owned(),
    })
}

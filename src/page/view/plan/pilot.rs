//! The pilot: a button that runs two trials first, what they measured, and the rest that waits for a yes.

use leptos::prelude::*;

use super::super::rest_estimate::describe_rest;
use super::launch::why_not_launchable;
use crate::estimate::RunTime;
use crate::page::browser;
use crate::page::format::format_count;
use crate::page::state::{Phase, PilotPhase, PilotState, State, Tab};
use crate::sweep::Ranges;

const TITLE: &str = "pilot-title";

#[component]
pub(super) fn PilotPanel() -> impl IntoView {
    let state = State::get();
    let (draft, pilot) = (state.draft, state.pilot);
    let reason = Memo::new(move |_| why_not_launchable(draft));
    // By value, so that what is shown stays as it is while nothing of it changes.
    let lines = Memo::new(move |_| {
        pilot.state.with(|found| match found {
            Some(found) => describe_state(state, found),
            None => describe_offer(draft.chosen.with(Ranges::len)),
        })
    });
    let actions = Memo::new(move |_| {
        pilot
            .state
            .with(|found| Some(Actions::of(found.as_deref()?)))
    });
    let is_open = move || actions.with(|actions| actions.as_ref().is_some_and(Actions::is_open));
    let is_disabled = move || reason.get().is_some() || state.launch.phase.get() == Phase::Sending;
    view! {
        <section class="pilot" aria-labelledby=TITLE hidden=move || draft.plan().is_empty()>
            <header class="estimate-part">
                <h3 id=TITLE tabindex="-1">"Pilot"</h3>
                <button
                    type="button"
                    class="button small"
                    aria-describedby="pilot-state"
                    hidden=is_open
                    disabled=is_disabled
                    on:click=move |_| state.launch.start_pilot(state)
                >
                    "Run pilot"
                </button>
            </header>
            <div class="fit-found">
                <div id="pilot-state" class="pilot-state num" role="status">
                    {move || lines.get().into_iter().map(|line| view! { <p>{line}</p> }).collect_view()}
                </div>
                {move || actions.get().map(|actions| show_actions(state, &actions))}
            </div>
        </section>
    }
}

/// What the button does, before it has been pressed.
fn describe_offer(chosen: u128) -> Vec<String> {
    let line = match chosen {
        0 => return Vec::new(),
        1 => "Runs the one chosen trial and measures it: none is held.".to_owned(),
        2 => "Runs both chosen trials and measures them: none is held.".to_owned(),
        more => [
            "Runs the cheapest and the dearest trial first, measures them, and holds the other ",
            &format_count(more - 2),
            " for your yes. Without a run time, or where all are alike, the first and the last.",
        ]
        .concat(),
    };
    vec![line]
}

/// How the pilot is, and how it differs from the plan.
fn describe_state(state: State, found: &PilotState) -> Vec<String> {
    let run = found.runs.first().map(|run| run.name.clone());
    let of_run = ["Pilot ", run.as_deref().unwrap_or_default(), ": "].concat();
    let (held, waits) = (found.held(), describe_waiting(found));
    let mut lines = match found.phase() {
        PilotPhase::Running => {
            let (ended, all) = (found.ended(), found.trials.len());
            let run_first = if all == 1 {
                " runs first, "
            } else {
                " run first, "
            };
            let done = [&ended.to_string(), " of ", &all.to_string(), " done."].concat();
            vec![[&of_run, &list_trials(found), run_first, &done, &waits].concat()]
        }
        PilotPhase::Failed => {
            let mut lines: Vec<String> = Vec::new();
            for trial in found.trials.iter().filter(|trial| trial.has_failed()) {
                let number = format_count(trial.trial.position + 1);
                let message = match trial.message.as_str() {
                    "" => "it did not complete",
                    message => message,
                };
                lines.push([&of_run, "trial ", &number, " failed: ", message, "."].concat());
            }
            lines.push(["Nothing is measured.", &waits].concat());
            lines
        }
        PilotPhase::Measured => {
            let measured = state.draft.pricing.with(|pricing| match &pricing.run_time {
                Some(RunTime::Measured(measured)) => measured.describe(),
                _ => "measured, and left aside: the stated run time counts".to_owned(),
            });
            vec![[&of_run, &measured, ".", &waits].concat()]
        }
    };
    lines.extend(describe_differences(state, found));
    if held > 0 && found.is_of_plan && found.phase() != PilotPhase::Running {
        lines.push("Launch would run all of them anew; Run the rest does not.".to_owned());
    }
    lines
}

/// ` The other 10 wait.`
fn describe_waiting(found: &PilotState) -> String {
    match found.held() {
        0 => String::new(),
        1 => " The other one waits.".to_owned(),
        held => [" The other ", &format_count(held), " wait."].concat(),
    }
}

/// `trial 1 and trial 12`
fn list_trials(found: &PilotState) -> String {
    let names = found
        .trials
        .iter()
        .map(|trial| ["trial ", &format_count(trial.trial.position + 1)].concat());
    names.collect::<Vec<_>>().join(" and ")
}

/// In what the pilot ran otherwise than the plan would.
fn describe_differences(state: State, found: &PilotState) -> Vec<String> {
    let mut lines = Vec::new();
    if !found.is_of_plan {
        lines.push(
            "It ran for another choice of trials, machine or cluster than this plan's.".to_owned(),
        );
    }
    let parallel = state.draft.parallel.get();
    for run in &found.runs {
        let there = run.spec.sweep_options.parallel.as_ref();
        let there = there.and_then(|there| there.as_str().parse::<u32>().ok());
        if there != parallel {
            let at_once = there.map_or_else(
                || "as many trials at once as its cluster has slots".to_owned(),
                |there| [&there.to_string(), " at once"].concat(),
            );
            lines.push(["It ran with ", &at_once, ": more at once may take longer."].concat());
            break;
        }
    }
    lines
}

/// What decides which buttons there are.
#[derive(Clone, Debug, PartialEq)]
struct Actions {
    phase: PilotPhase,
    is_of_plan: bool,
    waits: bool,
    run: Option<String>,
}

impl Actions {
    fn of(found: &PilotState) -> Actions {
        Actions {
            phase: found.phase(),
            is_of_plan: found.is_of_plan,
            waits: found.held() > 0,
            run: found.runs.first().map(|run| run.id.clone()),
        }
    }

    /// Whether it is to be finished or stopped before another pilot of the plan begins.
    fn is_open(&self) -> bool {
        self.is_of_plan && (self.waits || self.phase == PilotPhase::Running)
    }
}

fn show_actions(state: State, actions: &Actions) -> AnyView {
    let (pilot, runs) = (state.pilot, state.runs);
    let phase = actions.phase;
    // The button goes once it has worked: the focus stays near.
    let button = |class: &'static str, label: &'static str, act: Box<dyn Fn()>| {
        let click = move |_| {
            act();
            browser::focus(TITLE);
        };
        view! { <button type="button" class=class on:click=click>{label}</button> }.into_any()
    };
    let small = "button small";
    let rest = (actions.is_open() && phase != PilotPhase::Running).then(|| {
        let run = button(
            "button primary small",
            "Run the rest",
            Box::new(move || pilot.run_rest(runs)),
        );
        view! {
            <div class="fit-other">
                <p class="num">{move || pilot.rest.with(|rest| describe_rest(rest.as_ref()))}</p>
                {run}
            </div>
        }
    });
    let mut others: Vec<AnyView> = Vec::new();
    if phase == PilotPhase::Failed && actions.is_of_plan {
        let retry = move || pilot.retry(runs);
        others.push(button(small, "Retry the pilot", Box::new(retry)));
        let run = actions.run.clone();
        let show = move || {
            run.iter().for_each(|run| runs.show_trials_of(run.clone()));
            state.tab.set(Tab::Runs);
        };
        others.push(button(small, "Show in Runs", Box::new(show)));
    }
    if actions.is_open() {
        let label = match phase {
            PilotPhase::Running => "Stop the pilot",
            _ => "Stop the rest",
        };
        others.push(button(small, label, Box::new(move || pilot.stop(runs))));
    }
    let toggle = (phase == PilotPhase::Measured).then(|| source_button(state));
    view! {
        {rest}
        <div class="pilot-actions">{others}{toggle}</div>
    }
    .into_any()
}

/// Chooses between the stated and the measured run time, where there are both.
fn source_button(state: State) -> AnyView {
    let is_ignored = state.pilot.is_ignored;
    let checked = state.draft.checked_run_time;
    let is_stated = move || checked.with(|checked| checked.run_time.is_some());
    let label = move || match is_ignored.get() {
        true => "Use the measured run time",
        false => "Use the stated run time",
    };
    view! {
        <button
            type="button"
            class="button small"
            hidden=move || !is_stated() && !is_ignored.get()
            on:click=move |_| is_ignored.update(|ignored| *ignored = !*ignored)
        >
            {label}
        </button>
    }
    .into_any()
}

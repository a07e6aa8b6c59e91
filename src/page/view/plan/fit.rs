//! A budget and a deadline, with the command that keeps within them.

use leptos::ev;
use leptos::prelude::*;

use super::super::undo;
use crate::estimate::{Alternative, NoProposal, Proposal};
use crate::page::state::{Draft, Fit, FitOutcome, State};
use crate::sweep::Part;

#[component]
pub(super) fn FitPanel() -> impl IntoView {
    let state = State::get();
    let (draft, fit) = (state.draft, state.fit);
    let is_hidden = move || draft.plan().is_empty();
    view! {
        <section class="fit" aria-labelledby="fit-title" hidden=is_hidden>
            <header class="estimate-part">
                <h3 id="fit-title">"Fit into"</h3>
                <p class="fine" role="status">
                    {move || fit.outcome.with(|outcome| matches!(outcome, FitOutcome::Refining)).then_some("Refining…")}
                </p>
            </header>
            <div class="fit-fields">
                {bound_field("budget", "Budget", "$20", fit.budget, move || fit.budget_problem())}
                {bound_field("deadline", "Deadline", "8 hours", fit.deadline, move || fit.deadline_problem())}
            </div>
            {enforce_box(state)}
            {move || fit.outcome.with(|outcome| show_outcome(draft, fit, outcome))}
        </section>
    }
}

/// Whether the launch carries the budget, so that the server keeps to it.
fn enforce_box(state: State) -> AnyView {
    let enforces = state.launch.enforces_budget;
    view! {
        <label class="fit-enforce">
            <input
                type="checkbox"
                prop:checked=move || enforces.get()
                on:change=move |event| enforces.set(event_target_checked(&event))
            />
            "Enforce the budget: the server holds what may pass it"
        </label>
    }
    .into_any()
}

fn bound_field(
    id: &'static str,
    label: &'static str,
    placeholder: &'static str,
    text: RwSignal<String>,
    problem: impl Fn() -> Option<&'static str> + Copy + Send + Sync + 'static,
) -> AnyView {
    let hint_id = [id, "-hint"].concat();
    view! {
        <div class="field" class:wrong=move || problem().is_some()>
            <label for=id>{label}</label>
            <input
                id=id
                class="input num"
                type="text"
                autocomplete="off"
                spellcheck="false"
                placeholder=placeholder
                aria-describedby=hint_id.clone()
                aria-invalid=move || problem().map(|_| "true")
                prop:value=move || text.get()
                on:input=move |event: ev::Event| text.set(event_target_value(&event))
            />
            <p class="hint" id=hint_id>{problem}</p>
        </div>
    }
    .into_any()
}

fn show_outcome(draft: Draft, fit: Fit, outcome: &FitOutcome) -> AnyView {
    match outcome {
        FitOutcome::Nothing | FitOutcome::Refining => ().into_any(),
        FitOutcome::Waiting => view! {
            <div class="fit-found">
                <button type="button" class="button small" on:click=move |_| fit.search(draft)>
                    "Find what fits"
                </button>
            </div>
        }
        .into_any(),
        FitOutcome::Found(proposal) => show_proposal(draft, proposal),
        FitOutcome::Refused(refused) => show_refusal(draft, refused),
    }
}

/// What is proposed: the command, what it leaves out, its figures, the other ways.
fn show_proposal(draft: Draft, proposal: &Proposal) -> AnyView {
    let mut sentences = proposal.sentences();
    sentences.truncate(sentences.len().saturating_sub(proposal.alternatives.len()));
    let all = proposal.estimate.trials.saturating_add(proposal.left_out);
    let command =
        (proposal.left_out > 0).then(|| proposed_command(draft, proposal.commands.clone()));
    view! {
        <div class="fit-found" role="group" aria-label="Proposal">
            {command}
            {list(sentences)}
            {others(draft, &proposal.alternatives, all)}
        </div>
    }
    .into_any()
}

fn show_refusal(draft: Draft, refused: &NoProposal) -> AnyView {
    let alternatives = match refused {
        NoProposal::BelowOneTrial { alternatives, .. } => alternatives.as_slice(),
        _ => &[],
    };
    let all = draft.displayed.plan.with_untracked(|plan| plan.len());
    view! {
        <div class="fit-found" role="group" aria-label="Proposal">
            <p class="estimate-problem">{refused.to_string()}</p>
            {others(draft, alternatives, all)}
        </div>
    }
    .into_any()
}

fn proposed_command(draft: Draft, commands: Vec<String>) -> AnyView {
    // The lines hold the config file's options; its environment and actions have none.
    let is_lossy = draft.config.with_untracked(Option::is_some)
        && draft.displayed.plan.with_untracked(|plan| {
            let mut options = plan.parts().iter().map(Part::options);
            options.any(|options| !options.environment.is_empty() || !options.actions.is_empty())
        });
    let text = commands.join("\n");
    let apply = move |_| {
        let end = draft.replace_by_proposal(&commands);
        undo::place_caret(draft, end, true);
    };
    view! {
        <code class="fit-command">{text}</code>
        <button
            type="button"
            class="button primary small"
            disabled=is_lossy
            title=is_lossy.then_some("The config file's environment and actions cannot stand in a command.")
            on:click=apply
        >
            "Use this command"
        </button>
    }
    .into_any()
}

/// Sentences as items that begin with a capital.
fn list(sentences: Vec<String>) -> AnyView {
    let items = sentences.into_iter().map(|sentence| {
        let mut letters = sentence.chars();
        let first = letters.next().map(|letter| letter.to_ascii_uppercase());
        let sentence: String = first.into_iter().chain(letters).collect();
        view! { <li>{sentence}</li> }
    });
    view! { <ul role="list" class="fit-facts num">{items.collect_view()}</ul> }.into_any()
}

/// The other ways, each with its button.
fn others(draft: Draft, alternatives: &[Alternative], all: u128) -> AnyView {
    let other = |alternative: &Alternative| {
        let sentence = ["Or ", &alternative.sentence(all)].concat();
        let button = match alternative {
            Alternative::Machine { row, .. } => {
                let (machine, spot) = (row.machine.clone(), row.spot);
                let kind = if spot { " interruptible" } else { "" };
                let label = ["Run on ", &machine, kind].concat();
                view! {
                    <button type="button" class="button small" on:click=move |_| draft.use_machine(&machine, spot)>
                        {label}
                    </button>
                }
                .into_any()
            }
            Alternative::Parallel(row) => {
                let parallel = row.parallel;
                let label = ["Run ", &parallel.to_string(), " at once"].concat();
                view! {
                    <button type="button" class="button small" on:click=move |_| draft.set_parallel(parallel)>
                        {label}
                    </button>
                }
                .into_any()
            }
        };
        view! { <div class="fit-other"><p>{sentence}</p>{button}</div> }
    };
    alternatives.iter().map(other).collect_view().into_any()
}

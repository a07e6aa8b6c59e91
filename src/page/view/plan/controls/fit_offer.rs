//! The run time by finished trials of the same script, as an offer under the Run time.

use leptos::prelude::*;

use crate::estimate::NoFit;
use crate::page::state::State;

/// Offers the fit where there is one that is worth using; says why not where trials have finished.
#[component]
pub(super) fn FitOffer() -> impl IntoView {
    let draft = State::get().draft;
    let finished = draft.finished;
    let words = Memo::new(move |_| {
        let in_use = finished.uses_fit.get();
        finished.fit.with(|fit| match fit {
            Ok(_) if in_use => Some("in place of what is typed".to_owned()),
            Ok(fit) => Some(draft.displayed.plan.with(|plan| {
                let here = fit.run_time.for_plan(plan);
                let praise = if here.has_untold() { "" } else { "better: " };
                [praise, &here.to_string()].concat()
            })),
            Err(NoFit::NoTrials) if in_use => Some(
                "a fit to finished trials was in use, and none are here: the run time is as typed"
                    .to_owned(),
            ),
            Err(why) if in_use => Some(
                [
                    "a fit to finished trials was in use: ",
                    &why.to_string(),
                    ", so the run time is as typed",
                ]
                .concat(),
            ),
            Err(NoFit::NoTrials) => None,
            Err(why) => Some(why.to_string()),
        })
    });
    let has_fit = Memo::new(move |_| finished.fit.with(Result::is_ok));
    let button = move || {
        let in_use = finished.uses_fit.get();
        (in_use || has_fit.get()).then(|| {
            let label = match (in_use, has_fit.get()) {
                (true, true) => "Use what is typed",
                (true, false) => "Forget the fit",
                (false, _) => "Use the fit",
            };
            view! {
                <button type="button" class="ghost small" on:click=move |_| draft.use_fit(!in_use)>
                    {label}
                </button>
            }
        })
    };
    view! {
        <div class="fit-offer" hidden=move || words.with(Option::is_none)>
            <p class="hint" id="fit-offer" role="status">{move || words.get()}</p>
            {button}
        </div>
    }
}

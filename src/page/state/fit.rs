//! What fits a budget or a deadline: found when the keys rest, since it takes an estimate for each number of
//! trials that is tried.

use std::sync::Arc;

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::Draft;
use super::slices::run_in_slices;
use crate::estimate::{self, Bounds, Money, NoProposal, Proposal, RunTime, Seconds};

/// How long after a change the search begins.
const REST_MILLIS: i32 = 300;
/// Plans of more trials are searched when a person asks for it: their estimates take too long to be made
/// at each pause between keys.
const MOST_UNASKED: u128 = 10_000;

/// Where the search is.
#[derive(Clone, Debug, Default)]
pub(crate) enum FitOutcome {
    /// No bound is typed, or there is nothing to fit.
    #[default]
    Nothing,
    /// It begins in a moment.
    Refining,
    /// It begins when asked for.
    Waiting,
    Found(Arc<Proposal>),
    Refused(Arc<NoProposal>),
}

/// The bounds as typed, and what keeps within them. They are a question about the plan, not a part of it.
#[derive(Clone, Copy)]
pub(crate) struct Fit {
    pub(crate) budget: RwSignal<String>,
    pub(crate) deadline: RwSignal<String>,
    /// The bounds that can be read; `None` where none is typed.
    pub(crate) bounds: Memo<Option<Bounds>>,
    pub(crate) outcome: RwSignal<FitOutcome>,
    /// Counts changes of plan and bounds: a search for an earlier one is abandoned.
    changes: StoredValue<u64>,
}

impl Fit {
    /// Searches after every change of the bounds, the plan or what it is priced by.
    pub(super) fn of(draft: Draft) -> Fit {
        let (budget, deadline) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
        let bounds = Memo::new(move |_| {
            let bounds = Bounds {
                budget: budget.with(|text| Money::from_typed(text)),
                deadline: deadline.with(|text| parse_deadline(text)),
            };
            (bounds != Bounds::default()).then_some(bounds)
        });
        let fit = Fit {
            budget,
            deadline,
            bounds,
            outcome: RwSignal::new(FitOutcome::Nothing),
            changes: StoredValue::new(0),
        };
        Effect::new(move |_| fit.begin(draft));
        fit
    }

    /// What is wrong with the text of the budget.
    pub(crate) fn budget_problem(self) -> Option<&'static str> {
        let is_wrong = |text: &String| !text.trim().is_empty() && Money::from_typed(text).is_none();
        let problem = "expected dollars above zero, such as 20";
        self.budget.with(is_wrong).then_some(problem)
    }

    /// What is wrong with the text of the deadline.
    pub(crate) fn deadline_problem(self) -> Option<&'static str> {
        let is_wrong = |text: &String| !text.trim().is_empty() && parse_deadline(text).is_none();
        let problem = "expected a length of time, such as 8h";
        self.deadline.with(is_wrong).then_some(problem)
    }

    fn begin(self, draft: Draft) {
        draft.displayed.plan.track();
        draft.displayed.is_stale.track();
        draft.pricing.track();
        draft.catalogue.track();
        self.bounds.track();
        self.changes.update_value(|changes| *changes += 1);
        let has_plan = draft.displayed.plan.with_untracked(|plan| !plan.is_empty());
        let is_stale = draft.displayed.is_stale.get_untracked();
        if self.bounds.with_untracked(Option::is_none) || !has_plan || is_stale {
            let is_nothing = |outcome: &FitOutcome| matches!(outcome, FitOutcome::Nothing);
            if !self.outcome.with_untracked(is_nothing) {
                self.outcome.set(FitOutcome::Nothing);
            }
            return;
        }
        let trials = draft.displayed.plan.with_untracked(|plan| plan.len());
        if trials > MOST_UNASKED {
            self.outcome.set(FitOutcome::Waiting);
        } else {
            self.search(draft);
        }
    }

    /// Searches once the browser has shown that it does.
    pub(crate) fn search(self, draft: Draft) {
        self.outcome.set(FitOutcome::Refining);
        let change = self.changes.get_value();
        let is_outdated = move || self.changes.try_get_value() != Some(change);
        spawn_local(async move {
            let found = run_in_slices(REST_MILLIS, is_outdated, async |pace| {
                let bounds = self.bounds.get_untracked()?;
                let plan = draft.displayed.plan.get_untracked();
                let settings = draft.pricing.get_untracked();
                let reading = draft.read_with.get_value();
                let catalogue = draft.catalogue.get_untracked();
                let (reading, catalogue) = (&reading, &catalogue);
                let proposal = estimate::propose_in_stretches(
                    &plan, reading, &settings, catalogue, &bounds, pace,
                );
                Some(proposal.await)
            });
            match found.await.flatten() {
                Some(Ok(proposal)) => self.outcome.set(FitOutcome::Found(Arc::new(proposal))),
                Some(Err(refused)) => self.outcome.set(FitOutcome::Refused(Arc::new(refused))),
                None => {}
            }
        });
    }
}

fn parse_deadline(text: &str) -> Option<Seconds> {
    match estimate::parse_run_time(text) {
        Ok(RunTime::Constant(length)) => Some(length),
        Ok(_) | Err(_) => None,
    }
}

//! The plan on other machines: computed once the plan is displayed and the keys rest, in slices between
//! which the browser handles what else there is.

use std::sync::Arc;

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::Draft;
use crate::estimate::{self, MachineRow, ParallelRow, WhatIf};
use crate::page::browser;

/// How long after a change the comparison begins: longer than the pause between two keys.
const REST_MILLIS: i32 = 150;
/// A slice ends with the row that reaches this, well before a frame is missed.
const SLICE_MILLIS: f64 = 4.0;

/// All rows of the last plan that was compared.
#[derive(Clone, Copy)]
pub(crate) struct MachineComparison {
    /// Marked, the cheapest first.
    pub(crate) machines: RwSignal<Arc<Vec<MachineRow>>>,
    /// By the number of trials at once.
    pub(crate) by_parallel: RwSignal<Arc<Vec<ParallelRow>>>,
    /// Whether the rows are still those of a plan before.
    pub(crate) is_refining: RwSignal<bool>,
    /// Counts changes of the plan: a comparison that began before the last one is abandoned.
    changes: StoredValue<u64>,
}

impl MachineComparison {
    /// Compares machines after every change of the chosen trials or of what they are priced by.
    pub(super) fn of(draft: Draft) -> MachineComparison {
        let comparison = MachineComparison {
            machines: RwSignal::new(Arc::default()),
            by_parallel: RwSignal::new(Arc::default()),
            is_refining: RwSignal::new(false),
            changes: StoredValue::new(0),
        };
        Effect::new(move |_| {
            draft.displayed.plan.track();
            draft.chosen.track();
            draft.pricing.track();
            draft.catalogue.track();
            comparison.changes.update_value(|changes| *changes += 1);
            if !comparison.is_refining.get_untracked() {
                comparison.is_refining.set(true);
            }
            let change = comparison.changes.get_value();
            spawn_local(async move {
                browser::sleep(REST_MILLIS).await;
                comparison.compare(draft, change).await;
            });
        });
        comparison
    }

    fn is_outdated(self, change: u64) -> bool {
        self.changes.get_value() != change
    }

    async fn compare(self, draft: Draft, change: u64) {
        if self.is_outdated(change) {
            return;
        }
        let plan = draft.displayed.plan.get_untracked();
        let catalogue = draft.catalogue.get_untracked();
        let mut what_if = draft.chosen.with_untracked(|chosen| {
            draft
                .pricing
                .with_untracked(|pricing| WhatIf::new(&plan, chosen, pricing, &catalogue))
        });
        let mut slice = Slice::begin();
        let mut machines = Vec::new();
        for at in 0..what_if.rows() {
            machines.extend(what_if.row(at));
            if slice.pause_when_over().await && self.is_outdated(change) {
                return;
            }
        }
        estimate::rank_machines(&mut machines);
        self.machines.set(Arc::new(machines));
        let mut by_parallel = Vec::new();
        for parallel in what_if.parallel_steps() {
            by_parallel.push(what_if.with_parallel(parallel));
            if slice.pause_when_over().await && self.is_outdated(change) {
                return;
            }
        }
        self.by_parallel.set(Arc::new(by_parallel));
        self.is_refining.set(false);
    }
}

/// A stretch of work on the browser's only thread.
struct Slice {
    began: f64,
}

impl Slice {
    fn begin() -> Slice {
        Slice {
            began: browser::monotonic_millis(),
        }
    }

    /// Lets the browser go on where the slice has lasted long enough; returns whether it did.
    async fn pause_when_over(&mut self) -> bool {
        let is_over = browser::monotonic_millis() - self.began >= SLICE_MILLIS;
        if is_over {
            browser::sleep(0).await;
            *self = Slice::begin();
        }
        is_over
    }
}

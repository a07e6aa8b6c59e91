//! The plan on other machines: computed once the plan is displayed and the keys rest, in slices between
//! which the browser handles what else there is.

use std::sync::Arc;

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::Draft;
use super::slices::run_in_slices;
use crate::estimate::{MachineRow, ParallelRow, WhatIf};

/// How long after a change the comparison begins: longer than the pause between two keys.
const REST_MILLIS: i32 = 150;

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
            spawn_local(comparison.compare(draft, change));
        });
        comparison
    }

    async fn compare(self, draft: Draft, change: u64) {
        let is_outdated = || self.changes.try_get_value() != Some(change);
        let compared = run_in_slices(REST_MILLIS, is_outdated, async |pace| {
            let plan = draft.displayed.plan.get_untracked();
            let chosen = draft.chosen.get_untracked();
            let catalogue = draft.catalogue.get_untracked();
            let pricing = draft.pricing.get_untracked();
            let mut what_if = WhatIf::new(&plan, &chosen, &pricing, &catalogue, pace).await;
            self.machines.set(Arc::new(what_if.all_rows(pace).await));
            what_if.by_parallel(pace).await
        });
        if let Some(by_parallel) = compared.await {
            self.by_parallel.set(Arc::new(by_parallel));
            self.is_refining.set(false);
        }
    }
}

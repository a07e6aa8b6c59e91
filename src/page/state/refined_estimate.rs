//! The estimate of the chosen trials: what can be told within a frame at once, the whole in slices once the
//! keys rest.

use std::sync::Arc;

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::slices::run_in_slices;
use crate::estimate::{self, Catalogue, Estimate, EstimateSettings};
use crate::sweep::{Plan, Ranges};

/// How long after a change the whole estimate begins: longer than the pause between two keys.
const REST_MILLIS: i32 = 150;

/// An estimate, and the number of the change since which it holds.
type Numbered = (u64, Estimate);

/// The estimate of the trials at the chosen positions of a plan.
pub(super) fn estimate_in_slices(
    plan: Memo<Arc<Plan>>,
    chosen: Memo<Ranges>,
    pricing: Memo<EstimateSettings>,
    catalogue: RwSignal<Arc<Catalogue>>,
) -> Memo<Estimate> {
    let quick: Memo<Numbered> = Memo::new(move |before: Option<&Numbered>| {
        let (plan, catalogue) = (plan.get(), catalogue.get());
        let estimate = chosen.with(|chosen| {
            pricing
                .with(|pricing| estimate::estimate_plan_quickly(&plan, chosen, pricing, &catalogue))
        });
        (before.map_or(0, |(change, _)| change + 1), estimate)
    });
    let whole: RwSignal<Option<Numbered>> = RwSignal::new(None);
    Effect::new(move |_| {
        let (change, is_provisional) =
            quick.with(|(change, estimate)| (*change, estimate.is_provisional));
        if !is_provisional {
            return;
        }
        let is_outdated = move || quick.try_with_untracked(|(last, _)| *last) != Some(change);
        spawn_local(async move {
            let found = run_in_slices(REST_MILLIS, is_outdated, async |pace| {
                let (plan, chosen) = (plan.get_untracked(), chosen.get_untracked());
                let (pricing, catalogue) = (pricing.get_untracked(), catalogue.get_untracked());
                estimate::estimate_plan_in_stretches(&plan, &chosen, &pricing, &catalogue, pace)
                    .await
            });
            if let Some(estimate) = found.await {
                whole.set(Some((change, estimate)));
            }
        });
    });
    Memo::new(move |_| {
        quick.with(|(change, quick)| {
            whole.with(|whole| match whole {
                Some((of, whole)) if of == change => whole.clone(),
                _ => quick.clone(),
            })
        })
    })
}

//! Which trials are chosen: a selection made on one plan is carried over to the present plan.

use std::sync::{Arc, OnceLock};

use leptos::prelude::*;

use super::link;
use crate::page::format::format_quantity;
use crate::sweep::axis::Values;
use crate::sweep::fnv::Fnv1a;
use crate::sweep::{self, Plan, Ranges, Strategy};

/// A selection of trials and the plan that it was made on.
///
/// It does not change with the text: what is chosen on another plan is computed from it and that
/// plan alone. So a text that is restored has its selection again.
#[derive(Clone, Debug)]
pub(super) struct Selection {
    fingerprint: u64,
    /// The chosen positions.
    pub(super) chosen: Ranges,
    /// The plan. For a link's selection it is found later: the first one that has its fingerprint.
    plan: Arc<OnceLock<Arc<Plan>>>,
    /// Whether the selection was dropped, so that all trials of any plan are chosen: see
    /// [`Selection::is_released`]. `plan` is then the one that replaced the selection's own.
    is_released: bool,
}

impl PartialEq for Selection {
    fn eq(&self, other: &Selection) -> bool {
        let same_plan = || Arc::ptr_eq(&self.plan, &other.plan) || self.plan == other.plan;
        self.fingerprint == other.fingerprint
            && self.chosen == other.chosen
            && self.is_released == other.is_released
            && same_plan()
    }
}

impl Selection {
    /// The selection of these trials; `None` if it is all of them. All is no set of numbers: when the
    /// plan grows, its new trials are chosen, too.
    pub(super) fn on_plan(plan: Arc<Plan>, chosen: Ranges) -> Option<Selection> {
        (chosen.len() < plan.len()).then(|| Selection {
            fingerprint: fingerprint(&plan),
            chosen,
            plan: Arc::new(OnceLock::from(plan)),
            is_released: false,
        })
    }

    /// The selection after a click has replaced the whole plan by an example: all trials are chosen,
    /// and a message reports that for as long as the example's plan is displayed. `None` if it had
    /// been dropped before.
    pub(super) fn to_released(&self) -> Option<Selection> {
        (!self.is_released).then(|| Selection {
            fingerprint: 0,
            chosen: self.chosen.clone(),
            plan: Arc::default(),
            is_released: true,
        })
    }

    /// The selection of a link. Ranges that cannot be parsed become a selection that fits no plan.
    pub(super) fn from_link(picked: &link::LinkedSelection) -> Selection {
        let (fingerprint, chosen) = match picked.ranges.parse() {
            Ok(chosen) => (picked.fingerprint, chosen),
            Err(_) => (0, Ranges::empty()),
        };
        Selection {
            fingerprint,
            chosen,
            plan: Arc::default(),
            is_released: false,
        }
    }

    /// The plan that the selection was made on. A link's selection without a plan adopts `now` if the
    /// fingerprint is the same; `None` otherwise.
    fn resolve_plan<'a>(&'a self, now: &'a Arc<Plan>) -> Option<&'a Plan> {
        if let Some(plan) = self.plan.get() {
            return Some(plan);
        }
        let highest = self.chosen.ranges().last().map(|(_, last)| *last);
        let fits = (self.fingerprint == fingerprint(now)
            || self.fingerprint == legacy_fingerprint(now))
            && highest.is_none_or(|highest| highest < now.len());
        fits.then(|| &**self.plan.get_or_init(|| Arc::clone(now)))
    }

    /// Whether it was dropped, so that all trials are chosen.
    pub(super) fn is_released(&self) -> bool {
        self.is_released
    }

    fn describe_release(&self) -> String {
        let trials = format_quantity(self.chosen.len(), "trial");
        let words = [
            "Your choice of ",
            &trials,
            " belonged to the command before: all trials are chosen now. Undo brings both back.",
        ];
        words.concat()
    }

    /// In the form of a link; `None` if all trials are chosen.
    fn to_link(&self) -> Option<link::LinkedSelection> {
        (!self.is_released).then(|| link::LinkedSelection {
            fingerprint: self.fingerprint,
            ranges: self.chosen.to_string(),
        })
    }
}

/// What is chosen on the present plan, and what of the selection could not be carried over.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct CarriedSelection {
    /// The chosen positions in the present plan.
    pub(super) trials: Ranges,
    /// The message about it.
    pub(super) lost: Option<String>,
}

/// Carries a selection over to the plan `now`. An empty plan loses nothing: its
/// text has no command, or cannot be read.
pub(super) fn carry_selection(picked: Option<&Selection>, now: &Arc<Plan>) -> CarriedSelection {
    let Some(picked) = picked else {
        return CarriedSelection {
            trials: Ranges::full(now.len()),
            lost: None,
        };
    };
    if now.is_empty() {
        return CarriedSelection::default();
    }
    if picked.is_released {
        let brought = picked.plan.get_or_init(|| Arc::clone(now));
        let is_brought = Arc::ptr_eq(brought, now) || fingerprint(brought) == fingerprint(now);
        return CarriedSelection {
            trials: Ranges::full(now.len()),
            lost: is_brought.then(|| picked.describe_release()),
        };
    }
    let Some(plan) = picked.resolve_plan(now) else {
        let trials = match picked.chosen.len() {
            0 => "trials".to_owned(),
            count => format_quantity(count, "trial"),
        };
        let lost = [
            "The link's choice of ",
            &trials,
            " does not fit this command: none is chosen.",
        ];
        return CarriedSelection {
            trials: Ranges::empty(),
            lost: Some(lost.concat()),
        };
    };
    let carried = sweep::carry(plan, &picked.chosen, now);
    let lost = carried.lost.map(|lost| {
        let none = if carried.chosen.is_empty() {
            " None is chosen now."
        } else {
            ""
        };
        [&lost.to_string(), none].concat()
    });
    CarriedSelection {
        trials: carried.chosen,
        lost,
    }
}

/// The selection in the form of a link to `now`: the trials that are chosen there. If `now` is empty,
/// because the text cannot be read, it is the selection on its own plan.
pub(super) fn selection_for_link(
    picked: Option<&Selection>,
    chosen: &Memo<Ranges>,
    now: &Arc<Plan>,
) -> Option<link::LinkedSelection> {
    let picked = picked?;
    if now.is_empty() {
        return picked.to_link();
    }
    Selection::on_plan(Arc::clone(now), chosen.get())?.to_link()
}

/// Hashes what gives positions their meaning. Links hold the hash, so it must never change.
struct PlanHasher(Fnv1a);

impl PlanHasher {
    fn new() -> PlanHasher {
        PlanHasher(Fnv1a::new())
    }

    fn write_number(&mut self, number: u128) {
        self.0.write_bytes(&number.to_le_bytes());
    }

    fn write_text(&mut self, text: &str) {
        self.write_number(text.len() as u128);
        self.0.write_bytes(text.as_bytes());
    }
}

/// A hash of everything that gives positions their meaning: strategies, axes, values, and the seeds of
/// random searches.
fn fingerprint(plan: &Plan) -> u64 {
    let mut hash = PlanHasher::new();
    for part in plan.parts() {
        hash.write_number(part.strategy() as u128);
        hash.write_number(part.len());
        for axis in part.axes() {
            hash.write_text(axis.name());
            hash.write_number(axis.len());
            match axis.values() {
                Values::Listed(values) => values.iter().for_each(|value| hash.write_text(value)),
                Values::Range(range) => {
                    let (start, step, _) = range.start_step_len();
                    hash.write_text(&start.to_string());
                    hash.write_text(&step.to_string());
                }
            }
        }
        if part.strategy() == Strategy::RandomSearch {
            hash.write_number(part.seed().value.into());
        }
    }
    hash.0.finish()
}

/// The fingerprint of links made before the values were part of it: strategies, lengths, and the seeds
/// of random searches.
fn legacy_fingerprint(plan: &Plan) -> u64 {
    let mut hash = PlanHasher::new();
    for part in plan.parts() {
        hash.write_number(part.strategy() as u128);
        hash.write_number(part.len());
        part.axes()
            .iter()
            .for_each(|axis| hash.write_number(axis.len()));
        if part.strategy() == Strategy::RandomSearch {
            hash.write_number(part.seed().value.into());
        }
    }
    hash.0.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    fn plan(text: &str) -> Arc<Plan> {
        sweep::read(text, &sweep::Settings::default()).plan
    }

    fn ranges(text: &str) -> Ranges {
        text.parse().unwrap()
    }

    fn linked(shape: u64, ranges: &str) -> Selection {
        Selection::from_link(&link::LinkedSelection {
            fingerprint: shape,
            ranges: ranges.to_owned(),
        })
    }

    const THREE: &str = r#"grid run f.py --a "[1, 2, 3]""#;

    #[test]
    fn a_choice_follows_the_text_there_and_back() {
        let before = plan(THREE);
        let picked = Selection::on_plan(Arc::clone(&before), ranges("0,2"));
        let on = |text: &str| carry_selection(picked.as_ref(), &plan(text));
        assert_eq!(on(r#"grid run f.py --a "[3, 4]""#).trials, ranges("0"));
        assert!(on(r#"grid run f.py --a "[3, 4]""#).lost.is_some());
        assert_eq!(on("grid run f.py --a ["), CarriedSelection::default());
        let back = CarriedSelection {
            trials: ranges("0,2"),
            lost: None,
        };
        assert_eq!(on(THREE), back);
    }

    #[test]
    fn all_is_no_set_of_numbers() {
        assert_eq!(Selection::on_plan(plan(THREE), ranges("0-2")), None);
        assert_eq!(carry_selection(None, &plan(THREE)).trials, ranges("0-2"));
    }

    #[test]
    fn a_released_choice_is_all_trials_and_told_once() {
        let picked = Selection::on_plan(plan(THREE), ranges("0,2")).unwrap();
        let released = picked.to_released().unwrap();
        let other = plan("grid run g.py --b \"[1, 2]\"");
        let found = carry_selection(Some(&released), &other);
        assert_eq!(found.trials, ranges("0-1"));
        assert!(found.lost.unwrap().starts_with("Your choice of 2 trials "));
        // The next plan has nothing to do with it.
        let next = carry_selection(Some(&released), &plan(THREE));
        assert_eq!((next.trials, next.lost), (ranges("0-2"), None));
        assert_eq!((released.to_released(), released.to_link()), (None, None));
    }

    #[test]
    fn a_link_that_fits_is_the_choice_of_its_plan() {
        let made = Selection::on_plan(plan(THREE), ranges("0,2"))
            .and_then(|picked| picked.to_link())
            .unwrap();
        let opened = Selection::from_link(&made);
        assert_eq!(
            carry_selection(Some(&opened), &plan(THREE)).trials,
            ranges("0,2")
        );
        let wider = carry_selection(Some(&opened), &plan(r#"grid run f.py --a "[1, 3]""#));
        assert_eq!((wider.trials, wider.lost), (ranges("0-1"), None));
        // As links were before.
        let earlier = linked(legacy_fingerprint(&plan(THREE)), "1");
        assert_eq!(
            carry_selection(Some(&earlier), &plan(THREE)).trials,
            ranges("1")
        );
    }

    #[test]
    fn a_link_that_does_not_fit_chooses_nothing_and_says_so() {
        let print = fingerprint(&plan(THREE));
        for (picked, text, count) in [
            (
                linked(print, "0,2"),
                r#"grid run f.py --a "[1, 2, 4]""#,
                "2 trials",
            ),
            (linked(print ^ 1, "0"), THREE, "1 trial"),
            (linked(print, "0,3"), THREE, "2 trials"),
            (linked(print, "0-"), THREE, "trials"),
        ] {
            let found = carry_selection(Some(&picked), &plan(text));
            let said =
                format!("The link's choice of {count} does not fit this command: none is chosen.");
            assert_eq!((found.trials, found.lost), (Ranges::empty(), Some(said)));
        }
        // It does once the text is the link's.
        let picked = linked(print, "0,2");
        assert_eq!(
            carry_selection(Some(&picked), &plan("grid run f.py")).trials,
            Ranges::empty()
        );
        assert_eq!(
            carry_selection(Some(&picked), &plan(THREE)).trials,
            ranges("0,2")
        );
    }
}

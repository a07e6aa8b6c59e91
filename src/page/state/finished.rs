//! Finished trials of the plan's scripts: which of its trials have run already, and how long the others
//! will take by them.

use std::sync::Arc;

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::control_values::ControlValues;
use super::displayed_plan::DisplayedPlan;
use super::selection::Selection;
use super::{Draft, PlanField, Runs, Server, Tab};
use crate::api::FinishedTrialList;
use crate::estimate::{EstimateSettings, FinishedFit, FitTarget, NoFit, RunTime, fit_finished};
use crate::launch::{self, FinishedMarks};
use crate::page::browser;
use crate::page::client::Client;
use crate::sweep::fnv::Fnv1a;
use crate::sweep::{Plan, Ranges};

/// How long after a change the server is asked: longer than the pause between two keys.
const REST_MILLIS: i32 = 400;
/// Most scripts of one plan whose finished trials are asked for.
const MAX_SCRIPTS: usize = 8;
/// How many commands are looked through for their scripts.
const MAX_COMMANDS: usize = 1000;

/// The fit to finished trials, or why there is none.
pub(crate) type FitResult = Result<Arc<FinishedFit>, NoFit>;

/// What is known of finished trials, and what the person has decided of it.
#[derive(Clone, Copy)]
pub(crate) struct Finished {
    /// The paths of the plan's scripts, each once.
    scripts: Memo<Vec<String>>,
    /// What the server has answered for some of them; empty without a server.
    pub(crate) lists: RwSignal<Arc<Vec<FinishedTrialList>>>,
    /// Whether the fit is the source of the run time.
    pub(crate) uses_fit: RwSignal<bool>,
    /// The scripts ([`scripts_key`]) whose finished trials are to run again as long as all are chosen.
    pub(super) run_again: RwSignal<Option<u64>>,
    /// Which trials of the displayed plan have finished.
    pub(crate) marks: Memo<Arc<FinishedMarks>>,
    pub(crate) fit: Memo<FitResult>,
    /// The fit, where it is the source of the run time.
    fit_in_use: Memo<Option<Arc<FinishedFit>>>,
}

impl Finished {
    pub(super) fn new(
        displayed: DisplayedPlan,
        controls: Memo<ControlValues>,
        parallel: RwSignal<Option<u32>>,
        server: Server,
    ) -> Finished {
        let lists = RwSignal::new(Arc::default());
        let uses_fit = RwSignal::new(false);
        let scripts = Memo::new(move |_| displayed.plan.with(|plan| list_scripts(plan)));
        let marks = Memo::new(move |_| {
            let plan = displayed.plan.get();
            lists.with(|lists: &Arc<Vec<_>>| Arc::new(launch::mark_finished(&plan, lists)))
        });
        let target = Memo::new(move |_| {
            let (cluster, machine) =
                controls.with(|controls| (controls.cluster.clone(), controls.machine.clone()));
            let cluster = cluster.unwrap_or_else(|| server.default_cluster());
            let rules = server.estimate_settings(&cluster);
            let rules = EstimateSettings {
                parallel: parallel.get().or(rules.parallel),
                ..rules
            };
            (cluster, machine, rules.parallel())
        });
        let fit: Memo<FitResult> = Memo::new(move |_| {
            let of_script = |list: &&FinishedTrialList| {
                scripts.with(|scripts| *scripts == [list.script.as_str()])
            };
            lists.with(|lists| match lists.iter().find(of_script) {
                None => Err(NoFit::NoTrials),
                Some(list) => target.with(|(cluster, machine, parallel)| {
                    let target = FitTarget {
                        cluster,
                        machine,
                        parallel: *parallel,
                    };
                    let is_own = |cluster: &str| server.estimate_settings(cluster).on_own_machine;
                    let catalogue = server.prices.catalogue.get();
                    fit_finished(list, target, is_own, &catalogue).map(Arc::new)
                }),
            })
        });
        let fit: Memo<FitResult> = Memo::new(move |_| {
            let found = fit.get()?;
            displayed.plan.with(|plan| found.ensure_passed(plan))?;
            Ok(found)
        });
        let fit_in_use = Memo::new(move |_| {
            let fit = fit.get().ok();
            fit.filter(|_| uses_fit.get())
        });
        Finished {
            scripts,
            lists,
            uses_fit,
            run_again: RwSignal::new(None),
            marks,
            fit,
            fit_in_use,
        }
    }

    /// The settings with the fit as the run time, where it is the source of it. Tracked.
    pub(super) fn apply_fit(
        self,
        settings: EstimateSettings,
        displayed: DisplayedPlan,
    ) -> EstimateSettings {
        self.fit_in_use.with(|fit| match fit {
            Some(fit) => displayed.plan.with(|plan| fit.apply(settings, plan)),
            None => settings,
        })
    }

    /// The fit as a run time, where it is the source of it. Tracked.
    pub(super) fn fitted_run_time(self, plan: &Plan) -> Option<RunTime> {
        self.fit_in_use
            .with(|fit| Some(RunTime::Fitted(fit.as_ref()?.run_time.for_plan(plan))))
    }

    /// What of `trials` is chosen where nobody has chosen any: those that have not finished yet, unless
    /// a person wants all. Tracked.
    pub(super) fn leave_out(self, trials: Ranges, picked: Option<&Selection>) -> Ranges {
        let is_chosen = picked.is_some_and(|picked| !picked.is_released());
        if is_chosen || self.runs_again() {
            return trials;
        }
        self.marks.with(|marks| match marks.positions().is_empty() {
            true => trials,
            false => trials.difference(marks.positions()),
        })
    }

    fn runs_again(self) -> bool {
        let wanted = self.run_again.get();
        wanted.is_some_and(|key| self.scripts.with(|scripts| key == scripts_key(scripts)))
    }

    /// Records whether a person has chosen all trials of the plan, finished ones too.
    pub(super) fn note_choice(self, has_all: bool) {
        let has_marks = self
            .marks
            .with_untracked(|marks| !marks.positions().is_empty());
        let again = (has_all && has_marks)
            .then(|| self.scripts.with_untracked(|scripts| scripts_key(scripts)));
        if self.run_again.get_untracked() != again {
            self.run_again.set(again);
        }
    }
}

/// How many trials of the plan have finished, how many of those are chosen all the same, and what they
/// cost in USD: all of them where none is chosen, else the chosen ones.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct FinishedCounts {
    pub(crate) finished: u128,
    pub(crate) again: u128,
    pub(crate) trials: u128,
    /// `None` where that of one is not known.
    pub(crate) cost: Option<f64>,
    /// Whether more trials pass the same than are marked.
    pub(crate) is_cut: bool,
}

impl FinishedCounts {
    /// O(finished trials of the plan). Tracked.
    pub(super) fn of(finished: Finished, displayed: DisplayedPlan, chosen: Memo<Ranges>) -> Self {
        let marks = finished.marks.get();
        let positions = marks.positions();
        if positions.is_empty() {
            return FinishedCounts::default();
        }
        let plan = displayed.plan.get();
        let again = chosen.with(|chosen| positions.intersection(chosen));
        let counted = if again.is_empty() { positions } else { &again };
        FinishedCounts {
            finished: positions.len(),
            again: again.len(),
            trials: plan.len(),
            cost: finished
                .lists
                .with(|lists| marks.cost_of(&plan, counted, lists)),
            is_cut: marks.is_cut(),
        }
    }
}

impl Draft {
    /// Chooses the finished trials too.
    pub(crate) fn run_finished_again(self) {
        let finished = self
            .finished
            .marks
            .with_untracked(|marks| marks.positions().clone());
        self.update_selection(|chosen, _| {
            for (first, last) in finished.ranges() {
                chosen.insert_range(*first, *last);
            }
        });
    }

    /// Drops the finished trials from the choice.
    pub(crate) fn leave_finished_out(self) {
        if self.selection.with_untracked(Option::is_none) {
            self.finished.run_again.set(None);
            return;
        }
        let finished = self.finished.marks.get_untracked();
        self.update_selection(|chosen, _| *chosen = chosen.difference(finished.positions()));
    }

    /// Makes the fit the source of the run time, or what is typed.
    pub(crate) fn use_fit(self, wanted: bool) {
        if self.finished.uses_fit.get_untracked() != wanted {
            self.note_change(PlanField::RunTime, None);
            self.finished.uses_fit.set(wanted);
        }
    }
}

fn list_scripts(plan: &Plan) -> Vec<String> {
    let mut scripts: Vec<String> = Vec::new();
    for part in plan.parts().iter().take(MAX_COMMANDS) {
        let script = launch::normalize_script("", part.script());
        if scripts.len() < MAX_SCRIPTS && !scripts.contains(&script) {
            scripts.push(script);
        }
    }
    scripts
}

/// A hash of scripts' paths. Links hold it, so it must never change.
fn scripts_key(scripts: &[String]) -> u64 {
    let mut hash = Fnv1a::new();
    for script in scripts {
        hash.write_bytes(script.as_bytes());
        hash.write_bytes(b"\n");
    }
    hash.finish()
}

/// Asks the server for the finished trials of the plan's scripts while the Plan tab is shown: when they
/// change, when a run ends, and when somebody comes back to the page, since a script may have been
/// edited meanwhile.
pub(super) fn fetch_when_needed(draft: Draft, server: Server, runs: Runs, tab: RwSignal<Tab>) {
    let finished = draft.finished;
    let session = Memo::new(move |_| server.is_connected().then(|| server.client.get()));
    let ended = Memo::new(move |_| {
        runs.list.with(|list| {
            let runs = list.iter().flatten();
            runs.filter(|run| run.status.phase.has_ended()).count()
        })
    });
    let is_shown = Memo::new(move |_| tab.get() == Tab::Plan);
    let returns = RwSignal::new(0_u32);
    let _ = window_event_listener(leptos::ev::focus, move |_| {
        returns.update(|returns| *returns = returns.wrapping_add(1));
    });
    let changes = StoredValue::new(0_u32);
    Effect::new(move |_| {
        ended.track();
        returns.track();
        let (client, scripts) = (session.get(), finished.scripts.get());
        changes.update_value(|changes| *changes = changes.wrapping_add(1));
        let Some(client) = client else {
            publish(finished, Vec::new());
            return;
        };
        if !is_shown.get() {
            return;
        }
        let change = changes.get_value();
        spawn_local(async move {
            browser::sleep(REST_MILLIS).await;
            if changes.get_value() == change {
                let lists = fetch_lists(&client, &scripts).await;
                if changes.get_value() == change {
                    publish(finished, lists);
                }
            }
        });
    });
}

async fn fetch_lists(client: &Client, scripts: &[String]) -> Vec<FinishedTrialList> {
    let mut lists = Vec::new();
    for script in scripts {
        // Without an answer nothing is marked, which costs nothing.
        lists.extend(client.fetch_finished_trials(script).await);
    }
    lists
}

fn publish(finished: Finished, lists: Vec<FinishedTrialList>) {
    if finished.lists.with_untracked(|known| **known != lists) {
        finished.lists.set(Arc::new(lists));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep;
    use crate::testing::test;

    #[test]
    fn each_script_is_asked_for_once() {
        let text = "grid run a.py --x '[1, 2]'\ngrid run ./b/c.py\ngrid run ./a.py";
        let plan = sweep::read(text, &sweep::Settings::default()).plan;
        let scripts = list_scripts(&plan);
        assert_eq!(scripts, ["a.py", "b/c.py"]);
        assert_ne!(scripts_key(&scripts), scripts_key(&scripts[..1]));
        assert_eq!(scripts_key(&[]), Fnv1a::new().finish());
    }
}

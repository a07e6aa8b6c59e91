//! The plan being written: text and settings are writable; everything else is derived from them.

use std::sync::Arc;

use leptos::prelude::*;

use super::Server;
use super::control_values::{ControlValues, read_control_values};
use super::displayed_plan::DisplayedPlan;
use super::finished::{Finished, FinishedCounts};
use super::link::{self, SavedPlan};
use super::pilot::Measurement;
use super::plan_history::Undo;
use super::refined_estimate::estimate_in_slices;
use super::selection::{self, CarriedSelection, Selection};
use crate::estimate::{self, Catalogue, Date, Estimate, RunTime};
use crate::formula;
use crate::launch::{self, TypedEnvironment};
use crate::page::browser;
use crate::sweep::literal::CharacterNames;
use crate::sweep::{self, Fix, Plan, Ranges, Reading};

/// The writable half (text, config file, seed, run time, parallel trials, environment, Python, selection) and the memos over it.
#[derive(Clone, Copy)]
pub(crate) struct Draft {
    /// The command text.
    pub(crate) text: RwSignal<String>,
    /// The YAML of the file that `--config` names; `None` while its box is closed.
    pub(crate) config: RwSignal<Option<String>>,
    /// The names of Unicode's characters, once some text has needed them and they have been fetched.
    pub(crate) character_names: RwSignal<Option<CharacterNames>>,
    /// Why a dropped or chosen file was not read.
    pub(crate) file_error: RwSignal<Option<String>>,
    /// The seed of commands without `--seed`; drawn once, kept until rerolled.
    pub(crate) seed: RwSignal<u32>,
    /// The run time of one trial, as typed.
    pub(crate) run_time: RwSignal<String>,
    /// What a pilot of the displayed plan's commands measured.
    pub(crate) measured: RwSignal<Option<Measurement>>,
    /// Trials that run at once; `None`: as many as the cluster has slots.
    pub(crate) parallel: RwSignal<Option<u32>>,
    /// The trials' environment variables, as typed.
    pub(crate) environment: RwSignal<String>,
    /// The Python of the trials, as typed; empty: the server's choice.
    pub(crate) python: RwSignal<String>,
    /// The trials that a person chose, and the plan they chose them on; `None`: all.
    pub(super) selection: RwSignal<Option<Selection>>,
    /// Finished trials of the plan's scripts, and what follows from them.
    pub(crate) finished: Finished,
    pub(crate) reading: Memo<Reading>,
    /// What the last reading was read with.
    pub(super) read_with: StoredValue<sweep::Settings>,
    /// The plan to display: of the text, or of the last one that could be read.
    pub(crate) displayed: DisplayedPlan,
    pub(super) undo: Undo,
    /// What the controls show: the options of the first command that can be read.
    pub(crate) controls: Memo<ControlValues>,
    /// A fix that merges several commands into one with the same trials, where that is possible.
    pub(crate) shortcut: Memo<Option<Fix>>,
    /// The positions of the chosen trials in the displayed plan.
    pub(crate) chosen: Memo<Ranges>,
    /// How many trials of the displayed plan have finished, and how many of those are chosen.
    pub(crate) finished_counts: Memo<FinishedCounts>,
    /// A message about chosen trials that the displayed plan no longer has.
    pub(crate) lost_choice: Memo<Option<String>>,
    /// The run time with what is wrong with it: its text, or names in it that no command has.
    pub(crate) checked_run_time: Memo<CheckedRunTime>,
    /// The parsed environment variables.
    pub(crate) typed_environment: Memo<TypedEnvironment>,
    /// Run time, parallel trials and billing rules of the chosen cluster.
    pub(crate) pricing: Memo<estimate::EstimateSettings>,
    /// The machines and prices to estimate by.
    pub(crate) catalogue: RwSignal<Arc<Catalogue>>,
    /// Time and money of the chosen trials; provisional until their run times are summed up.
    pub(crate) estimate: Memo<Estimate>,
}

impl Draft {
    pub(super) fn new(saved: SavedPlan, server: Server) -> Draft {
        let text = RwSignal::new(String::new());
        let config = RwSignal::new(None::<String>);
        let names = RwSignal::new(None);
        let seed = RwSignal::new(0);
        let run_time = RwSignal::new(String::new());
        let measured = RwSignal::new(None::<Measurement>);
        let parallel = RwSignal::new(None);
        let environment = RwSignal::new(String::new());
        let typed_environment =
            Memo::new(move |_| environment.with(|text| launch::parse_environment(text)));
        let picked = RwSignal::new(None::<Selection>);
        let read_with = StoredValue::new(sweep::Settings::default());
        let reading = Memo::new(move |_| {
            let settings = sweep::Settings {
                drawn_seed: seed.get(),
                character_names: names.get(),
                environment: typed_environment.with(|typed| typed.variables.clone()),
                config: config.with(|yaml| {
                    yaml.as_deref()
                        .filter(|y| !y.trim().is_empty())
                        .map(Arc::from)
                }),
            };
            let reading = text.with(|text| sweep::read(text, &settings));
            read_with.set_value(settings);
            reading
        });
        let in_view = DisplayedPlan::new(reading);
        let options =
            Memo::new(move |before| reading.with(|reading| read_control_values(reading, before)));
        let shortcut = Memo::new(move |_| {
            let plan = reading.with(|reading| Arc::clone(&reading.plan));
            text.with(|text| sweep::suggest_single_command(text, &plan))
        });
        let carried: Memo<CarriedSelection> = Memo::new(move |_| {
            let plan = in_view.plan.get();
            picked.with(|picked| selection::carry_selection(picked.as_ref(), &plan))
        });
        let finished = Finished::new(in_view, options, parallel, server);
        let chosen = Memo::new(move |_| {
            let trials = carried.with(|carried| carried.trials.clone());
            picked.with(|picked| finished.leave_out(trials, picked.as_ref()))
        });
        let finished_counts = Memo::new(move |_| FinishedCounts::of(finished, in_view, chosen));
        let lost_choice = Memo::new(move |_| carried.with(|carried| carried.lost.clone()));
        let run_time_read = Memo::new(move |_| run_time.with(|text| read_run_time(text)));
        let checked_run_time = Memo::new(move |_| {
            run_time_read.with(|read| {
                in_view
                    .plan
                    .with(|plan| match finished.fitted_run_time(plan) {
                        Some(fitted) => CheckedRunTime::of(&Ok(Some(fitted)), plan),
                        None => CheckedRunTime::of(read, plan),
                    })
            })
        });
        let pricing = Memo::new(move |_| {
            let cluster = options.with(|options| options.cluster.clone());
            let cluster = cluster.unwrap_or_else(|| server.default_cluster());
            let rules = server.estimate_settings(&cluster);
            let mut pricing = estimate::EstimateSettings {
                run_time: run_time_read.get().unwrap_or(None),
                parallel: parallel.get().or(rules.parallel),
                today: Some(today()),
                ..rules
            };
            measured.with(|measured| {
                if let Some(measured) = measured {
                    in_view.plan.with(|plan| measured.apply(plan, &mut pricing));
                }
            });
            finished.apply_fit(pricing, in_view)
        });
        let catalogue = server.prices.catalogue;
        let estimate = estimate_in_slices(in_view.plan, chosen, pricing, catalogue);
        let draft = Draft {
            text,
            config,
            character_names: names,
            file_error: RwSignal::new(None),
            seed,
            run_time,
            measured,
            parallel,
            environment,
            python: RwSignal::new(String::new()),
            selection: picked,
            finished,
            reading,
            read_with,
            displayed: in_view,
            undo: Undo::new(),
            controls: options,
            shortcut,
            chosen,
            finished_counts,
            lost_choice,
            checked_run_time,
            typed_environment,
            pricing,
            catalogue,
            estimate,
        };
        draft.restore(saved);
        draft.record_history();
        draft
    }

    /// Replaces the plan by a saved one.
    pub(super) fn restore(self, saved: SavedPlan) {
        self.selection
            .set(saved.selection.as_ref().map(Selection::from_link));
        self.seed
            .set(saved.seed.unwrap_or_else(browser::random_u32));
        self.run_time.set(saved.run_time);
        self.parallel.set(saved.parallel);
        self.environment.set(saved.environment);
        self.python.set(saved.python);
        self.finished.uses_fit.set(saved.uses_fit);
        self.finished.run_again.set(saved.run_again);
        self.file_error.set(None);
        self.config.set(saved.config);
        self.text.set(saved.text);
    }

    /// The plan in the form in which it is stored and shared.
    pub(super) fn to_saved(self) -> SavedPlan {
        SavedPlan {
            text: self.text.get(),
            config: self.config.get(),
            seed: Some(self.seed.get()),
            run_time: self.run_time.get(),
            parallel: self.parallel.get(),
            environment: self.environment.get(),
            python: self.python.get(),
            uses_fit: self.finished.uses_fit.get(),
            run_again: self.finished.run_again.get(),
            selection: self.selection.with(|picked| {
                let plan = self.reading.with(|reading| Arc::clone(&reading.plan));
                selection::selection_for_link(picked.as_ref(), &self.chosen, &plan)
            }),
        }
    }

    /// The same, without tracking its signals.
    pub(super) fn to_saved_untracked(self) -> SavedPlan {
        untrack(move || self.to_saved())
    }

    /// The displayed plan, tracked.
    pub(crate) fn plan(self) -> Arc<Plan> {
        self.displayed.plan.get()
    }

    /// A link that opens this plan anywhere.
    pub(crate) fn share_link(self) -> String {
        let address = browser::location_href();
        let page = address.split('#').next().unwrap_or_default();
        [page, "#", &link::to_hash(&self.to_saved_untracked())].concat()
    }

    /// Changes the selection: `change` gets it with the number of trials. Does nothing while the text
    /// has errors, for the displayed plan is then an earlier text's.
    pub(crate) fn update_selection(self, change: impl FnOnce(&mut Ranges, u128)) {
        if self.displayed.is_stale.get_untracked() {
            return;
        }
        let plan = self.displayed.plan.get_untracked();
        if plan.is_empty() {
            return;
        }
        let mut chosen = self.chosen.get_untracked();
        change(&mut chosen, plan.len());
        self.finished.note_choice(chosen.len() == plan.len());
        self.selection.set(Selection::on_plan(plan, chosen));
    }
}

/// A run time and what is wrong with it. A view that reads this reads nothing else of the run time: of two
/// memos, one of which follows from the other, an effect misses a change of that other alone.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct CheckedRunTime {
    pub(crate) run_time: Option<RunTime>,
    pub(crate) problems: Vec<formula::Error>,
}

impl CheckedRunTime {
    fn of(read: &Result<Option<RunTime>, formula::Error>, plan: &Plan) -> CheckedRunTime {
        match read {
            Ok(run_time) => CheckedRunTime {
                problems: run_time
                    .as_ref()
                    .map_or_else(Vec::new, |run_time| estimate::unknown_names(run_time, plan)),
                run_time: run_time.clone(),
            },
            Err(error) => CheckedRunTime {
                run_time: None,
                problems: vec![error.clone()],
            },
        }
    }
}

/// Today by this machine's clock.
fn today() -> Date {
    Date::from_unix_seconds(browser::wall_clock_micros() / 1_000_000)
}

fn read_run_time(text: &str) -> Result<Option<RunTime>, formula::Error> {
    if text.trim().is_empty() {
        Ok(None)
    } else {
        estimate::parse_run_time(text).map(Some)
    }
}

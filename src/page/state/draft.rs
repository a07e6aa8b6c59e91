//! The plan being written: text and settings are writable; everything else is derived from them.

use std::sync::Arc;

use leptos::prelude::*;

use super::Server;
use super::in_view::InView;
use super::link::{self, Saved};
use super::selection::{self, Chosen, Picked};
use super::shown::{Shown, shown};
use super::undo::Undo;
use crate::estimate::{self, Catalogue, Estimate, RunTime};
use crate::formula;
use crate::page::browser;
use crate::sweep::literal::CharacterNames;
use crate::sweep::{self, Fix, Plan, Ranges, Reading};

/// The engine that runs trials as processes on the server's own machine: no machine has to boot.
const LOCAL: &str = "local";

/// The writable half (text, config file, seed, run time, parallel trials, selection) and the memos over it.
#[derive(Clone, Copy)]
pub(crate) struct Draft {
    /// The command text.
    pub(crate) text: RwSignal<String>,
    /// The YAML of the file that `--config` names; `None` while its box is closed.
    pub(crate) config: RwSignal<Option<String>>,
    /// The names of Unicode's characters, once some text has needed them and they have been fetched.
    pub(crate) names: RwSignal<Option<CharacterNames>>,
    /// Why a dropped or chosen file was not read.
    pub(crate) notice: RwSignal<Option<String>>,
    /// The seed of commands without `--seed`; drawn once, kept until rerolled.
    pub(crate) seed: RwSignal<u32>,
    /// The run time of one trial, as typed.
    pub(crate) run_time: RwSignal<String>,
    /// Trials that run at once; `None`: as many as the cluster has slots.
    pub(crate) parallel: RwSignal<Option<u32>>,
    /// The trials that a person chose, and the plan they chose them on; `None`: all.
    pub(super) picked: RwSignal<Option<Picked>>,
    pub(crate) reading: Memo<Reading>,
    /// The plan to display: of the text, or of the last one that could be read.
    pub(crate) in_view: InView,
    /// The history.
    pub(super) undo: Undo,
    /// What the controls show: the options of the first command that can be read.
    pub(crate) options: Memo<Shown>,
    /// A fix that merges several commands into one with the same trials, where that is possible.
    pub(crate) shortcut: Memo<Option<Fix>>,
    /// The positions of the chosen trials in the displayed plan.
    pub(crate) chosen: Memo<Ranges>,
    /// A message about chosen trials that the displayed plan no longer has.
    pub(crate) lost_choice: Memo<Option<String>>,
    /// The parsed run time; `Ok(None)` where none is given.
    pub(crate) run_time_read: Memo<Result<Option<RunTime>, formula::Error>>,
    /// Run time, parallel trials and billing rules of the chosen cluster.
    pub(crate) pricing: Memo<estimate::Settings>,
    /// Time and money of the chosen trials.
    pub(crate) estimate: Memo<Estimate>,
}

impl Draft {
    pub(super) fn new(saved: Saved, server: Server) -> Draft {
        let text = RwSignal::new(String::new());
        let config = RwSignal::new(None::<String>);
        let names = RwSignal::new(None);
        let seed = RwSignal::new(0);
        let run_time = RwSignal::new(String::new());
        let parallel = RwSignal::new(None);
        let picked = RwSignal::new(None::<Picked>);
        let reading = Memo::new(move |_| {
            let settings = sweep::Settings {
                drawn_seed: seed.get(),
                names: names.get(),
                config: config.with(|yaml| {
                    yaml.as_deref()
                        .filter(|y| !y.trim().is_empty())
                        .map(Arc::from)
                }),
            };
            text.with(|text| sweep::read(text, &settings))
        });
        let in_view = InView::new(reading);
        let options = Memo::new(move |before| reading.with(|reading| shown(reading, before)));
        let shortcut = Memo::new(move |_| {
            let plan = reading.with(|reading| Arc::clone(&reading.plan));
            text.with(|text| sweep::shortcut(text, &plan))
        });
        let carried: Memo<Chosen> = Memo::new(move |_| {
            let plan = in_view.plan.get();
            picked.with(|picked| selection::chosen(picked.as_ref(), &plan))
        });
        let chosen = Memo::new(move |_| carried.with(|carried| carried.trials.clone()));
        let lost_choice = Memo::new(move |_| carried.with(|carried| carried.lost.clone()));
        let run_time_read = Memo::new(move |_| run_time.with(|text| read_run_time(text)));
        let pricing = Memo::new(move |_| {
            let cluster = options.with(|options| options.cluster.clone());
            let cluster = cluster.unwrap_or_else(|| server.default_cluster());
            let rules = match server.engine(&cluster).as_str() {
                LOCAL => estimate::Settings::local(),
                _ => estimate::Settings::cloud(),
            };
            estimate::Settings {
                run_time: run_time_read.get().unwrap_or(None),
                parallel: parallel.get().or_else(|| server.slots(&cluster)),
                ..rules
            }
        });
        let estimate = Memo::new(move |_| {
            let plan = in_view.plan.get();
            chosen.with(|chosen| {
                pricing.with(|pricing| {
                    estimate::estimate(&plan, chosen, pricing, Catalogue::embedded())
                })
            })
        });
        let draft = Draft {
            text,
            config,
            names,
            notice: RwSignal::new(None),
            seed,
            run_time,
            parallel,
            picked,
            reading,
            in_view,
            undo: Undo::new(),
            options,
            shortcut,
            chosen,
            lost_choice,
            run_time_read,
            pricing,
            estimate,
        };
        draft.restore(saved);
        draft.keep_history();
        draft
    }

    /// Replaces the plan by a saved one.
    pub(super) fn restore(self, saved: Saved) {
        self.picked
            .set(saved.picked.as_ref().map(Picked::from_link));
        self.seed
            .set(saved.seed.unwrap_or_else(browser::random_u32));
        self.run_time.set(saved.run_time);
        self.parallel.set(saved.parallel);
        self.notice.set(None);
        self.config.set(saved.config);
        self.text.set(saved.text);
    }

    /// The plan in the form in which it is stored and shared.
    pub(super) fn saved(self) -> Saved {
        Saved {
            text: self.text.get(),
            config: self.config.get(),
            seed: Some(self.seed.get()),
            run_time: self.run_time.get(),
            parallel: self.parallel.get(),
            picked: self.picked.with(|picked| {
                let plan = self.reading.with(|reading| Arc::clone(&reading.plan));
                selection::to_link(picked.as_ref(), &self.chosen, &plan)
            }),
        }
    }

    /// The same, without tracking its signals.
    pub(super) fn saved_untracked(self) -> Saved {
        untrack(move || self.saved())
    }

    /// The displayed plan, tracked.
    pub(crate) fn plan(self) -> Arc<Plan> {
        self.in_view.plan.get()
    }

    /// A link that opens this plan anywhere.
    pub(crate) fn link(self) -> String {
        let address = browser::address();
        let page = address.split('#').next().unwrap_or_default();
        [page, "#", &link::to_hash(&self.saved_untracked())].concat()
    }

    /// Changes the selection: `change` gets it with the number of trials. Does nothing while the text
    /// has errors, for the displayed plan is then an earlier text's.
    pub(crate) fn choose(self, change: impl FnOnce(&mut Ranges, u128)) {
        if self.in_view.is_stale.get_untracked() {
            return;
        }
        let plan = self.in_view.plan.get_untracked();
        if plan.is_empty() {
            return;
        }
        let mut chosen = self.chosen.get_untracked();
        change(&mut chosen, plan.len());
        self.picked.set(Picked::on(plan, chosen));
    }
}

fn read_run_time(text: &str) -> Result<Option<RunTime>, formula::Error> {
    if text.trim().is_empty() {
        Ok(None)
    } else {
        estimate::parse_run_time(text).map(Some)
    }
}

//! The plan being written: text and settings are all there is; the rest follows from them.

use std::sync::Arc;

use leptos::prelude::*;

use super::Server;
use super::link::{self, Saved};
use crate::estimate::{self, Catalogue, Estimate, RunTime};
use crate::formula;
use crate::page::browser;
use crate::sweep::{self, Part, Plan, Ranges, Reading, Strategy};

/// The engine whose trials are processes on the server's own machine: nothing boots.
const LOCAL: &str = "local";

/// The writable half (text, seed, run time, parallel trials, selection) and the memos over it.
#[derive(Clone, Copy)]
pub(crate) struct Draft {
    /// The command text.
    pub(crate) text: RwSignal<String>,
    /// The seed of parts without `--seed`; drawn once, kept until rerolled.
    pub(crate) seed: RwSignal<u32>,
    /// The run time of a trial as typed.
    pub(crate) run_time: RwSignal<String>,
    /// Trials at once; none: what the cluster can.
    pub(crate) parallel: RwSignal<Option<u32>>,
    picked: RwSignal<Option<Picked>>,
    /// The text, read.
    pub(crate) reading: Memo<Reading>,
    /// What the controls show: the options of the first command that could be read.
    pub(crate) options: Memo<Shown>,
    /// The chosen positions.
    pub(crate) chosen: Memo<Ranges>,
    /// The run time, read; `Ok(None)` where none is given.
    pub(crate) run_time_read: Memo<Result<Option<RunTime>, formula::Error>>,
    /// How trials are priced.
    pub(crate) pricing: Memo<estimate::Settings>,
    /// Time and money of the chosen trials.
    pub(crate) estimate: Memo<Estimate>,
}

#[derive(Clone, Debug, PartialEq)]
struct Picked {
    shape: u64,
    chosen: Ranges,
}

/// The options that have a control. While the text has errors, they stay as they last were.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Shown {
    /// `--strategy`.
    pub(crate) strategy: Strategy,
    /// `--num_trials`.
    pub(crate) num_trials: Option<u32>,
    /// The seed of the first command.
    pub(crate) seed: u32,
    /// Whether that seed was drawn, not typed.
    pub(crate) seed_drawn: bool,
    /// Whether any trial depends on a seed.
    pub(crate) seed_matters: bool,
    /// The machine, aliases resolved.
    pub(crate) machine: String,
    /// `--use_spot`.
    pub(crate) spot: bool,
    /// `--cluster`.
    pub(crate) cluster: Option<String>,
    /// How many trials the spaces of all commands hold.
    pub(crate) space: u128,
}

impl Draft {
    pub(super) fn new(saved: Saved, server: Server) -> Draft {
        let text = RwSignal::new(String::new());
        let seed = RwSignal::new(0);
        let run_time = RwSignal::new(String::new());
        let parallel = RwSignal::new(None);
        let picked = RwSignal::new(None::<Picked>);
        let reading = Memo::new(move |_| {
            let settings = sweep::Settings {
                drawn_seed: seed.get(),
                ..Default::default()
            };
            text.with(|text| sweep::read(text, &settings))
        });
        let options = Memo::new(move |before| reading.with(|reading| shown(reading, before)));
        let chosen = Memo::new(move |_| {
            let plan = reading.with(|reading| Arc::clone(&reading.plan));
            picked.with(|picked| match picked {
                Some(picked) if picked.shape == shape(&plan) => picked.chosen.clip(plan.len()),
                _ => Ranges::full(plan.len()),
            })
        });
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
            let plan = reading.with(|reading| Arc::clone(&reading.plan));
            chosen.with(|chosen| {
                pricing.with(|pricing| {
                    estimate::estimate(&plan, chosen, pricing, Catalogue::embedded())
                })
            })
        });
        let draft = Draft {
            text,
            seed,
            run_time,
            parallel,
            picked,
            reading,
            options,
            chosen,
            run_time_read,
            pricing,
            estimate,
        };
        draft.restore(saved);
        draft
    }

    /// Takes over a saved plan.
    pub(super) fn restore(self, saved: Saved) {
        self.picked.set(saved.picked.and_then(|picked| {
            Some(Picked {
                shape: picked.shape,
                chosen: picked.ranges.parse().ok()?,
            })
        }));
        self.seed
            .set(saved.seed.unwrap_or_else(browser::random_u32));
        self.run_time.set(saved.run_time);
        self.parallel.set(saved.parallel);
        self.text.set(saved.text);
    }

    /// The plan as it is kept and shared.
    pub(super) fn saved(self) -> Saved {
        Saved {
            text: self.text.get(),
            seed: Some(self.seed.get()),
            run_time: self.run_time.get(),
            parallel: self.parallel.get(),
            picked: self.picked.with(|picked| {
                // A selection of another plan is kept in memory (an edit may be taken back), not
                // in the link.
                let plan = self.plan();
                let picked = picked
                    .as_ref()
                    .filter(|p| plan.is_empty() || p.shape == shape(&plan));
                picked.map(|picked| link::Picked {
                    shape: picked.shape,
                    ranges: picked.chosen.to_string(),
                })
            }),
        }
    }

    /// The same, for code that runs once.
    pub(super) fn saved_untracked(self) -> Saved {
        untrack(move || self.saved())
    }

    /// The plan as last read.
    pub(crate) fn plan(self) -> Arc<Plan> {
        self.reading.with(|reading| Arc::clone(&reading.plan))
    }

    /// Writes an option of `grid run` into every command of the text; none: takes it out.
    pub(crate) fn set_option(self, name: &str, value: Option<&str>) {
        self.text
            .update(|text| *text = sweep::edit::set_option(text, name, value));
    }

    /// A link that opens this plan anywhere.
    pub(crate) fn link(self) -> String {
        let address = browser::address();
        let page = address.split('#').next().unwrap_or_default();
        [page, "#", &link::to_hash(&self.saved_untracked())].concat()
    }

    /// Changes the selection.
    pub(crate) fn choose(self, change: impl FnOnce(&mut Ranges, u128)) {
        let plan = self
            .reading
            .with_untracked(|reading| Arc::clone(&reading.plan));
        let mut chosen = self.chosen.get_untracked();
        change(&mut chosen, plan.len());
        // "All" is no set of numbers: a longer plan is then chosen whole, too.
        let all = chosen.len() == plan.len();
        self.picked.set((!all).then(|| Picked {
            shape: shape(&plan),
            chosen,
        }));
    }

    /// Draws another seed: into the text where one is typed there, else into the settings.
    pub(crate) fn reroll(self) {
        let seed = browser::random_u32();
        if self.options.with_untracked(|options| options.seed_drawn) {
            self.seed.set(seed);
        } else {
            self.set_option("--seed", Some(&seed.to_string()));
        }
    }
}

fn shown(reading: &Reading, before: Option<&Shown>) -> Shown {
    let before = before.cloned().unwrap_or_default();
    let Some(options) = reading.options() else {
        return before;
    };
    let parts = reading.plan.parts();
    let seed = parts.first().map(Part::seed);
    Shown {
        strategy: options.strategy,
        num_trials: options.num_trials,
        seed: seed.map_or(before.seed, |seed| seed.value),
        seed_drawn: seed.map_or(options.seed.is_none(), |seed| seed.drawn),
        seed_matters: parts.iter().any(Part::needs_seed),
        machine: options.instance_type.clone(),
        spot: options.use_spot,
        cluster: options.cluster.clone(),
        space: if parts.is_empty() {
            before.space
        } else {
            parts
                .iter()
                .fold(0, |sum: u128, part| sum.saturating_add(part.space_len()))
        },
    }
}

fn read_run_time(text: &str) -> Result<Option<RunTime>, formula::Error> {
    if text.trim().is_empty() {
        Ok(None)
    } else {
        estimate::parse_run_time(text).map(Some)
    }
}

/// A fingerprint (FNV-1a) of what gives positions their meaning: lengths, strategies, seeds drawn by.
fn shape(plan: &Plan) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325;
    let mut add = |number: u128| {
        for byte in number.to_le_bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    };
    for part in plan.parts() {
        add(part.strategy() as u128);
        add(part.len());
        part.axes().iter().for_each(|axis| add(axis.len()));
        if part.strategy() == Strategy::RandomSearch {
            add(part.seed().value.into());
        }
    }
    hash
}

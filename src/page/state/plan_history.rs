//! One history over everything that makes the plan: text, config file, settings, selection.
//!
//! An effect over all of them records every change, whatever made it. It runs after each event of
//! the browser, so that everything that one click changes is one step.

use std::sync::Arc;

use leptos::prelude::*;

use super::history::{self, History};
use super::selection::Selection;
use super::{Caret, Draft, Edit, PlanField};
use crate::page::browser;

/// The history, and how the change under way is being made.
#[derive(Clone, Copy)]
pub(crate) struct Undo {
    history: StoredValue<Option<History<Snapshot>>>,
    edit: StoredValue<Option<Edit>>,
    /// Whether there is a step to undo, and whether there is one to redo.
    possible: RwSignal<(bool, bool)>,
}

/// The writable half of the plan at one moment; equal texts are shared between snapshots.
#[derive(Clone, Debug, PartialEq)]
struct Snapshot {
    text: Arc<str>,
    config: Option<Arc<str>>,
    seed: u32,
    run_time: Arc<str>,
    parallel: Option<u32>,
    environment: Arc<str>,
    python: Arc<str>,
    uses_fit: bool,
    run_again: Option<u64>,
    selection: Option<Arc<Selection>>,
}

impl history::HistoryState for Snapshot {
    fn unshared_bytes(&self, neighbour: &Snapshot) -> usize {
        let text = |ours: &Arc<str>, theirs: &Arc<str>| {
            if Arc::ptr_eq(ours, theirs) {
                0
            } else {
                ours.len()
            }
        };
        let config = match (&self.config, &neighbour.config) {
            (Some(ours), Some(theirs)) => text(ours, theirs),
            (ours, _) => ours.as_ref().map_or(0, |ours| ours.len()),
        };
        let picked = match (&self.selection, &neighbour.selection) {
            (Some(ours), Some(theirs)) if Arc::ptr_eq(ours, theirs) => 0,
            (ours, _) => ours
                .as_ref()
                .map_or(0, |ours| size_of_val(ours.chosen.ranges())),
        };
        text(&self.text, &neighbour.text)
            + text(&self.run_time, &neighbour.run_time)
            + text(&self.environment, &neighbour.environment)
            + text(&self.python, &neighbour.python)
            + config
            + picked
            + size_of::<Snapshot>()
    }
}

impl Undo {
    pub(super) fn new() -> Undo {
        Undo {
            history: StoredValue::new(None),
            edit: StoredValue::new(None),
            possible: RwSignal::new((false, false)),
        }
    }
}

impl Draft {
    /// Begins the history with the present plan, and records every change from now on.
    pub(super) fn record_history(self) {
        Effect::new(move |_| {
            self.text.track();
            self.config.track();
            self.seed.track();
            self.run_time.track();
            self.parallel.track();
            self.environment.track();
            self.python.track();
            self.finished.uses_fit.track();
            self.finished.run_again.track();
            self.selection.track();
            self.record();
        });
    }

    /// Announces how the change that follows is made, if it is made by typing.
    pub(crate) fn note_edit(self, edit: Edit) {
        self.undo.edit.set_value(Some(edit));
    }

    /// Announces that the change that follows is a step of its own, and stores where the cursor of the
    /// box is before it.
    pub(super) fn note_change(self, field: PlanField, after: Option<Caret>) {
        self.undo.edit.update_value(|edit| {
            edit.get_or_insert_with(|| Edit {
                before: browser::text_selection(field.id()).map(|range| Caret { field, range }),
                after,
                at: browser::monotonic_millis(),
                ..Edit::WHOLE
            });
        });
    }

    /// Stores where the cursor belongs after the change under way, and returns it.
    pub(super) fn note_cursor_after(self, caret: Caret) -> Option<Caret> {
        self.undo.edit.update_value(|edit| {
            if let Some(edit) = edit {
                edit.after = Some(caret);
            }
        });
        Some(caret)
    }

    /// Whether there is a step to undo, and whether there is one to redo.
    pub(crate) fn steps_possible(self) -> (bool, bool) {
        self.undo.possible.get()
    }

    /// Undoes the last step. Returns where the cursor was before it.
    pub(crate) fn undo(self) -> Option<Caret> {
        self.step(History::undo)
    }

    /// Redoes the step undone last. Returns where the cursor was after it.
    pub(crate) fn redo(self) -> Option<Caret> {
        self.step(History::redo)
    }

    fn step(
        self,
        go: impl FnOnce(&mut History<Snapshot>) -> Option<(&Snapshot, Option<Caret>)>,
    ) -> Option<Caret> {
        // The effect may not have run yet since the last change: record that first.
        self.record();
        let mut reached = None;
        self.undo.history.update_value(|history| {
            let step = history.as_mut().and_then(go);
            reached = step.map(|(state, caret)| (state.clone(), caret));
        });
        let (state, caret) = reached?;
        self.file_error.set(None);
        self.apply_snapshot(&state);
        self.publish_possible();
        caret
    }

    fn record(self) {
        let edit = self.undo.edit.try_update_value(Option::take).flatten();
        self.undo.history.update_value(|history| {
            let state = untrack(|| self.snapshot(history.as_ref().map(History::present)));
            match history {
                Some(history) => history.record(state, edit.unwrap_or(Edit::WHOLE)),
                None => *history = Some(History::new(state)),
            }
        });
        self.publish_possible();
    }

    fn publish_possible(self) {
        let possible = self.undo.history.with_value(|history| {
            let history = history.as_ref();
            (
                history.is_some_and(History::can_undo),
                history.is_some_and(History::can_redo),
            )
        });
        if self.undo.possible.get_untracked() != possible {
            self.undo.possible.set(possible);
        }
    }

    /// The present plan; texts and selections that equal those of `before` are shared with it.
    fn snapshot(self, before: Option<&Snapshot>) -> Snapshot {
        let share = |text: &str, before: Option<&Arc<str>>| match before {
            Some(before) if **before == *text => Arc::clone(before),
            _ => Arc::from(text),
        };
        let share_picked = |picked: &Selection| match before.and_then(|b| b.selection.as_ref()) {
            Some(before) if **before == *picked => Arc::clone(before),
            _ => Arc::new(picked.clone()),
        };
        Snapshot {
            text: self
                .text
                .with(|text| share(text, before.map(|before| &before.text))),
            config: self.config.with(|yaml| {
                let before = before.and_then(|before| before.config.as_ref());
                yaml.as_ref().map(|yaml| share(yaml, before))
            }),
            seed: self.seed.get(),
            run_time: self
                .run_time
                .with(|text| share(text, before.map(|before| &before.run_time))),
            parallel: self.parallel.get(),
            environment: self
                .environment
                .with(|text| share(text, before.map(|before| &before.environment))),
            python: self
                .python
                .with(|text| share(text, before.map(|before| &before.python))),
            uses_fit: self.finished.uses_fit.get(),
            run_again: self.finished.run_again.get(),
            selection: self
                .selection
                .with(|picked| picked.as_ref().map(share_picked)),
        }
    }

    /// Restores a snapshot. Sets only the signals that differ, so that nothing else is recomputed.
    fn apply_snapshot(self, state: &Snapshot) {
        let now = untrack(|| self.snapshot(Some(state)));
        if now.selection != state.selection {
            self.selection.set(state.selection.as_deref().cloned());
        }
        if now.seed != state.seed {
            self.seed.set(state.seed);
        }
        if now.run_time != state.run_time {
            self.run_time.set(state.run_time.to_string());
        }
        if now.parallel != state.parallel {
            self.parallel.set(state.parallel);
        }
        if now.environment != state.environment {
            self.environment.set(state.environment.to_string());
        }
        if now.python != state.python {
            self.python.set(state.python.to_string());
        }
        if now.uses_fit != state.uses_fit {
            self.finished.uses_fit.set(state.uses_fit);
        }
        if now.run_again != state.run_again {
            self.finished.run_again.set(state.run_again);
        }
        if now.config != state.config {
            self.config.set(state.config.as_deref().map(str::to_owned));
        }
        if now.text != state.text {
            self.text.set(state.text.to_string());
        }
    }
}

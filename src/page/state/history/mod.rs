//! The history that undo and redo go through: pure, over any state that can be compared.

use std::collections::VecDeque;

/// Most steps that can be undone.
const MOST_STEPS: usize = 200;
/// Most bytes of the states that can be undone to; the last step is kept whatever its size.
const MOST_BYTES: usize = 16 << 20;
/// A pause in typing of at least this long begins another step.
const PAUSE_MILLIS: f64 = 1000.0;

pub(super) trait HistoryState: Clone + PartialEq {
    /// Bytes that this state holds beside those that it shares with `neighbour`.
    fn unshared_bytes(&self, neighbour: &Self) -> usize;
}

/// A text box whose edits are steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PlanField {
    /// The command text.
    Command,
    /// The config file.
    Config,
    /// The run time.
    RunTime,
    /// The number of parallel trials.
    Parallel,
    /// The environment variables.
    Environment,
    /// The Python of the trials.
    Python,
}

impl PlanField {
    /// The id of the box in the document.
    pub(crate) fn id(self) -> &'static str {
        match self {
            PlanField::Command => "command",
            PlanField::Config => "config-file",
            PlanField::RunTime => "run-time",
            PlanField::Parallel => "parallel",
            PlanField::Environment => "environment",
            PlanField::Python => "python",
        }
    }
}

/// Where the cursor is: a selection of a box, in UTF-16 units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Caret {
    pub(crate) field: PlanField,
    /// Where the selection begins and ends; equal for a mere cursor.
    pub(crate) range: (u32, u32),
}

/// How a text was changed. Consecutive changes of the same kind can become one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EditKind {
    /// Characters were typed.
    Typed {
        /// Whether they are part of a word, and not blanks.
        of_word: bool,
    },
    /// An input method (for Japanese, for example) wrote characters.
    Composed,
    /// Characters were deleted.
    Deleted,
    /// Anything that is a step of its own: a paste, a fix, a control.
    Whole,
}

/// A change, without the states before and after it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Edit {
    /// How it was made.
    pub(crate) kind: EditKind,
    /// The cursor before it; `None` if no text box was edited.
    pub(crate) before: Option<Caret>,
    /// The cursor after it.
    pub(crate) after: Option<Caret>,
    /// When, in milliseconds of a clock that never goes back.
    pub(crate) at: f64,
}

impl Edit {
    /// A change that is a step of its own and leaves the cursor alone.
    pub(crate) const WHOLE: Edit = Edit {
        kind: EditKind::Whole,
        before: None,
        after: None,
        at: 0.0,
    };

    /// An edit of a box of a number, by a digit or an arrow key. Consecutive ones are one step.
    pub(crate) fn typed_number(field: PlanField, at: f64) -> Edit {
        let caret = Some(Caret {
            field,
            range: (0, 0),
        });
        Edit {
            kind: EditKind::Typed { of_word: true },
            before: caret,
            after: caret,
            at,
        }
    }

    /// Whether this change continues `step` instead of beginning a new one.
    fn continues(&self, step: &Edit) -> bool {
        let rested = self.at - step.at >= PAUSE_MILLIS;
        let field = |caret: Option<Caret>| caret.map(|caret| caret.field);
        if rested || field(self.before) != field(step.after) {
            return false;
        }
        let in_place = self.before == step.after && self.before.is_none_or(Caret::is_collapsed);
        match (step.kind, self.kind) {
            // A word and the blanks behind it are one step.
            (EditKind::Typed { of_word: before }, EditKind::Typed { of_word }) => {
                in_place && (before || !of_word)
            }
            (EditKind::Deleted, EditKind::Deleted) => in_place,
            // An input method selects and replaces what it wrote before.
            (EditKind::Composed, EditKind::Composed) => true,
            _ => false,
        }
    }
}

impl Caret {
    fn is_collapsed(self) -> bool {
        self.range.0 == self.range.1
    }
}

/// A step: the state that going over it leads to (the earlier one in `past`, the later one in
/// `future`), and its edit.
#[derive(Clone, Debug)]
struct Step<S> {
    state: S,
    edit: Edit,
}

/// The present state, the states before it, and those that were undone.
#[derive(Clone, Debug)]
pub(super) struct History<S> {
    present: S,
    past: VecDeque<Step<S>>,
    future: Vec<Step<S>>,
    /// Whether the next change may continue the last step: not after an undo or a redo.
    step_is_open: bool,
}

impl<S: HistoryState> History<S> {
    /// A history that begins with `present`.
    pub(super) fn new(present: S) -> History<S> {
        History {
            present,
            past: VecDeque::new(),
            future: Vec::new(),
            step_is_open: false,
        }
    }

    /// The state as last recorded.
    pub(super) fn present(&self) -> &S {
        &self.present
    }

    /// Whether there is a step to undo.
    pub(super) fn can_undo(&self) -> bool {
        !self.past.is_empty()
    }

    /// Whether there is a step to redo.
    pub(super) fn can_redo(&self) -> bool {
        !self.future.is_empty()
    }

    /// Records a change to `state`: a step, or more of the last one. What was undone cannot be
    /// redone then. No change is no step.
    pub(super) fn record(&mut self, state: S, edit: Edit) {
        if state == self.present {
            return;
        }
        self.future.clear();
        let before = std::mem::replace(&mut self.present, state);
        let open = std::mem::replace(&mut self.step_is_open, true);
        match self.past.back_mut() {
            Some(step) if open && edit.continues(&step.edit) => {
                step.edit = Edit {
                    before: step.edit.before,
                    ..edit
                };
            }
            _ => self.past.push_back(Step {
                state: before,
                edit,
            }),
        }
        self.forget_oldest();
    }

    /// Goes a step back. Returns the state to restore, and where the cursor was before the step.
    pub(super) fn undo(&mut self) -> Option<(&S, Option<Caret>)> {
        let Step { state, edit } = self.past.pop_back()?;
        let state = std::mem::replace(&mut self.present, state);
        self.future.push(Step { state, edit });
        self.step_is_open = false;
        Some((&self.present, edit.before))
    }

    /// Goes a step forward. Returns the state to restore, and where the cursor was after the step.
    pub(super) fn redo(&mut self) -> Option<(&S, Option<Caret>)> {
        let Step { state, edit } = self.future.pop()?;
        let state = std::mem::replace(&mut self.present, state);
        self.past.push_back(Step { state, edit });
        self.step_is_open = false;
        Some((&self.present, edit.after))
    }

    /// Drops the oldest steps beyond either bound, but never the last one. O(steps).
    fn forget_oldest(&mut self) {
        // A state shares its unchanged texts with its neighbour, so each counts only what it adds.
        let (mut bytes, mut fitting) = (0, 0_usize);
        let mut newer = &self.present;
        for step in self.past.iter().rev() {
            bytes += step.state.unshared_bytes(newer);
            if bytes > MOST_BYTES {
                break;
            }
            fitting += 1;
            newer = &step.state;
        }
        let fitting = fitting.clamp(1, MOST_STEPS);
        self.past.drain(..self.past.len().saturating_sub(fitting));
    }
}

#[cfg(test)]
mod tests;

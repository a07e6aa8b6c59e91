//! The steps that undo and redo go: pure, over any state that can be compared.

use std::collections::VecDeque;

/// Most steps that can be undone.
const MOST_STEPS: usize = 200;
/// Most bytes of states that are kept to be undone or redone; the last step is kept whatever its size.
const MOST_BYTES: usize = 16 << 20;
/// Typing that rests longer than this begins another step.
const PAUSE_MILLIS: f64 = 1000.0;

/// A state that steps lead from and to.
pub(super) trait State: Clone + PartialEq {
    /// Bytes that this state holds and `neighbour` does not: equal parts are held once.
    fn bytes_beside(&self, neighbour: &Self) -> usize;
}

/// A text box whose edits are steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    /// The command text.
    Command,
    /// The config file.
    Config,
    /// The run time.
    RunTime,
    /// The number of parallel trials.
    Parallel,
}

impl Field {
    /// The id of the box.
    pub(crate) fn id(self) -> &'static str {
        match self {
            Field::Command => "command",
            Field::Config => "config-file",
            Field::RunTime => "run-time",
            Field::Parallel => "parallel",
        }
    }
}

/// Where the cursor is: a selection of a box, in UTF-16 units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Caret {
    /// The box.
    pub(crate) field: Field,
    /// Where the selection begins, and where it ends.
    pub(crate) range: (u32, u32),
}

/// How a text was changed: what is alike becomes one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// Characters were typed: the first and the last of them are part of a word, or are not.
    Typed {
        /// Whether the characters are part of a word.
        of_word: bool,
    },
    /// An input method wrote them.
    Composed,
    /// Characters were deleted.
    Deleted,
    /// Anything that is a step of its own: a paste, a fix, a control.
    Whole,
}

/// What is known about a change beside the two states.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Edit {
    /// How it was made.
    pub(crate) how: How,
    /// The cursor before it, where a box was concerned.
    pub(crate) before: Option<Caret>,
    /// The cursor after it.
    pub(crate) after: Option<Caret>,
    /// When, in milliseconds of any clock that does not go back.
    pub(crate) at: f64,
}

impl Edit {
    /// A change that is a step of its own and leaves the cursor alone.
    pub(crate) const WHOLE: Edit = Edit {
        how: How::Whole,
        before: None,
        after: None,
        at: 0.0,
    };

    /// A digit more or less, or a step up or down, in a box of a number: one step in a row.
    pub(crate) fn typed_number(field: Field, at: f64) -> Edit {
        let caret = Some(Caret {
            field,
            range: (0, 0),
        });
        Edit {
            how: How::Typed { of_word: true },
            before: caret,
            after: caret,
            at,
        }
    }

    /// Whether this change and the step before it are one.
    fn continues(&self, step: &Edit) -> bool {
        let rested = self.at - step.at >= PAUSE_MILLIS;
        let field = |caret: Option<Caret>| caret.map(|caret| caret.field);
        if rested || field(self.before) != field(step.after) {
            return false;
        }
        let in_place = self.before == step.after && self.before.is_none_or(Caret::is_collapsed);
        match (step.how, self.how) {
            // A word and the blanks behind it are one step.
            (How::Typed { of_word: before }, How::Typed { of_word }) => {
                in_place && (before || !of_word)
            }
            (How::Deleted, How::Deleted) => in_place,
            // An input method selects and replaces what it wrote before.
            (How::Composed, How::Composed) => true,
            _ => false,
        }
    }
}

impl Caret {
    fn is_collapsed(self) -> bool {
        self.range.0 == self.range.1
    }
}

/// A step: the state on its far side, and the edit that it stands for.
#[derive(Clone, Debug)]
struct Step<S> {
    state: S,
    edit: Edit,
}

/// The state that is, those before it and those that were undone.
#[derive(Clone, Debug)]
pub(super) struct History<S> {
    present: S,
    past: VecDeque<Step<S>>,
    future: Vec<Step<S>>,
    /// Whether the next change may continue the last step: not after an undo.
    open: bool,
}

impl<S: State> History<S> {
    /// A history that begins with `present`.
    pub(super) fn new(present: S) -> History<S> {
        History {
            present,
            past: VecDeque::new(),
            future: Vec::new(),
            open: false,
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
        let open = std::mem::replace(&mut self.open, true);
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

    /// Goes a step back: the state to take and where the cursor was before the step.
    pub(super) fn undo(&mut self) -> Option<(&S, Option<Caret>)> {
        let Step { state, edit } = self.past.pop_back()?;
        let state = std::mem::replace(&mut self.present, state);
        self.future.push(Step { state, edit });
        self.open = false;
        Some((&self.present, edit.before))
    }

    /// Goes a step forward: the state to take and where the cursor was after the step.
    pub(super) fn redo(&mut self) -> Option<(&S, Option<Caret>)> {
        let Step { state, edit } = self.future.pop()?;
        let state = std::mem::replace(&mut self.present, state);
        self.past.push_back(Step { state, edit });
        self.open = false;
        Some((&self.present, edit.after))
    }

    /// Keeps the newest steps within both bounds, and one in any case. O(steps).
    fn forget_oldest(&mut self) {
        let (mut bytes, mut fitting) = (0, 0_usize);
        let mut newer = &self.present;
        for step in self.past.iter().rev() {
            bytes += step.state.bytes_beside(newer);
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

use std::sync::Arc;

use super::*;
use crate::testing::test;

#[derive(Clone, Debug, PartialEq)]
struct Text(Arc<str>);

impl HistoryState for Text {
    fn unshared_bytes(&self, neighbour: &Text) -> usize {
        if Arc::ptr_eq(&self.0, &neighbour.0) {
            0
        } else {
            self.0.len()
        }
    }
}

fn text(text: &str) -> Text {
    Text(text.into())
}

fn at(offset: u32) -> Option<Caret> {
    selected(offset, offset)
}

fn selected(start: u32, end: u32) -> Option<Caret> {
    Some(Caret {
        field: PlanField::Command,
        range: (start, end),
    })
}

/// Types one character after the other, `rest` milliseconds between them.
fn type_in(history: &mut History<Text>, typed: &str, from: f64, rest: f64) {
    let mut now = from;
    for character in typed.chars() {
        let before = history.present().0.to_string();
        let place = before.encode_utf16().count() as u32;
        let edit = Edit {
            kind: EditKind::Typed {
                of_word: !character.is_whitespace(),
            },
            before: at(place),
            after: at(place + character.len_utf16() as u32),
            at: now,
        };
        history.record(text(&format!("{before}{character}")), edit);
        now += rest;
    }
}

/// The texts that undo leads through.
fn undone(history: &mut History<Text>) -> Vec<String> {
    std::iter::from_fn(|| history.undo().map(|(state, _)| state.0.to_string())).collect()
}

#[test]
fn a_step_goes_back_and_forth_with_the_cursor() {
    let mut history = History::new(text("a"));
    assert!(!history.can_undo() && !history.can_redo());
    assert!(history.undo().is_none() && history.redo().is_none());
    let edit = Edit {
        before: selected(0, 1),
        after: at(2),
        ..Edit::WHOLE
    };
    history.record(text("bc"), edit);
    assert_eq!(history.undo(), Some((&text("a"), selected(0, 1))));
    assert!(!history.can_undo() && history.can_redo());
    assert_eq!(history.redo(), Some((&text("bc"), at(2))));
    assert_eq!(history.present(), &text("bc"));
    assert!(history.can_undo() && !history.can_redo());
}

#[test]
fn no_change_is_no_step() {
    let mut history = History::new(text("a"));
    history.record(text("b"), Edit::WHOLE);
    history.undo();
    history.record(text("a"), Edit::WHOLE);
    assert!(history.can_redo(), "what was undone is still there");
}

#[test]
fn a_change_drops_what_was_undone() {
    let mut history = History::new(text("a"));
    history.record(text("b"), Edit::WHOLE);
    history.undo();
    history.record(text("c"), Edit::WHOLE);
    assert!(!history.can_redo());
    assert_eq!(undone(&mut history), ["a"]);
}

#[test]
fn words_are_steps() {
    let mut history = History::new(text(""));
    type_in(&mut history, "grid run  f.py", 0.0, 50.0);
    assert_eq!(undone(&mut history), ["grid run  ", "grid ", ""]);
}

#[test]
fn a_pause_ends_a_step() {
    let mut history = History::new(text(""));
    type_in(&mut history, "gr", 0.0, 50.0);
    type_in(&mut history, "id", 5_000.0, 999.0);
    assert_eq!(undone(&mut history), ["gr", ""]);
}

#[test]
fn another_place_begins_a_step() {
    let mut history = History::new(text("ab"));
    let typed = |place: u32| Edit {
        kind: EditKind::Typed { of_word: true },
        before: at(place),
        after: at(place + 1),
        at: 0.0,
    };
    history.record(text("xab"), typed(0));
    history.record(text("xaby"), typed(3));
    assert_eq!(undone(&mut history), ["xab", "ab"]);
}

#[test]
fn typing_over_a_selection_begins_a_step() {
    let mut history = History::new(text(""));
    type_in(&mut history, "ab", 0.0, 1.0);
    let over = Edit {
        kind: EditKind::Typed { of_word: true },
        before: selected(0, 2),
        after: at(1),
        at: 3.0,
    };
    history.record(text("c"), over);
    assert_eq!(undone(&mut history), ["ab", ""]);
}

#[test]
fn deletions_in_a_row_are_one_step_beside_typing() {
    let mut history = History::new(text(""));
    type_in(&mut history, "abc", 0.0, 1.0);
    for (left, place) in [("ab", 3), ("a", 2)] {
        let edit = Edit {
            kind: EditKind::Deleted,
            before: at(place),
            after: at(place - 1),
            at: 9.0,
        };
        history.record(text(left), edit);
    }
    type_in(&mut history, "z", 9.0, 1.0);
    assert_eq!(undone(&mut history), ["a", "abc", ""]);
}

#[test]
fn a_paste_is_a_step_between_typing() {
    let mut history = History::new(text(""));
    type_in(&mut history, "a", 0.0, 1.0);
    let paste = Edit {
        kind: EditKind::Whole,
        before: at(1),
        after: at(3),
        at: 1.0,
    };
    history.record(text("abb"), paste);
    type_in(&mut history, "c", 2.0, 1.0);
    assert_eq!(undone(&mut history), ["abb", "a", ""]);
}

#[test]
fn what_an_input_method_writes_is_one_step() {
    let mut history = History::new(text(""));
    for (written, before) in [("n", at(0)), ("に", selected(0, 1)), ("日", selected(0, 1))] {
        let edit = Edit {
            kind: EditKind::Composed,
            before,
            after: at(1),
            at: 0.0,
        };
        history.record(text(written), edit);
    }
    assert_eq!(undone(&mut history), [""]);
}

#[test]
fn typing_after_an_undo_is_a_step_of_its_own() {
    let mut history = History::new(text(""));
    type_in(&mut history, "ab", 0.0, 1.0);
    history.record(text("fixed"), Edit::WHOLE);
    history.undo();
    type_in(&mut history, "c", 3.0, 1.0);
    assert_eq!(undone(&mut history), ["ab", ""]);
}

#[test]
fn the_oldest_steps_are_forgotten() {
    let mut history = History::new(text("start"));
    for number in 0..3 * MOST_STEPS {
        history.record(text(&number.to_string()), Edit::WHOLE);
    }
    assert_eq!(undone(&mut history).len(), MOST_STEPS);
}

#[test]
fn large_texts_are_bounded_by_their_bytes_and_one_can_always_be_undone() {
    let megabyte = |letter: char| text(&letter.to_string().repeat(1 << 20));
    let mut history = History::new(text("start"));
    for letter in ('a'..='z').chain('A'..='Z') {
        history.record(megabyte(letter), Edit::WHOLE);
    }
    assert_eq!(undone(&mut history).len(), MOST_BYTES >> 20);

    let huge = |letter: char| text(&letter.to_string().repeat(MOST_BYTES + 1));
    let mut history = History::new(huge('a'));
    history.record(huge('b'), Edit::WHOLE);
    history.record(huge('c'), Edit::WHOLE);
    assert_eq!(history.past.len(), 1);
}

#[test]
fn parts_that_states_share_count_once() {
    #[derive(Clone, Debug, PartialEq)]
    struct Both(Text, usize);
    impl HistoryState for Both {
        fn unshared_bytes(&self, neighbour: &Both) -> usize {
            self.0.unshared_bytes(&neighbour.0)
        }
    }
    let long = text(&"a".repeat(MOST_BYTES / 2));
    let mut history = History::new(Both(long.clone(), 0));
    for number in 1..=100 {
        history.record(Both(long.clone(), number), Edit::WHOLE);
    }
    assert_eq!(history.past.len(), 100);
}

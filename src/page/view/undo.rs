//! Undo and redo by keys, by the browser's menu and by buttons; how edits are classified as steps.
//!
//! The boxes whose text is part of the plan have [`PLAN_HISTORY`]: the browser's own history of them is
//! never used, since a fix or a control would glue an earlier text to a later one.

use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, InputEvent};

use super::icon::{REDO, UNDO, icon};
use crate::page::browser;
use crate::page::state::{Caret, Draft, Edit, EditKind, PlanField, State, Tab};

/// The value of the attribute `data-undo` of a text box whose edits are steps of the plan's history.
pub(super) const PLAN_HISTORY: &str = "plan";

/// A command to go through the history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HistoryCommand {
    Undo,
    Redo,
}

impl HistoryCommand {
    /// The command of a key press: Ctrl+Z, Ctrl+Y, Ctrl+Shift+Z, with Cmd instead of Ctrl on a Mac.
    pub(super) fn from_key_event(event: &ev::KeyboardEvent) -> Option<HistoryCommand> {
        let (command, other) = if browser::has_apple_keys() {
            (event.meta_key(), event.ctrl_key())
        } else {
            (event.ctrl_key(), event.meta_key())
        };
        if !command || other || event.alt_key() || event.is_composing() {
            return None;
        }
        HistoryCommand::from_key(&event.key(), &event.code(), event.shift_key())
    }

    /// By the letter; on a keyboard without Latin letters, by the key's place.
    fn from_key(key: &str, code: &str, shift: bool) -> Option<HistoryCommand> {
        let key = if key.is_ascii() { key } else { code };
        match (key, shift) {
            ("z" | "Z" | "KeyZ", false) => Some(HistoryCommand::Undo),
            ("z" | "Z" | "KeyZ", true) | ("y" | "Y" | "KeyY", false) => Some(HistoryCommand::Redo),
            _ => None,
        }
    }

    /// The command of the browser's own menu, by the type of its `beforeinput` event.
    fn from_input_type(input_type: &str) -> Option<HistoryCommand> {
        match input_type {
            "historyUndo" => Some(HistoryCommand::Undo),
            "historyRedo" => Some(HistoryCommand::Redo),
            _ => None,
        }
    }

    fn apply(self, draft: Draft) -> Option<Caret> {
        match self {
            HistoryCommand::Undo => draft.undo(),
            HistoryCommand::Redo => draft.redo(),
        }
    }
}

/// Handles undo and redo anywhere on the Plan tab, except in other text boxes, which have the
/// browser's own.
pub(super) fn listen_for_undo(state: State) {
    let act = move |event: &web_sys::Event, way: HistoryCommand| {
        event.prevent_default();
        let caret = way.apply(state.draft);
        let focus = focused_element().is_none_or(|element| is_plan_box(&element));
        if let Some(caret) = caret {
            place_caret(state.draft, caret, focus);
        }
    };
    let is_here = move || state.tab.get_untracked() == Tab::Plan && !dialog_is_open();
    let keys = window_event_listener(ev::keydown, move |event| {
        let foreign =
            target(&event).is_some_and(|element| is_text_box(&element) && !is_plan_box(&element));
        if let Some(way) = HistoryCommand::from_key_event(&event)
            && !event.default_prevented()
            && !foreign
            && is_here()
        {
            act(&event, way);
        }
    });
    let inputs = window_event_listener_untyped("beforeinput", move |event| {
        let ours = target(&event).is_some_and(|element| is_plan_box(&element));
        let input = event.dyn_ref::<InputEvent>();
        if ours
            && let Some(way) =
                input.and_then(|input| HistoryCommand::from_input_type(&input.input_type()))
        {
            act(&event, way);
        }
    });
    on_cleanup(move || {
        keys.remove();
        inputs.remove();
    });
}

fn target(event: &web_sys::Event) -> Option<Element> {
    event.target()?.dyn_into().ok()
}

/// The element with the focus; `None` if it is the body.
fn focused_element() -> Option<Element> {
    let element = document().active_element()?;
    (element.tag_name() != "BODY").then_some(element)
}

fn is_plan_box(element: &Element) -> bool {
    element.get_attribute("data-undo").as_deref() == Some(PLAN_HISTORY)
}

/// Input elements that hold no text.
const WITHOUT_TEXT: &[&str] = &[
    "checkbox", "radio", "button", "submit", "file", "range", "color",
];

fn is_text_box(element: &Element) -> bool {
    match element.tag_name().as_str() {
        "TEXTAREA" => true,
        "INPUT" => {
            let kind = element.get_attribute("type").unwrap_or_default();
            !WITHOUT_TEXT.contains(&kind.as_str())
        }
        _ => element
            .dyn_ref::<HtmlElement>()
            .is_some_and(HtmlElement::is_content_editable),
    }
}

pub(super) fn dialog_is_open() -> bool {
    matches!(document().query_selector("dialog[open]"), Ok(Some(_)))
}

/// Places the cursor in a box. If the step has just opened that box, waits until it is in the document.
pub(super) fn place_caret(draft: Draft, caret: Caret, focus: bool) {
    let field = caret.field;
    let set = move || {
        if let Some(text) = text_of(draft, field) {
            browser::set_text(field.id(), &text);
            browser::select_text(field.id(), caret.range);
        }
        if focus {
            browser::focus_at_cursor(field.id());
        }
    };
    if browser::has_element(field.id()) {
        set();
    } else {
        request_animation_frame(set);
    }
}

/// The text of a box; `None` for a box of a number, whose cursor is not restored.
fn text_of(draft: Draft, field: PlanField) -> Option<String> {
    match field {
        PlanField::Command => Some(draft.text.get_untracked()),
        PlanField::Config => Some(draft.config.get_untracked().unwrap_or_default()),
        PlanField::RunTime => Some(draft.run_time.get_untracked()),
        PlanField::Parallel => None,
        PlanField::Environment => Some(draft.environment.get_untracked()),
        PlanField::Python => Some(draft.python.get_untracked()),
    }
}

/// The buttons Undo and Redo.
#[component]
pub(super) fn UndoButtons() -> impl IntoView {
    let draft = State::get().draft;
    let [control, shift] = if browser::has_apple_keys() {
        ["⌘", "⇧"]
    } else {
        ["Ctrl+", "Shift+"]
    };
    let button = move |way: HistoryCommand| {
        let (name, path, keys) = match way {
            HistoryCommand::Undo => ("Undo", UNDO, [control, "Z"].concat()),
            HistoryCommand::Redo => ("Redo", REDO, [control, shift, "Z"].concat()),
        };
        let possible = move || {
            let (undo, redo) = draft.steps_possible();
            if way == HistoryCommand::Undo {
                undo
            } else {
                redo
            }
        };
        let step = move |event: ev::MouseEvent| {
            let caret = way.apply(draft);
            // After a click (`detail` above 0) the focus goes to the box. After a key press it stays on
            // the button, unless the button is now disabled.
            let focus = event.detail() != 0 || !untrack(possible);
            match caret {
                Some(caret) => place_caret(draft, caret, focus),
                None if focus => browser::focus(PlanField::Command.id()),
                None => {}
            }
        };
        view! {
            <button
                type="button"
                class="ghost small square-small"
                aria-label=name
                title=[name, " (", &keys, ")"].concat()
                aria-keyshortcuts=if way == HistoryCommand::Undo { "Control+Z Meta+Z" } else { "Control+Y Control+Shift+Z Meta+Shift+Z" }
                disabled=move || !possible()
                on:click=step
            >
                {icon(path)}
            </button>
        }
    };
    view! { {button(HistoryCommand::Undo)} {button(HistoryCommand::Redo)} }
}

/// Records, for each edit of a text box, where the cursor was before it and how it was made.
#[derive(Clone, Copy)]
pub(super) struct TypingTracker {
    field: PlanField,
    before: StoredValue<Option<(u32, u32)>>,
}

impl TypingTracker {
    pub(super) fn new(field: PlanField) -> TypingTracker {
        TypingTracker {
            field,
            before: StoredValue::new(None),
        }
    }

    /// To be called at `beforeinput`: stores the cursor.
    pub(super) fn before_input(self) {
        self.before
            .set_value(browser::text_selection(self.field.id()));
    }

    /// The edit that an `input` event reports.
    pub(super) fn take_edit(self, event: &web_sys::Event) -> Edit {
        let caret = |range| Caret {
            field: self.field,
            range,
        };
        let before = self.before.try_update_value(Option::take).flatten();
        Edit {
            kind: event
                .dyn_ref::<InputEvent>()
                .map_or(EditKind::Whole, |event| {
                    edit_kind(&event.input_type(), &event.data().unwrap_or_default())
                }),
            before: before.map(caret),
            after: browser::text_selection(self.field.id()).map(caret),
            at: browser::monotonic_millis(),
        }
    }
}

/// How an edit is made, by the `inputType` values of the standard *Input Events*. More than two
/// characters at once were not typed: text was dictated or completed.
fn edit_kind(input_type: &str, data: &str) -> EditKind {
    match input_type {
        "insertText" if data.chars().count() > 2 => EditKind::Whole,
        "insertText" => EditKind::Typed {
            of_word: !data.ends_with(char::is_whitespace),
        },
        "insertLineBreak" | "insertParagraph" => EditKind::Typed { of_word: false },
        "insertCompositionText" => EditKind::Composed,
        "deleteContentBackward"
        | "deleteContentForward"
        | "deleteWordBackward"
        | "deleteWordForward" => EditKind::Deleted,
        _ => EditKind::Whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    #[test]
    fn keys_are_read_by_letter_or_by_place() {
        for (key, code, shift, way) in [
            ("z", "KeyZ", false, Some(HistoryCommand::Undo)),
            ("Z", "KeyZ", true, Some(HistoryCommand::Redo)),
            ("y", "KeyY", false, Some(HistoryCommand::Redo)),
            // With Caps Lock; on a German keyboard; on a Russian one.
            ("Z", "KeyZ", false, Some(HistoryCommand::Undo)),
            ("z", "KeyY", false, Some(HistoryCommand::Undo)),
            ("я", "KeyZ", false, Some(HistoryCommand::Undo)),
            ("y", "KeyY", true, None),
            ("x", "KeyX", false, None),
        ] {
            assert_eq!(
                HistoryCommand::from_key(key, code, shift),
                way,
                "{key} {code} {shift}"
            );
        }
    }

    #[test]
    fn typing_is_told_from_pasting() {
        for (input_type, data, expected) in [
            ("insertText", "a", EditKind::Typed { of_word: true }),
            ("insertText", " ", EditKind::Typed { of_word: false }),
            ("insertLineBreak", "", EditKind::Typed { of_word: false }),
            ("insertText", "grid run", EditKind::Whole),
            ("insertFromPaste", "a", EditKind::Whole),
            ("deleteByCut", "", EditKind::Whole),
            ("deleteContentBackward", "", EditKind::Deleted),
            ("insertCompositionText", "に", EditKind::Composed),
            ("insertReplacementText", "the", EditKind::Whole),
            ("", "", EditKind::Whole),
        ] {
            assert_eq!(edit_kind(input_type, data), expected, "{input_type} {data}");
        }
    }
}

//! Undo and redo by keys, by the browser's menu and by buttons; how edits are classified as steps.
//!
//! The boxes whose text is part of the plan have [`OURS`]: the browser's own history of them is
//! never used, since a fix or a control would glue an earlier text to a later one.

use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, InputEvent};

use super::icon::{REDO, UNDO, icon};
use crate::page::browser;
use crate::page::state::{Caret, Draft, Edit, Field, How, State, Tab};

/// The value of the attribute `data-undo` of a text box whose edits are steps of the plan's history.
pub(super) const OURS: &str = "plan";

/// A command to go through the history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Back,
    Forth,
}

impl Way {
    /// The command of a key press: Ctrl+Z, Ctrl+Y, Ctrl+Shift+Z, with Cmd instead of Ctrl on a Mac.
    pub(super) fn of_keys(event: &ev::KeyboardEvent) -> Option<Way> {
        let (command, other) = if browser::has_apple_keys() {
            (event.meta_key(), event.ctrl_key())
        } else {
            (event.ctrl_key(), event.meta_key())
        };
        if !command || other || event.alt_key() || event.is_composing() {
            return None;
        }
        Way::of_key(&event.key(), &event.code(), event.shift_key())
    }

    /// By the letter; on a keyboard without Latin letters, by the key's place.
    fn of_key(key: &str, code: &str, shift: bool) -> Option<Way> {
        let key = if key.is_ascii() { key } else { code };
        match (key, shift) {
            ("z" | "Z" | "KeyZ", false) => Some(Way::Back),
            ("z" | "Z" | "KeyZ", true) | ("y" | "Y" | "KeyY", false) => Some(Way::Forth),
            _ => None,
        }
    }

    /// The command of the browser's own menu, by the type of its `beforeinput` event.
    fn of_input(input_type: &str) -> Option<Way> {
        match input_type {
            "historyUndo" => Some(Way::Back),
            "historyRedo" => Some(Way::Forth),
            _ => None,
        }
    }

    fn take(self, draft: Draft) -> Option<Caret> {
        match self {
            Way::Back => draft.undo(),
            Way::Forth => draft.redo(),
        }
    }
}

/// Handles undo and redo anywhere on the Plan tab, except in other text boxes, which have the
/// browser's own.
pub(super) fn listen(state: State) {
    let act = move |event: &web_sys::Event, way: Way| {
        event.prevent_default();
        let caret = way.take(state.draft);
        let focus = focused().is_none_or(|element| is_ours(&element));
        if let Some(caret) = caret {
            place(state.draft, caret, focus);
        }
    };
    let is_here = move || state.tab.get_untracked() == Tab::Plan && !dialog_is_open();
    let keys = window_event_listener(ev::keydown, move |event| {
        let foreign =
            target(&event).is_some_and(|element| is_text_box(&element) && !is_ours(&element));
        if let Some(way) = Way::of_keys(&event)
            && !event.default_prevented()
            && !foreign
            && is_here()
        {
            act(&event, way);
        }
    });
    let inputs = window_event_listener_untyped("beforeinput", move |event| {
        let ours = target(&event).is_some_and(|element| is_ours(&element));
        let input = event.dyn_ref::<InputEvent>();
        if ours && let Some(way) = input.and_then(|input| Way::of_input(&input.input_type())) {
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
fn focused() -> Option<Element> {
    let element = document().active_element()?;
    (element.tag_name() != "BODY").then_some(element)
}

fn is_ours(element: &Element) -> bool {
    element.get_attribute("data-undo").as_deref() == Some(OURS)
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
pub(super) fn place(draft: Draft, caret: Caret, focus: bool) {
    let field = caret.field;
    let set = move || {
        if let Some(text) = text_of(draft, field) {
            browser::write(field.id(), &text);
            browser::select(field.id(), caret.range);
        }
        if focus {
            browser::focus_at_cursor(field.id());
        }
    };
    if browser::has(field.id()) {
        set();
    } else {
        request_animation_frame(set);
    }
}

/// The text of a box; `None` for a box of a number, whose cursor is not restored.
fn text_of(draft: Draft, field: Field) -> Option<String> {
    match field {
        Field::Command => Some(draft.text.get_untracked()),
        Field::Config => Some(draft.config.get_untracked().unwrap_or_default()),
        Field::RunTime => Some(draft.run_time.get_untracked()),
        Field::Parallel => None,
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
    let button = move |way: Way| {
        let (name, path, keys) = match way {
            Way::Back => ("Undo", UNDO, [control, "Z"].concat()),
            Way::Forth => ("Redo", REDO, [control, shift, "Z"].concat()),
        };
        let possible = move || {
            let (undo, redo) = draft.steps_possible();
            if way == Way::Back { undo } else { redo }
        };
        let step = move |event: ev::MouseEvent| {
            let caret = way.take(draft);
            // After a click (`detail` above 0) the focus goes to the box. After a key press it stays on
            // the button, unless the button is now disabled.
            let focus = event.detail() != 0 || !untrack(possible);
            match caret {
                Some(caret) => place(draft, caret, focus),
                None if focus => browser::focus(Field::Command.id()),
                None => {}
            }
        };
        view! {
            <button
                type="button"
                class="ghost small square-small"
                aria-label=name
                title=[name, " (", &keys, ")"].concat()
                aria-keyshortcuts=if way == Way::Back { "Control+Z Meta+Z" } else { "Control+Y Control+Shift+Z Meta+Shift+Z" }
                disabled=move || !possible()
                on:click=step
            >
                {icon(path)}
            </button>
        }
    };
    view! { {button(Way::Back)} {button(Way::Forth)} }
}

/// Records, for each edit of a text box, where the cursor was before it and how it was made.
#[derive(Clone, Copy)]
pub(super) struct Typing {
    field: Field,
    before: StoredValue<Option<(u32, u32)>>,
}

impl Typing {
    pub(super) fn new(field: Field) -> Typing {
        Typing {
            field,
            before: StoredValue::new(None),
        }
    }

    /// To be called at `beforeinput`: stores the cursor.
    pub(super) fn begin(self) {
        self.before.set_value(browser::selection(self.field.id()));
    }

    /// The edit that an `input` event reports.
    pub(super) fn edit(self, event: &web_sys::Event) -> Edit {
        let caret = |range| Caret {
            field: self.field,
            range,
        };
        let before = self.before.try_update_value(Option::take).flatten();
        Edit {
            how: event.dyn_ref::<InputEvent>().map_or(How::Whole, |event| {
                how(&event.input_type(), &event.data().unwrap_or_default())
            }),
            before: before.map(caret),
            after: browser::selection(self.field.id()).map(caret),
            at: browser::now_millis(),
        }
    }
}

/// How an edit is made, by the `inputType` values of the standard *Input Events*. More than two
/// characters at once were not typed: text was dictated or completed.
fn how(input_type: &str, data: &str) -> How {
    match input_type {
        "insertText" if data.chars().count() > 2 => How::Whole,
        "insertText" => How::Typed {
            of_word: !data.ends_with(char::is_whitespace),
        },
        "insertLineBreak" | "insertParagraph" => How::Typed { of_word: false },
        "insertCompositionText" => How::Composed,
        "deleteContentBackward"
        | "deleteContentForward"
        | "deleteWordBackward"
        | "deleteWordForward" => How::Deleted,
        _ => How::Whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    #[test]
    fn keys_are_read_by_letter_or_by_place() {
        for (key, code, shift, way) in [
            ("z", "KeyZ", false, Some(Way::Back)),
            ("Z", "KeyZ", true, Some(Way::Forth)),
            ("y", "KeyY", false, Some(Way::Forth)),
            // With Caps Lock; on a German keyboard; on a Russian one.
            ("Z", "KeyZ", false, Some(Way::Back)),
            ("z", "KeyY", false, Some(Way::Back)),
            ("я", "KeyZ", false, Some(Way::Back)),
            ("y", "KeyY", true, None),
            ("x", "KeyX", false, None),
        ] {
            assert_eq!(Way::of_key(key, code, shift), way, "{key} {code} {shift}");
        }
    }

    #[test]
    fn typing_is_told_from_pasting() {
        for (input_type, data, expected) in [
            ("insertText", "a", How::Typed { of_word: true }),
            ("insertText", " ", How::Typed { of_word: false }),
            ("insertLineBreak", "", How::Typed { of_word: false }),
            ("insertText", "grid run", How::Whole),
            ("insertFromPaste", "a", How::Whole),
            ("deleteByCut", "", How::Whole),
            ("deleteContentBackward", "", How::Deleted),
            ("insertCompositionText", "に", How::Composed),
            ("insertReplacementText", "the", How::Whole),
            ("", "", How::Whole),
        ] {
            assert_eq!(how(input_type, data), expected, "{input_type} {data}");
        }
    }
}

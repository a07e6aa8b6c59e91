//! The box for the YAML of the file that `--config` names: typed, pasted, chosen or dropped.

use leptos::ev;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;

use super::super::icon::{FILE, icon};
use super::editor::COMMAND;
use super::marked_text::{MarkedText, places};
use crate::page::browser;
use crate::page::state::{Draft, State};

/// The id of the text box.
pub(super) const CONFIG: &str = "config-file";

/// The name that a file has in the command when it was pasted, not chosen.
const PASTED: &str = "config.yml";

/// Longest file that is taken, in bytes: what the Command box reads.
const MAX_FILE: f64 = 16_777_216.0;

/// Whether the box is to be seen: there is a file, or the command asks for one.
fn is_open(draft: Draft) -> bool {
    draft.config.with(Option::is_some) || draft.options.with(|options| options.config.is_some())
}

/// Opens the box. The command then names a file.
#[component]
pub(super) fn AddConfig() -> impl IntoView {
    let draft = State::get().draft;
    let add = move |_| {
        draft.set_config(PASTED, String::new());
        request_animation_frame(|| browser::focus(CONFIG));
    };
    view! {
        <button type="button" class="ghost small" hidden=move || is_open(draft) on:click=add>
            {icon(FILE)}
            "Config file"
        </button>
    }
}

/// The box, where there is a config file.
#[component]
pub(super) fn ConfigFile() -> impl IntoView {
    let draft = State::get().draft;
    let open = Memo::new(move |_| is_open(draft));
    move || open.get().then(|| view! { <ConfigBox /> }.into_any())
}

#[component]
fn ConfigBox() -> impl IntoView {
    let draft = State::get().draft;
    let problems = Memo::new(move |_| draft.reading.with(|r| places(&r.config_diagnostics)));
    let text = Signal::derive(move || draft.config.get().unwrap_or_default());
    let name = move || draft.options.with(|options| options.config.clone());
    let placeholder = Signal::derive(move || {
        let name = name().unwrap_or_else(|| PASTED.to_owned());
        ["Paste ", &name, " here, or drop the file."].concat()
    });
    let type_in = move |yaml: String| {
        if name().is_none() {
            draft.set_config(PASTED, yaml);
        } else {
            draft.config.set(Some(yaml));
        }
    };
    let remove = move |_| {
        draft.remove_config();
        browser::focus(COMMAND);
    };
    view! {
        <div class="config-file">
            <header class="card-head">
                <h3 id="config-title">"Config file"</h3>
                <div class="card-tools">
                    <ChooseFile />
                    <button type="button" class="ghost small" on:click=remove>"Remove"</button>
                </div>
            </header>
            <MarkedText
                id=CONFIG
                label="Config file"
                describedby="config-note"
                placeholder=placeholder
                text=text
                problems=problems
                on_input=Callback::new(type_in)
            />
            <p class="fine config-note" id="config-note">
                "What the file sets wins over the options of the command, as in Grid's client."
            </p>
        </div>
    }
}

#[component]
fn ChooseFile() -> impl IntoView {
    let draft = State::get().draft;
    let choose = move |event: ev::Event| {
        let input = event_target::<web_sys::HtmlInputElement>(&event);
        if let Some(file) = input.files().and_then(|files| files.get(0)) {
            take(draft, file);
        }
        // The same file can be chosen again.
        input.set_value("");
    };
    view! {
        <label class="ghost small file-choice">
            "Choose file…"
            <input type="file" accept=".yml,.yaml" class="hidden-visually" on:change=choose />
        </label>
    }
}

/// Lets files be dropped on the card: a YAML file is the config file, any other the command's text.
pub(super) fn accept_drop(draft: Draft) -> impl Fn(ev::DragEvent) + Copy {
    move |event: ev::DragEvent| {
        let file = event.data_transfer().and_then(|data| data.files()?.get(0));
        if let Some(file) = file {
            event.prevent_default();
            take(draft, file);
        }
    }
}

/// Says that a file may be dropped here; text that is dragged stays the text box's.
pub(super) fn allow_drop(event: ev::DragEvent) {
    let types = event.data_transfer().map(|data| data.types());
    if types.is_some_and(|types| types.includes(&"Files".into(), 0)) {
        event.prevent_default();
    }
}

fn take(draft: Draft, file: web_sys::File) {
    let name = file.name();
    let yaml = [".yml", ".yaml"]
        .iter()
        .any(|ending| name.to_ascii_lowercase().ends_with(ending));
    if file.size() > MAX_FILE {
        draft.notice.set(Some(
            [&name, " is larger than 16 MB: no plan needs that."].concat(),
        ));
        return;
    }
    spawn_local(async move {
        let read = JsFuture::from(file.unchecked_ref::<web_sys::Blob>().text()).await;
        match read.ok().and_then(|text| text.as_string()) {
            Some(text) if yaml => {
                draft.notice.set(None);
                draft.set_config(&name, text);
            }
            Some(text) => {
                draft.notice.set(None);
                draft.replace(text);
            }
            None => draft
                .notice
                .set(Some([&name, " could not be read."].concat())),
        }
    });
}

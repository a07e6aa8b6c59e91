//! The box for the YAML of the file that `--config` names: typed, pasted, chosen or dropped.

use leptos::ev;
use leptos::prelude::*;

use super::super::icon::{FILE, icon};
use super::files::{self, Meant};
use super::marked_text::{MarkedText, places};
use crate::page::browser;
use crate::page::state::{Draft, Field, State};
use crate::sweep::Origin;

/// The name that a file gets in the command when its text was pasted.
const PASTED: &str = "config.yml";

/// Whether the box is displayed: there is a file, or a command names one.
fn is_open(draft: Draft) -> bool {
    draft.config.with(Option::is_some)
        || draft
            .reading
            .with(|reading| reading.config_name().is_some())
}

/// The button that opens the box.
#[component]
pub(super) fn AddConfig() -> impl IntoView {
    let draft = State::get().draft;
    let add = move |_| {
        draft.config.set(Some(String::new()));
        request_animation_frame(|| browser::focus(Field::Config.id()));
    };
    view! {
        <button type="button" class="ghost small" hidden=move || is_open(draft) on:click=add>
            {icon(FILE)}
            "Config file"
        </button>
    }
}

#[component]
pub(super) fn ConfigFile() -> impl IntoView {
    let draft = State::get().draft;
    let open = Memo::new(move |_| is_open(draft));
    move || open.get().then(|| view! { <ConfigBox /> }.into_any())
}

#[component]
fn ConfigBox() -> impl IntoView {
    let draft = State::get().draft;
    let problems = Memo::new(move |_| draft.reading.with(|r| places(r, Origin::Config)));
    let text = Signal::derive(move || draft.config.get().unwrap_or_default());
    let placeholder = Signal::derive(move || {
        let name = draft
            .reading
            .with(|reading| reading.config_name().unwrap_or(PASTED).to_owned());
        ["Paste ", &name, " here, or drop the file."].concat()
    });
    let type_in = move |yaml: String| {
        draft.notice.set(None);
        draft.set_config(PASTED, yaml);
    };
    let remove = move |_| {
        draft.remove_config();
        browser::focus(Field::Command.id());
    };
    view! {
        <section class="config-file" aria-labelledby="config-title">
            <header class="card-head">
                <h3 id="config-title">"Config file"</h3>
                <div class="card-tools">
                    <ChooseFile />
                    <button type="button" class="ghost small" aria-label="Remove the config file" on:click=remove>
                        "Remove"
                    </button>
                </div>
            </header>
            <MarkedText
                field=Field::Config
                label="Config file"
                describedby="config-note"
                placeholder=placeholder
                text=text
                problems=problems
                on_input=Callback::new(type_in)
            />
            <p class="fine config-note" id="config-note">
                "What the file sets overrides the command's options, as in Grid's client. A copied link contains the whole file, with the environment variables that it sets."
            </p>
        </section>
    }
}

#[component]
fn ChooseFile() -> impl IntoView {
    let draft = State::get().draft;
    let choose = move |event: ev::Event| {
        let input = event_target::<web_sys::HtmlInputElement>(&event);
        if let Some(file) = input.files().and_then(|files| files.get(0)) {
            files::take(draft, file, Meant::Config);
        }
        // Otherwise choosing the same file again would send no event.
        input.set_value("");
    };
    view! {
        <label class="ghost small file-choice">
            "Choose file…"
            <input type="file" accept=".yml,.yaml" class="hidden-visually" on:change=choose />
        </label>
    }
}

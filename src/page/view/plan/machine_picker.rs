//! The box to choose a machine of the price list from: a combobox whose list is searched as one types.

use leptos::ev;
use leptos::html::Input;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use super::super::undo::{HistoryCommand, PLAN_HISTORY};
use super::machines::{MachineOption, MachineOptions};
use crate::page::format::format_count;
use crate::page::state::Draft;

/// Options that Page Up and Page Down skip.
const PAGE: usize = 8;

/// What is typed, and which machine of the list Enter would choose.
#[derive(Clone, Copy)]
struct Picker {
    draft: Draft,
    /// The machine of the command.
    chosen: Memo<String>,
    is_open: RwSignal<bool>,
    /// What was typed since the list was opened; `None`: nothing.
    typed: RwSignal<Option<String>>,
    /// The number of the highlighted option.
    active: RwSignal<usize>,
    /// Empty while the list is closed.
    options: Memo<MachineOptions>,
}

impl Picker {
    fn new(draft: Draft, chosen: Memo<String>, has_list_prices: Signal<bool>) -> Picker {
        let (is_open, typed) = (RwSignal::new(false), RwSignal::new(None::<String>));
        let options = Memo::new(move |_| {
            if !is_open.get() {
                return MachineOptions::default();
            }
            let today = draft.pricing.with(|pricing| pricing.today);
            let typed = typed.get().unwrap_or_default();
            draft.catalogue.with(|catalogue| {
                MachineOptions::find(catalogue, &typed, has_list_prices.get(), today)
            })
        });
        Picker {
            draft,
            chosen,
            is_open,
            typed,
            active: RwSignal::new(0),
            options,
        }
    }

    /// Opens the list at the machine of the command.
    fn open(self) {
        if self.is_open.get_untracked() {
            return;
        }
        self.is_open.set(true);
        let chosen = self.chosen.get_untracked();
        let is_chosen = |option: &MachineOption| option.name == chosen;
        let at = self
            .options
            .with_untracked(|options| options.listed.iter().position(is_chosen));
        self.activate(at.unwrap_or(0));
    }

    /// Closes the list; what was typed is gone.
    fn close(self) {
        self.typed.set(None);
        self.is_open.set(false);
    }

    fn type_text(self, text: String) {
        self.typed.set(Some(text));
        self.is_open.set(true);
        self.activate(0);
    }

    fn choose(self, name: &str) {
        self.close();
        if self.chosen.with_untracked(|chosen| chosen != name) {
            self.draft.set_option("--instance_type", Some(name));
        }
    }

    fn choose_active(self) {
        let at = self.active.get_untracked();
        let name = self
            .options
            .with_untracked(|options| Some(options.listed.get(at)?.name.clone()));
        if let Some(name) = name {
            self.choose(&name);
        }
    }

    /// Leaves the box: a name or alias that was typed in full is chosen.
    fn leave(self) {
        let typed = self.typed.get_untracked().unwrap_or_default();
        let named = self.draft.catalogue.with_untracked(|catalogue| {
            let machine = catalogue.quote(&typed, false).machine?;
            Some(machine.name)
        });
        match named {
            Some(name) => self.choose(&name),
            None => self.close(),
        }
    }

    fn activate(self, at: usize) {
        self.active.set(at);
        // Once the list is drawn.
        request_animation_frame(move || {
            let option = document().get_element_by_id(&option_id(at));
            if let Some(option) = option.and_then(|option| option.dyn_into().ok()) {
                scroll_into_list(&option);
            }
        });
    }

    /// Moves the highlight; in a closed list to the command's machine.
    fn move_to(self, place: impl FnOnce(usize, usize) -> usize) {
        if !self.is_open.get_untracked() {
            return self.open();
        }
        let count = self.options.with_untracked(|options| options.listed.len());
        if let Some(last) = count.checked_sub(1) {
            self.activate(place(self.active.get_untracked(), last).min(last));
        }
    }

    fn handle_key(self, event: &ev::KeyboardEvent) {
        if event.is_composing() {
            return;
        }
        let is_open = self.is_open.get_untracked();
        // Undo first discards what was typed and not chosen yet.
        if HistoryCommand::from_key_event(event).is_some() {
            if self.typed.with_untracked(Option::is_some) {
                event.prevent_default();
            }
            return self.close();
        }
        if event.ctrl_key() || event.meta_key() {
            return;
        }
        match event.key().as_str() {
            "ArrowDown" => self.move_to(|at, _| at + 1),
            "ArrowUp" => self.move_to(|at, _| at.saturating_sub(1)),
            "PageDown" if is_open => self.move_to(|at, _| at + PAGE),
            "PageUp" if is_open => self.move_to(|at, _| at.saturating_sub(PAGE)),
            "Home" if is_open => self.move_to(|_, _| 0),
            "End" if is_open => self.move_to(|_, last| last),
            "Enter" if is_open => self.choose_active(),
            "Escape" if is_open => self.close(),
            _ => return,
        }
        event.prevent_default();
    }
}

fn option_id(at: usize) -> String {
    ["machine-option-", &at.to_string()].concat()
}

/// Scrolls the list alone, unlike the browser's own `scrollIntoView`.
fn scroll_into_list(option: &HtmlElement) {
    let Some(list) = option.parent_element() else {
        return;
    };
    let (top, bottom) = (
        option.offset_top(),
        option.offset_top() + option.offset_height(),
    );
    if top < list.scroll_top() {
        list.set_scroll_top(top);
    } else if bottom > list.scroll_top() + list.client_height() {
        list.set_scroll_top(bottom - list.client_height());
    }
}

/// A box to search machines in and to choose one from, with the prices of each where those decide the cost.
#[component]
pub(super) fn MachinePicker(
    draft: Draft,
    chosen: Memo<String>,
    #[prop(into)] has_list_prices: Signal<bool>,
    disabled: Memo<bool>,
) -> impl IntoView {
    let picker = Picker::new(draft, chosen, has_list_prices);
    let input = NodeRef::<Input>::new();
    let is_open = move || picker.is_open.get();
    let shown_text = move || picker.typed.get().unwrap_or_else(|| chosen.get());
    let active_id = move || {
        let has_some = picker.options.with(|options| !options.listed.is_empty());
        has_some.then(|| option_id(picker.active.get()))
    };
    let open = move |_| {
        if !picker.is_open.get_untracked() {
            picker.open();
            // What is typed next replaces the name.
            if let Some(input) = input.get_untracked() {
                input.select();
            }
        }
    };
    let items = move || {
        picker.options.with(|options| {
            let listed = options.listed.iter().enumerate();
            listed
                .map(|(at, option)| option_view(picker, at, option))
                .collect_view()
        })
    };
    view! {
        <div class="picker">
            <input
                id="machine"
                node_ref=input
                class="input select"
                type="text"
                role="combobox"
                autocomplete="off"
                autocapitalize="none"
                spellcheck="false"
                data-undo=PLAN_HISTORY
                aria-autocomplete="list"
                aria-haspopup="listbox"
                aria-expanded=move || is_open().to_string()
                aria-controls="machine-options"
                aria-activedescendant=active_id
                aria-describedby="machine-hint"
                disabled=move || disabled.get()
                prop:value=shown_text
                on:click=open
                on:input=move |event| picker.type_text(event_target_value(&event))
                on:keydown=move |event| picker.handle_key(&event)
                on:blur=move |_| picker.leave()
            />
            // A press in it leaves the focus in the box.
            <div class="picker-popup" hidden=move || !is_open() on:mousedown=|event| event.prevent_default()>
                <ul id="machine-options" role="listbox" aria-label="Instance types" class="picker-list">
                    {items}
                </ul>
                <p class="fine picker-count" role="status">{move || picker.options.with(describe_count)}</p>
            </div>
        </div>
    }
}

fn option_view(picker: Picker, at: usize, option: &MachineOption) -> AnyView {
    let MachineOption {
        name,
        detail,
        prices,
        age,
    } = option.clone();
    let (chosen_name, clicked) = (name.clone(), name.clone());
    let is_chosen = move || picker.chosen.with(|chosen| *chosen == chosen_name);
    let prices = prices.map(|[list, spot]| {
        view! { <span class="picker-price num">{list}<span class="fine">{spot}</span></span> }
    });
    let age = age.map(|(words, date)| view! { " · "<span title=date>{words}</span> });
    view! {
        <li
            id=option_id(at)
            role="option"
            class="picker-option"
            class:active=move || picker.active.get() == at
            aria-selected=move || is_chosen().to_string()
            on:click=move |_| picker.choose(&clicked)
        >
            <span class="picker-name">{name}<span class="fine">{detail}{age}</span></span>
            {prices}
        </li>
    }
    .into_any()
}

/// How many machines there are, for who cannot see it; that there is none, for everybody.
fn describe_count(options: &MachineOptions) -> String {
    let listed = options.listed.len();
    match (listed, options.more) {
        (0, _) => "No machine fits.".to_owned(),
        (1, 0) => "1 machine".to_owned(),
        (_, 0) => [&listed.to_string(), " machines"].concat(),
        (_, more) => [
            &listed.to_string(),
            " machines, and ",
            &format_count(more as u128),
            " more: type to find them",
        ]
        .concat(),
    }
}

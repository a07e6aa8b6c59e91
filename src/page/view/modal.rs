//! A dialog over the page.

use leptos::html;
use leptos::prelude::*;

/// A modal dialog by the browser's own `showModal` and `close`, which keep the focus inside and
/// return it afterwards.
#[component]
pub(super) fn Modal(
    /// Whether it is to be open.
    #[prop(into)]
    open: Signal<bool>,
    /// Called after it was closed, be it by Escape.
    on_close: Callback<()>,
    /// CSS classes beside `dialog`.
    #[prop(optional)]
    class: &'static str,
    /// The id of its heading.
    labelledby: &'static str,
    children: Children,
) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    Effect::new(move |_| {
        let Some(dialog) = dialog.get() else { return };
        if open.get() && !dialog.open() {
            let _ = dialog.show_modal();
        } else if !open.get() && dialog.open() {
            dialog.close();
        }
    });
    view! {
        <dialog
            class=["dialog ", class].concat()
            aria-labelledby=labelledby
            node_ref=dialog
            on:close=move |_| on_close.run(())
        >
            {children()}
        </dialog>
    }
}

/// A dialog's heading and the button that closes it.
#[component]
pub(super) fn ModalHead(
    /// The heading's id.
    id: &'static str,
    title: &'static str,
    on_close: Callback<()>,
) -> impl IntoView {
    view! {
        <header class="dialog-head">
            <h2 id=id>{title}</h2>
            <button type="button" class="ghost square" aria-label="Close" on:click=move |_| on_close.run(())>
                {super::icon::icon(super::icon::CLOSE)}
            </button>
        </header>
    }
}

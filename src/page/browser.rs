//! What the app needs of the browser besides its document: storage, address, entropy, clock,
//! clipboard. A browser may refuse any of them (private windows, policies); the app then works
//! without.

use leptos::prelude::{StoredValue, UpdateValue, on_cleanup, window};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::js_sys::{self, Reflect};
use web_sys::{
    Element, HtmlElement, HtmlInputElement, HtmlTextAreaElement, ResizeObserver, Storage,
};

/// A storage of the browser. All names in it begin with `sweep.`.
#[derive(Clone, Copy)]
pub(crate) enum BrowserStorage {
    /// `localStorage`: shared by all tabs, survives a restart of the browser.
    Local,
    /// `sessionStorage`: this tab's own, until it is closed.
    Tab,
}

impl BrowserStorage {
    fn storage(self) -> Option<Storage> {
        match self {
            BrowserStorage::Local => window().local_storage().ok().flatten(),
            BrowserStorage::Tab => window().session_storage().ok().flatten(),
        }
    }

    /// The value stored under `name`; `None`, too, where the browser refuses storage.
    pub(crate) fn get(self, name: &str) -> Option<String> {
        self.storage()?.get_item(name).ok().flatten()
    }

    /// Stores a value, or removes it. A refusal by the browser is ignored.
    pub(crate) fn set(self, name: &str, value: Option<&str>) {
        let Some(storage) = self.storage() else {
            return;
        };
        // A full or forbidden storage loses convenience, nothing else.
        let _ = match value {
            Some(value) => storage.set_item(name, value),
            None => storage.remove_item(name),
        };
    }
}

/// The address from its `#` on; empty where it has none.
pub(crate) fn location_hash() -> String {
    window().location().hash().unwrap_or_default()
}

/// Replaces the address's text after `#` without a new entry in the browser's history.
pub(crate) fn replace_hash(hash: &str) {
    let url = ["#", hash].concat();
    if let Ok(history) = window().history() {
        // A file: address or a too-long link may be refused.
        let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(&url));
    }
}

pub(crate) fn location_href() -> String {
    window().location().href().unwrap_or_default()
}

/// The page's origin, `http://127.0.0.1:8080`; `null` for a file.
pub(crate) fn origin() -> String {
    window().location().origin().unwrap_or_default()
}

/// A uniformly random number from the browser's entropy.
pub(crate) fn random_u32() -> u32 {
    // Without entropy 0 serves: the number is a seed, which the user sees and can change.
    getrandom::u32().unwrap_or(0)
}

/// 128 random bits in hex: an idempotency key.
pub(crate) fn random_key() -> String {
    use std::fmt::Write;
    let mut bytes = [0; 16];
    if getrandom::fill(&mut bytes).is_err() {
        bytes = wall_clock_micros()
            .to_be_bytes()
            .repeat(2)
            .try_into()
            .unwrap_or(bytes);
    }
    bytes.iter().fold(String::new(), |mut key, byte| {
        let _ = write!(key, "{byte:02x}");
        key
    })
}

/// This machine's clock: microseconds since 1970. It may jump; see [`monotonic_millis`] for durations.
pub(crate) fn wall_clock_micros() -> i64 {
    (js_sys::Date::now() * 1000.0) as i64
}

/// Puts text on the clipboard; false where the browser has none or refuses.
pub(crate) async fn copy_to_clipboard(text: &str) -> bool {
    let navigator = window().navigator();
    // Only secure contexts have a clipboard; `navigator().clipboard()` would throw later.
    let has = Reflect::has(&navigator, &"clipboard".into()).unwrap_or(false);
    has && JsFuture::from(navigator.clipboard().write_text(text))
        .await
        .is_ok()
}

/// Milliseconds since the page was opened, of a clock that never goes back.
pub(crate) fn monotonic_millis() -> f64 {
    window().performance().map_or(0.0, |clock| clock.now())
}

/// Whether this is an Apple device, whose shortcuts use Cmd instead of Ctrl.
pub(crate) fn has_apple_keys() -> bool {
    let platform = window().navigator().platform().unwrap_or_default();
    ["Mac", "iPhone", "iPad"]
        .iter()
        .any(|name| platform.starts_with(name))
}

/// The element with this id, where it is a `T`.
fn by_id<T: JsCast>(id: &str) -> Option<T> {
    let element = window().document()?.get_element_by_id(id)?;
    element.dyn_into().ok()
}

pub(crate) fn has_element(id: &str) -> bool {
    by_id::<HtmlElement>(id).is_some()
}

/// Moves the focus to the element with this id, if there is one.
pub(crate) fn focus(id: &str) {
    if let Some(element) = by_id::<HtmlElement>(id) {
        let _ = element.focus();
    }
}

/// Moves the focus to the text box with this id, and its cursor into view.
pub(crate) fn focus_at_cursor(id: &str) {
    let Some(element) = by_id::<HtmlElement>(id) else {
        return;
    };
    // A browser scrolls to a cursor that was set by a program only as the box gets the focus.
    let scrolls = element.closest(".editor").ok().flatten();
    if scrolls.is_some_and(|editor| editor.scroll_height() > editor.client_height()) {
        let _ = element.blur();
    }
    let _ = element.focus();
}

/// The selection of the text box with this id, in UTF-16 units.
pub(crate) fn text_selection(id: &str) -> Option<(u32, u32)> {
    let (start, end) = if let Some(area) = by_id::<HtmlTextAreaElement>(id) {
        (area.selection_start(), area.selection_end())
    } else {
        let input = by_id::<HtmlInputElement>(id)?;
        (input.selection_start(), input.selection_end())
    };
    Some((start.ok()??, end.ok()??))
}

/// Selects a range of the text box with this id, in UTF-16 units.
pub(crate) fn select_text(id: &str, (start, end): (u32, u32)) {
    // A browser without a layout (tests) may refuse.
    if let Some(area) = by_id::<HtmlTextAreaElement>(id) {
        let _ = area.set_selection_range(start, end);
    } else if let Some(input) = by_id::<HtmlInputElement>(id) {
        let _ = input.set_selection_range(start, end);
    }
}

/// Sets the text of the text box with this id. A box that has this text already is left alone,
/// because setting it would move the cursor to its end.
pub(crate) fn set_text(id: &str, text: &str) {
    if let Some(area) = by_id::<HtmlTextAreaElement>(id) {
        if area.value() != text {
            area.set_value(text);
        }
    } else if let Some(input) = by_id::<HtmlInputElement>(id)
        && input.value() != text
    {
        input.set_value(text);
    }
}

/// Removes the element with this id, if there is one.
pub(crate) fn remove_element(id: &str) {
    let document = window().document();
    if let Some(element) = document.and_then(|document| document.get_element_by_id(id)) {
        element.remove();
    }
}

/// Waits for `millis` milliseconds, or longer in a tab in the background.
pub(crate) async fn sleep(millis: i32) {
    let promise = js_sys::Promise::new(&mut |resolve, _| {
        let _ = window().set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, millis);
    });
    let _ = JsFuture::from(promise).await;
}

/// Calls `react` once and at each change of the element's size, until the reactive scope of the
/// caller ends.
pub(crate) fn on_resize(element: &Element, react: impl FnMut() + 'static) {
    let callback = Closure::<dyn FnMut()>::new(react);
    let Ok(observer) = ResizeObserver::new(callback.as_ref().unchecked_ref()) else {
        return;
    };
    observer.observe(element);
    let kept = StoredValue::new_local(Some((observer, callback)));
    on_cleanup(move || {
        if let Some((observer, _)) = kept.try_update_value(Option::take).flatten() {
            observer.disconnect();
        }
    });
}

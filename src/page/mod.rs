//! The app that runs in the browser: what a person reads, types and clicks.
//!
//! * [`state`]: a few writable signals (the text, some settings); everything else is a memo over them.
//! * [`view`]: components, a folder per tab. They call the pure core directly.
//! * [`client`]: the only file that makes requests; [`sse_parser`] reads its stream of events.
//! * [`browser`]: storage, address, entropy, clock, clipboard.
//! * [`messages`]: messages and example plans. [`mod@format`]: how numbers, times and money are written.

mod browser;
mod client;
mod format;
mod messages;
mod sse_parser;
mod state;
#[allow(
    unreachable_pub,
    reason = "leptos writes `pub` on the parts of a component"
)]
mod view;

/// Mounts the app on the document's body and removes the `#loading` line of `index.html`.
pub fn start() {
    console_error_panic_hook::set_once();
    leptos::mount::mount_to_body(view::App);
    browser::remove_element("loading");
}

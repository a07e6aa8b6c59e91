//! The web page: what a person reads, types and clicks.
//!
//! * [`state`]: the text and a few settings are writable; everything else is a memo over them.
//! * [`view`]: components, a folder per tab. They call the pure core one line down.
//! * [`client`]: the only file that makes requests. [`browser`]: storage, address, entropy, clock.
//! * [`text`] and [`format`]: the words and how numbers are written.

mod browser;
mod client;
mod format;
mod sse;
mod state;
mod text;
#[allow(
    unreachable_pub,
    reason = "leptos writes `pub` on the parts of a component"
)]
mod view;

/// Mounts the page on the document's body.
pub fn start() {
    console_error_panic_hook::set_once();
    leptos::mount::mount_to_body(view::App);
    browser::remove("loading");
}

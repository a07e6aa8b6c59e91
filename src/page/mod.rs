//! The web page.

/// Mounts the page on the document's body.
pub fn start() {
    leptos::mount::mount_to_body(|| ());
}

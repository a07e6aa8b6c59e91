use leptos::prelude::*;
#[component]
pub(super) fn RunsView() -> impl IntoView { view!{<p>"runs"</p>} }

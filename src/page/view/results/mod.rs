use leptos::prelude::*;
#[component]
pub(super) fn ResultsView() -> impl IntoView { view!{<p>"results"</p>} }

//! The Connection dialog: the address of the API, user and API key.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::modal::{Modal, ModalHead};
use crate::api::SignIn;
use crate::page::format::format_ago;
use crate::page::state::{ConnectionStatus, State};
use crate::page::{browser, messages};

/// The server records a use only so many seconds after the last one that it has recorded.
const USE_RECORDED_AFTER: f64 = 3600.0;

#[component]
pub(super) fn Connection() -> impl IntoView {
    let open = State::get().server.dialog_open;
    let close = Callback::new(move |()| open.set(false));
    view! {
        <Modal open=open on_close=close labelledby="connection-title">
            <ModalHead id="connection-title" title="Connection" on_close=close />
            <Form />
            <SignIns />
        </Modal>
    }
}

#[component]
fn Form() -> impl IntoView {
    let server = State::get().server;
    let client = server.client.get_untracked();
    let start = if client.address.is_empty() {
        browser::origin()
    } else {
        client.address
    };
    let address = RwSignal::new(start);
    let user = RwSignal::new(client.credentials.map(|(user, _)| user).unwrap_or_default());
    let key = RwSignal::new(String::new());
    let problem = RwSignal::new(None::<String>);
    let busy = RwSignal::new(false);
    let sign_in = move |event: SubmitEvent| {
        event.prevent_default();
        busy.set(true);
        problem.set(None);
        spawn_local(async move {
            let address = address.get_untracked();
            let (user, secret) = (user.get_untracked(), key.get_untracked());
            let address = address.trim().trim_end_matches('/');
            match server.sign_in(address, user.trim(), secret.trim()).await {
                Ok(()) => {
                    key.set(String::new());
                    server.dialog_open.set(false);
                }
                Err(failure) => problem.set(Some(messages::describe_failure(&failure))),
            }
            busy.set(false);
        });
    };
    let sign_out = move |_| spawn_local(server.sign_out());
    let connected = move || server.is_connected();
    let status_text = move || {
        server.status.with(|status| match status {
            ConnectionStatus::Connecting => "Looking for a server…".to_owned(),
            ConnectionStatus::Connected(session) => {
                ["Signed in as ", &session.user.username, ", server version ", &session.version, "."].concat()
            }
            ConnectionStatus::SignedOut => {
                "Sign in with the user and API key that `sweep serve` showed when it first started, or open the address it prints.".to_owned()
            }
            ConnectionStatus::Absent => {
                "No server was found at this page's address. You can plan without one; to launch, enter the address of a server.".to_owned()
            }
        })
    };
    view! {
        <form class="dialog-body" on:submit=sign_in>
            <p class="standing">{move || super::rich_text::rich_text(&status_text())}</p>
            <TextField id="api-address" label="API address" kind="url" value=address autocomplete="url" />
            <TextField id="api-user" label="User" kind="text" value=user autocomplete="username" />
            <TextField id="api-key" label="API key" kind="password" value=key autocomplete="current-password" />
            <p class="form-problem" role="alert">{move || problem.get()}</p>
            <footer class="dialog-foot">
                <button type="button" class="button" hidden=move || !connected() on:click=sign_out>
                    "Sign out"
                </button>
                <button type="submit" class="button primary" disabled=move || busy.get()>
                    "Sign in"
                </button>
            </footer>
            <p class="fine">
                "The key stays in this tab and is sent to this address only. It is never part of a link."
            </p>
        </form>
    }
}

/// The browsers that are signed in to the account, while the dialog is open.
#[component]
fn SignIns() -> impl IntoView {
    let server = State::get().server;
    let list = RwSignal::new(Vec::<SignIn>::new());
    let problem = RwSignal::new(None::<String>);
    Effect::new(move |_| {
        list.set(Vec::new());
        if server.dialog_open.get() && server.is_connected() {
            let client = server.client.get();
            spawn_local(async move {
                // A server of an earlier version lists none.
                if let Ok(answer) = client.fetch_sign_ins().await {
                    list.set(answer.sign_ins);
                }
            });
        }
    });
    let line = move |one: SignIn| {
        let now = untrack(|| server.now());
        let since = |time| format_ago(now.seconds_since(time));
        let name = if one.client.is_empty() {
            "Unknown".to_owned()
        } else {
            one.client
        };
        let used = if one.current {
            "this browser".to_owned()
        } else if now.seconds_since(one.used_at) < USE_RECORDED_AFTER {
            "used within the hour".to_owned()
        } else {
            ["last used ", &since(one.used_at)].concat()
        };
        let when = [&used, ", signed in ", &since(one.created_at)].concat();
        view! { <li>{name} <span class="fine">{when}</span></li> }
    };
    let absent = move || !server.is_connected() || list.with(Vec::is_empty);
    let end_all = move |_| {
        problem.set(None);
        spawn_local(async move {
            if let Err(failure) = server.sign_out_everywhere().await {
                problem.set(Some(messages::describe_failure(&failure)));
            }
        });
    };
    view! {
        <section class="dialog-body sign-ins" hidden=absent aria-labelledby="sign-ins">
            <h3 id="sign-ins">"Signed-in browsers"</h3>
            <ul aria-labelledby="sign-ins">{move || list.get().into_iter().map(line).collect_view()}</ul>
            <p class="form-problem" role="alert">{move || problem.get()}</p>
            <footer class="dialog-foot">
                <button type="button" class="button" on:click=end_all>
                    "Sign out everywhere"
                </button>
            </footer>
        </section>
    }
}

#[component]
fn TextField(
    id: &'static str,
    label: &'static str,
    kind: &'static str,
    value: RwSignal<String>,
    autocomplete: &'static str,
) -> impl IntoView {
    view! {
        <div class="field">
            <label for=id>{label}</label>
            // HTML gives a password box no role; tests and screen readers find it as a textbox.
            <input
                id=id
                class="input"
                type=kind
                role="textbox"
                required=true
                spellcheck="false"
                autocapitalize="off"
                autocomplete=autocomplete
                bind:value=value
            />
        </div>
    }
}

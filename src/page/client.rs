//! The HTTP client of the server's API: the only file that makes requests.

use gloo_net::http::{Method, RequestBuilder, Response};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::js_sys::{Reflect, Uint8Array, encode_uri_component};
use web_sys::{
    AbortSignal, ReadableStreamDefaultReader, RequestCredentials, TextDecodeOptions, TextDecoder,
};

use super::sse_parser::{Message, Parser};
use crate::api::{self, paths};
use crate::sweep::literal::CharacterNames;

/// Why a request failed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Failure {
    /// No answer came: no server there, or the network is gone. The request may have been carried out all the same.
    NoAnswer,
    /// Something else than a Sweep Planner server answered (a static host, a proxy).
    NoServer,
    /// 401: nobody is signed in, or the key is wrong.
    SignedOut(String),
    /// Any other refusal, with the server's reason.
    Refused {
        /// The HTTP status.
        status: u16,
        /// The reason, for a person.
        reason: String,
    },
}

/// What the stream of changes delivers.
#[derive(Clone, Debug)]
pub(crate) enum StreamEvent {
    /// The server has accepted the connection: every later change is delivered.
    Open,
    /// One server-sent event.
    Message(Message),
}

/// The address of the API and the credentials to use there.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Client {
    /// `https://host:port` without a trailing slash; empty: the page's own origin.
    pub(crate) address: String,
    /// User and API key; none: the session cookie of the page's origin.
    pub(crate) credentials: Option<(String, String)>,
}

type ClientResult<T> = Result<T, Failure>;

impl Client {
    /// Who is signed in, and what the server offers. Also finds out whether there is a server at all.
    pub(crate) async fn fetch_session(&self) -> ClientResult<api::PageSession> {
        if self.address.is_empty() && !comes_from_server().await {
            return Err(Failure::NoServer);
        }
        self.get_json(paths::SESSION).await
    }

    /// Signs in at the page's own origin. The answer sets a session cookie, which later requests carry.
    pub(crate) async fn sign_in(&self, user: &str, key: &str) -> ClientResult<api::PageSession> {
        let body = api::Credentials {
            username: user.to_owned(),
            api_key: key.to_owned(),
        };
        self.send_json(Method::POST, paths::SESSION, &body, None)
            .await
    }

    /// Ends the page's session.
    pub(crate) async fn sign_out(&self) -> ClientResult<()> {
        self.exchange(Method::DELETE, paths::SESSION, None, None)
            .await
            .map(drop)
    }

    /// The browsers that are signed in to the account.
    pub(crate) async fn fetch_sign_ins(&self) -> ClientResult<api::SignInList> {
        self.get_json(paths::SIGN_INS).await
    }

    /// Ends the sessions of all browsers.
    pub(crate) async fn sign_out_everywhere(&self) -> ClientResult<()> {
        self.exchange(Method::DELETE, paths::SIGN_INS, None, None)
            .await
            .map(drop)
    }

    /// The server's own prices as CSV; empty where it has none, or is older than they are. The browser
    /// asks only whether they have changed since.
    pub(crate) async fn fetch_own_prices(&self) -> ClientResult<String> {
        match self.exchange(Method::GET, paths::PRICES, None, None).await {
            Err(Failure::Refused { status: 404, .. }) => Ok(String::new()),
            answer => answer,
        }
    }

    pub(crate) async fn fetch_clusters(&self) -> ClientResult<api::ClusterList> {
        self.get_json(paths::CLUSTERS).await
    }

    /// A cluster's runs, newest first, without the ids of their trials.
    pub(crate) async fn fetch_runs(&self, cluster: &str) -> ClientResult<api::RunList> {
        let query = "?brief=true&phaseNotIn=RUN_STATE_DELETED";
        self.get_json(&[&paths::runs(cluster), query].concat())
            .await
    }

    /// A run, without the ids of its trials.
    pub(crate) async fn fetch_run(&self, cluster: &str, id: &str) -> ClientResult<api::Run> {
        self.get_json(&[&paths::run(cluster, id), "?brief=true"].concat())
            .await
    }

    /// The account's own finished trials of a script, on every cluster.
    pub(crate) async fn fetch_finished_trials(
        &self,
        script: &str,
    ) -> ClientResult<api::FinishedTrialList> {
        let script = String::from(encode_uri_component(script));
        self.get_json(&[paths::FINISHED_TRIALS, "?script=", &script].concat())
            .await
    }

    /// Launches one run. Repeating the request with the same idempotency `key` launches no second one.
    pub(crate) async fn launch(&self, run: &api::CreateRun, key: &str) -> ClientResult<api::Run> {
        let path = paths::runs(&run.spec.cluster_id);
        self.send_json(Method::POST, &path, run, Some(key)).await
    }

    /// Stops a run: waiting trials never start, running ones are ended.
    pub(crate) async fn stop_run(&self, cluster: &str, run: &api::Run) -> ClientResult<api::Run> {
        let body = r#"{"spec":{"desiredState":"RUN_STATE_CANCELED"}}"#.to_owned();
        let path = paths::run(cluster, &run.id);
        parse_json(&self.exchange(Method::PUT, &path, Some(body), None).await?)
    }

    /// Queues failed trials again: all of them, or those with these numbers.
    pub(crate) async fn retry(
        &self,
        cluster: &str,
        run: &str,
        numbers: Option<Vec<u32>>,
    ) -> ClientResult<api::Run> {
        let path = paths::retry(cluster, run);
        self.send_json(Method::POST, &path, &api::RetryRun { numbers }, None)
            .await
    }

    /// Queues the held trials of a run.
    pub(crate) async fn release(&self, cluster: &str, run: &str) -> ClientResult<api::Run> {
        let path = paths::release(cluster, run);
        parse_json(&self.exchange(Method::POST, &path, None, None).await?)
    }

    /// Sets the budget of a run and of those launched together with it, in USD, and releases what is held
    /// for lack of it.
    pub(crate) async fn set_budget(
        &self,
        cluster: &str,
        run: &str,
        amount: &str,
    ) -> ClientResult<api::Run> {
        let body = api::UpdateBudget {
            budget: amount.into(),
        };
        let path = paths::budget(cluster, run);
        self.send_json(Method::POST, &path, &body, None).await
    }

    /// Stops one trial. Its new state arrives as an event.
    pub(crate) async fn stop_trial(&self, cluster: &str, id: &str) -> ClientResult<()> {
        // The server reads this member only; serialising the whole type would make the app larger.
        let body = r#"{"spec":{"desiredState":"EXPERIMENT_STATE_CANCELLED"}}"#.to_owned();
        let path = paths::experiment(cluster, id);
        self.exchange(Method::PUT, &path, Some(body), None)
            .await
            .map(drop)
    }

    /// How a trial is run, once it has started, and whether it has ended.
    pub(crate) async fn fetch_execution(
        &self,
        cluster: &str,
        id: &str,
    ) -> ClientResult<(Option<api::TrialExecution>, bool)> {
        // Reading the whole type would make the app larger.
        #[derive(Deserialize)]
        struct Answer {
            status: Status,
        }
        #[derive(Deserialize)]
        struct Status {
            phase: api::ExperimentState,
            #[serde(default)]
            execution: Option<api::TrialExecution>,
        }
        let answer: Answer = self.get_json(&paths::experiment(cluster, id)).await?;
        Ok((answer.status.execution, answer.status.phase.has_ended()))
    }

    /// Trials of a run in launch order, from the `offset`-th.
    pub(crate) async fn fetch_trials(
        &self,
        cluster: &str,
        run: &str,
        offset: u64,
        limit: u32,
    ) -> ClientResult<api::TrialPage> {
        let (offset, limit) = (offset.to_string(), limit.to_string());
        let query = ["?offset=", &offset, "&limit=", &limit].concat();
        self.get_json(&[paths::trials(cluster, run), query].concat())
            .await
    }

    /// A trial's output from byte `offset` on; how much at once is up to the server.
    pub(crate) async fn fetch_log(
        &self,
        cluster: &str,
        id: &str,
        offset: u64,
    ) -> ClientResult<api::LogPage> {
        let query = ["?offset=", &offset.to_string()].concat();
        self.get_json(&[paths::logs(cluster, id), query].concat())
            .await
    }

    /// The last bytes of a trial's output.
    pub(crate) async fn fetch_log_tail(
        &self,
        cluster: &str,
        id: &str,
        bytes: u32,
    ) -> ClientResult<api::LogPage> {
        let query = ["?tail=", &bytes.to_string()].concat();
        self.get_json(&[paths::logs(cluster, id), query].concat())
            .await
    }

    /// Passes changes to `on_event` until the stream ends, the network breaks or `signal` aborts. The
    /// server first repeats the changes after `last_id`, if that is not empty.
    pub(crate) async fn stream_events(
        &self,
        last_id: &str,
        signal: &AbortSignal,
        mut on_event: impl FnMut(StreamEvent),
    ) -> ClientResult<()> {
        let mut request = self
            .request(Method::GET, paths::EVENTS)
            .abort_signal(Some(signal));
        request = request.header("Accept", "text/event-stream");
        if !last_id.is_empty() {
            request = request.header("Last-Event-ID", last_id);
        }
        let answer = ensure_success(request.send().await.map_err(|_| Failure::NoAnswer)?).await?;
        on_event(StreamEvent::Open);
        let body = answer.body().ok_or(Failure::NoServer)?;
        let reader: ReadableStreamDefaultReader = body.get_reader().unchecked_into();
        let decoder = TextDecoder::new().map_err(|_| Failure::NoServer)?;
        let (mut parser, more) = (Parser::default(), TextDecodeOptions::new());
        more.set_stream(true);
        while let Some(bytes) = next_piece(&reader).await? {
            let text = decoder
                .decode_with_buffer_source_and_options(&bytes, &more)
                .map_err(|_| Failure::NoServer)?;
            parser
                .push(&text)
                .into_iter()
                .map(StreamEvent::Message)
                .for_each(&mut on_event);
        }
        Ok(())
    }

    async fn get_json<T: DeserializeOwned>(&self, path: &str) -> ClientResult<T> {
        parse_json(&self.exchange(Method::GET, path, None, None).await?)
    }

    async fn send_json<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: &impl Serialize,
        key: Option<&str>,
    ) -> ClientResult<T> {
        let body = serde_json::to_string(body).map_err(|_| Failure::NoServer)?;
        parse_json(&self.exchange(method, path, Some(body), key).await?)
    }

    /// Sends one request and returns the text of a successful answer. Not generic, so that it is
    /// compiled once.
    async fn exchange(
        &self,
        method: Method,
        path: &str,
        body: Option<String>,
        key: Option<&str>,
    ) -> ClientResult<String> {
        let mut request = self
            .request(method, path)
            .header("Accept", "application/json");
        if let Some(key) = key {
            request = request.header(api::IDEMPOTENCY_KEY, key);
        }
        let sent = match body {
            Some(body) => match request
                .header("Content-Type", "application/json")
                .body(body)
            {
                Ok(request) => request.send().await,
                Err(_) => return Err(Failure::NoAnswer),
            },
            None => request.send().await,
        };
        let answer = ensure_success(sent.map_err(|_| Failure::NoAnswer)?).await?;
        answer.text().await.map_err(|_| Failure::NoAnswer)
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = RequestBuilder::new(&[&self.address, path].concat()).method(method);
        match &self.credentials {
            Some((user, key)) => request.credentials(RequestCredentials::Omit).header(
                "Authorization",
                &["Basic ", &base64(&[user, ":", key].concat())].concat(),
            ),
            None => request.credentials(RequestCredentials::SameOrigin),
        }
    }
}

/// Whether `sweep serve` delivered the page: it sends `Cross-Origin-Opener-Policy`, which static
/// hosts do not. Checked first, because a static host answers an API path with a
/// 404, which browsers log as an error of the page.
async fn comes_from_server() -> bool {
    let page = RequestBuilder::new("./").method(Method::HEAD).send().await;
    page.is_ok_and(|page| page.ok() && page.headers().get("cross-origin-opener-policy").is_some())
}

/// The names of Unicode's characters, from a file of about a megabyte beside the page; `None` if it
/// cannot be fetched.
pub(crate) async fn fetch_character_names() -> Option<CharacterNames> {
    let request = RequestBuilder::new("./unicode-names.txt").method(Method::GET);
    let answer = request.send().await.ok().filter(Response::ok)?;
    CharacterNames::from_table(&answer.text().await.ok()?)
}

fn parse_json<T: DeserializeOwned>(text: &str) -> ClientResult<T> {
    serde_json::from_str(text).map_err(|_| Failure::NoServer)
}

async fn ensure_success(answer: Response) -> ClientResult<Response> {
    if answer.ok() {
        return Ok(answer);
    }
    let status = answer.status();
    let text = answer.text().await.unwrap_or_default();
    Err(failure_from_response(status, &text))
}

/// The failure that an unsuccessful status and body stand for. Without a body of the API's form, a
/// status that a static host gives to any path means that there is no server.
fn failure_from_response(status: u16, body: &str) -> Failure {
    let reason = serde_json::from_str::<api::ErrorBody>(body)
        .ok()
        .map(|error| error.text().to_owned());
    match (status, reason) {
        (401, reason) => Failure::SignedOut(reason.unwrap_or_default()),
        (404 | 405 | 501, None) => Failure::NoServer,
        (status, reason) => {
            let reason = reason.unwrap_or_else(|| ["HTTP status ", &status.to_string()].concat());
            Failure::Refused { status, reason }
        }
    }
}

async fn next_piece(reader: &ReadableStreamDefaultReader) -> ClientResult<Option<Uint8Array>> {
    let lost = |_: JsValue| Failure::NoAnswer;
    let result = JsFuture::from(reader.read()).await.map_err(lost)?;
    if Reflect::get(&result, &"done".into())
        .map_err(lost)?
        .is_truthy()
    {
        return Ok(None);
    }
    let value = Reflect::get(&result, &"value".into()).map_err(lost)?;
    Ok(value.dyn_into().ok())
}

/// Base64 of RFC 4648, with padding.
fn base64(text: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut coded = String::with_capacity(text.len().div_ceil(3) * 4);
    for bytes in text.as_bytes().chunks(3) {
        let byte = |place: usize| u32::from(bytes.get(place).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * place) & 63) as usize];
            coded.push(if place <= bytes.len() {
                char::from(digit)
            } else {
                '='
            });
        }
    }
    coded
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    #[test]
    fn keys_are_coded_as_basic_authentication_asks() {
        let cases = [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("u-0001:k-secret", "dS0wMDAxOmstc2VjcmV0"),
            ("é:ü", "w6k6w7w="),
        ];
        for (text, coded) in cases {
            assert_eq!(base64(text), coded);
        }
    }

    #[test]
    fn refusals_give_the_servers_reason() {
        let body = r#"{"code":9,"message":"x","details":[{"@type":"","message":"another plan"}]}"#;
        assert_eq!(
            failure_from_response(409, body),
            Failure::Refused {
                status: 409,
                reason: "another plan".to_owned()
            }
        );
        assert_eq!(failure_from_response(404, "<html>"), Failure::NoServer);
        assert_eq!(
            failure_from_response(401, ""),
            Failure::SignedOut(String::new())
        );
        assert_eq!(
            failure_from_response(502, "bad gateway"),
            Failure::Refused {
                status: 502,
                reason: "HTTP status 502".to_owned()
            }
        );
    }
}

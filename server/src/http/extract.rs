//! What handlers read of a request: an address, a query, a JSON body, each refused in the API's own
//! words.

use std::str::FromStr;
use std::sync::Arc;

use axum::body::HttpBody;
use axum::extract::{FromRef, FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::{HeaderMap, header};
use axum::{Json, RequestExt};
use futures_util::StreamExt;
use http_body_util::LengthLimitError;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use utoipa::IntoParams;

use super::account_share::AccountPermits;
use super::auth::Identity;
use super::body_gate::{BodyGate, SMALL_BYTES};
use super::error::{ApiError, truncated};
use super::json_shape::ensure_bounded;
use super::strict_json::Strict;
use crate::app::App;

/// Path parameters; a rejection becomes an [`ApiError`].
#[derive(FromRequestParts)]
#[from_request(via(Path), rejection(ApiError))]
pub struct PathParam<T>(pub T);

/// The address of something that a cluster has.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct ClusterPath {
    /// The cluster's id.
    pub cluster: String,
}

/// The address of a datastore.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct DatastorePath {
    /// The cluster's id.
    pub cluster: String,
    /// The datastore's id, `cifar5-v2`.
    pub datastore: String,
}

/// The address of a run.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct RunPath {
    /// The cluster's id.
    pub cluster: String,
    /// The run's id.
    pub run: String,
}

/// The address of an experiment.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct ExperimentPath {
    /// The cluster's id.
    pub cluster: String,
    /// The experiment's id.
    pub experiment: String,
}

/// The address to which a run's source is uploaded.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct UploadPath {
    /// The run's id.
    pub run: String,
}

/// How many values a body may have.
const VALUES_MAX: usize = 100_000;

/// A JSON body of at most `VALUES` lists, objects and items, whose objects are objects, never arrays of
/// their members; a rejection becomes an [`ApiError`].
///
/// A large one waits until there is room for it, and is read off the async threads.
pub struct JsonBody<T, const VALUES: usize = VALUES_MAX>(pub T);

impl<T, S, const VALUES: usize> FromRequest<S> for JsonBody<T, VALUES>
where
    T: DeserializeOwned + Send + 'static,
    S: Send + Sync,
    BodyGate: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        if !is_json(request.headers()) {
            return Err(ApiError::UnsupportedMediaType);
        }
        let gate = BodyGate::from_ref(state);
        let (body, room) = receive(request, &gate).await?;
        let Some(room) = room else {
            return read_json(&body, VALUES).map(Self);
        };
        let turn = gate.admit_reading().await?;
        let read = move || {
            let value = read_json(&body, VALUES);
            drop((body, room, turn));
            value
        };
        tokio::task::spawn_blocking(read).await?.map(Self)
    }
}

impl FromRef<Arc<App>> for BodyGate {
    fn from_ref(app: &Arc<App>) -> Self {
        app.bodies.clone()
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()?.parse::<mime::Mime>().ok());
    kind.is_some_and(|kind| {
        kind.type_() == mime::APPLICATION
            && (kind.subtype() == mime::JSON || kind.suffix() == Some(mime::JSON))
    })
}

fn read_json<T: DeserializeOwned>(body: &[u8], most: usize) -> Result<T, ApiError> {
    ensure_bounded(body, most)?;
    let Json(Strict(value)) = Json::<Strict<T>>::from_bytes(body)?;
    Ok(value)
}

/// The whole body of a request, and the room that a large one has.
async fn receive(
    request: Request,
    gate: &BodyGate,
) -> Result<(Vec<u8>, Option<AccountPermits>), ApiError> {
    let too_large = || ApiError::TooLarge("This body is larger than the server takes.".to_owned());
    let identity = request.extensions().get::<Identity>();
    let account = identity.map_or_else(String::new, |identity| identity.account.id.clone());
    let body = request.into_limited_body();
    let announced = body.size_hint().exact();
    let announced = announced.map(|bytes| usize::try_from(bytes).unwrap_or(usize::MAX));
    let most = gate.body_bytes();
    if announced.is_some_and(|bytes| bytes > most) {
        return Err(too_large());
    }
    let (mut whole, mut room) = (Vec::new(), None);
    let mut pieces = body.into_data_stream();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|error| {
            if error.into_inner().is::<LengthLimitError>() {
                too_large()
            } else {
                ApiError::Invalid(
                    "The body of this request is not well-formed, or has ended too early."
                        .to_owned(),
                )
            }
        })?;
        if room.is_none() && whole.len() + piece.len() > SMALL_BYTES {
            let expected = announced.unwrap_or(most);
            room = Some(gate.admit(&account, expected).await?);
            whole.reserve_exact(expected.saturating_sub(whole.len()).max(piece.len()));
        }
        whole.extend_from_slice(&piece);
    }
    Ok((whole, room))
}

/// The query of an address; names may repeat, and unknown ones are ignored.
#[derive(Deserialize, FromRequestParts)]
#[serde(transparent)]
#[from_request(via(Query), rejection(ApiError))]
pub struct QueryParams(Vec<(String, String)>);

impl QueryParams {
    /// The first value of a name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// All values of a name.
    pub fn get_all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// The first value of a name, parsed; `None` if it is absent or empty.
    pub fn parse_first<T: FromStr>(&self, name: &str) -> Result<Option<T>, ApiError> {
        self.get(name)
            .filter(|text| !text.is_empty())
            .map(|text| parse_param(name, text))
            .transpose()
    }

    /// All values of a name, each converted by `read`.
    pub fn parse_all<T>(
        &self,
        name: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<Vec<T>, ApiError> {
        self.get_all(name)
            .map(|text| {
                read(text).ok_or_else(|| {
                    ApiError::Invalid(format!("`{name}` has no value `{}`.", truncated(text)))
                })
            })
            .collect()
    }
}

fn parse_param<T: FromStr>(name: &str, text: &str) -> Result<T, ApiError> {
    text.parse().map_err(|_| {
        ApiError::Invalid(format!(
            "`{name}` does not take the value `{}`.",
            truncated(text)
        ))
    })
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use axum::http::header;
    use axum::response::IntoResponse;

    use super::*;

    /// The status and the body of an answer.
    async fn answer(error: ApiError) -> (u16, String) {
        let response = error.into_response();
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), 10_000).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    /// What a body gets that should be a pair of a number and a text.
    async fn refusal(kind: Option<&str>, body: &str) -> (u16, String) {
        let mut request = Request::new(Body::from(body.to_owned()));
        if let Some(kind) = kind {
            let kind = kind.parse().unwrap();
            request.headers_mut().insert(header::CONTENT_TYPE, kind);
        }
        match JsonBody::<(u8, String), 9>::from_request(request, &BodyGate::new(1 << 20)).await {
            Err(error) => answer(error).await,
            Ok(JsonBody(value)) => panic!("{value:?}"),
        }
    }

    fn expected(message: &str) -> String {
        let message = serde_json::json!(message);
        let kind = "type.googleapis.com/google.rpc.LocalizedMessage";
        let detail = format!("{{\"@type\":\"{kind}\",\"message\":{message}}}");
        format!("{{\"code\":3,\"message\":{message},\"details\":[{detail}]}}")
    }

    #[tokio::test]
    async fn a_body_is_refused_in_the_apis_own_form() {
        let json = Some("application/json");
        let large = format!("[1, \"{}\"]", "a".repeat(3_000_000));
        for (kind, body, status, message) in [
            (
                None,
                "[1, \"a\"]",
                415,
                "expected a body of type application/json",
            ),
            (
                Some("text/plain"),
                "",
                415,
                "expected a body of type application/json",
            ),
            (
                json,
                &large,
                413,
                "This body is larger than the server takes.",
            ),
            (
                json,
                "",
                400,
                "Failed to parse the request body as JSON: EOF while parsing a value at line 1 column 0",
            ),
            (
                json,
                "[1",
                400,
                "Failed to parse the request body as JSON: EOF while parsing a list at line 1 column 2",
            ),
            (
                json,
                "[300, \"a\"]",
                400,
                "Failed to deserialize the JSON body into the target type: [0]: invalid value: integer `300`, expected u8 at line 1 column 4",
            ),
        ] {
            let found = refusal(kind, body).await;
            assert_eq!(found, (status, expected(message)), "{body:.20}");
        }
    }

    #[tokio::test]
    async fn values_are_counted_before_they_are_read() {
        // Both have an error that their reader would report at once.
        for padding in [0, 100_000] {
            let body = format!("[300{}{}]", " ".repeat(padding), ",[]".repeat(5));
            let found = refusal(Some("application/json"), &body).await;
            assert_eq!(found, (413, expected("This body has more than 9 values.")));
        }
    }

    #[tokio::test]
    async fn a_long_body_is_read_like_a_short_one() {
        for length in [10, 100_000, 1_000_000] {
            let text = "a".repeat(length);
            let body = Body::from(format!("[1, \"{text}\"]"));
            let kind = (
                header::CONTENT_TYPE,
                "application/problem+json; charset=utf-8",
            );
            let request = Request::builder()
                .header(kind.0, kind.1)
                .body(body)
                .unwrap();
            let gate = BodyGate::new(1 << 20);
            let read = JsonBody::<(u8, String)>::from_request(request, &gate).await;
            let JsonBody(value) = read.ok().unwrap();
            assert!(value == (1, text), "{length}");
        }
    }

    #[tokio::test]
    async fn an_address_is_refused_in_the_apis_own_form() {
        let (mut parts, _) = Request::new(()).into_parts();
        let found = PathParam::<(String,)>::from_request_parts(&mut parts, &()).await;
        let Err(error) = found else {
            panic!("there is no parameter")
        };
        assert_eq!(
            answer(error).await,
            (400, expected("No paths parameters found for matched route"))
        );
    }

    #[tokio::test]
    async fn a_query_may_repeat_a_name() {
        let request = Request::builder()
            .uri("/?a=1&b=%20x&a=2&a&=3&%ff=4")
            .body(());
        let (mut parts, ()) = request.unwrap().into_parts();
        let query = QueryParams::from_request_parts(&mut parts, &())
            .await
            .unwrap();
        assert_eq!(query.get_all("a").collect::<Vec<_>>(), ["1", "2", ""]);
        assert_eq!((query.get("b"), query.get("")), (Some(" x"), Some("3")));
        assert_eq!(query.get("\u{fffd}"), Some("4"));
    }
}

//! What handlers read of a request: an address, a query, a JSON body, each refused in the API's own
//! words.

use std::str::FromStr;

use axum::Json;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use utoipa::IntoParams;

use super::error::{ApiError, truncated};
use super::strict_json::Strict;

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

/// A JSON body whose objects are objects, never arrays of their members; a rejection becomes an
/// [`ApiError`].
pub struct JsonBody<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let Json(Strict(value)) = Json::<Strict<T>>::from_request(request, state).await?;
        Ok(Self(value))
    }
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
        match JsonBody::<(u8, String)>::from_request(request, &()).await {
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

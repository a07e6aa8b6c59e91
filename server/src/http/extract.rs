//! What handlers read of a request: an address, a query, a JSON body, each refused in the API's own
//! words.

use std::str::FromStr;

use axum::Json;
use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use serde::Deserialize;
use utoipa::IntoParams;

use super::error::{ApiError, truncated};

/// Path parameters; a rejection becomes an [`ApiError`].
pub struct PathParam<T>(pub T);

impl<S, T> FromRequestParts<S> for PathParam<T>
where
    S: Send + Sync,
    Path<T>: FromRequestParts<S, Rejection = PathRejection>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Path(value) = Path::from_request_parts(parts, state).await?;
        Ok(Self(value))
    }
}

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

/// A JSON body; a rejection becomes an [`ApiError`].
pub struct JsonBody<T>(pub T);

impl<S, T> FromRequest<S> for JsonBody<T>
where
    S: Send + Sync,
    Json<T>: FromRequest<S, Rejection = JsonRejection>,
{
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let Json(value) = Json::from_request(request, state).await?;
        Ok(Self(value))
    }
}

/// The query of an address; names may repeat, and unknown ones are ignored.
pub struct QueryParams(Vec<(String, String)>);

impl<S: Send + Sync> FromRequestParts<S> for QueryParams {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let pairs: Result<Query<Vec<(String, String)>>, QueryRejection> =
            Query::from_request_parts(parts, state).await;
        Ok(Self(pairs?.0))
    }
}

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

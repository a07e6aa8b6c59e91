//! What trials may read, as Grid's client lists it.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use sweep_planner::api::{Datastore, DatastoreList};

use super::cluster;
use crate::app::App;
use crate::http::auth::Identity;
use crate::http::error::{ApiError, short};
use crate::http::extract::{At, Params};
use crate::http::wire;

/// `GET /v1/core/{cluster}/datastores?name=NAME`: every version; `available` and the other
/// parameters of Grid's leave none out, since all can be used.
pub async fn list(
    State(app): State<Arc<App>>,
    identity: Identity,
    At(name): At<String>,
    params: Params,
) -> Result<Json<DatastoreList>, ApiError> {
    cluster(&app, &name)?;
    let only = params.get("name").unwrap_or_default().to_owned();
    let datastores = tokio::task::spawn_blocking(move || {
        let all = app.datastores.all().into_iter();
        let asked = all.filter(|one| only.is_empty() || one.name == only);
        asked
            .map(|one| wire::datastore(&app, &identity.account, &name, &one))
            .collect()
    });
    Ok(Json(DatastoreList {
        datastores: datastores.await?,
        ..DatastoreList::default()
    }))
}

/// `GET /v1/core/{cluster}/datastores/{datastore}`.
pub async fn get(
    State(app): State<Arc<App>>,
    identity: Identity,
    At((name, id)): At<(String, String)>,
) -> Result<Json<Datastore>, ApiError> {
    cluster(&app, &name)?;
    let missing = ApiError::NotFound(format!("There is no datastore `{}`.", short(&id)));
    let found = tokio::task::spawn_blocking(move || {
        let one = app.datastores.by_id(&id)?;
        Some(wire::datastore(&app, &identity.account, &name, &one))
    });
    found.await?.map(Json).ok_or(missing)
}

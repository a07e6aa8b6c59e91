//! What trials may read, as Grid's client lists it.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use sweep_planner::api::{Datastore, DatastoreList, paths};

use super::find_cluster;
use crate::app::App;
use crate::http::auth::Identity;
use crate::http::error::{ApiError, truncated};
use crate::http::extract::{ClusterPath, DatastorePath, PathParam, QueryParams};
use crate::http::openapi::tags;
use crate::http::wire;

/// Datastores: named, versioned folders that trials read.
///
/// Other parameters that Grid's client sends leave none out.
#[utoipa::path(
    get,
    path = paths::DATASTORES,
    operation_id = "listDatastores",
    tag = tags::CLUSTERS,
    params(
        ClusterPath,
        ("name" = Option<String>, Query, description = "Only the versions of this one."),
        ("available" = Option<String>, Query, description = "Grid's; ignored: all are available."),
    ),
    responses((status = 200, description = "The datastores.", body = DatastoreList)),
)]
pub async fn list(
    State(app): State<Arc<App>>,
    identity: Identity,
    PathParam(ClusterPath { cluster: name }): PathParam<ClusterPath>,
    params: QueryParams,
) -> Result<Json<DatastoreList>, ApiError> {
    find_cluster(&app, &name)?;
    let only = params.get("name").unwrap_or_default().to_owned();
    let datastores = tokio::task::spawn_blocking(move || {
        let all = app.datastores.list().into_iter();
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

/// One version of a datastore.
#[utoipa::path(
    get,
    path = paths::DATASTORE,
    operation_id = "getDatastore",
    tag = tags::CLUSTERS,
    params(DatastorePath),
    responses((status = 200, description = "The datastore.", body = Datastore)),
)]
pub async fn get(
    State(app): State<Arc<App>>,
    identity: Identity,
    PathParam(DatastorePath {
        cluster: name,
        datastore: id,
    }): PathParam<DatastorePath>,
) -> Result<Json<Datastore>, ApiError> {
    find_cluster(&app, &name)?;
    let missing = ApiError::NotFound(format!("There is no datastore `{}`.", truncated(&id)));
    let found = tokio::task::spawn_blocking(move || {
        let one = app.datastores.by_id(&id)?;
        Some(wire::datastore(&app, &identity.account, &name, &one))
    });
    found.await?.map(Json).ok_or(missing)
}

//! Clusters, their machines, and the interactive sessions that this server does not have.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use sweep_planner::api::{Cluster, ClusterList, InstanceType, InstanceTypeList, paths};
use utoipa::ToSchema;

use super::find_cluster;
use crate::app::App;
use crate::http::error::ApiError;
use crate::http::extract::{ClusterPath, PathParam};
use crate::http::openapi::tags;
use crate::http::wire;

/// All clusters.
#[utoipa::path(
    get,
    path = paths::CLUSTERS,
    operation_id = "listClusters",
    tag = tags::CLUSTERS,
    responses((status = 200, description = "The clusters.", body = ClusterList)),
)]
pub async fn list(State(app): State<Arc<App>>) -> Json<ClusterList> {
    let clusters = app
        .config
        .clusters
        .iter()
        .map(|(name, settings)| wire::cluster(&app, name, settings));
    Json(ClusterList {
        default_cluster: app.config.default_cluster.clone(),
        clusters: clusters.collect(),
    })
}

/// One cluster.
#[utoipa::path(
    get,
    path = paths::CLUSTER,
    operation_id = "getCluster",
    tag = tags::CLUSTERS,
    params(ClusterPath),
    responses((status = 200, description = "The cluster.", body = Cluster)),
)]
pub async fn get(
    State(app): State<Arc<App>>,
    PathParam(ClusterPath { cluster: name }): PathParam<ClusterPath>,
) -> Result<Json<Cluster>, ApiError> {
    let settings = find_cluster(&app, &name)?;
    Ok(Json(wire::cluster(&app, &name, settings)))
}

/// What trials of a cluster are priced as: one entry per machine and price.
///
/// A price that is not known has no entry.
#[utoipa::path(
    get,
    path = paths::INSTANCE_TYPES,
    operation_id = "listInstanceTypes",
    tag = tags::CLUSTERS,
    params(ClusterPath),
    responses((status = 200, description = "The machines.", body = InstanceTypeList)),
)]
pub async fn instance_types(
    State(app): State<Arc<App>>,
    PathParam(ClusterPath { cluster: name }): PathParam<ClusterPath>,
) -> Result<Json<InstanceTypeList>, ApiError> {
    let settings = find_cluster(&app, &name)?;
    let catalogue = &app.config.catalogue;
    let mut types: Vec<InstanceType> = catalogue
        .machines()
        .flat_map(|machine| {
            [false, true].map(|spot| wire::instance_type(settings, catalogue, machine, spot))
        })
        .flatten()
        .collect();
    types.sort_by(|a, b| (&a.name, a.spot).cmp(&(&b.name, b.spot)));
    // Several providers may list one machine; the quote decides whose price it is.
    types.dedup_by(|a, b| (&a.name, a.spot) == (&b.name, b.spot));
    Ok(Json(InstanceTypeList {
        instance_types: types,
    }))
}

/// Grid's interactive sessions: none here.
#[utoipa::path(
    get,
    path = paths::SESSIONS,
    operation_id = "listSessions",
    tag = tags::CLUSTERS,
    responses((status = 200, description = "No sessions.", body = SessionList)),
)]
pub async fn sessions() -> Json<SessionList> {
    Json(SessionList { sessions: [] })
}

/// Grid's interactive sessions, which this server does not have.
#[derive(Serialize, ToSchema)]
pub struct SessionList {
    /// Always empty.
    #[schema(value_type = Vec<Object>)]
    sessions: [(); 0],
}

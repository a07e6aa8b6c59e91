//! Clusters, their machines, and the interactive sessions that this server does not have.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};
use sweep_planner::api::{Cluster, ClusterList, InstanceType, InstanceTypeList};
use sweep_planner::estimate::Catalogue;

use super::cluster;
use crate::app::App;
use crate::http::error::ApiError;
use crate::http::extract::At;
use crate::http::wire;

/// `GET /v1/core/clusters`.
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

/// `GET /v1/core/clusters/{cluster}`.
pub async fn get(
    State(app): State<Arc<App>>,
    At(name): At<String>,
) -> Result<Json<Cluster>, ApiError> {
    let settings = cluster(&app, &name)?;
    Ok(Json(wire::cluster(&app, &name, settings)))
}

/// `GET /v1/core/clusters/{cluster}/instance-types`: what trials there are priced as. A price that
/// is not known has no entry.
pub async fn instance_types(
    State(app): State<Arc<App>>,
    At(name): At<String>,
) -> Result<Json<InstanceTypeList>, ApiError> {
    let settings = cluster(&app, &name)?;
    let mut types: Vec<InstanceType> = Catalogue::embedded()
        .machines()
        .flat_map(|machine| [false, true].map(|spot| wire::instance_type(settings, machine, spot)))
        .flatten()
        .collect();
    types.sort_by(|a, b| (&a.name, a.spot).cmp(&(&b.name, b.spot)));
    // Several providers may list one machine; the quote decides whose price it is.
    types.dedup_by(|a, b| (&a.name, a.spot) == (&b.name, b.spot));
    Ok(Json(InstanceTypeList {
        instance_types: types,
    }))
}

/// `GET /v1/core/sessions`: none.
pub async fn sessions() -> Json<Value> {
    Json(json!({"sessions": []}))
}

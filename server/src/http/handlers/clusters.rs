//! Clusters, their machines, and the interactive sessions that this server does not have.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};
use sweep_planner::api::{
    Availability, Cluster, ClusterList, ClusterSpec, ClusterState, ClusterStatus, ClusterType,
    InstanceType, InstanceTypeList, Int64,
};
use sweep_planner::estimate::{Catalogue, Machine};

use super::{At, cluster};
use crate::app::App;
use crate::config::ClusterConfig;
use crate::http::error::ApiError;
use crate::model::price::terms;
use crate::upkeep::disk::Short;

/// `GET /v1/core/clusters`.
pub async fn list(State(app): State<Arc<App>>) -> Json<ClusterList> {
    let clusters = app
        .config
        .clusters
        .iter()
        .map(|(name, settings)| shown(&app, name, settings));
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
    Ok(Json(shown(&app, &name, settings)))
}

fn shown(app: &App, name: &str, settings: &ClusterConfig) -> Cluster {
    Cluster {
        id: name.to_owned(),
        name: name.to_owned(),
        created_at: app.since,
        spec: ClusterSpec {
            cluster_type: ClusterType::Global,
            desired_state: ClusterState::Running,
            engine: settings.engine.to_string(),
        },
        status: ClusterStatus {
            phase: ClusterState::Running,
            slots: Some(settings.slots()),
            message: app.disk.look().map_or_else(String::new, Short::message),
        },
    }
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
        .flat_map(|machine| [false, true].map(|spot| priced(settings, machine, spot)))
        .flatten()
        .collect();
    types.sort_by(|a, b| (&a.name, a.spot).cmp(&(&b.name, b.spot)));
    // Several providers may list one machine; the quote decides whose price it is.
    types.dedup_by(|a, b| (&a.name, a.spot) == (&b.name, b.spot));
    Ok(Json(InstanceTypeList {
        instance_types: types,
    }))
}

fn priced(settings: &ClusterConfig, machine: &Machine, spot: bool) -> Option<InstanceType> {
    let hourly_cost = terms(&settings.price, &machine.name, spot).hourly()?;
    Some(InstanceType {
        name: machine.name.clone(),
        cpu: Int64(machine.vcpus.unwrap_or(0).into()),
        gpu: Int64(machine.gpu_count.into()),
        memory: machine
            .memory_gb
            .map_or_else(String::new, |memory| memory.to_string()),
        spot,
        hourly_cost,
        availability: Availability::Available,
        overprovisioned_ondemand_count: 0,
    })
}

/// `GET /v1/core/sessions`: none.
pub async fn sessions() -> Json<Value> {
    Json(json!({"sessions": []}))
}

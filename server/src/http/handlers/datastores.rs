//! What trials may read, as Grid's client lists it.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use sweep_planner::api::{
    Datastore, DatastoreList, DatastoreSpec, DatastoreStatus, Int64, Timestamp,
};

use super::{At, Params, cluster, short};
use crate::app::App;
use crate::http::auth::Identity;
use crate::http::error::ApiError;
use crate::sources::datastores;

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
            .map(|one| shown(&app, &identity, &name, &one))
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
        Some(shown(&app, &identity, &name, &one))
    });
    found.await?.map(Json).ok_or(missing)
}

fn shown(
    app: &App,
    identity: &Identity,
    cluster: &str,
    datastore: &datastores::Datastore,
) -> Datastore {
    let mib = app.datastores.size(datastore).div_ceil(1 << 20);
    let modified = std::fs::metadata(&datastore.folder).and_then(|meta| meta.modified());
    let made = modified.map_or(Timestamp::from_micros(0), super::artifacts::timestamp);
    Datastore {
        id: datastore.id(),
        name: datastore.name.clone(),
        created_at: made,
        updated_at: made,
        spec: DatastoreSpec {
            cluster_id: cluster.to_owned(),
            version: i32::try_from(datastore.version).unwrap_or(i32::MAX),
            size_mib: Int64(i64::try_from(mib).unwrap_or(i64::MAX)),
            source: String::new(),
            source_type: "DATASTORE_SOURCE_TYPE_EXPANDED_FILES".to_owned(),
            user_id: identity.account.id.clone(),
        },
        status: DatastoreStatus {
            phase: "DATASTORE_OPTIMIZATION_STATUS_SUCCEEDED".to_owned(),
            message: String::new(),
        },
    }
}

//! The prices by which the server's operator has it estimate and bill, before the built-in price list.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sweep_planner::api::paths;

use crate::app::App;
use crate::http::openapi::tags;

/// The server's own prices (ours): those that its operator has imported or configured.
///
/// They go before the built-in price list, in estimates as in bills; a cluster's own price goes before
/// both. A CSV as `sweep plan --prices` takes it, without the column `source`'s texts. They stay the same
/// while the server runs.
#[utoipa::path(
    get,
    path = paths::PRICES,
    operation_id = "getPrices",
    tag = tags::CLUSTERS,
    params(("If-None-Match" = Option<String>, Header, description = "Entity tags that the caller has.")),
    responses(
        (
            status = 200,
            description = "The prices.",
            body = String,
            content_type = "text/csv",
            headers(("ETag" = String, description = "Names this content.")),
        ),
        (status = 204, description = "There are none."),
        (status = 304, description = "The caller has them."),
    ),
)]
pub async fn get(State(app): State<Arc<App>>, request: HeaderMap) -> Response {
    let prices = &app.config.published_prices;
    if prices.csv.is_empty() {
        return StatusCode::NO_CONTENT.into_response();
    }
    // Kept by the caller alone, and never used without asking whether it is still right.
    let kept = [
        (header::CACHE_CONTROL, "private, no-cache"),
        (header::ETAG, prices.tag.as_str()),
    ];
    if knows(&request, &prices.tag) {
        return (StatusCode::NOT_MODIFIED, kept).into_response();
    }
    let form = [(header::CONTENT_TYPE, "text/csv; charset=utf-8")];
    (kept, form, prices.csv.to_string()).into_response()
}

/// Whether `If-None-Match` names the tag. A proxy that compresses makes it a weak one, which names the
/// same content.
fn knows(request: &HeaderMap, tag: &str) -> bool {
    let named = request.get_all(header::IF_NONE_MATCH).iter();
    named
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|one| one == "*" || one.trim_start_matches("W/") == tag)
}

//! `/openapi.json`: the description of the API, derived from the handlers and the wire types.
//!
//! A route takes its address and its method from its handler's `#[utoipa::path]`, so none is
//! without a description. What all calls have in common (who may call, how a refusal looks) is
//! added here, once.

use std::io;

use axum::Extension;
use axum::body::Bytes;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value};
use sweep_planner::api::{ErrorBody, Event, paths};
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{Components, Content, Ref, RefOr, Response as Described, ResponseBuilder};
use utoipa::{OpenApi, PartialSchema};
use utoipa_axum::router::OpenApiRouter;

/// The groups that the calls are shown in.
pub(crate) mod tags {
    pub(crate) const AUTH: &str = "auth";
    pub(crate) const CLUSTERS: &str = "clusters";
    pub(crate) const RUNS: &str = "runs";
    pub(crate) const EXPERIMENTS: &str = "experiments";
    pub(crate) const SERVER: &str = "server";
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Sweep Planner",
        description = "Grid's REST API, self-hosted, with calls and members of our own beside it \
                       (marked \"ours\").\n\n\
                       Answers hold every member that is described, unset ones empty or `null`, \
                       apart from those that say otherwise. Requests may leave out, or send as \
                       `null`, whatever is not required; numbers may come as text, and unknown \
                       members are ignored."
    ),
    security(("basic" = []), ("bearer" = []), ("cookie" = [])),
    tags(
        (name = tags::AUTH, description = "Signing in."),
        (name = tags::CLUSTERS, description = "Where runs execute, and what trials read there."),
        (name = tags::RUNS, description = "Launched commands."),
        (name = tags::EXPERIMENTS, description = "Trials, by Grid's name for them."),
        (name = tags::SERVER, description = "The server itself, and changes as they happen."),
    ),
    components(schemas(ErrorBody, Event))
)]
struct Api;

/// The description before any route is added.
pub(super) fn base_description() -> utoipa::openapi::OpenApi {
    let mut api = Api::openapi();
    let components = api.components.get_or_insert_with(Components::new);
    for (name, scheme) in [
        (
            "basic",
            SecurityScheme::Http(Http::new(HttpAuthScheme::Basic)),
        ),
        (
            "bearer",
            SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)),
        ),
        (
            "cookie",
            SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new("sweep_session_ID"))),
        ),
    ] {
        components.add_security_scheme(name, scheme);
    }
    let refusal = components.responses.entry("Error".to_owned());
    refusal.or_insert_with(|| RefOr::T(error_response()));
    api
}

fn error_response() -> Described {
    let body = Ref::from_schema_name("Error");
    let seconds = ObjectBuilder::new().schema_type(Type::Integer);
    let retry_after = HeaderBuilder::new().schema(Some(seconds)).description(Some(
        "With 429 only: after so many seconds the caller may try again.",
    ));
    ResponseBuilder::new()
        .description("Refused or failed, with the reason.")
        .content("application/json", Content::new(Some(body)))
        .header("Retry-After", retry_after.build())
        .build()
}

/// Describes the calls of a router as needing no credentials.
pub(super) fn mark_public<S>(mut router: OpenApiRouter<S>) -> OpenApiRouter<S>
where
    S: Clone + Send + Sync + 'static,
{
    for call in calls_mut(router.get_openapi_mut()) {
        call.security = Some(Vec::new());
    }
    router
}

fn calls_mut(api: &mut utoipa::openapi::OpenApi) -> impl Iterator<Item = &mut Operation> {
    api.paths.paths.values_mut().flat_map(|item| {
        let PathItem {
            get,
            put,
            post,
            delete,
            ..
        } = item;
        [get, put, post, delete].into_iter().flatten()
    })
}

/// The finished description, as JSON.
#[derive(Clone)]
pub(super) struct Document(Bytes);

impl Document {
    /// Adds what all calls have in common, and writes the description for readers of the API rather
    /// than of the code.
    pub(super) fn new(mut api: utoipa::openapi::OpenApi) -> io::Result<Self> {
        for call in calls_mut(&mut api) {
            let responses = &mut call.responses.responses;
            let refusal = responses.entry("default".to_owned());
            refusal.or_insert_with(|| RefOr::Ref(Ref::from_response_name("Error")));
        }
        let mut document = serde_json::to_value(api)?;
        to_plain_texts(&mut document);
        if let Some(paths) = document.get_mut("paths") {
            remove_null(paths);
        }
        if let Some(schemas) = document.pointer_mut("/components/schemas") {
            remove_noise(schemas);
        }
        Ok(Self(serde_json::to_vec(&document)?.into()))
    }
}

/// Takes what only rustdoc understands out of descriptions, which are doc comments: links to items
/// become their texts, and lines that were wrapped are joined.
fn to_plain_texts(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match member {
                    Value::String(text) if name == "description" || name == "summary" => {
                        *text = to_plain_text(text);
                    }
                    other => to_plain_texts(other),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(to_plain_texts),
        _ => {}
    }
}

fn to_plain_text(text: &str) -> String {
    let (mut plain, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((before, link)) = rest.split_once("[`") {
        let Some((name, after)) = link.split_once("`]") else {
            break;
        };
        let target = after
            .strip_prefix('(')
            .and_then(|target| target.split_once(')'));
        plain.extend([before, "`", name, "`"]);
        rest = target.map_or(after, |(_, after)| after);
    }
    plain.push_str(rest);
    let paragraphs = plain.split("\n\n").map(|lines| lines.replace('\n', " "));
    paragraphs.collect::<Vec<_>>().join("\n\n")
}

/// A parameter or a header that is optional may be absent, and cannot be `null`.
fn remove_null(value: &mut Value) {
    match value {
        Value::Object(members) => {
            if let Some(Value::Array(types)) = members.get_mut("type") {
                types.retain(|name| name != "null");
                if let [only] = &mut types[..] {
                    let only = only.take();
                    members.insert("type".to_owned(), only);
                }
            }
            let choices = members.get_mut("oneOf").and_then(Value::as_array_mut);
            if let Some([schema, null]) = choices.map(Vec::as_mut_slice)
                && null["type"] == "null"
            {
                *value = schema.take();
                return;
            }
            members.values_mut().for_each(remove_null);
        }
        Value::Array(items) => items.iter_mut().for_each(remove_null),
        _ => {}
    }
}

/// Leaves out defaults (of answers they say nothing, and of requests the descriptions say what an
/// absent member means) and that keys of objects are strings.
fn remove_noise(schemas: &mut Value) {
    match schemas {
        Value::Object(members) => {
            for (name, member) in members.iter_mut() {
                if name == "properties" {
                    // Its members are named by the wire types: one may be called `default`.
                    let properties = member.as_object_mut().map(Map::values_mut);
                    properties.into_iter().flatten().for_each(remove_noise);
                } else {
                    remove_noise(member);
                }
            }
            members.remove("default");
            members.remove("propertyNames");
        }
        Value::Array(items) => items.iter_mut().for_each(remove_noise),
        _ => {}
    }
}

/// Bytes of a file, which JSON Schema has as a string.
pub(super) struct Binary;

impl PartialSchema for Binary {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Binary)))
            .into()
    }
}

impl utoipa::ToSchema for Binary {}

/// This document.
#[utoipa::path(
    get,
    path = paths::OPENAPI,
    operation_id = "getDescription",
    tag = tags::SERVER,
    responses((status = 200, description = "OpenAPI 3.1.", body = Object)),
)]
pub(super) async fn document(Extension(Document(json)): Extension<Document>) -> Response {
    let kind = HeaderValue::from_static("application/json");
    ([(header::CONTENT_TYPE, kind)], json).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_have_no_links_of_rustdoc() {
        for (comment, plain) in [
            ("A [`Run`].", "A `Run`."),
            (
                "As [`at`](super::at), or [`at`](Self::at)",
                "As `at`, or `at`",
            ),
            (
                "Ranges `[a-z]`,\nwrapped.\n\nNew.",
                "Ranges `[a-z]`, wrapped.\n\nNew.",
            ),
            ("[`no end", "[`no end"),
        ] {
            assert_eq!(to_plain_text(comment), plain);
        }
    }
}

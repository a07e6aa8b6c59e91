//! OpenAPI schemas of the wire types whose serde is written by hand: what they may look like in
//! JSON. All other types derive theirs, from the attributes that serde reads.

use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{
    KnownFormat, Object, ObjectBuilder, OneOfBuilder, Schema, SchemaFormat, SchemaType, Type,
};
use utoipa::{PartialSchema, ToSchema};

use super::{ErrorCode, Int64, MetricValue, Scalar, SpaceIndex, Timestamp};

impl PartialSchema for Int64 {
    fn schema() -> RefOr<Schema> {
        one_of_types([Type::String, Type::Integer])
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
            .pattern(Some("^-?[0-9]+$"))
            .description(Some(
                "A 64-bit integer: a string of digits in answers; requests may send a number.",
            ))
            .into()
    }
}

impl ToSchema for Int64 {}

impl PartialSchema for Scalar {
    fn schema() -> RefOr<Schema> {
        one_of_types([Type::String, Type::Number, Type::Boolean])
            .description(Some(
                "A value as a person or a YAML file writes it: a string in answers; requests may \
                 send text, a number or a boolean.",
            ))
            .into()
    }
}

impl ToSchema for Scalar {}

impl PartialSchema for MetricValue {
    fn schema() -> RefOr<Schema> {
        let not_finite = ObjectBuilder::new()
            .schema_type(Type::String)
            .enum_values(Some(["NaN", "Infinity", "-Infinity"]));
        OneOfBuilder::new()
            .item(ObjectBuilder::new().schema_type(Type::Number))
            .item(not_finite)
            .description(Some(
                "A measured value; what JSON has no number for is a string.",
            ))
            .into()
    }
}

impl ToSchema for MetricValue {}

impl PartialSchema for SpaceIndex {
    fn schema() -> RefOr<Schema> {
        one_of_types([Type::Integer, Type::String])
            .minimum(Some(0))
            .pattern(Some("^[0-9]+$"))
            .description(Some(
                "The index of a trial in the space of its command, from 0: a number up to 2^53, \
                 which every JSON reader reads exactly; above it a string of digits.",
            ))
            .into()
    }
}

impl ToSchema for SpaceIndex {}

impl PartialSchema for Timestamp {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .description(Some(
                "A time with a zone, as RFC 3339 writes it: in UTC with six decimals in answers \
                 (`2026-11-23T18:49:05.187395Z`).",
            ))
            .into()
    }
}

impl ToSchema for Timestamp {}

impl PartialSchema for ErrorCode {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::Integer)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int32)))
            .enum_values(Some(Self::ALL.map(|code| code as i32)))
            .description(Some("The kind of an error, by gRPC's numbers."))
            .into()
    }
}

impl ToSchema for ErrorCode {}

/// What [`RunSpec::sweep_type`](super::RunSpec::sweep_type) may hold.
pub(super) fn sweep_type() -> Object {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(["grid_search", "random_search", "none"]))
        .build()
}

fn one_of_types<const N: usize>(types: [Type; N]) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(SchemaType::Array(types.to_vec()))
}

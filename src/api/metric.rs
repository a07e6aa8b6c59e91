//! Metrics that trials report.

use std::fmt;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A measured value; NaN and the infinities survive the wire as `"NaN"`, `"Infinity"` and
/// `"-Infinity"`.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct MetricValue(pub f64);

impl Serialize for MetricValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            value if value.is_finite() => serializer.serialize_f64(value),
            value if value.is_nan() => serializer.serialize_str("NaN"),
            value if value > 0.0 => serializer.serialize_str("Infinity"),
            _ => serializer.serialize_str("-Infinity"),
        }
    }
}

impl<'de> Deserialize<'de> for MetricValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MetricVisitor).map(MetricValue)
    }
}

struct MetricVisitor;

impl Visitor<'_> for MetricVisitor {
    type Value = f64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, \"NaN\", \"Infinity\" or \"-Infinity\"")
    }

    fn visit_f64<E>(self, value: f64) -> Result<f64, E> {
        Ok(value)
    }

    fn visit_i64<E>(self, value: i64) -> Result<f64, E> {
        Ok(value as f64)
    }

    fn visit_u64<E>(self, value: u64) -> Result<f64, E> {
        Ok(value as f64)
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<f64, E> {
        match value {
            "NaN" => Ok(f64::NAN),
            "Infinity" => Ok(f64::INFINITY),
            "-Infinity" => Ok(f64::NEG_INFINITY),
            _ => Err(de::Error::invalid_value(de::Unexpected::Str(value), &self)),
        }
    }
}

/// `GET …/experiments/{id}/metrics`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SeriesList {
    /// One per metric, sorted by name.
    pub series: Vec<MetricSeries>,
    /// Lines of the output that look like metrics and were not read, the first twenty.
    #[serde(default)]
    pub unread: Vec<UnreadLine>,
}

/// A line of output that may hold a metric and was not read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UnreadLine {
    /// The line, cut to 300 bytes.
    pub line: String,
    /// Why it was not read, as a sentence.
    pub reason: String,
}

/// One metric of one trial over its steps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MetricSeries {
    /// As the trial wrote it, `val/accuracy`.
    pub name: String,
    /// Points that the trial wrote, whatever the call requested.
    #[serde(default)]
    pub total: u64,
    /// In the order written. Where there are more than the call requested: the first, the last, and
    /// of each of equal intervals between them the smallest, the largest and the first NaN.
    pub points: Vec<MetricPoint>,
}

/// One measurement.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MetricPoint {
    /// The step or epoch that the trial wrote with it or before it; null where it wrote none. Points
    /// that a server stored before it knew absent steps have the number of points before them instead.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub step: Option<f64>,
    /// The value that the trial wrote.
    pub value: MetricValue,
}

//! The parts of TensorBoard's protobuf messages that hold scalars (`tensorboard/compat/proto`:
//! event, summary, tensor, tensor_shape). All other fields are passed over.

use prost::{Message, Oneof};

/// `tensorboard.Event`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Event {
    #[prost(int64, tag = "2")]
    pub(super) step: i64,
    #[prost(oneof = "What", tags = "3, 5")]
    pub(super) what: Option<What>,
}

/// `tensorboard.Event.what`.
#[derive(Clone, PartialEq, Oneof)]
pub(super) enum What {
    /// The first record of each file: `brain.Event:2`.
    #[prost(string, tag = "3")]
    FileVersion(String),
    #[prost(message, tag = "5")]
    Summary(Summary),
}

/// `tensorboard.Summary`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Summary {
    #[prost(message, repeated, tag = "1")]
    pub(super) values: Vec<SummaryValue>,
}

/// `tensorboard.Summary.Value`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct SummaryValue {
    #[prost(string, tag = "1")]
    pub(super) tag: String,
    /// As TensorFlow 1, PyTorch and tensorboardX write scalars.
    #[prost(float, optional, tag = "2")]
    pub(super) simple_value: Option<f32>,
    /// As TensorFlow 2 and Keras write them.
    #[prost(message, optional, boxed, tag = "8")]
    pub(super) tensor: Option<Box<Tensor>>,
    /// May stand at the first value of a tag only.
    #[prost(message, optional, boxed, tag = "9")]
    pub(super) metadata: Option<Box<Metadata>>,
}

/// `tensorboard.SummaryMetadata`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Metadata {
    #[prost(message, optional, tag = "1")]
    pub(super) plugin_data: Option<PluginData>,
}

/// `tensorboard.SummaryMetadata.PluginData`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct PluginData {
    #[prost(string, tag = "1")]
    pub(super) plugin_name: String,
}

/// `tensorboard.TensorProto`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Tensor {
    /// `tensorboard.DataType`.
    #[prost(int32, tag = "1")]
    pub(super) dtype: i32,
    #[prost(message, optional, tag = "2")]
    pub(super) shape: Option<Shape>,
    /// Little-endian.
    #[prost(bytes = "vec", tag = "4")]
    pub(super) content: Vec<u8>,
    #[prost(float, repeated, tag = "5")]
    pub(super) floats: Vec<f32>,
    #[prost(double, repeated, tag = "6")]
    pub(super) doubles: Vec<f64>,
    #[prost(int32, repeated, tag = "7")]
    pub(super) ints: Vec<i32>,
    #[prost(int64, repeated, tag = "10")]
    pub(super) longs: Vec<i64>,
    /// Halves and bfloats, 16 bits each.
    #[prost(int32, repeated, tag = "13")]
    pub(super) halves: Vec<i32>,
}

/// `tensorboard.TensorShapeProto`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Shape {
    #[prost(message, repeated, tag = "2")]
    pub(super) dims: Vec<Dim>,
}

/// `tensorboard.TensorShapeProto.Dim`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Dim {
    #[prost(int64, tag = "1")]
    pub(super) size: i64,
}

const DT_FLOAT: i32 = 1;
const DT_DOUBLE: i32 = 2;
const DT_INT32: i32 = 3;
const DT_INT64: i32 = 9;
const DT_BFLOAT16: i32 = 14;
const DT_HALF: i32 = 19;

impl Tensor {
    /// The number of a tensor that has one.
    pub(super) fn to_scalar(&self) -> Option<f64> {
        let dims = self.shape.iter().flat_map(|shape| &shape.dims);
        if dims.into_iter().any(|dim| dim.size != 1) {
            return None;
        }
        let content = self.content.as_slice();
        match self.dtype {
            DT_FLOAT if content.is_empty() => only(&self.floats).map(shortest),
            DT_FLOAT => content
                .try_into()
                .ok()
                .map(f32::from_le_bytes)
                .map(shortest),
            DT_DOUBLE if content.is_empty() => only(&self.doubles),
            DT_DOUBLE => content.try_into().ok().map(f64::from_le_bytes),
            DT_INT32 if content.is_empty() => only(&self.ints).map(f64::from),
            DT_INT32 => content
                .try_into()
                .ok()
                .map(i32::from_le_bytes)
                .map(f64::from),
            DT_INT64 if content.is_empty() => only(&self.longs).map(|value| value as f64),
            DT_INT64 => content
                .try_into()
                .ok()
                .map(|bytes| i64::from_le_bytes(bytes) as f64),
            DT_HALF => self.sixteen_bits().map(half_to_f64),
            DT_BFLOAT16 => {
                let bits = self.sixteen_bits()?;
                Some(shortest(f32::from_bits(u32::from(bits) << 16)))
            }
            _ => None,
        }
    }

    fn sixteen_bits(&self) -> Option<u16> {
        if self.content.is_empty() {
            only(&self.halves).and_then(|bits| u16::try_from(bits).ok())
        } else {
            self.content
                .as_slice()
                .try_into()
                .ok()
                .map(u16::from_le_bytes)
        }
    }
}

fn only<T: Copy>(values: &[T]) -> Option<T> {
    match values {
        [value] => Some(*value),
        _ => None,
    }
}

/// The number that prints as a float of 32 bits does: 0.1, not 0.10000000149011612.
pub(super) fn shortest(value: f32) -> f64 {
    value.to_string().parse().unwrap_or_else(|_| value.into())
}

/// IEEE 754's binary16, exactly.
fn half_to_f64(bits: u16) -> f64 {
    let (sign, exponent) = (u32::from(bits >> 15) << 31, u32::from(bits >> 10 & 0x1f));
    let fraction = u32::from(bits & 0x3ff);
    let size = match exponent {
        // Subnormal: a multiple of 2^-24.
        0 => return f64::from(fraction) / 16_777_216.0 * if sign == 0 { 1.0 } else { -1.0 },
        0x1f => 0xff << 23 | fraction << 13,
        _ => (exponent + 112) << 23 | fraction << 13,
    };
    f32::from_bits(sign | size).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves() {
        for (bits, value) in [
            (0x0000, 0.0),
            (0x0001, 1.0 / 16_777_216.0),
            (0x3c00, 1.0),
            (0x3555, 0.333_251_953_125),
            (0xc000, -2.0),
            (0x7bff, 65504.0),
            (0x7c00, f64::INFINITY),
        ] {
            assert_eq!(half_to_f64(bits), value, "{bits:x}");
        }
        assert!(half_to_f64(0x7e00).is_nan());
    }

    #[test]
    fn only_one_number_is_a_scalar() {
        let tensor = |floats: &[f32], dims: &[i64]| Tensor {
            dtype: DT_FLOAT,
            shape: Some(Shape {
                dims: dims.iter().map(|size| Dim { size: *size }).collect(),
            }),
            floats: floats.to_vec(),
            ..Tensor::default()
        };
        assert_eq!(tensor(&[0.5], &[]).to_scalar(), Some(0.5));
        assert_eq!(tensor(&[0.5], &[1]).to_scalar(), Some(0.5));
        assert_eq!(tensor(&[0.5], &[3]).to_scalar(), None);
        assert_eq!(tensor(&[0.5, 1.0], &[2]).to_scalar(), None);
        assert_eq!(tensor(&[], &[]).to_scalar(), None);
    }
}

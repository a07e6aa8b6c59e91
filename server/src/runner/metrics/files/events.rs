//! TensorBoard's event files: records with checksums, each of them a protobuf message.
//!
//! A record is its length (8 bytes, little-endian), the masked CRC-32C of these, its data, and the
//! masked CRC-32C of the data. The first one holds the version of the format.

use std::collections::HashSet;

use prost::Message;

use super::event_proto::{Event, SummaryValue, What, shortest};
use super::vocabulary::is_measured;
use crate::model::metric::NewMetricPoint;

/// Longer records hold pictures, histograms or graphs; they are passed over unread.
pub(super) const RECORD_MAX: u64 = 256 << 10;
/// A longer record is a wrong length whose checksum happens to fit.
const LENGTH_MAX: u64 = 1 << 40;
/// Length and checksum.
const HEADER: usize = 12;
/// The checksum behind the data.
const FOOTER: usize = 4;
/// The most tags of one file.
const TAGS_MAX: usize = 1_000;
/// What the version of the format begins with.
const VERSION: &str = "brain.Event:";

/// Reads the records of a file one after the other.
#[derive(Debug, Default)]
pub struct EventsParser {
    /// Tags that the first tensor of each says to be scalars.
    scalars: HashSet<String>,
}

impl EventsParser {
    /// Reads the complete records of `bytes`, and answers with how far to go on: beyond `bytes` where
    /// a record is too long to be read. Stops before one that is damaged. O(length).
    pub fn read(&mut self, bytes: &[u8], points: &mut Vec<NewMetricPoint>) -> u64 {
        let mut at = 0;
        while let Some(length) = bytes.get(at..).and_then(record_length) {
            if length > RECORD_MAX {
                return at as u64 + (HEADER + FOOTER) as u64 + length;
            }
            let start = at + HEADER;
            // At most `RECORD_MAX`.
            let end = start + length as usize;
            let Some(data) = bytes
                .get(start..end)
                .filter(|data| is_intact(data, &bytes[end..]))
            else {
                break;
            };
            at = end + FOOTER;
            self.read_record(data, points);
        }
        at as u64
    }

    fn read_record(&mut self, data: &[u8], points: &mut Vec<NewMetricPoint>) {
        // One that is no event is passed over, as TensorBoard passes over fields that it does not know.
        let Ok(event) = Event::decode(data) else {
            return;
        };
        let Some(What::Summary(summary)) = event.what else {
            return;
        };
        for value in summary.values {
            let Some(number) = self.scalar_of(&value) else {
                continue;
            };
            // Lightning's place holder where nobody has logged a figure for hyperparameters.
            let is_placeholder = value.tag == "hp_metric" && number == -1.0;
            if is_measured(&value.tag) && !is_placeholder {
                points.push(NewMetricPoint {
                    name: value.tag,
                    step: Some(event.step as f64),
                    value: number,
                });
            }
        }
    }

    fn scalar_of(&mut self, value: &SummaryValue) -> Option<f64> {
        if let Some(number) = value.simple_value {
            return Some(shortest(number));
        }
        let metadata = value.metadata.as_ref();
        let plugin = metadata.and_then(|metadata| metadata.plugin_data.as_ref());
        if let Some(plugin) = plugin {
            if plugin.plugin_name != "scalars" {
                self.scalars.remove(&value.tag);
            } else if !self.scalars.contains(&value.tag) && self.scalars.len() < TAGS_MAX {
                self.scalars.insert(value.tag.clone());
            }
        }
        let tensor = value.tensor.as_ref()?;
        let is_scalar = self.scalars.contains(&value.tag);
        is_scalar.then(|| tensor.to_scalar()).flatten()
    }
}

/// The length of the record that begins here; `None` if its header is not whole or damaged.
fn record_length(bytes: &[u8]) -> Option<u64> {
    let header = bytes.get(..HEADER)?;
    let (length, checksum) = header.split_at(8);
    let intact = checksum == masked_crc(length).to_le_bytes();
    let length = u64::from_le_bytes(length.try_into().ok()?);
    (intact && length <= LENGTH_MAX).then_some(length)
}

/// Whether the checksum that stands behind the data fits.
fn is_intact(data: &[u8], behind: &[u8]) -> bool {
    behind.get(..FOOTER) == Some(&masked_crc(data).to_le_bytes())
}

/// TensorFlow's: rotated, since a checksum of data that holds its own checksum is weak.
fn masked_crc(data: &[u8]) -> u32 {
    crc32c::crc32c(data)
        .rotate_right(15)
        .wrapping_add(0xa282_ead8)
}

/// A record of this data, as TensorBoard writes it.
pub fn seal_record(data: &[u8]) -> Vec<u8> {
    let length = (data.len() as u64).to_le_bytes();
    let mut record = length.to_vec();
    record.extend(masked_crc(&length).to_le_bytes());
    record.extend(data);
    record.extend(masked_crc(data).to_le_bytes());
    record
}

/// Whether a file that begins so is one of TensorBoard's.
pub fn is_event_file(head: &[u8]) -> bool {
    let length = record_length(head).filter(|length| *length <= 1024);
    let Some(end) = length.map(|length| HEADER + length as usize) else {
        return false;
    };
    let data = head
        .get(HEADER..end)
        .filter(|data| is_intact(data, &head[end..]));
    let event = data.and_then(|data| Event::decode(data).ok());
    match event.and_then(|event| event.what) {
        Some(What::FileVersion(version)) => version.starts_with(VERSION),
        _ => false,
    }
}

#[cfg(test)]
mod tests;

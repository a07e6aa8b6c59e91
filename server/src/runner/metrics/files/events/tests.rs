//! Files that TensorBoard's own writers wrote, and damaged ones.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use super::*;

fn data() -> PathBuf {
    PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/data/metric_files"
    ))
}

fn read(bytes: &[u8]) -> (Vec<NewMetricPoint>, u64) {
    let mut points = Vec::new();
    let length = EventsParser::default().read(bytes, &mut points);
    (points, length)
}

fn scalar(tag: &str, step: i64, value: f32) -> Vec<u8> {
    use crate::runner::metrics::files::event_proto::Summary;
    let value = SummaryValue {
        tag: tag.to_owned(),
        simple_value: Some(value),
        ..SummaryValue::default()
    };
    let values = vec![value];
    let what = Some(What::Summary(Summary { values }));
    seal_record(&Event { step, what }.encode_to_vec())
}

#[test]
fn all_that_tensorboard_reads_is_read() {
    let expected = fs::read(data().join("events/expected.json")).unwrap();
    let expected: BTreeMap<String, Vec<(String, f64, String)>> =
        serde_json::from_slice(&expected).unwrap();
    assert!(expected.len() >= 6);
    for (file, expected) in expected {
        let bytes = fs::read(data().join(&file)).unwrap();
        assert!(is_event_file(&bytes), "{file}");
        let (points, length) = read(&bytes);
        assert_eq!(length, bytes.len() as u64, "{file}");
        // TensorBoard shows single floats with all digits of their doubles; `repr` is Python's.
        let found: Vec<_> = points
            .iter()
            .map(|point| (point.name.clone(), point.step.unwrap(), point.value as f32))
            .collect();
        let expected: Vec<_> = expected
            .into_iter()
            .map(|(tag, step, value)| (tag, step, value.parse::<f64>().unwrap() as f32))
            .collect();
        assert_eq!(format!("{found:?}"), format!("{expected:?}"), "{file}");
    }
}

#[test]
fn a_double_keeps_its_digits_and_a_float_gets_none() {
    let bytes = fs::read(data().join("events/torch/events.out.tfevents.1")).unwrap();
    let (points, _) = read(&bytes);
    for name in ["double", "new_style"] {
        let point = points.iter().find(|point| point.name == name).unwrap();
        assert_eq!(point.value, 0.1, "{name}");
    }
}

#[test]
fn a_file_that_grows_is_read_as_far_as_it_is_whole() {
    let bytes = fs::read(data().join("events/torch/events.out.tfevents.1")).unwrap();
    let (all, _) = read(&bytes);
    for cut in 0..bytes.len() {
        let mut parser = EventsParser::default();
        let mut points = Vec::new();
        let first = parser.read(&bytes[..cut], &mut points) as usize;
        assert!(first <= cut);
        assert_eq!(format!("{points:?}"), format!("{:?}", &all[..points.len()]));
        parser.read(&bytes[first..], &mut points);
        assert_eq!(points.len(), all.len(), "{cut}");
    }
}

#[test]
fn reading_stops_before_damage() {
    let good = scalar("a", 1, 0.5);
    for place in 0..good.len() {
        let mut bytes = [good.clone(), good.clone(), good.clone()].concat();
        bytes[good.len() + place] ^= 0x10;
        let (points, length) = read(&bytes);
        assert_eq!((points.len(), length), (1, good.len() as u64), "{place}");
    }
}

#[test]
fn long_records_are_passed_over_and_odd_ones_too() {
    let long = seal_record(&vec![0; RECORD_MAX as usize + 1]);
    let bytes = [scalar("a", 1, 0.5), long].concat();
    let (points, length) = read(&bytes[..200]);
    assert_eq!((points.len(), length), (1, bytes.len() as u64));
    let bytes = [
        seal_record(b"no event \xff"),
        seal_record(b""),
        scalar("a", 2, 1.5),
    ]
    .concat();
    assert_eq!(read(&bytes).0.len(), 1);
    // A length beyond all files.
    let mut header = u64::MAX.to_le_bytes().to_vec();
    header.extend(masked_crc(&header).to_le_bytes());
    assert_eq!(read(&header), (Vec::new(), 0));
}

#[test]
fn place_holders_and_long_names_are_left_out() {
    let bytes = [
        scalar("hp_metric", 0, -1.0),
        scalar("hp_metric", 1, 0.5),
        scalar(&"x".repeat(101), 0, 1.0),
        scalar("", 0, 1.0),
        scalar("epoch", 0, 1.0),
        scalar("train/epoch", 0, 1.0),
    ];
    let (points, _) = read(&bytes.concat());
    assert_eq!(points.len(), 1);
    assert_eq!(
        (points[0].name.as_str(), points[0].value),
        ("hp_metric", 0.5)
    );
}

#[test]
fn only_files_of_events_are_taken_for_them() {
    assert!(!is_event_file(b""));
    assert!(!is_event_file(&scalar("a", 1, 0.5)));
    assert!(!is_event_file(&seal_record(b"an example of a data set")));
}

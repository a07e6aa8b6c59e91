//! Any bytes as an event file: what is read does not depend on how they come, and is bounded.

use sweep_server::runner::metrics::files::events::{EventsParser, is_event_file, seal_record};

/// Reads what has come so far, again and again, as the server reads a file that grows.
fn read(bytes: &[u8], cuts: impl Iterator<Item = usize>) -> (String, u64) {
    let (mut parser, mut points, mut at) = (EventsParser::default(), Vec::new(), 0_u64);
    for cut in cuts.chain([bytes.len()]) {
        let Some(new) = usize::try_from(at).ok().and_then(|at| bytes.get(at..cut)) else {
            continue;
        };
        at += parser.read(new, &mut points);
    }
    for point in &points {
        assert!(!point.name.is_empty() && point.name.len() <= 100);
        assert!(point.step.is_some_and(f64::is_finite));
    }
    // No value takes less than three bytes.
    assert!(points.len() <= bytes.len() / 3);
    // As text, in which NaN equals NaN.
    (format!("{points:?}"), at)
}

fn check(bytes: &[u8]) {
    is_event_file(bytes);
    let whole = read(bytes, std::iter::empty());
    assert_eq!(whole, read(bytes, [bytes.len() / 2].into_iter()));
    assert_eq!(whole, read(bytes, (0..bytes.len()).step_by(7)));
}

/// The bytes as a file, and as the data of records whose checksums fit: of one, and of one for each
/// piece between two bytes 255.
pub fn event_file(bytes: &[u8]) {
    check(bytes);
    check(&seal_record(bytes));
    let pieces: Vec<u8> = bytes
        .split(|byte| *byte == 255)
        .flat_map(seal_record)
        .collect();
    check(&pieces);
}

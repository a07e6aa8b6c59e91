//! Any bytes as a table, as JSON lines, and as the state of a Trainer.

use sweep_server::model::metric::NewMetricPoint;
use sweep_server::runner::metrics::files::json_lines::JsonLinesParser;
use sweep_server::runner::metrics::files::table::TableParser;
use sweep_server::runner::metrics::files::trainer_state::read_trainer_state;

/// What was read, as text, in which NaN equals NaN; `None` where it is no curve.
fn read(
    bytes: &[u8],
    cuts: &[usize],
    mut parse: impl FnMut(&[u8], &mut Vec<NewMetricPoint>) -> Option<usize>,
) -> Option<String> {
    let (mut points, mut at) = (Vec::new(), 0);
    for cut in cuts.iter().copied().chain([bytes.len()]) {
        if cut > at {
            let length = parse(&bytes[at..cut], &mut points)?;
            at += length;
            assert!(at <= cut);
        }
    }
    for point in &points {
        assert!(
            !point.name.is_empty() && point.name.len() <= 120,
            "{}",
            point.name
        );
    }
    assert!(points.len() <= bytes.len());
    Some(format!("{points:?}"))
}

/// What is read does not depend on how the bytes come, and is bounded.
pub fn metric_file(bytes: &[u8]) {
    let every: Vec<usize> = (0..bytes.len()).step_by(5).collect();
    for step_optional in [false, true] {
        let table = |cuts: &[usize]| {
            let mut parser = TableParser::new(step_optional);
            read(bytes, cuts, |new, points| parser.read(new, points).ok())
        };
        assert_eq!(table(&[]), table(&every));
    }
    let lines = |cuts: &[usize]| {
        let mut parser = JsonLinesParser::default();
        read(bytes, cuts, |new, points| parser.read(new, points).ok())
    };
    assert_eq!(lines(&[]), lines(&every));
    if let Some(points) = read_trainer_state(bytes) {
        assert!(points.len() <= bytes.len());
    }
}

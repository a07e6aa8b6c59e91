//! Any bytes of a stream: what is read does not depend on how they are cut, and is bounded.

use sweep_planner::api::UnreadLine;
use sweep_server::runner::metrics::lines::LineMetrics;
use sweep_server::runner::metrics::stream::{MetricSink, StreamReader};

#[derive(Default)]
struct Kept(Vec<LineMetrics>);

impl MetricSink for Kept {
    fn metrics(&mut self, measured: LineMetrics) {
        assert!(!measured.values.is_empty());
        for (name, _) in &measured.values {
            assert!(!name.trim().is_empty() && name.len() <= 111, "{name:?}");
            assert!(!name.contains(['\n', '\u{1b}']), "{name:?}");
        }
        self.0.push(measured);
    }

    fn unread(&mut self, line: UnreadLine) {
        assert!(line.line.len() <= 300 && !line.reason.is_empty());
    }
}

fn read<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> String {
    let (mut reader, mut kept) = (StreamReader::default(), Kept::default());
    for piece in pieces {
        reader.push(piece, &mut kept);
    }
    reader.finish(&mut kept);
    // As text, in which NaN equals NaN.
    format!("{:?}", kept.0)
}

/// The bytes of a stream as one piece, in halves, and byte by byte.
pub fn metric_stream(bytes: &[u8]) {
    let whole = read(std::iter::once(bytes));
    let (first, second) = bytes.split_at(bytes.len() / 2);
    assert_eq!(whole, read([first, second].into_iter()));
    assert_eq!(whole, read(bytes.chunks(1)));
}

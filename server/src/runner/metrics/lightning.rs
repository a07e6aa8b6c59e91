//! `metrics.csv` as Lightning's CSVLogger writes it: a header line; `step` and `epoch` columns;
//! a cell is empty where a row does not measure that metric.
//!
//! The grammar is the crate `csv`'s: RFC 4180, and what that forbids is read somehow, since a trial
//! may write anything. A quote within a cell that does not begin with one is a letter like any other;
//! a quote that is never closed reaches to the end. What the caller reads bounds the memory.

use csv::{ReaderBuilder, StringRecord};

use crate::model::metric::NewMetricPoint;

/// Reads all points, row by row. A line that is not yet complete is left out; a cell that is no
/// number is skipped; rows may be shorter or longer than the header. O(length).
pub fn parse_points(text: &str) -> Vec<NewMetricPoint> {
    // What follows the last line end is still being written.
    let complete = text.rfind('\n').map_or("", |end| &text[..=end]);
    let mut records = ReaderBuilder::new()
        .flexible(true)
        .from_reader(complete.as_bytes());
    let Ok(header) = records.headers().cloned() else {
        return Vec::new();
    };
    let column = |name: &str| header.iter().position(|title| title == name);
    let places = [column("step"), column("epoch")];
    let mut points = Vec::new();
    let mut row = StringRecord::new();
    // Neither bytes in memory nor UTF-8 nor the number of cells can fail to be read.
    while records.read_record(&mut row).unwrap_or(false) {
        let step = places
            .iter()
            .flatten()
            .find_map(|place| row.get(*place)?.parse().ok());
        for (place, (name, cell)) in header.iter().zip(&row).enumerate() {
            if places.contains(&Some(place)) || name.is_empty() {
                continue;
            }
            if let Ok(value) = cell.parse() {
                points.push(NewMetricPoint {
                    name: name.to_owned(),
                    step,
                    value,
                });
            }
        }
    }
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(text: &str) -> Vec<(String, Option<f64>, f64)> {
        parse_points(text)
            .into_iter()
            .map(|point| (point.name, point.step, point.value))
            .collect()
    }

    #[test]
    fn lightnings_file() {
        let text = "epoch,step,train_loss,val_acc\n0,49,0.5,\n0,99,,0.75\n1,149,nan,\n1,199,0.2";
        assert_eq!(
            format!("{:?}", points(text)),
            format!(
                "{:?}",
                [
                    ("train_loss", Some(49.0), 0.5),
                    ("val_acc", Some(99.0), 0.75),
                    ("train_loss", Some(149.0), f64::NAN),
                ]
            )
        );
    }

    #[test]
    fn without_a_step_there_is_the_epoch_or_nothing() {
        assert_eq!(points("epoch,a\n3,1\n"), [("a".into(), Some(3.0), 1.0)]);
        assert_eq!(points("a\n1\n"), [("a".into(), None, 1.0)]);
    }

    #[test]
    fn quotes_and_odd_rows() {
        assert_eq!(
            points("\"a,\"\"b\",step\r\n1,2,3\r\n,\r\n5\r\n"),
            [
                ("a,\"b".into(), Some(2.0), 1.0),
                ("a,\"b".into(), None, 5.0),
            ]
        );
        for text in ["", "a", "\n", "a,b\n"] {
            assert!(points(text).is_empty());
        }
    }

    #[test]
    fn a_quote_within_a_cell_is_a_letter() {
        assert_eq!(
            points("5\" pipe,b\n1,2\n"),
            [("5\" pipe".into(), None, 1.0), ("b".into(), None, 2.0)]
        );
        assert_eq!(
            points("a,b\n1\",2\n3,\"4\"\n"),
            [
                ("b".into(), None, 2.0),
                ("a".into(), None, 3.0),
                ("b".into(), None, 4.0)
            ]
        );
    }

    #[test]
    fn a_quoted_name_may_hold_a_line_end() {
        assert_eq!(points("\"a\nb\"\n1\n"), [("a\nb".into(), None, 1.0)]);
    }

    #[test]
    fn hostile_text_costs_its_length_and_no_more() {
        for text in [
            "\"".repeat(100_000) + "\n",
            "a\n\"".to_owned() + &"1\n".repeat(100_000),
            ",".repeat(100_000) + "\n" + &"\n".repeat(100_000),
            "\u{feff}\r\r\n\0,\u{fffd}\n".repeat(10_000),
        ] {
            assert!(points(&text).is_empty(), "{text:.10}");
        }
        // A wide header costs nothing for the rows below it.
        let wide = "a,".repeat(100_000) + "a\n" + &"1\n".repeat(100_000);
        assert_eq!(points(&wide).len(), 100_000);
    }

    #[test]
    fn a_growing_file_gives_a_prefix_of_its_points() {
        let text = "epoch,step,\"a,b\",c\r\n0,1,0.5,\r\n0,2,,-1e-3\r\n1,3,\"7\",inf\r\n";
        let all = points(text);
        assert_eq!(all.len(), 4);
        for end in 0..text.len() {
            let found = points(&text[..end]);
            assert_eq!(found, all[..found.len()], "{end}");
            assert!(end < text.len() - 1 || found.len() == 2);
        }
    }
}

//! `metrics.csv` as Lightning's CSVLogger writes it: a header line; `step` and `epoch` columns;
//! a cell is empty where a row does not measure that metric.

use crate::model::metric::NewPoint;

/// Reads all points, row by row. A line that is not yet complete is left out; a cell that is no
/// number is skipped. O(length).
pub fn read(text: &str) -> Vec<NewPoint> {
    // What follows the last line end is still being written.
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    let mut records = whole.lines().map(record);
    let Some(header) = records.next() else {
        return Vec::new();
    };
    let column = |name: &str| header.iter().position(|title| title == name);
    let places = [column("step"), column("epoch")];
    let mut points = Vec::new();
    for row in records {
        let cell = |place: usize| row.get(place)?.parse::<f64>().ok();
        let step = places.iter().flatten().find_map(|place| cell(*place));
        for (place, name) in header.iter().enumerate() {
            if places.contains(&Some(place)) || name.is_empty() {
                continue;
            }
            if let Some(value) = cell(place) {
                points.push(NewPoint {
                    name: name.clone(),
                    step,
                    value,
                });
            }
        }
    }
    points
}

/// The cells of a line; quotes as RFC 4180 has them (line ends inside quotes are not expected in
/// a list of numbers).
fn record(line: &str) -> Vec<String> {
    let mut cells = Vec::new();
    let mut cell = String::new();
    let mut quoted = false;
    let mut letters = line.trim_end_matches('\r').chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                cell.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(std::mem::take(&mut cell)),
            _ => cell.push(letter),
        }
    }
    cells.push(cell);
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(text: &str) -> Vec<(String, Option<f64>, f64)> {
        read(text)
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
}

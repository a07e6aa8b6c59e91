//! Tables as frameworks write them.

use super::*;

type Points = Vec<(String, Option<f64>, f64)>;

fn read(text: &str, step_optional: bool) -> Result<Points, NotACurve> {
    let mut parser = TableParser::new(step_optional);
    let mut points = Vec::new();
    parser.read(text.as_bytes(), &mut points)?;
    parser.finish(&mut points);
    let point = |point: NewMetricPoint| (point.name, point.step, point.value);
    Ok(points.into_iter().map(point).collect())
}

fn points(text: &str) -> Points {
    read(text, false).unwrap_or_default()
}

fn check(text: &str, expected: &[(&str, f64, f64)]) {
    let found: Vec<_> = read(text, false).unwrap();
    let found: Vec<_> = found
        .iter()
        .map(|(name, step, value)| (name.as_str(), step.unwrap(), *value))
        .collect();
    assert_eq!(format!("{found:?}"), format!("{expected:?}"), "{text}");
}

#[test]
fn lightning_leaves_cells_empty() {
    check(
        "epoch,step,train_loss,val_acc\n0,49,0.5,\n0,49,,0.75\n1,99,nan,\n1,199,0.2",
        &[
            ("train_loss", 49.0, 0.5),
            ("val_acc", 49.0, 0.75),
            ("train_loss", 99.0, f64::NAN),
        ],
    );
}

#[test]
fn blanks_a_mark_and_any_case() {
    check(
        "\u{feff}                  Epoch,         train/box_loss\r\n   1,  1.5\r\n   2,  1.25\r\n",
        &[("train/box_loss", 1.0, 1.5), ("train/box_loss", 2.0, 1.25)],
    );
    check(
        "iter\tLogloss\n0\t0.69\n1\t0.6\n",
        &[("Logloss", 0.0, 0.69), ("Logloss", 1.0, 0.6)],
    );
    check(
        "epoch;loss\n0;1\n1;2\n",
        &[("loss", 0.0, 1.0), ("loss", 1.0, 2.0)],
    );
}

#[test]
fn texts_and_places_are_no_metrics() {
    check(
        "epoch,train_loss,time\n0,0.5,00:01\n1,0.25,00:01\n",
        &[("train_loss", 0.0, 0.5), ("train_loss", 1.0, 0.25)],
    );
    check(
        ",epoch,batch,loss\n0,0,0,1\n1,0,1,2\n2,1,0,3\n",
        &[("loss", 0.0, 1.0), ("loss", 0.0, 2.0), ("loss", 1.0, 3.0)],
    );
    assert_eq!(
        read("iter\tPassed\tRemaining\n0\t1\t9\n1\t2\t8\n", false),
        Err(NotACurve)
    );
}

#[test]
fn parts_of_the_data_are_kept_apart() {
    check(
        "epoch,phase,loss\n1,train,0.5\n1,val,0.6\n2,train,0.4\n2,val,0.7\n",
        &[
            ("train/loss", 1.0, 0.5),
            ("val/loss", 1.0, 0.6),
            ("train/loss", 2.0, 0.4),
            ("val/loss", 2.0, 0.7),
        ],
    );
}

#[test]
fn one_row_counts_at_the_end_only() {
    let mut parser = TableParser::new(false);
    let mut points = Vec::new();
    assert_eq!(parser.read(b"epoch,loss\n0,1\n", &mut points), Ok(15));
    assert!(points.is_empty());
    parser.finish(&mut points);
    assert_eq!(points.len(), 1);
}

#[test]
fn data_sets_are_no_curves() {
    let row = |n: usize| format!("{},{},{}\n", n * 7919 % 1000, n, n * n);
    let shuffled: String = (0..1000).map(row).collect();
    let predictions: String = (0..1000).map(|n| format!("{},0.5,1\n", n / 250)).collect();
    let wide = format!("step{}\n1,2\n", ",x".repeat(COLUMNS_MAX));
    for text in [
        "a,b\n1,2\n3,4\n".to_owned(),
        "1,2\n3,4\n".to_owned(),
        "sepal,petal,species\n5.1,0.2,setosa\n".to_owned(),
        format!("step,x,y\n{shuffled}"),
        format!("epoch,prediction,label\n{predictions}"),
        wide,
    ] {
        assert_eq!(read(&text, false), Err(NotACurve), "{text:.40}");
    }
}

#[test]
fn without_a_step_only_by_name() {
    assert_eq!(read("a\n1\n", true).unwrap(), [("a".into(), None, 1.0)]);
    let lightning = "epoch,step,a\r\n0,1,2\r\n0,2,3\r\n";
    assert_eq!(read(lightning, true), read(lightning, false));
    assert_eq!(read("a\n1\n", false), Err(NotACurve));
}

#[test]
fn quotes_and_odd_rows() {
    check(
        "\"a,\"\"b\",step\r\n1,2,3\r\n,\r\n5\r\n\"6\",7\r\n",
        &[("a,\"b", 7.0, 6.0)],
    );
    // A quote that is never closed ends with its line.
    check(
        "step,a\n1,\"2\n2,3\n3,4\n",
        &[("a", 1.0, 2.0), ("a", 2.0, 3.0), ("a", 3.0, 4.0)],
    );
    check(
        "5\" pipe,step\n1,2\n3,4\n",
        &[("5\" pipe", 2.0, 1.0), ("5\" pipe", 4.0, 3.0)],
    );
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
}

#[test]
fn a_growing_file_gives_a_prefix_of_its_points() {
    let text = "epoch,step,\"a,b\",c\r\n0,1,0.5,\r\n0,2,,-1e-3\r\n1,3,\"7\",inf\r\n";
    let all = points(text);
    assert_eq!(all.len(), 4);
    for cut in 0..text.len() {
        let mut parser = TableParser::new(false);
        let mut found = Vec::new();
        let first = parser.read(&text.as_bytes()[..cut], &mut found).unwrap();
        parser.read(&text.as_bytes()[first..], &mut found).unwrap();
        assert_eq!(found.len(), all.len(), "{cut}");
    }
}

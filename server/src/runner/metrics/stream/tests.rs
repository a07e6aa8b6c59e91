use std::path::Path;

use sweep_planner::api::UnreadLine;

use super::*;

/// Keeps what a stream measures.
#[derive(Default)]
struct Kept {
    lines: Vec<LineMetrics>,
    unread: Vec<UnreadLine>,
}

impl MetricSink for Kept {
    fn metrics(&mut self, measured: LineMetrics) {
        self.lines.push(measured);
    }

    fn unread(&mut self, line: UnreadLine) {
        self.unread.push(line);
    }
}

fn read(text: &str) -> Kept {
    let (mut reader, mut kept) = (StreamReader::default(), Kept::default());
    reader.push(text.as_bytes(), &mut kept);
    reader.finish(&mut kept);
    kept
}

/// All points as `name@step=value`; `-` for no step.
fn points(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in read(text).lines {
        let step = line.step.map_or("-".into(), |step| step.to_string());
        for (name, value) in line.values {
            found.push(format!("{name}@{step}={}", value.0));
        }
    }
    found
}

/// The table of docs/metrics.md.
#[test]
fn the_documented_lines_are_read_as_documented() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/metrics.md");
    let text = std::fs::read_to_string(path).unwrap();
    let (cases, _) = text.split_once("## What was tried").unwrap();
    let (mut rows, mut wrong) = (0, Vec::new());
    for row in cases.lines().filter(|line| line.starts_with("| `")) {
        let row = row.replace("\\|", "\u{0}");
        let mut cells = row.split(" | ").map(|cell| {
            let cell = cell.trim_matches(['|', ' ']).trim_matches('`');
            cell.replace('\u{0}', "|")
                .replace("\\t", "\t")
                .replace("\\n", "\n")
                .replace("\\r", "\r")
                .replace("\\e", "\u{1b}")
        });
        let (printed, expected) = (cells.next().unwrap(), cells.next().unwrap());
        let found = points(&printed).join(" ");
        let found = if found.is_empty() {
            "nothing".to_owned()
        } else {
            found
        };
        if found != expected {
            wrong.push(format!(
                "{printed:?}\n     read {found}\n expected {expected}"
            ));
        }
        rows += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(rows > 60, "{rows}");
}

#[test]
fn what_may_be_a_metric_is_reported() {
    let reasons: Vec<_> = read(&format!(
        "loss=0,5\nloss improved from 0.4 to 0.5\n{}",
        "x".repeat(LINE_MAX + 1)
    ))
    .unread
    .into_iter()
    .map(|unread| unread.line)
    .collect();
    assert_eq!(reasons.len(), 3, "{reasons:?}");
}

/// However the bytes of a stream are cut, the same is read of them.
#[test]
fn pieces_make_no_difference() {
    let text = "epoch 1 loss 0.5\r\nEpoch 2/3\nloss: 0.25\n\r 50%|█  | 1/2 [00:00<00:01, loss=0.9]\r100%|██| 2/2 [00:01, loss=0.8]\nacc: 1";
    let whole = points(text);
    assert_eq!(whole.len(), 4, "{whole:?}");
    for size in 1..text.len() {
        let (mut reader, mut kept) = (StreamReader::default(), Kept::default());
        for piece in text.as_bytes().chunks(size) {
            reader.push(piece, &mut kept);
        }
        reader.finish(&mut kept);
        let found: usize = kept.lines.iter().map(|line| line.values.len()).sum();
        assert_eq!(found, whole.len(), "{size}");
    }
}

/// Long lines of any repeated piece cost their length: the reader has no loop within a loop over
/// the letters of a line, and what is longer than a line may be is not looked at.
#[test]
fn any_bytes_are_survived() {
    let pieces = [
        "(",
        "[",
        "{",
        "a=(",
        "=",
        ":",
        "a:",
        "1,",
        "nan ",
        "é=1 ",
        "\u{1b}[",
        "\u{8}",
        "| a ",
        "'",
        "\"",
        "a b ",
        "epoch ",
        "│",
        "[1]",
        "\r",
        "tensor(",
        "0/",
        "-",
        "{'a': tensor(",
    ];
    for piece in pieces {
        for text in [
            piece.repeat(LINE_MAX / piece.len()),
            piece.repeat(3),
            format!("epoch {}", piece.repeat(40)),
        ] {
            read(&text);
            read(&format!("{text}\n{text}=1\n"));
        }
    }
}

#[test]
fn after_a_flood_of_prose_a_line_with_a_sign_is_still_read() {
    let flood = "nothing to see here\n".repeat(SILENT_LINES_MAX as usize + 1);
    assert_eq!(
        points(&format!("{flood}loss 0.5\nacc=0.9\nloss 0.4\n")),
        ["acc@-=0.9", "loss@-=0.4"]
    );
}

#[test]
fn a_name_with_control_in_it_is_none() {
    assert!(points(r"{'grad\norm': 0.5}").is_empty());
}

use std::path::Path;

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
    let (mut rows, mut wrong) = (0, Vec::new());
    for row in text.lines().filter(|line| line.starts_with("| `")) {
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

/// The cases of frameworks: what is needed, what is read of it, and names that must not be.
#[test]
fn lines_of_frameworks_are_read() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data/framework_lines.json");
    let cases: Cases = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let (mut needed, mut right) = (0, 0);
    for case in cases.cases {
        let mut found: Vec<_> = read(&case.text)
            .lines
            .into_iter()
            .flat_map(|line| {
                line.values
                    .into_iter()
                    .map(move |(name, value)| (name, line.step, value.0))
            })
            .collect();
        for (name, ..) in &found {
            assert!(!case.noise.contains(name), "{}: {name}", case.id);
        }
        for wanted in case.metrics.iter().filter(|wanted| !wanted.optional) {
            needed += 1;
            if let Some(at) = found.iter().position(|point| wanted.fits(point)) {
                found.swap_remove(at);
                right += 1;
            } else {
                println!("{}: {wanted:?} is not read", case.id);
            }
        }
    }
    assert!(
        needed > 500 && right * 100 >= needed * 99,
        "{right} of {needed}"
    );
}

#[derive(serde::Deserialize)]
struct Cases {
    cases: Vec<Case>,
}

#[derive(serde::Deserialize)]
struct Case {
    id: String,
    text: String,
    metrics: Vec<Wanted>,
    #[serde(default)]
    noise: Vec<String>,
}

/// A point that a careful person wants read; the form's README says what the fields mean.
#[derive(Debug, serde::Deserialize)]
struct Wanted {
    name: String,
    step: Option<f64>,
    value: f64,
    #[serde(default)]
    names: Vec<String>,
    steps: Option<Vec<Option<f64>>>,
    #[serde(default)]
    values: Vec<f64>,
    #[serde(default)]
    percent: bool,
    #[serde(default)]
    optional: bool,
}

impl Wanted {
    fn fits(&self, (name, step, value): &(String, Option<f64>, f64)) -> bool {
        let near = |wanted: f64| (wanted - value).abs() <= 1e-6 * wanted.abs().max(1.0);
        let fraction = self.percent && near(self.value / 100.0);
        let steps = self.steps.clone().unwrap_or_else(|| vec![self.step]);
        (self.name == *name || self.names.contains(name))
            && (near(self.value) || fraction || self.values.iter().any(|value| near(*value)))
            && steps
                .iter()
                .any(|wanted| wanted.is_none() || wanted == step)
    }
}

//! Folders as trials leave them, read as they grow.

use std::fs::{self, File};
use std::io::Write;

use tempfile::TempDir;

use super::*;
use crate::data_dir::DataDir;

type Read = Vec<(String, Option<f64>, f64)>;

struct Trial {
    temporary: TempDir,
    folder: TrialFolder,
    files: MetricFiles,
}

impl Trial {
    fn new() -> Self {
        let temporary = tempfile::tempdir().unwrap();
        let folder = TrialFolder::for_attempt(&DataDir::new(temporary.path()), "r", 0, 0);
        fs::create_dir_all(folder.work()).unwrap();
        assert!(folder.claim().unwrap());
        let files = MetricFiles::new(folder.clone());
        Self {
            temporary,
            folder,
            files,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        let path = self.folder.work().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        path
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).unwrap();
        self.touch(name);
    }

    fn append(&self, name: &str, content: &str) {
        let path = self.path(name);
        let mut file = File::options().append(true).open(path).unwrap();
        file.write_all(content.as_bytes()).unwrap();
    }

    /// The clock of the file system is coarse: as if written a little after the claim.
    fn touch(&self, name: &str) {
        let claim = fs::metadata(self.folder.path().join("claim")).unwrap();
        let later = claim.modified().unwrap() + Duration::from_millis(1);
        let file = File::options().write(true).open(self.path(name)).unwrap();
        file.set_modified(later).unwrap();
    }

    /// As if all intervals were over.
    fn read(&mut self, at_end: bool) -> Option<(bool, Read)> {
        let now = Instant::now();
        self.files.next_read = now;
        self.files.next_search = now;
        self.files.next_restart = now;
        let mut found: Option<(bool, Read)> = None;
        loop {
            let Some(read) = self.files.read_new(at_end).unwrap() else {
                return found;
            };
            let points = read.points.into_iter();
            let points = points.map(|point| (point.name, point.step, point.value));
            let all = found.get_or_insert_default();
            if read.replace {
                *all = (true, Vec::new());
            }
            all.1.extend(points);
            if !read.more {
                return found;
            }
        }
    }

    fn names(&mut self) -> Vec<String> {
        let read = self.read(true).unwrap_or_default().1;
        let mut names: Vec<String> = read.into_iter().map(|(name, ..)| name).collect();
        names.sort();
        names.dedup();
        names
    }
}

fn point(name: &str, step: f64, value: f64) -> (String, Option<f64>, f64) {
    (name.to_owned(), Some(step), value)
}

fn data(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/metric_files");
    fs::read(folder.join(name)).unwrap()
}

#[test]
fn a_table_is_read_as_it_grows() {
    let mut trial = Trial::new();
    trial.write("logs/any name.history", "epoch,loss\n0,1\n");
    assert_eq!(trial.read(false), None, "not yet a curve");
    trial.append("logs/any name.history", "1,2\n2,");
    let first = vec![point("loss", 0.0, 1.0), point("loss", 1.0, 2.0)];
    assert_eq!(trial.read(false), Some((true, first)));
    assert_eq!(trial.read(false), None, "unchanged");
    trial.append("logs/any name.history", "3\n");
    assert_eq!(
        trial.read(false),
        Some((false, vec![point("loss", 2.0, 3.0)]))
    );
    assert_eq!(trial.read(true), None);
}

#[test]
fn a_rewritten_or_truncated_file_is_read_anew() {
    let mut trial = Trial::new();
    trial.write("a.csv", "step,a\n1,1\n2,2\n");
    assert_eq!(trial.read(false).unwrap().1.len(), 2);
    trial.write("a.csv", "step,b\n1,5\n2,6\n3,7\n");
    let (replace, points) = trial.read(false).unwrap();
    assert!(replace);
    assert_eq!(points[2], point("b", 3.0, 7.0));
    trial.write("a.csv", "step,b\n1,5\n");
    assert_eq!(trial.read(false), Some((true, Vec::new())));
    assert_eq!(trial.read(true), Some((false, vec![point("b", 1.0, 5.0)])));
}

#[test]
fn a_file_that_turns_out_to_be_no_curve_is_withdrawn() {
    let mut trial = Trial::new();
    trial.write("a.csv", "step,a\n1,1\n2,2\n");
    trial.write("b.csv", "step,b\n1,1\n2,2\n");
    assert_eq!(trial.read(false).unwrap().1.len(), 4);
    let rows: String = (0..50).map(|n| format!("{},1\n", n * 7 % 50)).collect();
    trial.append("a.csv", &rows);
    let (replace, points) = trial.read(false).unwrap();
    assert!(replace);
    assert_eq!(points, [point("b", 1.0, 1.0), point("b", 2.0, 2.0)]);
    assert_eq!(trial.read(true), None);
}

#[test]
fn files_of_the_source_are_left_alone_until_changed() {
    let mut trial = Trial::new();
    trial.write("data.csv", "step,a\n1,1\n2,2\n");
    let file = File::options().write(true).open(trial.path("data.csv"));
    file.unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap();
    assert_eq!(trial.read(true), None);
}

#[test]
fn each_kind_is_found() {
    let mut trial = Trial::new();
    trial.write("results.csv", " Epoch , box_loss \n1, 0.5\n2, 0.4\n");
    trial.write(
        "catboost_info/learn_error.tsv",
        "iter\tLogloss\n0\t0.6\n1\t0.5\n",
    );
    trial.write(
        "catboost_info/test_error.tsv",
        "iter\tLogloss\n0\t0.7\n1\t0.6\n",
    );
    trial.write(
        "catboost_info/time_left.tsv",
        "iter\tPassed\tRemaining\n0\t1\t9\n1\t2\t8\n",
    );
    trial.write(
        "vis/scalars.json",
        "{\"mIoU\": 1, \"step\": 1}\n{\"mIoU\": 2, \"step\": 2}\n",
    );
    let state = |n: u32| {
        let log = |n| format!("{{\"eval_loss\": 0.5, \"step\": {n}}}");
        let logs: Vec<String> = (1..=n).map(log).collect();
        format!("{{\n \"log_history\": [{}]}}", logs.join(",\n"))
    };
    trial.write("out/checkpoint-2/trainer_state.json", state(2));
    trial.write("out/checkpoint-10/trainer_state.json", state(10));
    trial.write(
        "runs/a/events.1",
        data("events/torch/events.out.tfevents.1"),
    );
    trial.write(
        "runs/a/Loss_train/e",
        data("events/torch/Loss_train/events.out.tfevents.2"),
    );
    trial.write(
        "runs/a/Loss_val/e",
        data("events/torch/Loss_val/events.out.tfevents.3"),
    );
    trial.write(
        "logs/train/events.out.tfevents.1",
        data("events/tensorboardx/events.out.tfevents.1"),
    );
    trial.write(
        "logs/validation/events.out.tfevents.1",
        data("events/tensorboardx/events.out.tfevents.1"),
    );
    assert_eq!(
        trial.names(),
        [
            "Loss/train",
            "Loss/val",
            "box_loss",
            "double",
            "eval_loss",
            "learn/Logloss",
            "mIoU",
            "new_style",
            "odd",
            "test/Logloss",
            "train/acc",
            "train/loss",
            "validation/acc",
        ]
    );
}

#[test]
fn the_newest_state_of_a_trainer_goes_on() {
    let mut trial = Trial::new();
    let log = "{\"loss\": 1, \"step\": 1}";
    trial.write(
        "out/checkpoint-1/trainer_state.json",
        format!("{{\"log_history\": [{log}]}}"),
    );
    assert_eq!(
        trial.read(false),
        Some((true, vec![point("loss", 1.0, 1.0)]))
    );
    let more = format!("{{\"log_history\": [{log}, {{\"loss\": 2, \"step\": 2}}]}}");
    trial.write("out/checkpoint-2/trainer_state.json", more);
    let second = File::options()
        .write(true)
        .open(trial.path("out/checkpoint-2/trainer_state.json"));
    let later = SystemTime::now() + Duration::from_secs(60);
    second.unwrap().set_modified(later).unwrap();
    fs::remove_dir_all(trial.path("out/checkpoint-1")).unwrap();
    assert_eq!(
        trial.read(true),
        Some((false, vec![point("loss", 2.0, 2.0)]))
    );
}

#[test]
fn what_was_not_stored_is_read_again() {
    let mut trial = Trial::new();
    trial.write("a.csv", "step,a\n1,1\n2,2\n");
    let all = trial.read(true);
    assert_eq!(trial.read(true), None);
    trial.files.rewind();
    assert_eq!(trial.read(true), all);
    assert!(all.unwrap().0, "replaces what another server has read");
}

#[test]
fn a_data_set_written_at_once_is_no_curve() {
    let mut trial = Trial::new();
    let rows: String = (0..600_000).map(|n| format!("{n},0.5\n")).collect();
    assert!(rows.len() as u64 > 4 << 20);
    trial.write("data.csv", format!("step,x\n{rows}"));
    assert_eq!(trial.read(false), None);
    // Unless lines are added to it.
    trial.append("data.csv", "600000,1\n");
    assert_eq!(trial.read(true).unwrap().1.len(), 600_001);
}

#[test]
fn so_many_files_and_no_more() {
    let mut trial = Trial::new();
    for n in 0..2 * FILES_MAX {
        trial.write(&format!("{n}.csv"), format!("step,m{n}\n1,1\n2,2\n"));
    }
    assert_eq!(trial.names().len(), FILES_MAX);
}

#[test]
#[cfg(target_os = "linux")]
fn a_file_that_becomes_a_pipe_or_a_link_is_left_alone() {
    for link in [false, true] {
        let mut trial = Trial::new();
        let path = trial.path("a.csv");
        trial.write("a.csv", "step,a\n1,1\n2,2\n");
        assert!(trial.read(false).is_some());
        let other = trial.temporary.path().join("other.csv");
        fs::write(&other, "step,a\n1,8\n2,9\n3,9\n").unwrap();
        for name in ["a.csv", "b.csv"] {
            let path = path.with_file_name(name);
            let _ = fs::remove_file(&path);
            if link {
                std::os::unix::fs::symlink(&other, &path).unwrap();
            } else {
                let (pipe, mode) = (rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU);
                rustix::fs::mknodat(rustix::fs::CWD, &path, pipe, mode, 0).unwrap();
            }
        }
        assert_eq!(trial.read(true), None);
    }
}

/// `loss@3=0.5` for each point.
fn points_as_text(points: &Read) -> String {
    let point = |(name, step, value): &(String, Option<f64>, f64)| {
        let step = step.map_or("-".to_owned(), |step| step.to_string());
        format!("{name}@{step}={value}")
    };
    points.iter().map(point).collect::<Vec<_>>().join(" ")
}

#[test]
fn the_table_of_the_docs_is_true() {
    let docs = include_str!("../../../../../docs/metric-files.md");
    let rows = docs.lines().filter_map(|line| line.strip_prefix("| `"));
    let rows: Vec<_> = rows
        .map(|row| row.split(" | ").collect::<Vec<_>>())
        .filter(|cells| cells.len() == 3 && cells[1].starts_with('`'))
        .collect();
    assert!(rows.len() >= 14, "{}", rows.len());
    for cells in rows {
        let name = cells[0].trim_matches('`');
        let content = cells[1].trim_matches('`').replace("\\n", "\n");
        let mut trial = Trial::new();
        trial.write(name, content.replace("\\t", "\t"));
        let read = points_as_text(&trial.read(true).unwrap_or_default().1);
        let expected = cells[2].trim_end_matches(" |");
        let expected = match expected.strip_prefix('`') {
            Some(points) => points.split('`').next().unwrap_or_default(),
            None => "",
        };
        assert_eq!(read, expected, "{name}");
    }
}

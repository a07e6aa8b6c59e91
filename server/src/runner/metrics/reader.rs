//! Reads the metrics that a trial has written since the last poll.

use std::io::{self, Read, Seek, SeekFrom};

use super::files::MetricFiles;
use super::lines::{LineMetrics, NAME_MAX};
use crate::model::metric::{MetricSource, NewMetricPoint, NewMetricPoints};
use crate::runner::protocol::{METRICS_MAX, TrialFolder, is_unusable};

/// The most bytes of metrics read in one poll; the next one goes on.
const CHUNK: u64 = 1 << 20;
/// The most points of output that one poll takes over of all trials together, since they are stored
/// in one transaction, for which every other change waits.
const POINTS_PER_POLL_MAX: usize = 20_000;
/// What each trial may add to that at least, however many there are.
const POINTS_PER_TRIAL_MIN: usize = 1_000;

/// The metrics read in one poll.
#[derive(Debug)]
pub struct NewMetrics {
    /// To be stored.
    pub points: Vec<NewMetricPoints>,
    /// Whether the next poll will find more without waiting.
    pub more: bool,
}

/// Reads the metrics of one trial, each once.
#[derive(Debug)]
pub struct MetricsReader {
    folder: TrialFolder,
    run: i64,
    number: u32,
    read_to: u64,
    /// How far is stored.
    stored_to: u64,
    /// From so many points on, the rest of the output is left to the next poll.
    most_points: usize,
    files: MetricFiles,
}

impl MetricsReader {
    /// Goes on at `read_to`, the place stored with the last points.
    pub fn new(folder: TrialFolder, run: i64, number: u32, read_to: u64) -> Self {
        Self {
            files: MetricFiles::new(folder.clone()),
            folder,
            run,
            number,
            read_to,
            stored_to: read_to,
            most_points: POINTS_PER_POLL_MAX,
        }
    }

    /// Shares the points of a poll among so many trials.
    pub fn share_points(&mut self, trials: usize) {
        let share = POINTS_PER_POLL_MAX / trials.max(1);
        self.most_points = share.max(POINTS_PER_TRIAL_MIN);
    }

    /// Reads what is new, at most some megabytes. With `all`, when the trial has ended, files are
    /// read without waiting for their interval.
    pub fn read_new(&mut self, all: bool) -> io::Result<NewMetrics> {
        let (output, mut more) = self.read_output_metrics()?;
        let mut points = Vec::from_iter(output);
        if !more {
            match self.files.read_new(all) {
                Ok(None) => {}
                Ok(Some(read)) => {
                    more = read.more;
                    if read.replace || !read.points.is_empty() {
                        points.push(NewMetricPoints {
                            run: self.run,
                            number: self.number,
                            source: MetricSource::File,
                            read_to: None,
                            replace: read.replace,
                            points: read.points,
                        });
                    }
                }
                // The points of standard output are read already and must not be lost.
                Err(error) => {
                    let folder = self.folder.path().display();
                    tracing::warn!(%folder, %error, "files of metrics cannot be read");
                }
            }
        }
        Ok(NewMetrics { points, more })
    }

    /// Marks what was read as stored.
    pub fn mark_stored(&mut self) {
        self.stored_to = self.read_to;
    }

    /// Rewinds to what is stored: the rest is read again.
    pub fn rewind(&mut self) {
        self.read_to = self.stored_to;
        self.files.rewind();
    }

    /// The next points, and whether there are more.
    fn read_output_metrics(&mut self) -> io::Result<(Option<NewMetricPoints>, bool)> {
        let mut file = match self.folder.open_metrics() {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound || is_unusable(&error) => {
                return Ok((None, false));
            }
            Err(error) => return Err(error),
        };
        file.seek(SeekFrom::Start(self.read_to))?;
        let mut bytes = Vec::new();
        // A supervisor writes no more: the rest is the trial's own.
        let most = CHUNK.min(METRICS_MAX.saturating_sub(self.read_to));
        file.take(most).read_to_end(&mut bytes)?;
        let mut more = bytes.len() as u64 == CHUNK;
        let Some(last) = bytes.iter().rposition(|byte| *byte == b'\n') else {
            return Ok((None, false));
        };
        let mut points = Vec::new();
        let mut end = 0;
        for line in bytes[..last].split(|byte| *byte == b'\n') {
            if points.len() >= self.most_points {
                more = true;
                break;
            }
            end += line.len() as u64 + 1;
            // The supervisor writes whole lines; one torn by a full disk is left out.
            let Ok(measured) = serde_json::from_slice::<LineMetrics>(line) else {
                continue;
            };
            points.extend(
                measured
                    .values
                    .into_iter()
                    .filter(|(name, _)| name.len() <= NAME_MAX)
                    .map(|(name, value)| NewMetricPoint {
                        name,
                        step: measured.step,
                        value: value.0,
                    }),
            );
        }
        self.read_to += end;
        let new = NewMetricPoints {
            run: self.run,
            number: self.number,
            source: MetricSource::Output,
            read_to: Some(self.read_to),
            replace: false,
            points,
        };
        Ok((Some(new), more))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::data_dir::DataDir;

    fn setup() -> (tempfile::TempDir, TrialFolder, MetricsReader) {
        let temporary = tempfile::tempdir().unwrap();
        let folder = TrialFolder::for_attempt(&DataDir::new(temporary.path()), "r", 0, 0);
        fs::create_dir_all(folder.work()).unwrap();
        let reader = MetricsReader::new(folder.clone(), 1, 0, 0);
        (temporary, folder, reader)
    }

    fn values(found: &[NewMetricPoints]) -> Vec<f64> {
        found
            .iter()
            .flat_map(|all| &all.points)
            .map(|point| point.value)
            .collect()
    }

    #[test]
    fn output_is_read_once_and_only_whole_lines() {
        let (_temporary, folder, mut reader) = setup();
        assert!(reader.read_new(true).unwrap().points.is_empty());
        let line = r#"{"step":1.0,"values":[["a",0.5]]}"#;
        fs::write(
            folder.path().join("metrics.jsonl"),
            format!("{line}\n{{\"step\""),
        )
        .unwrap();
        let found = reader.read_new(false).unwrap().points;
        assert_eq!(values(&found), [0.5]);
        assert_eq!(found[0].read_to, Some(line.len() as u64 + 1));
        assert!(reader.read_new(true).unwrap().points.is_empty());
        reader.rewind();
        assert_eq!(
            values(&reader.read_new(true).unwrap().points),
            [0.5],
            "again"
        );
        reader.mark_stored();
        reader.rewind();
        assert!(reader.read_new(true).unwrap().points.is_empty());
    }

    /// Reads all of a trial that shares its polls with so many; how many points and polls there were,
    /// and the most points of one.
    fn read_all(reader: &mut MetricsReader, trials: usize) -> (usize, usize, usize) {
        let (mut found, mut polls, mut most) = (0, 0, 0);
        reader.share_points(trials);
        loop {
            let gathered = reader.read_new(true).unwrap();
            let points = values(&gathered.points).len();
            (found, polls, most) = (found + points, polls + 1, most.max(points));
            if !gathered.more {
                return (found, polls, most);
            }
        }
    }

    #[test]
    fn much_is_read_piece_by_piece() {
        let (_temporary, folder, mut reader) = setup();
        // Of the first ones a mebibyte is read at once, of the last ones no more than the most points.
        let long = format!(
            "{{\"step\":1.0,\"values\":[[\"{}\",0.5]]}}\n",
            "a".repeat(100)
        );
        let short = "{\"step\":1.0,\"values\":[[\"a\",0.5]]}\n";
        let content = long.repeat(12_000) + &short.repeat(50_000);
        fs::write(folder.path().join("metrics.jsonl"), content).unwrap();
        assert_eq!(read_all(&mut reader, 1), (62_000, 4, POINTS_PER_POLL_MAX));
        for (trials, most) in [(2, POINTS_PER_POLL_MAX / 2), (500, POINTS_PER_TRIAL_MIN)] {
            let mut reader = MetricsReader::new(folder.clone(), 1, 0, 0);
            let (found, _, largest) = read_all(&mut reader, trials);
            assert_eq!((found, largest), (62_000, most));
        }
    }

    #[test]
    fn a_poll_that_is_not_stored_is_read_again_from_where_it_began() {
        let (_temporary, folder, mut reader) = setup();
        let lines =
            (0..3_000).map(|number| format!("{{\"step\":1.0,\"values\":[[\"a\",{number}.0]]}}\n"));
        fs::write(
            folder.path().join("metrics.jsonl"),
            lines.collect::<String>(),
        )
        .unwrap();
        reader.share_points(usize::MAX);
        let first = |reader: &mut MetricsReader| values(&reader.read_new(true).unwrap().points)[0];
        assert_eq!(first(&mut reader), 0.0);
        reader.mark_stored();
        assert_eq!(first(&mut reader), 1_000.0);
        reader.rewind();
        assert_eq!(first(&mut reader), 1_000.0);
    }

    #[test]
    fn points_of_the_output_outlive_files_that_cannot_be_read() {
        let (_temporary, folder, mut reader) = setup();
        fs::write(
            folder.path().join("metrics.jsonl"),
            "{\"step\":1.0,\"values\":[[\"a\",0.5]]}\n",
        )
        .unwrap();
        // Nobody can tell when it started: its files cannot be looked for.
        std::os::unix::fs::symlink("claim", folder.path().join("claim")).unwrap();
        assert!(reader.files.read_new(true).unwrap().is_none());
        assert_eq!(values(&reader.read_new(true).unwrap().points), [0.5]);
    }

    proptest::proptest! {
        #[test]
        fn whatever_a_trial_writes_is_read_or_left_out(
            bytes in proptest::collection::vec(0_u8.., 0..300),
            lines in proptest::collection::vec(
                proptest::sample::select(vec![
                    r#"{"step":1.0,"values":[["a",0.5]]}"#,
                    r#"{"step":1e999,"values":[["a",0.5]]}"#,
                    r#"{"step":null,"values":[["",null],[7,0.5]]}"#,
                    r#"{"step":null,"values":[["a","Infinity"]]}"#,
                    "[[[[[[[[",
                    "",
                ]),
                0..9,
            ),
        ) {
            let (_temporary, folder, mut reader) = setup();
            let mut content = lines.join("\n").into_bytes();
            content.extend_from_slice(&bytes);
            fs::write(folder.path().join("metrics.jsonl"), &content).unwrap();
            fs::write(folder.path().join("unread.json"), &content).unwrap();
            crate::runner::metrics::unread::read_unread(&folder);
            let read = reader.read_new(true).unwrap();
            for point in read.points.iter().flat_map(|all| &all.points) {
                proptest::prop_assert!(point.name.len() <= NAME_MAX);
            }
            proptest::prop_assert!(reader.read_to <= content.len() as u64);
        }
    }
}

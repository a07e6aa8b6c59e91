//! Reads the metrics that a trial has written since the last poll.

use std::fs::{self, File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use super::lightning;
use super::lines::LineMetrics;
use crate::model::metric::{MetricSource, NewMetricPoint, NewMetricPoints};
use crate::runner::protocol::TrialFolder;
use crate::sources::{Walk, open_below};

/// The most bytes of metrics read in one poll; the next one goes on.
const CHUNK: u64 = 1 << 20;
/// The largest `metrics.csv` that is read.
const CSV_MAX: u64 = 64 << 20;
/// How often a running trial's folder is searched for a `metrics.csv`.
const SEARCH_INTERVAL: Duration = Duration::from_secs(5);
/// A file that changes is read again at most every so often, and less often the larger it is.
const REREAD_INTERVAL: Duration = Duration::from_secs(2);
/// Bytes of `metrics.csv` that may be read again per second.
const REREAD_BYTES_PER_SECOND: u64 = 500_000;
/// How many files and folders are looked at, and how deep.
const ENTRIES_MAX: usize = 20_000;
const DEPTH_MAX: usize = 8;

/// The name of Lightning's file.
const CSV_NAME: &str = "metrics.csv";

/// The metrics read in one poll.
#[derive(Debug)]
pub struct NewMetrics {
    /// To be stored.
    pub points: Vec<NewMetricPoints>,
    /// Whether the next poll will find more of standard output's metrics without waiting.
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
    csv: Option<PathBuf>,
    csv_state: Option<(SystemTime, u64)>,
    next_search: Instant,
    next_csv_read: Instant,
}

impl MetricsReader {
    /// Goes on at `read_to`, the place stored with the last points.
    pub fn new(folder: TrialFolder, run: i64, number: u32, read_to: u64) -> Self {
        let now = Instant::now();
        Self {
            folder,
            run,
            number,
            read_to,
            stored_to: read_to,
            csv: None,
            csv_state: None,
            next_search: now + SEARCH_INTERVAL,
            next_csv_read: now,
        }
    }

    /// Reads what is new, at most 1 MiB of standard output's. With `all`, when the trial has ended,
    /// `metrics.csv` is read without waiting for its interval.
    pub fn read_new(&mut self, all: bool) -> io::Result<NewMetrics> {
        let (output, more) = self.read_output_metrics()?;
        let mut points = Vec::from_iter(output);
        if !more {
            match self.read_csv_metrics(all) {
                Ok(read) => points.extend(read),
                // The points of standard output are read already and must not be lost.
                Err(error) => {
                    let folder = self.folder.path().display();
                    tracing::warn!(%folder, %error, "a metrics.csv cannot be read");
                    self.csv = None;
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
        self.csv_state = None;
        self.next_csv_read = Instant::now();
    }

    /// The next points, and whether there are more.
    fn read_output_metrics(&mut self) -> io::Result<(Option<NewMetricPoints>, bool)> {
        let mut file = match File::open(self.folder.metrics()) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((None, false)),
            Err(error) => return Err(error),
        };
        file.seek(SeekFrom::Start(self.read_to))?;
        let mut bytes = Vec::new();
        file.take(CHUNK).read_to_end(&mut bytes)?;
        let more = bytes.len() as u64 == CHUNK;
        let Some(end) = bytes.iter().rposition(|byte| *byte == b'\n') else {
            return Ok((None, false));
        };
        let mut points = Vec::new();
        for line in bytes[..end].split(|byte| *byte == b'\n') {
            // The supervisor writes whole lines; one torn by a full disk is left out.
            let Ok(measured) = serde_json::from_slice::<LineMetrics>(line) else {
                continue;
            };
            points.extend(
                measured
                    .values
                    .into_iter()
                    .map(|(name, value)| NewMetricPoint {
                        name,
                        step: measured.step,
                        value: value.0,
                    }),
            );
        }
        self.read_to += end as u64 + 1;
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

    fn read_csv_metrics(&mut self, all: bool) -> io::Result<Option<NewMetricPoints>> {
        let now = Instant::now();
        if all || (self.csv.is_none() && now >= self.next_search) {
            self.next_search = now + SEARCH_INTERVAL;
            self.csv = self.find_csv()?;
        }
        let due = all || now >= self.next_csv_read;
        let Some(path) = self.csv.as_ref().filter(|_| due) else {
            return Ok(None);
        };
        // By now it may be another file than the one that was found, or none.
        let mut file = match open_below(&self.folder.work(), path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let meta = file.metadata()?;
        let state = (meta.modified()?, meta.len());
        if self.csv_state == Some(state) || state.1 > CSV_MAX {
            return Ok(None);
        }
        let mut bytes = Vec::new();
        (&mut file).take(CSV_MAX).read_to_end(&mut bytes)?;
        let points = lightning::parse_points(&String::from_utf8_lossy(&bytes));
        self.csv_state = Some(state);
        self.next_csv_read =
            now + REREAD_INTERVAL + Duration::from_secs(state.1 / REREAD_BYTES_PER_SECOND);
        let (run, number) = (self.run, self.number);
        Ok(Some(NewMetricPoints {
            run,
            number,
            source: MetricSource::File,
            read_to: None,
            replace: true,
            points,
        }))
    }

    /// The `metrics.csv` below the trial's folder that was written last, and by the trial: not
    /// one that lay in the source already. Relative to `work`.
    fn find_csv(&self) -> io::Result<Option<PathBuf>> {
        let Some(claim) = metadata_if_exists(&self.folder.claim_file())? else {
            return Ok(None);
        };
        let since = claim.modified()?;
        let work = self.folder.work();
        let mut best: Option<(SystemTime, PathBuf)> = None;
        for entry in Walk::new(&work, ENTRIES_MAX, DEPTH_MAX) {
            let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
            if is_file && entry.file_name() == CSV_NAME {
                let Ok(modified) = entry.metadata().and_then(|meta| meta.modified()) else {
                    continue;
                };
                let later = best.as_ref().is_none_or(|(best, _)| modified > *best);
                if modified >= since && later {
                    best = Some((modified, entry.path()));
                }
            }
        }
        Ok(best.and_then(|(_, path)| Some(path.strip_prefix(work).ok()?.to_owned())))
    }
}

fn metadata_if_exists(path: &Path) -> io::Result<Option<Metadata>> {
    match fs::metadata(path) {
        Ok(meta) => Ok(Some(meta)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data_dir::DataDir;

    fn setup() -> (tempfile::TempDir, TrialFolder, MetricsReader) {
        let temporary = tempfile::tempdir().unwrap();
        let folder = TrialFolder::for_attempt(&DataDir::new(temporary.path()), "r", 0, 0);
        fs::create_dir_all(folder.work().join("lightning_logs/version_0")).unwrap();
        let reader = MetricsReader::new(folder.clone(), 1, 0, 0);
        (temporary, folder, reader)
    }

    /// Writes a file as if so long after the trial was claimed.
    fn write_after_claim(folder: &TrialFolder, file: &Path, content: &str, after: Duration) {
        fs::write(file, content).unwrap();
        let claim = fs::metadata(folder.path().join("claim")).unwrap();
        let modified = claim.modified().unwrap() + after;
        let file = File::options().write(true).open(file).unwrap();
        file.set_modified(modified).unwrap();
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
        fs::write(folder.metrics(), format!("{line}\n{{\"step\"")).unwrap();
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

    #[test]
    fn much_is_read_piece_by_piece() {
        let (_temporary, folder, mut reader) = setup();
        let line = "{\"step\":1.0,\"values\":[[\"a\",0.5]]}\n";
        let lines = 5 * (CHUNK as usize / 2) / line.len();
        fs::write(folder.metrics(), line.repeat(lines)).unwrap();
        let (mut found, mut looks) = (0, 0);
        loop {
            let gathered = reader.read_new(true).unwrap();
            found += values(&gathered.points).len();
            looks += 1;
            if !gathered.more {
                break;
            }
        }
        assert_eq!((found, looks), (lines, 3));
    }

    #[test]
    fn the_csv_that_the_trial_wrote_is_found() {
        let (_temporary, folder, mut reader) = setup();
        let csv = folder.work().join("lightning_logs/version_0/metrics.csv");
        assert!(folder.claim().unwrap());
        fs::write(&csv, "step,a\n0,1\n").unwrap();
        let source = File::options().write(true).open(&csv).unwrap();
        source.set_modified(SystemTime::UNIX_EPOCH).unwrap();
        assert!(
            reader.read_new(true).unwrap().points.is_empty(),
            "lay in the source"
        );
        write_after_claim(&folder, &csv, "step,a\n0,2\n", Duration::from_millis(1));
        let found = reader.read_new(true).unwrap().points;
        assert_eq!(
            (values(&found), found[0].source),
            (vec![2.0], MetricSource::File)
        );
        assert!(
            reader.read_new(true).unwrap().points.is_empty(),
            "unchanged"
        );
    }

    #[test]
    fn points_of_the_output_outlive_an_unreadable_csv() {
        let (_temporary, folder, mut reader) = setup();
        fs::write(
            folder.metrics(),
            "{\"step\":1.0,\"values\":[[\"a\",0.5]]}\n",
        )
        .unwrap();
        // Nobody can tell when it started: its files cannot be looked for.
        std::os::unix::fs::symlink("claim", folder.path().join("claim")).unwrap();
        assert!(reader.find_csv().is_err());
        assert_eq!(values(&reader.read_new(true).unwrap().points), [0.5]);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_csv_that_becomes_a_pipe_or_a_link_is_left_alone() {
        let (temporary, folder, mut reader) = setup();
        let csv = folder.work().join("lightning_logs/version_0/metrics.csv");
        let other = temporary.path().join("other");
        assert!(folder.claim().unwrap());
        for content in ["step,a\n0,2\n", "step,a\n0,2\n1,3\n"] {
            write_after_claim(&folder, &csv, content, Duration::from_millis(1));
            fs::write(&other, "step,a\n0,7\n").unwrap();
            assert!(!reader.read_new(true).unwrap().points.is_empty());
            fs::remove_file(&csv).unwrap();
            if content.contains('3') {
                std::os::unix::fs::symlink(&other, &csv).unwrap();
            } else {
                let (pipe, mode) = (rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU);
                rustix::fs::mknodat(rustix::fs::CWD, &csv, pipe, mode, 0).unwrap();
            }
            reader.next_csv_read = Instant::now();
            assert!(reader.read_new(false).unwrap().points.is_empty());
            fs::remove_file(&csv).unwrap();
        }
    }
}

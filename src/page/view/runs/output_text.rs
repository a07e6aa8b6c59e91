//! A trial's output as far as it has been read: pure.

use crate::api::{ExperimentState, LogPage, TrialRow};
use crate::page::format::format_count;
use crate::terminal::{Terminal, find_error};

/// What a server's message begins with where a trial was ended by its time limit.
const TIMED_OUT: &str = "its time was up";
const SIGKILL: i32 = 9;

/// The part of an output that has been read.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct OutputText {
    /// What a terminal would show of it.
    pub(super) terminal: Terminal,
    /// How often text was added.
    pub(super) changes: usize,
    /// Bytes before the first that was read.
    skipped: u64,
    /// The output's length in bytes.
    size: u64,
    /// Bytes that the server did not store, beyond its limit for one trial.
    dropped: u64,
    download_url: String,
    /// Whether the trial has ended and all of its output has been read.
    pub(super) ended: bool,
    pub(super) failure: Option<String>,
    /// Whether an answer has arrived.
    begun: bool,
}

impl OutputText {
    pub(super) fn append(&mut self, page: LogPage) {
        let mut text = page.text.as_str();
        if !self.begun {
            self.begun = true;
            self.skipped = page.offset;
            // The first line is one without its beginning, and perhaps half an escape sequence.
            if page.offset > 0
                && let Some((_, whole)) = text.split_once('\n')
            {
                text = whole;
            }
        }
        if !text.is_empty() {
            self.terminal.write(text);
            self.changes += 1;
        }
        self.size = page.size;
        self.dropped = page.dropped;
        self.download_url = page.download_url;
        self.ended = page.ended && page.next_offset >= page.size;
        self.failure = None;
    }

    pub(super) fn status(&self) -> String {
        match (&self.failure, self.begun, self.ended) {
            (Some(failure), ..) => failure.clone(),
            (None, false, _) => "Reading…".to_owned(),
            (None, true, false) => "Live".to_owned(),
            (None, true, true) if self.size == 0 => "The trial ended and wrote nothing.".to_owned(),
            (None, true, true) => "Complete".to_owned(),
        }
    }

    /// What of the output is not shown; empty where all is.
    pub(super) fn cut(&self) -> String {
        let mut words = String::new();
        if self.skipped > 0 || self.terminal.has_dropped() {
            let size = format_count(self.size.into());
            words = ["Only the end of ", &size, " bytes is shown."].concat();
        }
        if self.dropped > 0 {
            if !words.is_empty() {
                words.push(' ');
            }
            words += &format_count(self.dropped.into());
            words += " bytes beyond the server's limit were not kept.";
        }
        words
    }

    /// Where the bytes themselves are, for a page that reaches the API at `api`; empty where there are
    /// none. The server's own address of them may lack what a proxy in between adds, `https` for one.
    pub(super) fn download_address(&self, api: &str) -> String {
        match self.download_url.find("/v1/") {
            Some(path) => [api, &self.download_url[path..]].concat(),
            None => String::new(),
        }
    }

    /// The error that the output of a failed trial ends with, if one is found, and how it ended; empty
    /// while there is more to read.
    pub(super) fn cause(&self, row: &TrialRow) -> Vec<String> {
        if row.state != ExperimentState::Failed || !self.ended {
            return Vec::new();
        }
        let mut ending = ["Failed: ", &row.message].concat();
        let timed_out = row.message.starts_with(TIMED_OUT);
        let killed = row.signal == Some(SIGKILL);
        if killed && !timed_out {
            ending += ". Perhaps the machine, or the trial's share of it, was out of memory.";
        }
        // A program that is ended from outside may report an error only because of that.
        let own = !timed_out && !killed;
        let error = own.then(|| find_error(&self.terminal.last_text()));
        error.flatten().into_iter().chain([ending]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    fn page(text: &str, offset: u64, ended: bool) -> LogPage {
        let next_offset = offset + text.len() as u64;
        LogPage {
            text: text.to_owned(),
            offset,
            next_offset,
            size: next_offset,
            ended,
            dropped: 0,
            download_url: "http://127.0.0.1:80/v1/core/c/experiments/e/output.log?x".to_owned(),
        }
    }

    fn failed(message: &str, signal: Option<i32>) -> TrialRow {
        serde_json::from_value(serde_json::json!({
            "id": "x", "name": "x", "number": 0, "index": 0, "signal": signal,
            "state": ExperimentState::Failed, "message": message,
        }))
        .unwrap()
    }

    #[test]
    fn an_output_that_is_read_from_its_middle_begins_with_a_whole_line() {
        let mut read = OutputText::default();
        read.append(page("1mhalf\nwhole \x1b[3", 100, false));
        read.append(page("1mred", 119, true));
        let pieces = read.terminal.rest();
        let texts: Vec<&str> = pieces.iter().map(|piece| piece.text.as_str()).collect();
        assert_eq!(texts, ["whole ", "red"]);
        assert_eq!(read.cut(), "Only the end of 124 bytes is shown.");
        assert_eq!(read.status(), "Complete");
    }

    #[test]
    fn the_bytes_are_where_the_page_reaches_the_api() {
        let mut read = OutputText::default();
        assert_eq!(read.download_address(""), "");
        read.append(page("x", 0, true));
        let path = "/v1/core/c/experiments/e/output.log?x";
        assert_eq!(read.download_address(""), path);
        let address = read.download_address("https://api.example");
        assert_eq!(address, ["https://api.example", path].concat());
    }

    #[test]
    fn a_failed_trial_has_a_cause() {
        let mut read = OutputText::default();
        read.append(page(
            "epoch 1\nTraceback (most recent call last):\n",
            0,
            false,
        ));
        assert!(read.cause(&failed("exit status 1", None)).is_empty());
        read.append(page(
            "  x\nValueError: \x1b[31mloss is nan\x1b[0m\n",
            41,
            true,
        ));
        for (message, signal, expected) in [
            (
                "exit status 1",
                None,
                &["ValueError: loss is nan", "Failed: exit status 1"][..],
            ),
            (
                "ended by signal 9 (SIGKILL)",
                Some(9),
                &[
                    "Failed: ended by signal 9 (SIGKILL). Perhaps the machine, or the trial's share \
                     of it, was out of memory.",
                ],
            ),
            (
                "its time was up: ended by signal 9 (SIGKILL)",
                Some(9),
                &["Failed: its time was up: ended by signal 9 (SIGKILL)"],
            ),
        ] {
            assert_eq!(read.cause(&failed(message, signal)), expected);
        }
        let mut completed = failed("", None);
        completed.state = ExperimentState::Succeeded;
        assert!(read.cause(&completed).is_empty());
    }
}

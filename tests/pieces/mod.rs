//! The pieces of tests/data/repeated.txt, repeated to any length, and ways to read and time them.

mod processor;

pub(crate) use processor::processor_time;
use sweep_planner::internals::sweep::{Options, Reading, Settings, read, read_request};

const PIECES: &str = include_str!("../data/repeated.txt");
/// Problems whose fixes are computed; each may cost a reading of the whole text. The page shows
/// fifty, but these few reveal the same growth.
const MAX_SHOWN: usize = 5;

/// The start of a text and the piece that is repeated after it.
pub(crate) struct Piece {
    head: String,
    repeated: String,
}

impl Piece {
    pub(crate) fn all() -> impl Iterator<Item = Piece> {
        let unescape = |text: &str| text.replace("\\n", "\n");
        let lines = PIECES.lines().filter(|line| !line.starts_with('#'));
        let pairs = lines.filter_map(|line| line.split_once('\t'));
        pairs.map(move |(head, repeated)| Piece {
            head: unescape(head),
            repeated: unescape(repeated),
        })
    }

    /// The head and as many repeats as fit into `length` bytes.
    pub(crate) fn text(&self, length: usize) -> String {
        let count = length.saturating_sub(self.head.len()) / self.repeated.len();
        format!("{}{}", self.head, self.repeated.repeat(count))
    }

    /// The head and the piece once, on one line.
    pub(crate) fn name(&self) -> String {
        format!("{}{}", self.head, self.repeated).replace('\n', "\\n")
    }
}

/// Reads a text as the page does, with fixes and help for the first problems.
pub(crate) fn read_and_offer(text: &str, settings: &Settings) -> Reading {
    let reading = read(text, settings);
    for diagnostic in reading.diagnostics.iter().take(MAX_SHOWN) {
        diagnostic.fixes(text);
        diagnostic.help();
    }
    reading
}

pub(crate) fn read_as_request(text: &str, settings: &Settings) {
    read_request(
        text.trim_start_matches("grid run "),
        Options::default(),
        settings,
    );
}

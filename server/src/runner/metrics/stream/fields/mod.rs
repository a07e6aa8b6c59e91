//! Names and values on a line.
//!
//! A line is a row of fields. A field is a pair (`name=value`, `name: value` or `name value`), a
//! statement of the step (`Epoch 3/10`, `iter: 5`, `Epoch[1]`), a label (`Test set:`, `[train]`), or
//! something that measures nothing (a time, a count, a bar, an aside in parentheses). What is none
//! of these is prose; prose makes pairs without `=` uncertain, and uncertain pairs are not read.

mod brackets;
mod decide;
mod names;
mod scan;
mod steps;

use super::tokens::{Token, match_brackets, tokenize};

/// The most pairs of one line.
const PAIRS_MAX: usize = 200;
/// The most words of a name; a sign behind it allows longer ones.
const WORDS_MAX: usize = 4;
const WORDS_BEFORE_SIGN_MAX: usize = 6;
/// `Test Accuracy of the model on the 389 test images: 94.6 %`.
const WORDS_OF_METRIC_MAX: usize = 12;
/// The most words of a label.
const LABEL_WORDS_MAX: usize = 4;
/// From so many `name=value` on, of which a quarter are no numbers, a line is a dump of settings.
const DUMP_MIN: usize = 6;

/// How a pair is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    Equals,
    Colon,
    None,
}

/// A named number on a line.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Pair {
    pub(super) name: String,
    pub(super) value: f64,
    pub(super) percent: bool,
    sign: Sign,
    /// Whether it stands behind a progress bar, which shows settings as well.
    in_bar: bool,
    /// Which of the line's labels stands before it.
    label: Option<usize>,
}

/// What a line says.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Fields {
    /// The step stated on the line.
    pub(super) step: Option<f64>,
    /// The rank of the name that states it among the names of steps.
    pub(super) step_rank: Option<usize>,
    /// The phase that the line names before its pairs (`Test set`).
    pub(super) phase: Option<String>,
    pub(super) pairs: Vec<Pair>,
    /// How many pairs were found, and not counted as certain.
    pub(super) uncertain: usize,
    /// Pairs whose values are texts.
    pub(super) texts: usize,
    /// Whether the line announces settings.
    pub(super) settings: bool,
    /// Whether a value could not be read for certain (`0,5`).
    pub(super) unclear: bool,
    /// Whether the line is a heading (`model:`) or an item of a list (`- 64`).
    pub(super) is_heading: bool,
    /// Whether a pair was left out as a setting.
    pub(super) has_settings: bool,
    /// Whether a word of the line may be the title of a column of steps, or of classes.
    pub(super) may_be_header: bool,
}

/// Reads the fields of lines; keeps its buffers from line to line.
#[derive(Debug, Default)]
pub(super) struct FieldReader {
    partners: Vec<usize>,
}

impl FieldReader {
    /// Reads a line. O(length).
    pub(super) fn read(&mut self, line: &str) -> Fields {
        let mut tokens = Vec::new();
        tokenize(line, &mut tokens);
        match_brackets(&tokens, &mut self.partners);
        let mut scan = Scan {
            line,
            tokens: &tokens,
            partners: &self.partners,
            at: 0,
            name: None,
            fields: Fields::default(),
            labels: Vec::new(),
            after_value: After::Nothing,
            prose: false,
            arrow: false,
            training_marker: false,
            bar_end: 0,
        };
        scan.run();
        scan.finish()
    }
}

/// What a field ended with: what words after it mean.
#[derive(Clone, Copy, PartialEq)]
enum After {
    Nothing,
    /// A number without a name: words are its unit.
    Bare,
    /// The value of a pair: words that are no name make it a quantity.
    Pair,
    /// A stated step.
    Step,
}

/// Words that may become a name: from which token up to which, and up to which byte.
#[derive(Clone, Copy)]
struct Name {
    first: usize,
    /// The last token.
    last: usize,
    /// Where the name ends, in bytes: behind a unit in parentheses.
    end: usize,
}

struct Label {
    text: String,
    /// Whether a colon stands between it and the name.
    colon: bool,
}

struct Scan<'a> {
    line: &'a str,
    tokens: &'a [Token<'a>],
    partners: &'a [usize],
    at: usize,
    name: Option<Name>,
    fields: Fields,
    /// The phases named on the line, each for the pairs behind it.
    labels: Vec<Label>,
    after_value: After,
    prose: bool,
    arrow: bool,
    /// Whether the phase stands in the statement of the step (`Train Epoch: 1`).
    training_marker: bool,
    /// Up to which token the brackets of a progress bar reach.
    bar_end: usize,
}

/// Whether a word belongs to a sentence rather than to a label.
fn is_prose(token: &Token) -> bool {
    token.word.is_stop() || token.word.is_connective()
}

/// Whether a word makes a number of what stands in the parentheses behind it.
pub(super) fn is_wrapper(word: &str) -> bool {
    let last = word.rsplit('.').next().unwrap_or(word);
    let plain = last.trim_end_matches(|letter: char| letter.is_ascii_digit() || letter == '_');
    [
        "float",
        "int",
        "uint",
        "double",
        "tensor",
        "array",
        "devicearray",
        "arrayimpl",
        "decimal",
        "scalar",
        "bfloat",
    ]
    .iter()
    .any(|wrapper| wrapper.eq_ignore_ascii_case(plain))
}

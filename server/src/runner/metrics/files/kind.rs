//! The kinds of files.

/// What is read in a file; where several have a name, the first of these kinds is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum FileKind {
    /// CSV or TSV with a header.
    Table,
    /// A JSON object a line.
    JsonLines,
    /// Hugging Face's `trainer_state.json`.
    TrainerState,
    /// TensorBoard's.
    Events,
}

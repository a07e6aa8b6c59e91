//! The limit on what one text may list, over all its commands together.

/// The most that is listed for one text: a value drawn, an item shuffled and a trial of a random
/// search count one each, a word that the config file adds to a command four; a long value or word
/// counts one more for each [`BYTES_PER_VALUE`] bytes.
///
/// Each alone is limited to 10^6 already; this keeps a text of many from filling the memory.
pub const MAX_LISTED: u64 = 4_000_000;

/// Bytes of a value that count as one value more.
const BYTES_PER_VALUE: usize = 32;

/// What a text of more than [`BYTES_PER_VALUE`] bytes counts beyond one.
pub(super) fn extra_cost(text: &str) -> u64 {
    (text.len() / BYTES_PER_VALUE) as u64
}

/// What is left of [`MAX_LISTED`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Budget {
    left: Option<u64>,
}

impl Budget {
    pub(super) fn new() -> Budget {
        Budget {
            left: Some(MAX_LISTED),
        }
    }

    /// Takes `count` of what is left. False where that is too little: nothing is left from then on.
    pub(super) fn take(&mut self, count: u64) -> bool {
        self.left = self.left.and_then(|left| left.checked_sub(count));
        self.left.is_some()
    }

    /// Takes what a value's text needs beyond the one that it counts already.
    pub(super) fn take_text(&mut self, text: &str) -> bool {
        self.take(extra_cost(text))
    }

    /// Whether something was refused.
    pub(super) fn is_spent(&self) -> bool {
        self.left.is_none()
    }
}

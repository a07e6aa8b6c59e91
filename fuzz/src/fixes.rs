//! The one-click fixes of a pasted text, applied until none is left.

use crate::text;
use sweep_planner::internals::sweep::{Settings, read};

/// Bytes of a text whose fixes are applied, at most: each click reads the text again.
const MAX_TEXT: usize = 400;
/// Clicks after which fixes count as endless: a text of [`MAX_TEXT`] bytes holds fewer mistakes.
const MAX_CLICKS: u32 = 200;

/// Applies the first fix of the first problem that has one, again and again. This must end; each
/// text on the way must be read with spans that fit it, and each fix must change something.
pub fn fixes(text: &str) {
    if text.len() > MAX_TEXT {
        return;
    }
    let settings = Settings {
        drawn_seed: 7,
        ..Settings::default()
    };
    let mut now = text.to_owned();
    for _ in 0..MAX_CLICKS {
        let reading = read(&now, &settings);
        text::check_diagnostics(&now, &reading);
        let Some(fix) = reading.diagnostics.iter().find_map(|d| d.fix(&now)) else {
            return;
        };
        now = fix.apply(&now);
    }
    panic!("{text:?} has fixes for ever, now at {now:?}");
}

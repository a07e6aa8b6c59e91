//! The one-click fixes of a pasted text, clicked until none is left.

use crate::text;
use sweep_planner::sweep::{Settings, read};

/// Longest text that is clicked through, in bytes: each click reads the text again.
const MAX_TEXT: usize = 400;
/// Clicks after which fixes are taken to go on for ever: a text this long holds fewer mistakes.
const MAX_CLICKS: u32 = 200;

/// Clicks the first fix of the first problem that has one, again and again. It ends, each text on
/// the way is read with places that fit it, and each fix changes something.
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
        text::diagnostics(&now, &reading);
        let Some(fix) = reading.diagnostics.iter().find_map(|d| d.fix(&now)) else {
            return;
        };
        now = fix.apply(&now);
    }
    panic!("{text:?} has fixes for ever, now at {now:?}");
}

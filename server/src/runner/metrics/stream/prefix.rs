//! What loggers write before a message: when, how bad, who.

use super::number::{Number, scan};

/// Levels of the usual loggers; one letter alone counts in brackets only.
const LEVELS: [&str; 14] = [
    "trace", "debug", "info", "notice", "warn", "warning", "error", "critical", "fatal", "success",
    "infos", "i", "w", "e",
];
/// The most parts of a prefix.
const PARTS_MAX: usize = 8;

/// The message of a logged line: the line itself where no logger wrote it. O(length).
pub(super) fn strip_prefix(line: &str) -> &str {
    let line = line.trim();
    let line = strip_symbols(line);
    if let Some(message) = strip_glog(line).or_else(|| strip_r_string(line)) {
        return message;
    }
    let Some(first) = line.bytes().next() else {
        return line;
    };
    // Most lines begin with none of what a prefix can begin with.
    if !(first.is_ascii_digit() || first == b'[' || first == b'(' || first.is_ascii_uppercase()) {
        return line;
    }
    strip_parts(line).unwrap_or(line)
}

/// Bullets, check marks and stars before a message.
fn strip_symbols(line: &str) -> &str {
    line.trim_start_matches(|letter: char| {
        letter.is_whitespace()
            || matches!(letter, '*' | '>' | '»' | '\u{FE0F}' | 'ℹ' | '✔' | '✓' | '✅')
            || matches!(letter, '\u{2190}'..='\u{21FF}' | '\u{2600}'..='\u{27BF}' | '\u{1F300}'..='\u{1FAFF}')
    })
}

/// glog, absl, Caffe: `I1127 18:55:01.123456 12345 solver.cpp:218] message`.
fn strip_glog(line: &str) -> Option<&str> {
    let bytes = line.as_bytes();
    let shape = bytes.len() > 21
        && matches!(bytes[0], b'I' | b'W' | b'E' | b'F')
        && bytes[1..5].iter().all(u8::is_ascii_digit)
        && bytes[5] == b' '
        && bytes[8] == b':'
        && bytes[11] == b':';
    if !shape {
        return None;
    }
    let (header, message) = line.split_once("] ")?;
    (header.len() < 200).then_some(message.trim_start())
}

/// R's `print`: `[1] "message"`.
fn strip_r_string(line: &str) -> Option<&str> {
    let message = line.strip_prefix("[1] \"")?;
    Some(message.trim_end().trim_end_matches('"'))
}

/// Takes off times, levels, names and process numbers as long as they come.
fn strip_parts(line: &str) -> Option<&str> {
    let mut rest = line;
    let (mut dated, mut level) = (false, false);
    for _ in 0..PARTS_MAX {
        let part = strip_time(rest)
            .map(|rest| (rest, true, false))
            .or_else(|| strip_level(rest).map(|rest| (rest, false, true)))
            .or_else(|| strip_tag(rest))
            .or_else(|| {
                (dated || level)
                    .then(|| strip_logger(rest, level))
                    .flatten()
                    .map(|rest| (rest, false, false))
            });
        let Some((after, is_time, is_level)) = part else {
            break;
        };
        dated |= is_time;
        level |= is_level;
        rest = strip_separators(after);
        if rest.is_empty() {
            return None;
        }
    }
    (dated || level).then_some(rest)
}

fn strip_separators(rest: &str) -> &str {
    let mut rest = rest.trim_start();
    loop {
        let after = rest
            .strip_prefix(['|', ':', ','])
            .or_else(|| rest.strip_prefix("- "))
            .or_else(|| rest.strip_prefix("– "));
        match after {
            Some(after) => rest = after.trim_start(),
            None => return rest,
        }
    }
}

/// A date, a time of day, or both: digits parted by `-`, `/`, `:`, `.`, `,` and `T`, of which two
/// colons or two other signs stand between digits.
fn strip_time(rest: &str) -> Option<&str> {
    let end = rest
        .find(|letter: char| {
            !(letter.is_ascii_digit()
                || matches!(letter, '-' | '/' | ':' | '.' | ',' | 'T' | 'Z' | '+'))
        })
        .unwrap_or(rest.len());
    let word = rest[..end].trim_end_matches(['-', ':', ',']);
    let count = |sign: char| word.matches(sign).count();
    let date = (count('-') == 2 || count('/') >= 1) && word.len() >= 5;
    let time = count(':') == 2;
    let digits = word.starts_with(|letter: char| letter.is_ascii_digit());
    let ends = rest[end..]
        .chars()
        .next()
        .is_none_or(|letter| letter.is_whitespace() || matches!(letter, '|' | ']'));
    let date_of_month = date && count('/') == 1 && strip_time_of_day(&rest[word.len()..]);
    let full_date = date && (count('-') == 2 || count('/') == 2);
    (digits && ends && (time || full_date || date_of_month)).then(|| &rest[word.len()..])
}

/// Whether a time of day follows: `11/27` alone could be a fraction.
fn strip_time_of_day(rest: &str) -> bool {
    let rest = rest.trim_start();
    matches!(scan(rest), Some((Number::Quantity, _))) && rest.as_bytes().get(2) == Some(&b':')
}

fn is_level(word: &str) -> bool {
    LEVELS[..11]
        .iter()
        .any(|level| level.eq_ignore_ascii_case(word))
        && word.starts_with(|first: char| first.is_ascii_uppercase())
}

fn strip_level(rest: &str) -> Option<&str> {
    let end = rest
        .find(|letter: char| !letter.is_ascii_alphabetic())
        .unwrap_or(rest.len());
    let upper = rest[..end].bytes().all(|byte| byte.is_ascii_uppercase());
    let colon = rest[end..].starts_with(':');
    (is_level(&rest[..end]) && (upper || colon)).then(|| &rest[end..])
}

/// `[…]` with a time, a level or a name of a program in it, `(pid=123)`.
fn strip_tag(rest: &str) -> Option<(&str, bool, bool)> {
    if let Some(after) = rest.strip_prefix('(') {
        let (tag, after) = after.split_once(')')?;
        return tag.contains("pid=").then_some((after, false, true));
    }
    let (tag, after) = rest.strip_prefix('[')?.split_once(']')?;
    let mut words = tag.split_whitespace();
    let timed = tag
        .split_whitespace()
        .any(|word| strip_time(word).is_some_and(str::is_empty))
        || strip_time(tag).is_some();
    let leveled = words.clone().count() == 1
        && words
            .next()
            .is_some_and(|word| LEVELS.iter().any(|level| level.eq_ignore_ascii_case(word)));
    // `[LightGBM] [Info]`, `[__main__][INFO]`: a name before a level.
    let named = after
        .trim_start()
        .strip_prefix('[')
        .is_some_and(|next| next.split_once(']').is_some_and(|(next, _)| is_level(next)));
    let rank = tag
        .to_ascii_lowercase()
        .strip_prefix("rank")
        .is_some_and(|rank| rank.trim().bytes().all(|byte| byte.is_ascii_digit()));
    (timed || leveled || named || rank).then_some((after, timed, leveled || named || rank))
}

/// The name of a logger: a word before `:`, `-` or `|`, or before a level.
fn strip_logger(rest: &str, level: bool) -> Option<&str> {
    let end = rest.find(char::is_whitespace)?;
    let (word, after) = (&rest[..end], &rest[end..]);
    let name = |word: &str| {
        word.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && word.chars().all(|letter| {
                letter.is_ascii_alphanumeric()
                    || matches!(letter, '_' | '.' | '-' | '<' | '>' | ':' | '/')
            })
    };
    let next = after.trim_start();
    // `trainer INFO: …`, `mmengine - INFO - …`, `__main__:<module>:7 - …`.
    let before_level = strip_level(strip_separators(next)).is_some();
    let place = word.contains(':') && !word.ends_with(':');
    let dotted = word.contains('.') || word.starts_with('_');
    let separated = next.starts_with("- ") || next.starts_with("| ");
    let numbered = level && separated && word.bytes().all(|byte| byte.is_ascii_digit());
    let known = name(word)
        && (before_level
            || (place && separated)
            || (level && dotted && (separated || word.ends_with(':'))));
    (known || numbered).then_some(after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_of_loggers() {
        for (line, message) in [
            (
                "I1127 18:55:01.123456 12345 solver.cpp:218] Iteration 10",
                "Iteration 10",
            ),
            (
                "I1127 18:55:01.123456 12345 solver.cpp:397]     Test net",
                "Test net",
            ),
            (
                "2026-01-01 12:00:00,123 - INFO - Epoch(train) [1][10/22]",
                "Epoch(train) [1][10/22]",
            ),
            (
                "2026-01-01 12:00:00,123 INFO     Epoch 0: loss=1.0",
                "Epoch 0: loss=1.0",
            ),
            ("2026-01-01 12:00:00,123 INFO loss=0.5", "loss=0.5"),
            ("2026-01-01 12:00:00,123 trainer INFO: loss=0.5", "loss=0.5"),
            (
                "2026-01-01 12:00:00.762 | INFO     | __main__:<module>:7 - epoch 0 loss 1",
                "epoch 0 loss 1",
            ),
            ("11/27 18:57:26 - mmengine - INFO - loss: 2", "loss: 2"),
            ("11/27/2026 18:56:36 - INFO - __main__ - loss: 2", "loss: 2"),
            (
                "[11/27 18:55:00 d2.utils.events]:  eta: 0:01:02",
                "eta: 0:01:02",
            ),
            (
                "[I 2026-11-27 18:55:40,479] Trial 0 finished",
                "Trial 0 finished",
            ),
            (
                "[2026-11-27 18:55:40,479][__main__][INFO] - loss: 2",
                "loss: 2",
            ),
            (
                "2026-11-27,18:55:00 | INFO | Train Epoch: 0",
                "Train Epoch: 0",
            ),
            ("2026-11-27T18:55:00Z loss=1", "loss=1"),
            ("INFO:root:loss=1", "root:loss=1"),
            ("INFO:__main__: loss=1", "loss=1"),
            ("[INFO] loss=1", "loss=1"),
            ("[LightGBM] [Info] Total Bins 4", "Total Bins 4"),
            ("(RayTrainWorker pid=12) loss=1", "loss=1"),
            ("[1] \"epoch 1 loss 0.9\"", "epoch 1 loss 0.9"),
            ("*** Best metric: 5", "Best metric: 5"),
            ("✔ Saved", "Saved"),
            // No prefix.
            ("[0] loss: 0.1", "[0] loss: 0.1"),
            ("0:\tlearn: 0.6", "0:\tlearn: 0.6"),
            ("22/22 - 8s - loss: 1", "22/22 - 8s - loss: 1"),
            ("Info loss 1", "Info loss 1"),
            ("12 samples", "12 samples"),
            ("Epoch 1/3", "Epoch 1/3"),
        ] {
            assert_eq!(strip_prefix(line), message, "{line}");
        }
    }

    #[test]
    fn any_text_is_survived() {
        for line in [
            "",
            "[",
            "[]",
            "[é",
            "(",
            "I1127",
            "é",
            "2",
            "2:",
            "2026-01-01",
            "INFO",
            "INFO:",
            "[1] \"",
        ] {
            strip_prefix(line);
        }
    }
}

//! The error that an output ends with.

/// How far from the end an error's line may stand, in lines that are not blank: threads and loggers
/// still write behind it.
const LINES_MAX: usize = 30;
/// How much of an error is shown, in characters.
const SHOWN_MAX: usize = 300;

/// The last error that a program reported at the end of its output: Python's (also in rich's frames),
/// and lines of the form `error: …`, `prog: error: …` and `Error in …`. `None` where there is none,
/// which says nothing on how the program ended.
pub(crate) fn find_error(text: &str) -> Option<String> {
    let lines = text.lines().rev().filter(|line| !line.trim().is_empty());
    let is_traced = text.contains("Traceback (most recent call last)");
    let mut plain = None;
    for line in lines.take(LINES_MAX) {
        let line = line.trim_end();
        if is_exception(line, is_traced) {
            return Some(shorten(line));
        }
        if plain.is_none() && reports_error(line) {
            plain = Some(line);
        }
    }
    plain.map(shorten)
}

/// `KeyboardInterrupt`, `torch.OutOfMemoryError: CUDA out of memory. …`: a dotted name that ends as
/// exceptions' do, at the beginning of the line, with nothing or a colon behind it.
fn is_exception(line: &str, is_traced: bool) -> bool {
    let (name, reason) = line.split_once(':').unwrap_or((line, ""));
    let is_name = |part: &str| {
        part.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && part.chars().all(|c| c.is_alphanumeric() || c == '_')
    };
    let last = name.rsplit('.').next().unwrap_or_default();
    let ends = ["Error", "Exception", "Interrupt", "Exit", "ExceptionGroup"];
    // `Error:` alone is no class of Python's.
    ends.iter().any(|end| last.ends_with(end))
        && last.starts_with(|c: char| c.is_uppercase() || c == '_')
        && (last != "Error" || name != last)
        && name.split('.').all(is_name)
        // `MeanSquaredError: 0.5` is a metric, `KeyError: 3` is not.
        && (is_traced || reason.trim().parse::<f64>().is_err())
}

/// `error: x`, `ERROR: x`, `train.py: error: x`, `Error in f(x)`, `terminate called …`, and what shells
/// report.
fn reports_error(line: &str) -> bool {
    let lower = line.to_ascii_lowercase();
    let starts = [
        "error: ",
        "fatal: ",
        "error in ",
        "terminate called ",
        "segmentation fault",
    ];
    starts.iter().any(|start| lower.starts_with(start))
        || lower.contains(": error: ")
        || lower.ends_with(": command not found")
}

fn shorten(line: &str) -> String {
    match line.char_indices().nth(SHOWN_MAX) {
        Some((end, _)) => [&line[..end], "…"].concat(),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    #[test]
    fn the_error_is_found_where_one_is_reported() {
        for (text, expected) in [
            (
                "Traceback (most recent call last):\n  File \"t.py\", line 1, in <module>\n    import torch\n\
                 ModuleNotFoundError: No module named 'torch'\n",
                "ModuleNotFoundError: No module named 'torch'",
            ),
            (
                "  File \"t.py\", line 1\n    f(\n     ^\nSyntaxError: '(' was never closed\n",
                "SyntaxError: '(' was never closed",
            ),
            (
                "ValueError: a\n\nDuring handling of the above exception, another exception occurred:\n\n\
                 Traceback (most recent call last):\n  File \"t.py\"\ntorch.OutOfMemoryError: CUDA out of memory.\n\
                 See the documentation for Memory Management\nwandb: You can sync this run\n",
                "torch.OutOfMemoryError: CUDA out of memory.",
            ),
            (
                "╭──── Traceback (most recent call last) ────╮\n│ t.py:1 in <module>  │\n╰─────╯\n\
                 ZeroDivisionError: division by zero\n",
                "ZeroDivisionError: division by zero",
            ),
            (
                "Traceback (most recent call last):\n  File \"t.py\"\nKeyboardInterrupt\n",
                "KeyboardInterrupt",
            ),
            (
                "Traceback (most recent call last):\n  File \"t.py\"\nKeyError: 3\n",
                "KeyError: 3",
            ),
            (
                "usage: t.py [-h] [--lr LR]\nt.py: error: unrecognized arguments: --x 1\n",
                "t.py: error: unrecognized arguments: --x 1",
            ),
            (
                "ERROR: LoadError: UndefVarError: x\n",
                "ERROR: LoadError: UndefVarError: x",
            ),
            (
                "bash: line 1: foo: command not found\n",
                "bash: line 1: foo: command not found",
            ),
        ] {
            assert_eq!(find_error(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn no_error_is_made_up() {
        for text in [
            "",
            "epoch 3 loss 0.1\nbest error 0.2\n",
            "Error\n",
            "Mean Squared Error: 0.5\n",
            "MeanAbsoluteError = 3\n",
            "MeanSquaredError: 0.5\n",
            "  ValueError: indented, of a text in between\n",
        ] {
            assert_eq!(find_error(text), None, "{text}");
        }
        let far = ["ValueError: x\n", &"line\n".repeat(LINES_MAX)].concat();
        assert_eq!(find_error(&far), None);
    }

    #[test]
    fn a_long_error_is_cut() {
        let text = ["ValueError: ", &"é".repeat(1000)].concat();
        let found = find_error(&text).unwrap();
        assert_eq!(found.chars().count(), SHOWN_MAX + 1);
    }
}

//! The command lines of many trials, one after the other, into a buffer that is used again.

use super::axis::{Axis, Values};
use super::part::Part;
use super::shell_quote;
use std::borrow::Cow;

/// Command lines of a part's space from one index on, in its order.
///
/// The first axis varies fastest, so that from one trial to the next only its value changes: all
/// before it and all behind it is kept as text, and rendered again only where another axis moves on.
/// A line then costs three copies, whatever the number of axes.
pub struct CommandLines<'a> {
    part: &'a Part,
    /// For each axis the number of the next line's value.
    digits: Vec<u128>,
    left: u128,
    /// What stands before the first axis's value.
    head: String,
    /// What stands behind it, for the present values of the other axes.
    tail: String,
    /// The first axis's values as quoted words, where they are listed.
    first: Vec<String>,
    /// What stands before the first axis's value in its word.
    prefix: &'a str,
    /// Whether a word of that and a number needs no quotes.
    prefix_is_plain: bool,
}

impl<'a> CommandLines<'a> {
    /// The lines of the trials from `index` on. O(values of the first axis, where listed).
    pub fn new(part: &'a Part, index: u128) -> CommandLines<'a> {
        let listed = match part.axes().first().map(Axis::values) {
            Some(Values::Listed(values)) => values.as_slice(),
            _ => &[],
        };
        let swept = part.arguments().find(|(_, swept)| *swept);
        let prefix = swept.map_or("", |(argument, _)| argument.prefix());
        let word =
            |value: &str| shell_quote::quote_readably(&format!("{prefix}{value}")).into_owned();
        let mut lines = CommandLines {
            part,
            digits: part.digits(index).collect(),
            left: part.space_len().saturating_sub(index),
            head: String::new(),
            tail: String::new(),
            first: listed.iter().map(|value| word(value)).collect(),
            prefix,
            prefix_is_plain: prefix.is_empty()
                || matches!(shell_quote::quote_for_shell(prefix), Cow::Borrowed(_)),
        };
        lines.render_rest();
        lines
    }

    /// Writes the next line, quoted for a POSIX shell, over what `line` held. False at the end,
    /// `line` then being empty.
    pub fn next_into(&mut self, line: &mut String) -> bool {
        line.clear();
        if self.left == 0 {
            return false;
        }
        self.left -= 1;
        line.push_str(&self.head);
        if let Some((axis, digit)) = self.part.axes().first().zip(self.digits.first()) {
            match axis.values() {
                Values::Range(range) if self.prefix_is_plain => {
                    line.push_str(self.prefix);
                    range.write(*digit, line);
                }
                Values::Range(_) => {
                    let value = axis.value(*digit).unwrap_or_default();
                    line.push_str(&shell_quote::quote_readably(&format!(
                        "{}{value}",
                        self.prefix
                    )));
                }
                Values::Listed(_) => {
                    let value = usize::try_from(*digit)
                        .ok()
                        .and_then(|digit| self.first.get(digit));
                    line.push_str(value.map_or("", String::as_str));
                }
            }
        }
        line.push_str(&self.tail);
        self.advance();
        true
    }

    /// Goes to the next trial, as an odometer does.
    fn advance(&mut self) {
        let mut axes = self.digits.iter_mut().zip(self.part.axes());
        if let Some((digit, axis)) = axes.next() {
            *digit += 1;
            if *digit < axis.len() {
                return;
            }
            *digit = 0;
        }
        for (digit, axis) in axes {
            *digit += 1;
            if *digit < axis.len() {
                break;
            }
            *digit = 0;
        }
        if self.left > 0 {
            self.render_rest();
        }
    }

    /// All but the first axis's value.
    fn render_rest(&mut self) {
        self.head.clear();
        self.tail.clear();
        self.head
            .push_str(&shell_quote::quote_readably(self.part.script()));
        let mut axes = self.part.axes().iter().zip(&self.digits);
        let mut behind = false;
        for (argument, swept) in self.part.arguments() {
            let text = if behind {
                &mut self.tail
            } else {
                &mut self.head
            };
            text.push(' ');
            if !swept {
                text.push_str(&shell_quote::quote_readably(&argument.word.text));
                continue;
            }
            let axis = axes.next();
            if behind {
                let value = axis
                    .and_then(|(axis, digit)| axis.value(*digit))
                    .unwrap_or_default();
                let word = format!("{}{value}", argument.prefix());
                text.push_str(&shell_quote::quote_readably(&word));
            }
            behind = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::{Settings, read};
    use crate::testing::test;

    #[test]
    fn lines_are_those_of_the_trials() {
        for text in [
            "grid run f.py",
            "grid run f.py --a 1 'b c' --n \"[3, 1]\" -v",
            "grid run f.py --a \"['x y', 'z']\" mid --b=\"range(3)\" --c \"['it''s', 2]\" end",
            "grid run f.py --n=\"['x y', 2]\" --b=\"['x y', '']\"",
            "grid run f.py --é=\"range(3)\" --n=\"range(2)\"",
            "grid run f.py --n=\"range(2)\" --é=\"range(3)\"",
            "grid run f.py --a \"range(5, 0, -2)\" --b \"[1]\" --c \"range(2)\"",
        ] {
            let plan = read(text, &Settings::default()).plan;
            let part = &plan.parts()[0];
            for from in [0, 1, plan.len() - 1, plan.len()] {
                let mut lines = CommandLines::new(part, from);
                let mut line = String::from("before");
                for n in from..plan.len() {
                    assert!(lines.next_into(&mut line));
                    assert_eq!(
                        line,
                        plan.command_line(&plan.trial(n).unwrap()),
                        "{text} {n}"
                    );
                }
                assert!(!lines.next_into(&mut line) && line.is_empty());
            }
        }
    }
}

//! The widths of the grid's columns, from a sample of their content; pure.

use crate::sweep::{Part, Plan};

/// How many values of an axis, and how many trials, the sample has. The width is an estimate; values
/// that are wider are cut.
const SAMPLE: u128 = 48;
/// Narrowest and widest column of values, in characters.
const NARROWEST: usize = 6;
const WIDEST: usize = 34;

/// The largest count that assistive technology reads as a number.
const COUNTABLE: u128 = 1 << 53;

/// `aria-rowcount`: the trials and the header, or -1 for "unknown" above 2^53.
pub(super) fn aria_row_count(rows: u128) -> String {
    if rows < COUNTABLE {
        (rows + 1).to_string()
    } else {
        "-1".to_owned()
    }
}

/// The widths as CSS `grid-template-columns`, of the column Finished too where there is one.
/// O(columns · sample).
pub(super) fn template(plan: &Plan, has_finished: bool) -> String {
    let digits = plan.len().to_string().len();
    // A number of five digits or more has a gap after every third one.
    let number = digits.max(5) + digits / 3 + 2;
    let mut template = ["var(--select-column) ", &number.to_string(), "ch"].concat();
    for width in widths(plan) {
        let width = width.clamp(NARROWEST, WIDEST) + 3;
        template.push_str(&[" minmax(", &width.to_string(), "ch, auto)"].concat());
    }
    template.push_str(" minmax(13ch, 1fr) 12ch");
    if has_finished {
        // The same in every row, which is a grid of its own.
        template.push_str(" 52ch");
    }
    template
}

fn widths(plan: &Plan) -> Vec<usize> {
    let mut widths: Vec<_> = plan
        .columns()
        .iter()
        .map(|name| name.chars().count())
        .collect();
    let mut widen = |column: usize, text: &str| {
        if let Some(width) = widths.get_mut(column) {
            *width = (*width).max(text.chars().count());
        }
    };
    for axis in plan
        .parts()
        .iter()
        .take(SAMPLE as usize)
        .flat_map(Part::axes)
    {
        let Some(column) = plan.columns().iter().position(|name| name == axis.name()) else {
            continue;
        };
        let ends = (0..axis.len().min(SAMPLE)).chain(axis.len().checked_sub(1));
        ends.filter_map(|index| axis.value(index))
            .for_each(|value| widen(column, &value));
    }
    for position in (0..plan.len().min(SAMPLE)).chain(plan.len().checked_sub(1)) {
        let Some(trial) = plan.trial(position) else {
            continue;
        };
        for column in 0..plan.columns().len() {
            if let Some(value) = plan.value(&trial, column as u32) {
                widen(column, &value);
            }
        }
    }
    widths
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::{Settings, read};
    use crate::testing::test;

    #[test]
    fn columns_fit_what_stands_in_them() {
        let reading = read(
            "grid run a.py --x \"[1, 2]\" --name \"['a', 'a-rather-long-name']\"",
            &Settings::default(),
        );
        assert_eq!(
            template(&reading.plan, false),
            "var(--select-column) 7ch minmax(9ch, auto) minmax(21ch, auto) minmax(13ch, 1fr) 12ch"
        );
    }

    #[test]
    fn rows_are_counted_as_far_as_floats_go() {
        assert_eq!(aria_row_count(0), "1");
        assert_eq!(aria_row_count((1 << 53) - 1), "9007199254740992");
        assert_eq!(aria_row_count(1 << 53), "-1");
        assert_eq!(aria_row_count(u128::MAX), "-1");
    }
}

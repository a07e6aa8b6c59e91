//! Offers one command with sweeps for several commands that differ in values alone.

use super::diagnostic::Fix;
use super::literal::{Literal, Parser};
use super::part::Part;
use super::plan::Plan;
use super::reading::read;
use super::settings::Settings;
use super::shell_quote;
use super::span::Span;

/// The most commands that are compared; more were hardly typed by a person.
const MAX_COMMANDS: usize = 10_000;

/// The one command that stands for all commands of `text`, where they differ only in arguments
/// whose values form a product in its order: the seed document's four commands become
/// `--batch_size "[8, 16, 32, 64]"`. What it offers gives exactly the same trials; that is checked.
/// O(arguments of all commands).
///
/// ```
/// use sweep_planner::internals::sweep::{Settings, read, suggest_single_command};
/// let text = "grid run f.py --n 8\ngrid run f.py --n 16";
/// let fix = suggest_single_command(text, &read(text, &Settings::default()).plan).unwrap();
/// assert_eq!(fix.apply(text), "grid run f.py --n \"[8, 16]\"");
/// ```
pub fn suggest_single_command(text: &str, plan: &Plan) -> Option<Fix> {
    let (first, rest) = plan.parts().split_first()?;
    if rest.is_empty()
        || rest.len() >= MAX_COMMANDS
        || !rest.iter().all(|part| may_merge(first, part))
    {
        return None;
    }
    // Arguments of a config file stand in no command's text.
    if plan.parts().iter().any(|part| part.command().config_read) {
        return None;
    }
    let columns = find_varying(plan.parts());
    if columns.is_empty() || !is_product(&columns, plan.parts().len()) {
        return None;
    }
    let command = first.command();
    let mut line = command.span.slice(text).to_owned();
    // From the last argument to the first, so that earlier places stay where they are.
    for column in columns.iter().rev() {
        let argument = &command.arguments[column.argument];
        let place = argument.value_span();
        let start = (place.start - command.span.start) as usize;
        let end = (place.end - command.span.start) as usize;
        line.get(start..end)?;
        line.replace_range(
            start..end,
            &shell_quote::quote_readably(&column.to_python_list()),
        );
    }
    let last = plan.parts().last()?.span();
    let edits = vec![(Span::new(command.span.start, last.end), line)];
    let fix = Fix {
        label: "Write as one command".into(),
        edits,
    };
    has_same_trials(plan, &fix.apply(text)).then_some(fix)
}

/// Whether two commands may be one: a single trial each, equal but for argument values.
fn may_merge(first: &Part, other: &Part) -> bool {
    let single = |part: &Part| part.axes().is_empty();
    let (a, b) = (first.command(), other.command());
    let same_argument = |(a, b): (&super::command::Argument, &super::command::Argument)| {
        a.name == b.name && a.prefix() == b.prefix() && a.is_flag == b.is_flag
    };
    single(first)
        && single(other)
        && a.options == b.options
        && a.script == b.script
        && a.arguments.len() == b.arguments.len()
        && a.arguments.iter().zip(&b.arguments).all(same_argument)
}

/// An argument that differs between commands.
struct VaryingArgument<'a> {
    argument: usize,
    /// Its values in order of appearance, each once.
    values: Vec<&'a str>,
    /// Which of them each command has.
    digits: Vec<usize>,
}

impl VaryingArgument<'_> {
    /// The values as a Python list: as numbers where they are written as Python prints them.
    fn to_python_list(&self) -> String {
        let items: Vec<String> = self
            .values
            .iter()
            .map(|value| to_python_item(value))
            .collect();
        format!("[{}]", items.join(", "))
    }
}

fn to_python_item(value: &str) -> String {
    let mut parser = Parser::new(value);
    let read = parser
        .parse_value()
        .and_then(|read| parser.expect_end().map(|()| read.value));
    match read {
        Ok(number @ (Literal::Int(_) | Literal::Float(_))) if number.to_str() == value => {
            value.to_owned()
        }
        _ => shell_quote::quote_for_python(value),
    }
}

fn find_varying(parts: &[Part]) -> Vec<VaryingArgument<'_>> {
    let count = parts
        .first()
        .map_or(0, |part| part.command().arguments.len());
    let columns = (0..count).map(|argument| {
        let mut column = VaryingArgument {
            argument,
            values: Vec::new(),
            digits: Vec::new(),
        };
        let mut known = std::collections::HashMap::new();
        for part in parts {
            let value = part.command().arguments[argument].value();
            let digit = *known.entry(value).or_insert_with(|| {
                column.values.push(value);
                column.values.len() - 1
            });
            column.digits.push(digit);
        }
        column
    });
    columns.filter(|column| column.values.len() > 1).collect()
}

/// Whether the commands run through all combinations, the first column fastest.
fn is_product(columns: &[VaryingArgument<'_>], commands: usize) -> bool {
    let size = columns.iter().try_fold(1_usize, |size, column| {
        size.checked_mul(column.values.len())
    });
    size == Some(commands)
        && (0..commands).all(|command| {
            let mut rest = command;
            columns.iter().all(|column| {
                let digit = rest % column.values.len();
                rest /= column.values.len();
                column.digits[command] == digit
            })
        })
}

fn has_same_trials(plan: &Plan, text: &str) -> bool {
    let seed = plan.parts().first().map_or(0, |part| part.seed().value);
    let settings = Settings {
        drawn_seed: seed,
        ..Settings::default()
    };
    let reading = read(text, &settings);
    let words = |plan: &Plan, n| plan.trial(n).map(|trial| plan.argv(&trial));
    !reading.has_errors()
        && reading.plan.len() == plan.len()
        && (0..plan.len()).all(|n| words(&reading.plan, n) == words(plan, n))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    fn offered(text: &str) -> Option<String> {
        let plan = read(text, &Settings::default()).plan;
        suggest_single_command(text, &plan).map(|fix| fix.apply(text))
    }

    #[test]
    fn products_are_offered_as_one_command() {
        for (text, one) in [
            (
                "# four\n grid run --datastore_name c f.py --d x --n 8\n grid run --datastore_name c f.py --d x --n 16",
                "# four\n grid run --datastore_name c f.py --d x --n \"[8, 16]\"",
            ),
            (
                "grid run f.py --a 1 --b 3\ngrid run f.py --a 2 --b 3\ngrid run f.py --a 1 --b 5\ngrid run f.py --a 2 --b 5",
                "grid run f.py --a \"[1, 2]\" --b \"[3, 5]\"",
            ),
            (
                "grid run f.py --m=a\ngrid run f.py --m=\"b c\"",
                "grid run f.py --m=\"['a', 'b c']\"",
            ),
            (
                "grid run f.py 1e-3 x\ngrid run f.py 0.1 x",
                "grid run f.py \"['1e-3', 0.1]\" x",
            ),
        ] {
            assert_eq!(offered(text).as_deref(), Some(one), "{text}");
        }
    }

    #[test]
    fn others_are_not() {
        for text in [
            "grid run f.py --a 1",
            "grid run f.py --a 1\ngrid run f.py --a 1",
            "grid run f.py --a 1 --b 3\ngrid run f.py --a 1 --b 5\ngrid run f.py --a 2 --b 3\ngrid run f.py --a 2 --b 5",
            "grid run f.py --a 1 --b 2\ngrid run f.py --a 3 --b 4",
            "grid run f.py [1]x\ngrid run f.py 2",
            "grid run f.py --a 1\ngrid run g.py --a 2",
            "grid run --use_spot f.py --a 1\ngrid run f.py --a 2",
            "grid run f.py --a 1\ngrid run f.py --b 2",
            "grid run f.py --a \"[1, 2]\"\ngrid run f.py --a 3",
        ] {
            assert_eq!(offered(text), None, "{text}");
        }
    }
}

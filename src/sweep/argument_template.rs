//! What the trials of a part pass to their script, as it is stored: once for all of them, each trial's
//! own words following from its index.

use super::axis::Values;
use super::part::Part;
use super::range::Range;
use num_bigint::BigInt;
use serde::{Deserialize, Serialize};

/// The words of a part's trials, with places for what varies, and how many values each axis has. The
/// values of a range are computed from it; those of a list are kept apart from it, since a list may
/// be a million long where one trial needs one of it.
///
/// Its JSON form is stored by servers: it is only ever added to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ArgumentTemplate {
    /// The script first.
    words: Vec<TemplateWord>,
    axes: Vec<TemplateAxis>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum TemplateWord {
    /// The same in every trial.
    Fixed(String),
    /// A prefix, such as `--x=` or nothing, and the trial's value of an axis.
    Swept { prefix: String, axis: u32 },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum TemplateAxis {
    Range(TemplateRange),
    /// How many values the list has.
    Listed(u64),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "RangeText", into = "RangeText")]
struct TemplateRange(Range);

/// Numbers of any size, in decimal.
#[derive(Serialize, Deserialize)]
struct RangeText {
    start: String,
    step: String,
    len: String,
}

impl From<TemplateRange> for RangeText {
    fn from(TemplateRange(range): TemplateRange) -> Self {
        let (start, step, len) = range.start_step_len();
        Self {
            start: start.to_string(),
            step: step.to_string(),
            len: len.to_string(),
        }
    }
}

impl TryFrom<RangeText> for TemplateRange {
    type Error = &'static str;

    fn try_from(text: RangeText) -> Result<Self, Self::Error> {
        let number = |text: &str| text.parse::<BigInt>().map_err(|_| "a number of a range");
        let (start, step) = (number(&text.start)?, number(&text.step)?);
        let stop = &start + &step * number(&text.len)?;
        let range = Range::new(start, stop, step).map_err(|_| "a range")?;
        Ok(Self(range))
    }
}

impl ArgumentTemplate {
    /// What the trials of `part` pass. O(arguments).
    pub fn from_part(part: &Part) -> Self {
        let mut axis_numbers = 0..;
        let words = part.arguments().map(|(argument, swept)| {
            match swept.then(|| axis_numbers.next()).flatten() {
                Some(axis) => TemplateWord::Swept {
                    prefix: argument.prefix().to_owned(),
                    axis,
                },
                None => TemplateWord::Fixed(argument.word.text.to_string()),
            }
        });
        let script = TemplateWord::Fixed(part.script().to_owned());
        Self {
            words: std::iter::once(script).chain(words).collect(),
            axes: part
                .axes()
                .iter()
                .map(|axis| match axis.values() {
                    Values::Listed(values) => TemplateAxis::Listed(values.len() as u64),
                    Values::Range(range) => TemplateAxis::Range(TemplateRange(range.clone())),
                })
                .collect(),
        }
    }

    /// The script's path, as every trial has it.
    pub fn script(&self) -> &str {
        match self.words.first() {
            Some(TemplateWord::Fixed(script)) => script,
            _ => "",
        }
    }

    /// The values of the trial at `index`, one for each axis in their order; `None` outside of the
    /// space. `listed` looks up the value of an axis that is a list, by the axis and the place in the
    /// list, both from 0. O(axes).
    ///
    /// # Errors
    /// Those of `listed`.
    pub fn values<E>(
        &self,
        index: u128,
        mut listed: impl FnMut(u32, u64) -> Result<String, E>,
    ) -> Result<Option<Vec<String>>, E> {
        let mut rest = index;
        let mut values = Vec::with_capacity(self.axes.len());
        for (number, axis) in (0..).zip(&self.axes) {
            let len = match axis {
                TemplateAxis::Range(TemplateRange(range)) => range.len(),
                TemplateAxis::Listed(len) => (*len).into(),
            };
            let (Some(position), Some(next)) = (rest.checked_rem(len), rest.checked_div(len))
            else {
                return Ok(None);
            };
            rest = next;
            values.push(match axis {
                TemplateAxis::Range(TemplateRange(range)) => {
                    let mut text = String::new();
                    range.write(position, &mut text);
                    text
                }
                // Below the list's own length, which is 64 bits.
                TemplateAxis::Listed(_) => listed(number, position as u64)?,
            });
        }
        Ok((rest == 0).then_some(values))
    }

    /// The words of a trial with these values, the script first; `None` where a value is missing.
    /// O(words).
    pub fn argv(&self, values: &[String]) -> Option<Vec<String>> {
        let words = self.words.iter().map(|word| match word {
            TemplateWord::Fixed(text) => Some(text.clone()),
            TemplateWord::Swept { prefix, axis } => {
                Some(format!("{prefix}{}", values.get(*axis as usize)?))
            }
        });
        words.collect()
    }
}

/// The values of a part's axes that are lists or draws, by the axis's number from 0.
pub fn listed_values(part: &Part) -> impl Iterator<Item = (u32, &[Box<str>])> {
    (0..)
        .zip(part.axes())
        .filter_map(|(number, axis)| match axis.values() {
            Values::Listed(values) => Some((number, &values[..])),
            Values::Range(_) => None,
        })
}

/// How long the words of a part's trials are, in bytes of UTF-8.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ArgumentSizes {
    /// The longest word of any trial.
    pub longest_word: u64,
    /// All words of one trial at most, the script and one byte more for the end of each included.
    pub longest_trial: u64,
    /// The values of one trial at most, all axes together.
    pub longest_values: u64,
    /// The values of all lists and draws together.
    pub listed: u64,
}

impl ArgumentSizes {
    /// Measures a part. O(arguments + listed values).
    pub fn from_part(part: &Part) -> Self {
        let mut sizes = Self::default();
        let mut longest_values = part.axes().iter().map(|axis| match axis.values() {
            Values::Listed(values) => {
                let lens = values.iter().map(|value| value.len() as u64);
                sizes.listed += lens.clone().sum::<u64>();
                lens.max().unwrap_or(0)
            }
            // One of the two ends has the most digits.
            Values::Range(range) => [0, range.len().saturating_sub(1)]
                .map(|position| axis.value(position).map_or(0, |text| text.len() as u64))
                .into_iter()
                .fold(0, u64::max),
        });
        let longest: Vec<u64> = longest_values.by_ref().collect();
        drop(longest_values);
        sizes.longest_values = longest.iter().sum();
        let mut of_axes = longest.into_iter();
        let words = part.arguments().map(|(argument, swept)| {
            match swept.then(|| of_axes.next()).flatten() {
                Some(value) => argument.prefix().len() as u64 + value,
                None => argument.word.text.len() as u64,
            }
        });
        for len in std::iter::once(part.script().len() as u64).chain(words) {
            sizes.longest_word = sizes.longest_word.max(len);
            sizes.longest_trial += len + 1;
        }
        sizes
    }
}

/// A word of a trial, or a value of an axis, that holds a NUL, which ends a text for every operating
/// system: none can be passed it. O(bytes).
pub fn find_nul(part: &Part) -> Option<&str> {
    let has_nul = |text: &&str| text.contains('\0');
    let words = part
        .arguments()
        .filter(|(_, swept)| !swept)
        .map(|(argument, _)| argument.word.text.as_str());
    let prefixes = part
        .arguments()
        .filter(|(_, swept)| *swept)
        .map(|(argument, _)| argument.prefix());
    let lists = listed_values(part).flat_map(|(_, values)| values.iter().map(AsRef::as_ref));
    std::iter::once(part.script())
        .chain(words)
        .chain(prefixes)
        .chain(lists)
        .find(has_nul)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::{Settings, read};
    use crate::testing::test;
    #[cfg(not(target_arch = "wasm32"))]
    use proptest::prelude::*;

    /// Reads a command, stores its template as JSON and its lists apart, and compares what comes back
    /// with the plan for the trials at these indices, each taken modulo the space.
    fn check(command: &str, indices: &[u128]) {
        let reading = read(command, &Settings::default());
        assert!(
            !reading.has_errors(),
            "{command}: {:?}",
            reading.diagnostics
        );
        let plan = &reading.plan;
        let [part] = plan.parts() else {
            panic!("one part: {command}")
        };
        let stored = serde_json::to_string(&ArgumentTemplate::from_part(part)).unwrap();
        let template: ArgumentTemplate = serde_json::from_str(&stored).unwrap();
        assert_eq!(template, ArgumentTemplate::from_part(part));
        let listed = |axis: u32, position: u64| match part.axes()[axis as usize].values() {
            Values::Listed(values) => Ok::<_, ()>(values[position as usize].to_string()),
            Values::Range(_) => panic!("ranges are computed"),
        };
        let sizes = ArgumentSizes::from_part(part);
        for index in indices {
            let index = index % part.space_len();
            let values = template.values(index, listed).unwrap().unwrap();
            let argv = template.argv(&values).unwrap();
            assert_eq!(
                Some(&argv),
                part.argv(index).as_ref(),
                "{command} at {index}"
            );
            let expected: Vec<_> = part
                .axes()
                .iter()
                .zip(part.digits(index))
                .map(|(axis, digit)| axis.value(digit).unwrap().into_owned())
                .collect();
            assert_eq!(values, expected);
            assert_eq!(plan.columns().len(), values.len());
            let words = argv.iter().map(|word| word.len() as u64);
            assert!(words.clone().max().unwrap() <= sizes.longest_word);
            assert!(words.map(|len| len + 1).sum::<u64>() <= sizes.longest_trial);
            let swept = values.iter().map(|value| value.len() as u64).sum::<u64>();
            assert!(swept <= sizes.longest_values);
        }
        let outside = template.values(part.space_len(), listed).unwrap();
        assert!(outside.is_none() || template.axes.is_empty());
        assert_eq!(template.script(), part.script());
        assert_eq!(find_nul(part), None);
    }

    #[test]
    fn every_kind_of_argument_comes_back() {
        for command in [
            "grid run a.py",
            "grid run a.py 'x y' --fast -v -- '' é",
            "grid run a.py --x \"['a', 'b c', '']\" --y=\"[1, 2]\" \"range(3)\" --x \"[0.5]\"",
            "grid run a.py --n 'range(-5, 5, 3)' --m 'range(10, 0, -1)'",
            "grid run a.py --n 'range(100000000000000000000000000000000000000000, \
             100000000000000000000000000000000000000009, 2)'",
            "grid run --seed 3 a.py --lr 'uniform(0, 1, 5)' --k \"choice(['a', 'b'], 4)\"",
            "grid run --strategy none a.py --x '[1, 2]'",
            "grid run --strategy random_search --num_trials 3 a.py --x 'range(9)' --y 'range(9)'",
        ] {
            check(command, &[0, 1, 2, 3, 7, 11, 1 << 90]);
        }
    }

    #[test]
    fn sizes_are_those_of_the_longest_trial() {
        let reading = read(
            "grid run a.py --x \"['a', 'bcd']\" --n='range(-10, 2, 11)' y",
            &Settings::default(),
        );
        let sizes = ArgumentSizes::from_part(&reading.plan.parts()[0]);
        let expected = ArgumentSizes {
            longest_word: 7,
            longest_trial: 5 + 4 + 4 + 8 + 2,
            longest_values: 6,
            listed: 4,
        };
        assert_eq!(sizes, expected);
    }

    #[test]
    fn a_nul_is_an_error_of_the_command_or_found() {
        for command in [
            "grid run a.py 'x\0'",
            "grid run 'a\0.py'",
            "grid run a.py --x='x\0'",
            "grid run a.py --strategy none --x $'\\0'",
            "grid run a.py --x \"['a', '\\x00']\"",
            "grid run a.py --x \"['a', '\\N{NULL}']\"",
            "grid run --seed 1 a.py --x \"choice(['\\0a', '\\0b'], 3)\"",
        ] {
            let reading = read(command, &Settings::default());
            let words = reading.plan.parts().first();
            assert!(
                reading.has_errors() || words.and_then(find_nul).is_some(),
                "{command:?}"
            );
        }
        let part = read("grid run a.py --x '[1, 2]'", &Settings::default());
        assert_eq!(find_nul(&part.plan.parts()[0]), None);
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn argument() -> impl Strategy<Value = String> {
        prop_oneof![
            "--[a-z]{1,3}",
            "[a-z0-9é ]{0,6}".prop_map(|text| format!("'{text}'")),
            (
                "--[a-z]{1,2}[= ]",
                prop::collection::vec("[a-z0-9é ]{0,4}", 1..70)
            )
                .prop_map(|(flag, items)| {
                    let items: Vec<_> = items.iter().map(|item| format!("'{item}'")).collect();
                    format!("{flag}\"[{}]\"", items.join(", "))
                }),
            (-99_i64..99, 1_i64..500, 1_i64..9).prop_map(|(start, len, step)| format!(
                "'range({start}, {}, {step})'",
                start + len
            )),
            (1_u32..200).prop_map(|count| format!("--u 'uniform(0, 1, {count})'")),
            (1_u32..90).prop_map(|count| format!("\"choice(['a', 'bb', 'c'], {count})\"")),
        ]
    }

    #[cfg(not(target_arch = "wasm32"))]
    proptest! {
        #[test]
        fn words_come_back_byte_for_byte(
            arguments in prop::collection::vec(argument(), 0..6),
            indices in prop::collection::vec(any::<u128>(), 1..8),
        ) {
            check(&format!("grid run --seed 1 a.py {}", arguments.join(" ")), &indices);
        }
    }
}

//! Distinct names for the runs of one plan, and for its trials where each is a command of its own.
//!
//! A server takes each name once, so that of two commands `--name abc` the second would be refused at
//! its launch. It is called `abc-2`, or the next number that no command has typed.

use std::collections::{HashMap, HashSet};

/// The longest name that `sweep serve` takes for a run, in characters; Grid's client sets no limit.
pub(super) const MAX_RUN_NAME: usize = 200;

/// The names of a plan's runs.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct RunNames {
    /// One for each command; `None` where it gives none.
    names: Vec<Option<String>>,
    /// For a name the numbers that another run's has behind it: 2 of `abc-2` for `abc`; ascending.
    numbers: HashMap<String, Vec<u128>>,
}

impl RunNames {
    /// The names of the runs of several commands, given what each has typed. A typed name stays with
    /// the first command that has it. O(commands).
    pub(super) fn new(typed: &[Option<&str>]) -> RunNames {
        let names = make_distinct(typed);
        let mut numbers: HashMap<String, Vec<u128>> = HashMap::new();
        for name in names.iter().flatten() {
            if let Some((start, number)) = name.rsplit_once('-').and_then(parse_numbered) {
                numbers.entry(start.to_owned()).or_default().push(number);
            }
        }
        numbers.values_mut().for_each(|of| of.sort_unstable());
        RunNames { names, numbers }
    }

    /// The name of a command's run.
    pub(super) fn of_run(&self, command: u32) -> Option<&str> {
        self.names.get(command as usize)?.as_deref()
    }

    /// The name of the trial at `position` of a run's proposed trials, where each is a command of its
    /// own: that of the run for the first, numbered from 2 on, past the numbers that other runs have.
    /// `None` where it would be longer than a server takes. Only digits follow the run's name, so that
    /// two runs' trials never share one.
    pub(super) fn of_trial(&self, command: u32, position: u128) -> Option<String> {
        let run = self.of_run(command)?;
        if position == 0 {
            return Some(run.to_owned());
        }
        let mut number = position.checked_add(1)?;
        for other in self.numbers.get(run).map_or(&[][..], Vec::as_slice) {
            number = number.checked_add(u128::from((2..=number).contains(other)))?;
        }
        let name = format!("{run}-{number}");
        (name.chars().count() <= MAX_RUN_NAME).then_some(name)
    }
}

/// The number as it is written: `abc-02` is another name than `abc-2`.
fn parse_numbered<'a>((start, digits): (&'a str, &str)) -> Option<(&'a str, u128)> {
    let number: u128 = digits.parse().ok()?;
    (number.to_string() == digits).then_some((start, number))
}

fn make_distinct(typed: &[Option<&str>]) -> Vec<Option<String>> {
    let mut taken: HashSet<String> = typed.iter().flatten().map(|name| (*name).into()).collect();
    // Long names are cut before they are numbered, and may then be alike. The next free number is kept for
    // each cut name, or each of many long names would try the numbers of all others.
    let mut next: HashMap<String, u64> = HashMap::new();
    let mut used: HashSet<&str> = HashSet::new();
    let mut names = Vec::with_capacity(typed.len());
    for typed in typed {
        let name = typed.map(|typed| {
            if used.insert(typed) {
                return typed.to_owned();
            }
            let mut number = 2;
            loop {
                let start = truncate_for_number(typed, number);
                let free = next.entry(start.clone()).or_insert(number);
                if *free > number {
                    number = *free;
                    continue;
                }
                *free = number + 1;
                let name = format!("{start}-{number}");
                if taken.insert(name.clone()) {
                    return name;
                }
                number += 1;
            }
        });
        names.push(name);
    }
    names
}

/// What of `name` stands before `-2`: so much that both are no longer than a server takes.
fn truncate_for_number(name: &str, number: u64) -> String {
    let end = number.to_string().len() + 1;
    let length = MAX_RUN_NAME.saturating_sub(end);
    let start: String = name.chars().take(length).collect();
    start.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::options::{Options, find};
    use crate::testing::test;
    #[cfg(not(target_arch = "wasm32"))]
    use proptest::prelude::*;

    fn names(typed: &[&str]) -> Vec<String> {
        let typed: Vec<Option<&str>> = typed.iter().map(|name| Some(*name)).collect();
        make_distinct(&typed).into_iter().flatten().collect()
    }

    #[test]
    fn the_second_of_a_name_is_numbered() {
        assert_eq!(
            names(&["abc", "x", "abc", "abc"]),
            ["abc", "x", "abc-2", "abc-3"]
        );
        assert_eq!(
            names(&["abc", "abc", "abc-2", "abc-2"]),
            ["abc", "abc-3", "abc-2", "abc-2-2"]
        );
        assert_eq!(
            make_distinct(&[None, Some("a"), None]),
            [None, Some("a".into()), None]
        );
    }

    #[test]
    fn a_long_name_is_cut() {
        let long = "a".repeat(MAX_RUN_NAME);
        let dashed = format!("{}-b", "a".repeat(MAX_RUN_NAME - 2));
        for name in [long, dashed] {
            let found = names(&[&name, &name, &name]);
            assert_eq!(found.iter().collect::<HashSet<_>>().len(), 3);
            let spec = find("--name").unwrap();
            for name in &found {
                assert!(name.chars().count() <= MAX_RUN_NAME, "{name}");
                assert!(Options::default().set(spec, name).is_ok(), "{name}");
            }
        }
    }

    /// Cut, many are alike: numbers that others have are not tried again for each, which took minutes.
    #[test]
    fn many_long_names_are_numbered_at_once() {
        const COUNT: usize = 10_000;
        let start = "a".repeat(MAX_RUN_NAME - 5);
        let long: Vec<String> = (0..COUNT).map(|n| format!("{start}{n:05}")).collect();
        let typed: Vec<&str> = long.iter().chain(&long).map(String::as_str).collect();
        let found = names(&typed);
        assert_eq!(found.iter().collect::<HashSet<_>>().len(), 2 * COUNT);
    }

    #[cfg(not(target_arch = "wasm32"))]
    proptest! {
        #[test]
        fn no_two_names_are_the_same(typed in prop::collection::vec(prop::option::of("(a|a-2|a-3|a-2-2|b)"), 0..12), len in 1_u128..9) {
            let typed: Vec<Option<&str>> = typed.iter().map(Option::as_deref).collect();
            let runs = RunNames::new(&typed);
            let of_runs: Vec<&String> = runs.names.iter().flatten().collect();
            prop_assert_eq!(of_runs.iter().collect::<HashSet<_>>().len(), of_runs.len());
            let commands = 0..u32::try_from(typed.len()).unwrap();
            let all = commands.flat_map(|command| (0..len).map(move |at| (command, at)));
            let trials: Vec<String> = all.filter_map(|(command, at)| runs.of_trial(command, at)).collect();
            prop_assert_eq!(trials.iter().collect::<HashSet<_>>().len(), trials.len());
            for (at, name) in typed.iter().enumerate() {
                let first = typed.iter().position(|other| other == name) == Some(at);
                prop_assert!(!first || runs.names[at].as_deref() == *name);
            }
        }
    }
}

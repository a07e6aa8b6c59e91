//! Compares a choice that is carried to an edited plan with its definition, trial by trial.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![cfg(not(target_arch = "wasm32"))]

use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use sweep_planner::internals::sweep::carry_selection::LossCause;
use sweep_planner::internals::sweep::{Part, Plan, Ranges, Settings, carry, read};

/// Values of one argument: swept or not, with repeats, in lists and ranges that share numbers.
fn values() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => proptest::collection::vec(0_u8..6, 1..5).prop_map(|list| format!("\"{list:?}\"")),
        3 => (-3_i8..3, 1_i8..7, 1_i8..4).prop_map(|(a, n, s)| format!("\"range({a}, {}, {s})\"", a + n)),
        1 => (0_i8..6, 1_i8..7, 1_i8..4).prop_map(|(a, n, s)| format!("\"range({a}, {}, -{s})\"", a - n)),
        2 => (0_u8..6).prop_map(|n| n.to_string()),
        1 => (1_u8..4).prop_map(|n| format!("\"randint(0, 4, {n})\"")),
        1 => Just(String::new()),
    ]
}

/// A command, and the same one with its arguments in another order.
fn reordered_command() -> impl Strategy<Value = (String, String)> {
    let options = prop_oneof![
        2 => Just("--seed 3 ".to_owned()),
        1 => (1_u32..9, 0_u32..9)
            .prop_map(|(k, s)| format!("--strategy random_search --num_trials {k} --seed {s} ")),
    ];
    let arguments = proptest::sample::subsequence(vec!["--a", "--b", "--c", "--d"], 0..4)
        .prop_shuffle()
        .prop_flat_map(|names| {
            let count = names.len();
            proptest::collection::vec(values(), count).prop_map(move |values| {
                let both = names.iter().zip(values);
                both.map(|(name, value)| format!(" {name} {value}"))
                    .collect::<Vec<_>>()
            })
        })
        .prop_flat_map(|arguments| (Just(arguments.clone()), Just(arguments).prop_shuffle()));
    (options, arguments).prop_map(|(options, (one, other))| {
        let text = |arguments: Vec<String>| format!("grid run {options}f.py{}", arguments.concat());
        (text(one), text(other))
    })
}

fn command() -> impl Strategy<Value = String> {
    reordered_command().prop_map(|(command, _)| command)
}

fn plan(text: &str) -> std::sync::Arc<Plan> {
    read(text, &Settings::default()).plan
}

fn choose_positions(bits: &[bool], len: u128) -> Ranges {
    let chosen = (0..len).filter(|n| bits[usize::try_from(*n).unwrap() % bits.len()]);
    Ranges::from_ascending(chosen)
}

/// The arguments that a trial passes: name → value and its number, from 0, among equal values of
/// its axis; 0 for an argument that is not swept.
type Passed = BTreeMap<String, (String, usize)>;

/// The arguments with a value, in order: name, and the number of its axis.
fn arguments(part: &Part) -> Vec<(String, Option<usize>, String)> {
    let mut axes = 0;
    let mut found = Vec::new();
    for argument in part.command().arguments.iter().filter(|a| !a.is_flag) {
        let axis = part
            .axes()
            .get(axes)
            .filter(|axis| axis.name() == argument.name.as_str());
        let number = axis.map(|_| axes);
        axes += usize::from(number.is_some());
        found.push((
            argument.name.to_string(),
            number,
            argument.value().to_owned(),
        ));
    }
    found
}

fn passed_arguments(part: &Part, index: u128) -> Passed {
    let digits: Vec<u128> = part.digits(index).collect();
    let one = |(name, axis, value): (String, Option<usize>, String)| match axis {
        None => (name, (value, 0)),
        Some(number) => {
            let axis = &part.axes()[number];
            let value = axis.value(digits[number]).unwrap();
            let same = (0..digits[number]).filter(|d| axis.value(*d).unwrap() == value);
            (name, (value.to_string(), same.count()))
        }
    };
    arguments(part).into_iter().map(one).collect()
}

/// The names of arguments that decide which trials are carried: those that both parts have and at
/// least one sweeps, and the new name of a renamed axis. Also that axis's old and new name.
fn deciding_names(old: &Part, new: &Part) -> (BTreeSet<String>, Option<(String, String)>) {
    let of = |part: &Part| -> BTreeMap<String, bool> {
        let arguments = arguments(part).into_iter();
        arguments
            .map(|(name, axis, _)| (name, axis.is_some()))
            .collect()
    };
    let (before, now) = (of(old), of(new));
    let missing: Vec<usize> = (0..old.axes().len())
        .filter(|n| !now.contains_key(old.axes()[*n].name()))
        .collect();
    let added: Vec<usize> = (0..new.axes().len())
        .filter(|n| !before.contains_key(new.axes()[*n].name()))
        .collect();
    let renamed = match (&missing[..], &added[..]) {
        ([a], [b]) if a == b && old.axes()[*a].values() == new.axes()[*b].values() => {
            let name = |part: &Part| part.axes()[*a].name().to_owned();
            Some((name(old), name(new)))
        }
        _ => None,
    };
    let mut names: BTreeSet<String> = before
        .iter()
        .filter(|(name, swept)| now.get(*name).is_some_and(|also| **swept || *also))
        .map(|(name, _)| name.clone())
        .collect();
    names.extend(renamed.iter().map(|(_, name)| name.clone()));
    (names, renamed)
}

/// The values of the deciding arguments, a renamed one under its new name.
fn deciding_values(
    mut passed: Passed,
    names: &BTreeSet<String>,
    renamed: Option<&(String, String)>,
) -> Passed {
    if let Some((old, new)) = renamed
        && let Some(value) = passed.remove(old)
    {
        passed.insert(new.clone(), value);
    }
    passed.retain(|name, _| names.contains(name));
    passed
}

struct Expected {
    chosen: Vec<u128>,
    lost: u128,
    merged: Option<u128>,
}

/// The definition: a new trial is chosen where a chosen old trial passes the same deciding values.
fn carried_by_listing(old: &Part, chosen: &Ranges, new: &Part) -> Expected {
    let (names, renamed) = deciding_names(old, new);
    let nothing = chosen.len() < old.len()
        && new.space_len() > 1
        && !old.axes().iter().any(|axis| {
            let kept = renamed
                .as_ref()
                .is_some_and(|(before, _)| before == axis.name());
            axis.len() > 1 && (kept || names.contains(axis.name()))
        });
    if nothing {
        return Expected {
            chosen: Vec::new(),
            lost: chosen.len(),
            merged: None,
        };
    }
    let before: Vec<Passed> = chosen
        .iter()
        .map(|n| {
            deciding_values(
                passed_arguments(old, old.index_at(n).unwrap()),
                &names,
                renamed.as_ref(),
            )
        })
        .collect();
    let now: Vec<Passed> = (0..new.len())
        .map(|n| {
            deciding_values(
                passed_arguments(new, new.index_at(n).unwrap()),
                &names,
                None,
            )
        })
        .collect();
    let here: BTreeSet<&Passed> = now.iter().collect();
    let surviving: Vec<&Passed> = before.iter().filter(|key| here.contains(key)).collect();
    let distinct: BTreeSet<&Passed> = surviving.iter().copied().collect();
    let found = (0_u128..).zip(&now).filter(|(_, key)| before.contains(key));
    Expected {
        chosen: found.map(|(n, _)| n).collect(),
        lost: (before.len() - surviving.len()) as u128,
        merged: (distinct.len() < surviving.len()).then_some(distinct.len() as u128),
    }
}

/// Whether both parts have the same trials. Arguments in another order may give others: a random
/// search and drawn values depend on the order.
fn same_trials(old: &Part, new: &Part) -> bool {
    let all = |part: &Part| -> BTreeSet<Passed> {
        (0..part.len())
            .map(|n| passed_arguments(part, part.index_at(n).unwrap()))
            .collect()
    };
    all(old) == all(new)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn as_defined(before in command(), now in command(), bits in proptest::collection::vec(any::<bool>(), 1..40)) {
        let (old, new) = (plan(&before), plan(&now));
        prop_assume!(!old.is_empty() && !new.is_empty());
        let chosen = choose_positions(&bits, old.len());
        let carried = carry(&old, &chosen, &new);
        prop_assert!(carried.chosen.is_empty() || carried.chosen.nth(carried.chosen.len() - 1) < Some(new.len()));
        let expected = carried_by_listing(&old.parts()[0], &chosen, &new.parts()[0]);
        prop_assert_eq!(carried.chosen.iter().collect::<Vec<_>>(), expected.chosen, "{} [{}] -> {}", before, chosen, now);
        let (lost, merged) = carried.lost.as_ref().map_or((0, None), |lost| (lost.lost, lost.merged));
        prop_assert_eq!((lost, merged), (expected.lost, expected.merged), "{} [{}] -> {}", before, chosen, now);
        if let Some(lost) = &carried.lost {
            prop_assert_eq!(lost.chosen, chosen.len());
            prop_assert_eq!(lost.lost > 0, !lost.causes.is_empty(), "{:?}", lost);
            prop_assert!(lost.merged.is_none() || !lost.dropped.is_empty(), "{:?}", lost);
            prop_assert!(!lost.causes.contains(&LossCause::TooManyRanges));
            prop_assert!(lost.to_string().ends_with('.'));
        }
    }

    /// The same plan changes nothing; the arguments in another order and back give the choice again.
    #[test]
    fn there_and_back(commands in proptest::collection::vec(reordered_command(), 1..4), bits in proptest::collection::vec(any::<bool>(), 1..40)) {
        let text = |which: fn(&(String, String)) -> &String| {
            plan(&commands.iter().map(|pair| which(pair).as_str()).collect::<Vec<_>>().join("\n"))
        };
        let (old, other) = (text(|(a, _)| a), text(|(_, b)| b));
        prop_assume!(!old.is_empty());
        let chosen = choose_positions(&bits, old.len());
        let same = carry(&old, &chosen, &old);
        prop_assert_eq!((&same.chosen, &same.lost), (&chosen, &None));
        let mut parts = old.parts().iter().zip(other.parts());
        if parts.all(|(old, other)| same_trials(old, other)) {
            let there = carry(&old, &chosen, &other);
            let back = carry(&other, &there.chosen, &old);
            prop_assert_eq!((back.chosen, back.lost), (chosen, None));
        }
    }

    /// Each command carries its own trials, whatever the order of the commands.
    #[test]
    fn commands_move_with_their_trials(commands in proptest::collection::vec(command(), 2..5).prop_flat_map(|c| (Just(c.clone()), Just(c).prop_shuffle())), bits in proptest::collection::vec(any::<bool>(), 1..40)) {
        let (before, now) = commands;
        let (old, new) = (plan(&before.join("\n")), plan(&now.join("\n")));
        prop_assume!(!old.is_empty());
        let chosen = choose_positions(&bits, old.len());
        let there = carry(&old, &chosen, &new);
        prop_assert!(there.lost.is_none());
        let lines = |plan: &Plan, chosen: &Ranges| {
            let mut lines: Vec<String> = chosen.iter().map(|n| plan.command_line(&plan.trial(n).unwrap())).collect();
            lines.sort();
            lines
        };
        prop_assert_eq!(lines(&old, &chosen), lines(&new, &there.chosen));
    }
}

//! Carried choices by example, and in spaces that nobody could list.

use super::*;
use crate::sweep::{Settings, read};
use crate::testing::test;

fn plan(text: &str) -> std::sync::Arc<Plan> {
    let reading = read(text, &Settings::default());
    assert!(!reading.has_errors(), "{text}: {:?}", reading.diagnostics);
    reading.plan
}

/// The chosen positions, and the sentence about what was lost.
fn carried(before: &str, chosen: &str, now: &str) -> (String, String) {
    let carried = carry(&plan(before), &chosen.parse().unwrap(), &plan(now));
    let lost = carried.lost.map(|lost| lost.to_string());
    (carried.chosen.to_string(), lost.unwrap_or_default())
}

/// Arguments before, chosen, arguments after, chosen there, and the sentence about what was lost.
const CASES: &[(&str, &str, &str, &str, &str)] = &[
    // A new axis.
    (
        r#"--a "range(30)""#,
        "0,3-5,29",
        r#"--a "range(30)" --b "[1]""#,
        "0,3-5,29",
        "",
    ),
    (
        r#"--a "range(30)""#,
        "0,3-5,29",
        r#"--a "range(30)" --b 7"#,
        "0,3-5,29",
        "",
    ),
    (
        r#"--a "range(30)""#,
        "0,3-5",
        r#"--a "range(30)" --b "[1, 2]""#,
        "0,3-5,30,33-35",
        "",
    ),
    (
        r#"--a "range(30)""#,
        "0,3-5",
        r#"--b "[1, 2]" --a "range(30)""#,
        "0-1,6-11",
        "",
    ),
    // What is fixed on both sides, the script and the options tell no trials apart.
    (
        r#"--a "range(9)" --b 7"#,
        "1",
        r#"--a "range(9)" --b 8"#,
        "1",
        "",
    ),
    // An argument that becomes an axis stays at its value; an axis that becomes an argument loses the others.
    (
        r#"--a "range(3)" --b 1"#,
        "1",
        r#"--a "range(3)" --b "[0, 1]""#,
        "4",
        "",
    ),
    (
        r#"--a "range(3)" --b 2"#,
        "1",
        r#"--a "range(3)" --b "[0, 1]""#,
        "",
        "Your chosen trial is no longer in the plan: `--b` 2 is gone.",
    ),
    (
        r#"--a "range(3)" --b "[1, 2]""#,
        "1,4",
        r#"--a "range(3)" --b 2"#,
        "1",
        "1 of your 2 chosen trials is no longer in the plan: `--b` 1 is gone.",
    ),
    // A flag without a value is no value.
    (
        r#"--a "range(3)" --b"#,
        "1",
        r#"--a "range(3)" --b "[0, 1]""#,
        "1,4",
        "",
    ),
    // Values gone, added, in another order.
    (
        r#"--a "[1, 2, 3, 4, 5]""#,
        "0-4",
        r#"--a "[2, 4]""#,
        "0-1",
        "3 of your 5 chosen trials are no longer in the plan: `--a` 1, 3, 5 are gone.",
    ),
    (
        r#"--a "range(9)""#,
        "1-8",
        r#"--a "[0, 1]""#,
        "1",
        "7 of your 8 chosen trials are no longer in the plan: `--a` 2, 3, 4 and others are gone.",
    ),
    (
        r#"--a "[1, 2]" --b "['x']""#,
        "0",
        r#"--a "['a b']" --b "['x']""#,
        "",
        "Your chosen trial is no longer in the plan: `--a` 1 is gone.",
    ),
    (r#"--a "range(3)""#, "1", r#"--a "range(9)""#, "1", ""),
    (
        r#"--a "range(0, 9, 2)""#,
        "1-2",
        r#"--a "range(20, -1, -1)""#,
        "16,18",
        "",
    ),
    (
        r#"--a "[3, 1, 2]""#,
        "0-1",
        r#"--a "range(1, 4)""#,
        "0,2",
        "",
    ),
    (
        r#"--a "range(1, 4)""#,
        "0-1",
        r#"--a "[3, 2, '01', 1]""#,
        "1,3",
        "",
    ),
    (
        r#"--a "[1, 2]" --b "[5, 6]""#,
        "1",
        r#"--b "[5, 6]" --a "[1, 2]""#,
        "2",
        "",
    ),
    // Equal values in order of occurrence.
    (r#"--a "[7, 8, 7]""#, "2", r#"--a "[7, 7, 7]""#, "1", ""),
    (
        r#"--a "[7, 8, 7]""#,
        "0,2",
        r#"--a "[8, 7]""#,
        "1",
        "1 of your 2 chosen trials is no longer in the plan: `--a` 7 is gone.",
    ),
    // An axis gone: trials that become one are counted, and reported.
    (
        r#"--a "[1, 2]" --b "[5, 6]""#,
        "1",
        r#"--a "[1, 2]""#,
        "1",
        "",
    ),
    (
        r#"--a "[1, 2]" --b "[5, 6]""#,
        "1-3",
        r#"--a "[1, 2]""#,
        "0-1",
        "Your 3 chosen trials are now 2: `--b` is no longer swept.",
    ),
    (
        r#"--a "[1, 2, 3]" --b "[5, 6]""#,
        "0-5",
        r#"--a "[1, 3]""#,
        "0-1",
        "2 of your 6 chosen trials are no longer in the plan: `--a` 2 is gone. The other 4 are now 2: `--b` is no longer swept.",
    ),
    (
        r#"--a "range(30)""#,
        "0-4",
        "",
        "0",
        "Your 5 chosen trials are now 1: `--a` is no longer swept.",
    ),
    // Another name with the same values at the same place is the same axis.
    (
        r#"--lr "[1, 2]" --b "[5, 6]""#,
        "1-2",
        r#"--rate "[1, 2]" --b "[5, 6]""#,
        "1-2",
        "",
    ),
    (
        r#"--lr "[1, 2]""#,
        "1",
        r#"--rate "[1, 3]""#,
        "",
        "Your chosen trial is no longer in the plan: the arguments that told them apart are no longer swept.",
    ),
    (
        r#"--lr "range(30)""#,
        "1-5",
        r#"--layers "range(10)""#,
        "",
        "None of your 5 chosen trials is in the plan any more: the arguments that told them apart are no longer swept.",
    ),
];

#[test]
fn by_example() {
    for (before, chosen, now, expected, said) in CASES {
        let [before, now] = [before, now].map(|arguments| format!("grid run f.py {arguments}"));
        let found = carried(&before, chosen, &now);
        let expected = ((*expected).to_owned(), (*said).to_owned());
        assert_eq!(found, expected, "{before} [{chosen}] -> {now}");
    }
}

#[test]
fn an_unreadable_text_takes_nothing_and_loses_nothing() {
    let before = plan(r#"grid run f.py --a "[1, 2]""#);
    let empty = Plan::default();
    assert_eq!(carry(&before, &Ranges::full(1), &empty), Carried::default());
    assert_eq!(carry(&empty, &Ranges::full(1), &before), Carried::default());
}

#[test]
fn drawn_values() {
    let text = |seed: u32, size: u32| {
        format!(r#"grid run --seed {seed} f.py --lr "uniform(0, 1, {size})" --n "[1, 2]""#)
    };
    // The first values of a longer draw are the same; those of another seed are others.
    assert_eq!(
        carried(&text(1, 3), "0,3-4", &text(1, 5)),
        ("0,5-6".to_owned(), String::new())
    );
    let anew = "None of your 3 chosen trials is in the plan any more: `--lr` was drawn anew.";
    assert_eq!(
        carried(&text(1, 3), "0,3-4", &text(2, 3)),
        (String::new(), anew.to_owned())
    );
}

#[test]
fn random_search() {
    let text = |k: u32, seed: u32| {
        format!(
            r#"grid run --strategy random_search --num_trials {k} --seed {seed} f.py --a "range(10)" --b "range(10)""#
        )
    };
    let grid = r#"grid run f.py --a "range(10)" --b "range(10)""#;
    let drawn = plan(&text(5, 42));
    let indices: Vec<u128> = drawn.parts()[0].drawn_indices().unwrap().to_vec();
    assert_eq!(indices, [8, 12, 33, 48, 82]);
    assert_eq!(
        carried(&text(5, 42), "0,3", grid),
        ("8,48".to_owned(), String::new())
    );
    assert_eq!(
        carried(grid, "8,48", &text(5, 42)),
        ("0,3".to_owned(), String::new())
    );
    let said =
        "1 of your 2 chosen trials is no longer in the plan: the random search proposes others.";
    assert_eq!(
        carried(grid, "8,49", &text(5, 42)),
        ("0".to_owned(), said.to_owned())
    );
    // Without `--b` 8, 12 and 48 are 8, 2 and 8.
    let projected = carried(&text(5, 42), "0-1,3", r#"grid run f.py --a "range(10)""#);
    let said = "Your 3 chosen trials are now 2: `--b` is no longer swept.";
    assert_eq!(projected, ("2,8".to_owned(), said.to_owned()));
}

#[test]
fn several_commands() {
    let (a, b, c) = (
        r#"grid run a.py --x "range(3)""#,
        r#"grid run a.py --y "range(3)""#,
        r#"grid run c.py --z "range(3)""#,
    );
    let lines = |commands: &[&str]| commands.join("\n");
    let gone = "1 of your 2 chosen trials is no longer in the plan: command 1 is gone.".to_owned();
    for (before, chosen, now, expected) in [
        (&[a, b][..], "1,3", &[b, a][..], ("0,4", "")),
        (&[a, b], "1,3", &[c, a, b], ("4,6", "")),
        (&[a, b], "1,3", &[b], ("0", gone.as_str())),
        // A new command's trials are not chosen.
        (&[a], "1", &[a, c], ("1", "")),
        // The changed one of two is the one that is left.
        (
            &[a, c],
            "1,3",
            &[a, r#"grid run c.py --z "range(4)""#],
            ("1,3", ""),
        ),
        (
            &[a, c],
            "1,3",
            &[r#"grid run d.py --x "range(3)""#, c],
            ("1,3", ""),
        ),
        // By the words in common, where several could be meant.
        (
            &[a, b],
            "1,3",
            &[r#"grid run a.py --y "range(3)" --k 1"#],
            ("0", gone.as_str()),
        ),
    ] {
        let found = carried(&lines(before), chosen, &lines(now));
        assert_eq!(
            (found.0.as_str(), found.1.as_str()),
            expected,
            "{before:?} -> {now:?}"
        );
    }
    // The same command twice keeps its place.
    assert_eq!(carried(&lines(&[a, a]), "4", &lines(&[a, a, a])).0, "4");
}

/// 10^18 trials, all chosen but three: a few ranges each time, in a time that no list would allow.
#[test]
fn huge_spaces() {
    let axis = |name: &str, values: &str| format!(r#" --{name} "{values}""#);
    let (a, b, c) = ("range(1000000)", "range(1000000)", "range(1000000)");
    let text = |axes: &[(&str, &str)]| {
        let axes: String = axes
            .iter()
            .map(|(name, values)| axis(name, values))
            .collect();
        plan(&format!("grid run f.py{axes}"))
    };
    let before = text(&[("a", a), ("b", b), ("c", c)]);
    let million = 1_000_000_u128;
    let index = |digits: [u128; 3]| digits[0] + million * (digits[1] + million * digits[2]);
    let holes = [[5, 6, 7], [0, 0, 0], [999_999, 1, 999_999]];
    let mut chosen = Ranges::full(before.len());
    holes.iter().for_each(|hole| chosen.remove(index(*hole)));

    // Another order of the axes.
    let turned = carry(&before, &chosen, &text(&[("c", c), ("b", b), ("a", a)]));
    let mut expected = Ranges::full(before.len());
    for [a, b, c] in holes {
        expected.remove(index([c, b, a]));
    }
    assert_eq!((&turned.chosen, &turned.lost), (&expected, &None));
    // And back.
    let back = carry(
        &text(&[("c", c), ("b", b), ("a", a)]),
        &turned.chosen,
        &before,
    );
    assert_eq!((back.chosen, back.lost), (chosen.clone(), None));
    // A new axis of several, fastest and slowest.
    let wide = carry(
        &before,
        &chosen,
        &text(&[("n", "[1, 2]"), ("a", a), ("b", b), ("c", c)]),
    );
    assert_eq!(wide.chosen.len(), 2 * chosen.len());
    let tall = carry(
        &before,
        &chosen,
        &text(&[("a", a), ("b", b), ("c", c), ("n", "range(1000)")]),
    );
    assert_eq!(
        (tall.chosen.len(), tall.chosen.ranges().len()),
        (1000 * chosen.len(), 3000)
    );
    // Half of the values of one axis, backwards.
    let half = text(&[("a", a), ("b", b), ("c", "range(499999, -1, -1)")]);
    let halved = carry(&before, &chosen, &half);
    let lost = halved.lost.unwrap();
    assert_eq!(halved.chosen, {
        let mut expected = Ranges::full(half.len());
        expected.remove(index([5, 6, 499_992]));
        expected.remove(index([0, 0, 499_999]));
        expected
    });
    assert_eq!(lost.lost, 500_000 * million * million - 1);
    // An axis gone: every combination of the others was chosen somewhere.
    let flat = carry(&before, &chosen, &text(&[("c", c), ("a", a)]));
    assert_eq!(flat.chosen, Ranges::full(million * million));
    assert_eq!(flat.lost.unwrap().merged, Some(million * million));
    // A random search of it.
    let few = plan(
        r#"grid run --strategy random_search --num_trials 1000 f.py --a "range(1000000)" --b "range(1000000)" --c "range(1000000)""#,
    );
    let found = carry(&before, &chosen, &few);
    assert_eq!(found.chosen, Ranges::full(1000));
    assert_eq!(found.lost.unwrap().lost, chosen.len() - 1000);
    // Two spaces at the edge of what there may be.
    let edge = text(&[("a", "range(340282366920938463463374607431768211455)")]);
    let mut most = Ranges::full(edge.len());
    most.remove(7);
    let shifted = text(&[("a", "range(5, 340282366920938463463374607431768211460)")]);
    let found = carry(&edge, &most, &shifted);
    assert_eq!(found.chosen.len(), u128::MAX - 6);
    assert_eq!(found.lost.unwrap().lost, 5);
}

#[test]
fn more_ranges_than_are_worked_out_are_lost_whole_and_named() {
    let found = carried(
        r#"grid run f.py --a "range(30)""#,
        "1-3,7",
        r#"grid run f.py --a "range(30)" --b "range(1000000000)""#,
    );
    let said = "None of your 4 chosen trials is in the plan any more: in the new order they would be more than 1,000,000 ranges.";
    assert_eq!(found, (String::new(), said.to_owned()));
}

/// A list of all reasons would be searched for each command: a page of commands would take minutes.
#[test]
fn few_of_many_causes_are_kept() {
    let text = |first: u32| {
        let lines = (0..20).map(|n| format!("grid run f{n}.py --a \"[{}, 0]\"", first + n));
        lines.collect::<Vec<_>>().join("\n")
    };
    let plan = |text: &str| read(text, &Settings::default()).plan;
    let (before, now) = (plan(&text(100)), plan(&text(200)));
    let chosen: Ranges = (0..20).map(|n| (2 * n, 2 * n)).collect();
    let lost = carry(&before, &chosen, &now).lost.unwrap();
    assert_eq!((lost.lost, lost.causes.len()), (20, 4));
    assert!(lost.to_string().ends_with("; and more."), "{lost}");
}

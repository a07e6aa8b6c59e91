use super::*;
use crate::sweep::{Settings, read};
use crate::testing::test;

const TEXTS: &[&str] = &[
    "grid run f.py --a \"[3, 1, 2]\" --b \"range(5, -4, -2)\" --c \"['x', '10', '9', 'x']\"",
    "grid run f.py --a \"[1, 1, 0, 1.0]\" --b \"[2, 2]\" --c \"range(3)\"",
    "grid run f.py --a \"[-0.0, 0, 5]\" --b \"range(-3, 4, 3)\" --c \"[1]\"",
];

fn part(text: &str) -> Part {
    read(text, &Settings::default()).plan.parts()[0].clone()
}

fn value(part: &Part, axis: u32, index: u128) -> String {
    let digit = part.digits(index).nth(axis as usize).unwrap();
    part.axes()[axis as usize]
        .value(digit)
        .unwrap()
        .into_owned()
}

fn rows(view: &SortedSpace) -> Vec<u128> {
    (0..view.len())
        .map(|row| view.index_at(row).unwrap())
        .collect()
}

/// Compares every mix of sorts and conditions with the same done on a list.
#[test]
fn agrees_with_a_listed_space() {
    use Direction::{Ascending, Descending};
    for text in TEXTS {
        let part = part(text);
        for keys in [
            vec![],
            vec![0],
            vec![1],
            vec![2],
            vec![0, 1],
            vec![2, 0],
            vec![1, 2, 0],
            vec![0, 0],
        ] {
            for directions in 0..1 << keys.len() {
                for bounds in [
                    None,
                    Some((0.0, 2.5)),
                    Some((-3.0, f64::INFINITY)),
                    Some((3.0, 1.0)),
                    Some((f64::NAN, 1.0)),
                ] {
                    for narrow_last in [false, true] {
                        let mut view = SortedSpace::new(&part);
                        let mut listed: Vec<u128> = (0..part.space_len()).collect();
                        let narrow = |view: &mut SortedSpace| {
                            if let Some((low, high)) = bounds {
                                view.retain_numbers(&part, 1, Some(low), Some(high));
                                assert!(view.retain(&part, 2, |digit| {
                                    part.axes()[2].value(digit).unwrap() != "9"
                                }));
                            }
                        };
                        if !narrow_last {
                            narrow(&mut view);
                        }
                        if let Some((low, high)) = bounds {
                            listed.retain(|index| {
                                let b = axis::parse_number(&value(&part, 1, *index)).unwrap();
                                b >= low && b <= high && value(&part, 2, *index) != "9"
                            });
                        }
                        for (at, key) in keys.iter().enumerate() {
                            let direction = if directions >> at & 1 == 0 {
                                Ascending
                            } else {
                                Descending
                            };
                            view.sort(&part, *key, direction);
                            listed.sort_by(|a, b| {
                                let (a, b) = (value(&part, *key, *a), value(&part, *key, *b));
                                let order = SortKey::new(&a).cmp(&SortKey::new(&b));
                                if direction == Ascending {
                                    order
                                } else {
                                    order.reverse()
                                }
                            });
                        }
                        if narrow_last {
                            narrow(&mut view);
                        }
                        // A stable sort keeps the earlier keys' order among equals, here too.
                        assert_eq!(
                            rows(&view),
                            listed,
                            "{text} {keys:?} {directions:b} {bounds:?}"
                        );
                        assert_eq!(view.index_at(view.len()), None);
                    }
                }
            }
        }
    }
}

#[test]
fn a_huge_space_is_sorted_and_narrowed_at_once() {
    let part = part(
        "grid run f.py --a \"range(0, 1000000000)\" --b \"range(1000000000, 0, -1)\" --c \"[2, 1]\"",
    );
    let mut view = SortedSpace::new(&part);
    view.sort(&part, 1, Direction::Ascending);
    view.retain_numbers(&part, 0, Some(10.5), Some(20.0));
    assert_eq!(view.len(), 10 * 1_000_000_000 * 2);
    let first = view.index_at(0).unwrap();
    assert_eq!(
        (value(&part, 0, first), value(&part, 1, first)),
        ("11".into(), "1".into())
    );
    let last = view.index_at(view.len() - 1).unwrap();
    assert_eq!(
        (value(&part, 0, last), value(&part, 1, last)),
        ("20".into(), "1000000000".into())
    );
    assert!(!view.retain(&part, 0, |_| true));
}

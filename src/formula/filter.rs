//! Finds the trials of a space that satisfy a condition, without listing the space.
//!
//! The clauses of a condition that read a single axis narrow that axis ([`SortedSpace`]) at a cost that
//! does not depend on the size of the space. Clauses that read several axes are tested trial by
//! trial, as far as the caller asks; a scan reports how far it got.

use super::evaluate::{ArgumentValue, Condition};
use super::syntax::{Comparison, Expression, Node, NodeId};
use crate::sweep::Part;
use crate::sweep::axis::{self, Axis};
use crate::sweep::part::ArgumentSlot;
use crate::sweep::sorted_space::SortedSpace;
use std::borrow::Cow;

/// A condition on one part's trials, with its single-axis clauses already applied.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Filter {
    /// The trials that satisfy the clauses on single axes.
    space: SortedSpace,
    /// The clauses that read several axes, with the argument behind each of their names.
    cross_axis_clauses: Vec<(Condition, Vec<Option<ArgumentSlot>>)>,
}

/// What a scan found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Scan {
    /// Indices in the space of the trials that satisfy the condition, in the order of the view.
    pub(crate) found: Vec<u128>,
    /// The row of the view to continue from.
    pub(crate) next_row: u128,
    /// Whether that row is behind the last.
    pub(crate) finished: bool,
}

impl Filter {
    /// The trials of `part` that satisfy `condition`; one that lacks an argument, or passes a text
    /// where a number is needed, does not. O(values of the axes it reads).
    pub(crate) fn new(part: &Part, condition: &Condition) -> Filter {
        let mut filter = Filter {
            space: SortedSpace::new(part),
            cross_axis_clauses: Vec::new(),
        };
        for clause in condition.clauses() {
            if !filter.narrow_axis(part, &clause) {
                let slots = clause
                    .expression()
                    .names()
                    .iter()
                    .map(|name| part.find_argument(name));
                let slots = slots.collect();
                filter.cross_axis_clauses.push((clause, slots));
            }
        }
        filter
    }

    /// The trials that satisfy the clauses on single axes; where [`Filter::is_exact`], the
    /// condition.
    pub(crate) fn space(&self) -> &SortedSpace {
        &self.space
    }

    /// The view, to be sorted; rows of earlier scans then mean other trials.
    pub(crate) fn space_mut(&mut self) -> &mut SortedSpace {
        &mut self.space
    }

    /// Whether the view holds exactly the trials that satisfy the condition.
    pub(crate) fn is_exact(&self) -> bool {
        self.cross_axis_clauses.is_empty()
    }

    /// Tests at most `rows` rows of the view, from row `from` on, until `wanted` trials are found.
    /// O(rows × (axes + condition)).
    pub(crate) fn scan(&self, part: &Part, from: u128, rows: u32, wanted: u32) -> Scan {
        let mut scan = Scan {
            next_row: from,
            ..Scan::default()
        };
        let end = from.saturating_add(rows.into()).min(self.space.len());
        while scan.next_row < end && scan.found.len() < wanted as usize {
            let index = self.space.index_at(scan.next_row);
            scan.found
                .extend(index.filter(|index| self.satisfies(part, *index)));
            scan.next_row += 1;
        }
        scan.finished = scan.next_row >= self.space.len();
        scan
    }

    fn satisfies(&self, part: &Part, index: u128) -> bool {
        self.cross_axis_clauses
            .iter()
            .all(|(condition, slots)| holds_at(condition, slots, part, index))
    }

    /// Narrows the axis that the clause reads. False where it reads several axes, or one that is
    /// too long to test value by value.
    fn narrow_axis(&mut self, part: &Part, clause: &Condition) -> bool {
        let slots: Vec<Option<ArgumentSlot>> = clause
            .expression()
            .names()
            .iter()
            .map(|name| part.find_argument(name))
            .collect();
        let mut axes: Vec<u32> = slots
            .iter()
            .flatten()
            .filter_map(|slot| part.axis_of(*slot))
            .collect();
        axes.sort_unstable();
        axes.dedup();
        match axes[..] {
            // No argument that it reads differs between trials: it holds on all or on none.
            [] => {
                if !holds_at(clause, &slots, part, 0) {
                    self.space.retain_none();
                }
                true
            }
            [axis] => {
                if slots.len() == 1
                    && let Some((low, high)) = comparison_bounds(clause.expression())
                {
                    self.space.retain_numbers(part, axis, low, high);
                    return true;
                }
                // The trial with the wanted digit on this axis and 0 on all others.
                let stride: u128 = part
                    .axes()
                    .iter()
                    .take(axis as usize)
                    .map(Axis::len)
                    .product();
                self.space.retain(part, axis, |digit| {
                    holds_at(clause, &slots, part, digit * stride)
                })
            }
            _ => false,
        }
    }
}

fn holds_at(
    condition: &Condition,
    slots: &[Option<ArgumentSlot>],
    part: &Part,
    index: u128,
) -> bool {
    // An expression asks for each of its names once, in the order of `slots`.
    let mut slots = slots.iter();
    let lookup = |_: &str| {
        let text = part.value(slots.next().copied().flatten()?, index)?;
        match (axis::parse_number(&text), text) {
            (Some(number), _) => Some(ArgumentValue::Number(number)),
            (None, Cow::Borrowed(text)) => Some(ArgumentValue::Text(text)),
            // Only a range computes its values, all of them numbers: this never happens.
            (None, Cow::Owned(_)) => None,
        }
    };
    condition.holds(lookup).unwrap_or(false)
}

/// The inclusive bounds of a clause such as `epochs <= 10`; None for any other clause. A strict
/// bound becomes the next double.
fn comparison_bounds(expression: &Expression) -> Option<(Option<f64>, Option<f64>)> {
    let [first, second, Node::Compare(comparison, 0, 1)] = expression.nodes() else {
        return None;
    };
    let (comparison, bound) = match (first, second) {
        (Node::Name(_), Node::Number(bound)) => (*comparison, *bound),
        (Node::Number(bound), Node::Name(_)) => (mirror_comparison(*comparison), *bound),
        _ => return None,
    };
    match comparison {
        Comparison::Equal => Some((Some(bound), Some(bound))),
        Comparison::LessEqual => Some((None, Some(bound))),
        Comparison::GreaterEqual => Some((Some(bound), None)),
        Comparison::Less => Some((None, Some(bound.next_down()))),
        Comparison::Greater => Some((Some(bound.next_up()), None)),
        Comparison::NotEqual => None,
    }
}

/// The comparison that means the same with its sides exchanged.
fn mirror_comparison(comparison: Comparison) -> Comparison {
    match comparison {
        Comparison::Less => Comparison::Greater,
        Comparison::LessEqual => Comparison::GreaterEqual,
        Comparison::Greater => Comparison::Less,
        Comparison::GreaterEqual => Comparison::LessEqual,
        same => same,
    }
}

impl Condition {
    /// The operands of its outermost `and`s: conditions that all hold where this one holds.
    /// O(nodes).
    pub(crate) fn clauses(&self) -> Vec<Condition> {
        let nodes = self.expression().nodes();
        let mut left: Vec<NodeId> = vec![root_id(nodes)];
        let mut clauses = Vec::new();
        while let Some(node) = left.pop() {
            match nodes.get(node as usize) {
                Some(Node::And(a, b)) => left.extend([*b, *a]),
                _ => clauses.push(Condition::new(self.expression().subtree(node))),
            }
        }
        clauses
    }
}

fn root_id(nodes: &[Node]) -> NodeId {
    NodeId::try_from(nodes.len().saturating_sub(1)).unwrap_or(NodeId::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::sorted_space::Direction;
    use crate::sweep::{Settings, read};
    use crate::testing::test;

    fn part(text: &str) -> Part {
        read(text, &Settings::default()).plan.parts()[0].clone()
    }

    /// Compares each filter with its condition evaluated on every trial.
    #[test]
    fn agrees_with_a_listed_space() {
        let part = part(
            "grid run f.py --batch-size \"[8, 16, 32, 64]\" --layers \"range(5, 0, -1)\" --opt \"['sgd', 'adam', '3']\" --fixed 7",
        );
        for text in [
            "batch_size * layers <= 64",
            "batch_size <= 16",
            "16 > batch_size and layers > 2",
            "layers == 3 or opt == 'sgd'",
            "opt == 'sgd' and layers != 2 and batch_size * layers > 20",
            "opt < 4",
            "fixed == 7 and layers >= 4",
            "fixed == 8",
            "lacking == 1",
            "lacking == 1 or layers == 1",
            "not (batch_size < 32 and opt != 'adam')",
            "layers < 2.5 and layers > 1.5",
            "max(batch_size, layers * 10) == 40",
        ] {
            let condition = Condition::parse(text).unwrap();
            let slots: Vec<_> = condition
                .expression()
                .names()
                .iter()
                .map(|n| part.find_argument(n))
                .collect();
            let listed: Vec<u128> = (0..part.space_len())
                .filter(|i| holds_at(&condition, &slots, &part, *i))
                .collect();
            let filter = Filter::new(&part, &condition);
            let mut found = Vec::new();
            let mut from = 0;
            loop {
                let scan = filter.scan(&part, from, 7, 2);
                assert!(scan.found.len() <= 2 && scan.next_row - from <= 7);
                found.extend(scan.found);
                from = scan.next_row;
                if scan.finished {
                    break;
                }
            }
            assert_eq!(found, listed, "{text}");
            if filter.is_exact() {
                assert_eq!(filter.space().len(), listed.len() as u128, "{text}");
            }
        }
    }

    #[test]
    fn a_huge_space_is_narrowed_first_and_scanned_as_asked() {
        let part = part(
            "grid run f.py --a \"range(0, 1000000000)\" --b \"range(0, 1000000000)\" --c \"[1, 2]\"",
        );
        let condition = Condition::parse("a < 10 and c == 2 and a * b == 63").unwrap();
        let mut filter = Filter::new(&part, &condition);
        assert!(!filter.is_exact());
        assert_eq!(filter.space().len(), 10 * 1_000_000_000);
        filter.space_mut().sort(&part, 0, Direction::Descending);
        filter.space_mut().sort(&part, 1, Direction::Ascending);
        let scan = filter.scan(&part, 0, 1000, 100);
        let found: Vec<_> = scan
            .found
            .iter()
            .map(|index| part.argv(*index).unwrap()[2..5].join(" "))
            .collect();
        assert_eq!(found, ["9 --b 7", "7 --b 9", "3 --b 21", "1 --b 63"]);
        assert_eq!((scan.next_row, scan.finished), (1000, false));
    }
}

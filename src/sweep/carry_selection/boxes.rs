//! Splits a range of a product's indices into boxes: for each axis a range of digits, all of whose
//! combinations are the box.

/// Calls `visit` with the boxes that make up `first..=last`, ascending, and stops where it returns
/// `None`.
///
/// In each box there is one axis before which all axes are whole and behind which all stand at one
/// digit, so that the box itself is a range of indices. There are up to two boxes for each axis: on the
/// way up to larger steps, and down again.
pub(super) fn visit_boxes(
    lens: &[u128],
    (first, last): (u128, u128),
    digits: &mut Vec<(u128, u128)>,
    visit: &mut impl FnMut(&[(u128, u128)]) -> Option<()>,
) -> Option<()> {
    digits.clear();
    digits.resize(lens.len(), (0, 0));
    if lens.is_empty() {
        return visit(digits);
    }
    let mut from = first;
    while from <= last {
        let left = last - from + 1;
        // The slowest axis at which a step of one digit begins here and does not lead too far.
        let (mut axis, mut stride, mut below) = (0, 1, 1_u128);
        for (at, len) in lens.iter().enumerate() {
            if from % below != 0 || below > left {
                break;
            }
            (axis, stride) = (at, below);
            let Some(next) = below.checked_mul(*len) else {
                break;
            };
            below = next;
        }
        let mut rest = from;
        for (at, (len, digit)) in lens.iter().zip(digits.iter_mut()).enumerate() {
            let here = rest % len;
            rest /= len;
            *digit = if at < axis {
                (0, len - 1)
            } else {
                (here, here)
            };
            if at == axis {
                let steps = (len - here).min(left / stride);
                digit.1 = here + steps - 1;
                from += steps * stride;
            }
        }
        visit(digits)?;
    }
    Some(())
}

/// How many ranges a box counts as: its work is O(axes).
pub(super) fn cost_of_box(axes: usize) -> usize {
    1 + axes / 16
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    #[test]
    fn boxes_are_the_range() {
        for lens in [
            vec![],
            vec![1],
            vec![5],
            vec![2, 3],
            vec![1, 4, 1, 3],
            vec![3, 2, 4],
            vec![2, 1, 2, 5, 1],
        ] {
            let space: u128 = lens.iter().product();
            for first in 0..space {
                for last in first..space {
                    let (mut next, mut count) = (first, 0);
                    visit_boxes(&lens, (first, last), &mut Vec::new(), &mut |digits| {
                        let (mut low, mut high, mut stride, mut size) = (0, 0, 1, 1);
                        for ((a, b), len) in digits.iter().zip(&lens) {
                            low += a * stride;
                            high += b * stride;
                            stride *= len;
                            size *= b - a + 1;
                        }
                        assert_eq!((low, high - low + 1), (next, size));
                        next = high + 1;
                        count += 1;
                        Some(())
                    });
                    assert_eq!(next, last + 1);
                    assert!(count <= 2 * lens.len().max(1));
                }
            }
        }
    }

    #[test]
    fn the_largest_space() {
        let lens = [u128::MAX / 3, 3];
        let mut boxes = 0;
        let all = (1, u128::MAX - 2);
        let visited = visit_boxes(&lens, all, &mut Vec::new(), &mut |_| {
            boxes += 1;
            Some(())
        });
        assert_eq!((visited, boxes), (Some(()), 3));
    }
}

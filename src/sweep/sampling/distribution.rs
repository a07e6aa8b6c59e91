//! A distribution with its parameters, ready to draw, and the values drawn.

use super::stream::Stream;
use crate::sweep::literal::{Literal, float_repr};
use std::fmt;
use std::sync::Arc;

/// A distribution whose parameters are checked, so that drawing cannot fail.
pub(super) trait Distribution: Send + Sync {
    /// Draws `count` values, one after the other from `stream`.
    fn draw(&self, stream: &mut Stream, count: u32) -> DrawnValues;
}

struct FloatDistribution<F>(F);

impl<F: Fn(&mut Stream) -> f64 + Send + Sync> Distribution for FloatDistribution<F> {
    fn draw(&self, stream: &mut Stream, count: u32) -> DrawnValues {
        DrawnValues::Floats((0..count).map(|_| (self.0)(stream)).collect())
    }
}

struct IntDistribution<F>(F);

impl<F: Fn(&mut Stream) -> i64 + Send + Sync> Distribution for IntDistribution<F> {
    fn draw(&self, stream: &mut Stream, count: u32) -> DrawnValues {
        DrawnValues::Ints((0..count).map(|_| (self.0)(stream)).collect())
    }
}

/// The distribution whose every float is one call of `draw`.
pub(super) fn float_distribution(
    draw: impl Fn(&mut Stream) -> f64 + Send + Sync + 'static,
) -> Arc<dyn Distribution> {
    Arc::new(FloatDistribution(draw))
}

/// The distribution whose every integer is one call of `draw`.
pub(super) fn int_distribution(
    draw: impl Fn(&mut Stream) -> i64 + Send + Sync + 'static,
) -> Arc<dyn Distribution> {
    Arc::new(IntDistribution(draw))
}

/// The values of one axis, in the order drawn.
#[derive(Clone, Debug, PartialEq)]
pub enum DrawnValues {
    /// Python floats.
    Floats(Vec<f64>),
    /// Python integers, 64 bits wide as NumPy's are.
    Ints(Vec<i64>),
    /// Items of a list: the list, and the indices of those drawn. The list is shared, so that a
    /// million draws do not copy its items.
    Items(Arc<[Literal]>, Vec<u32>),
}

/// One value drawn; `Display` gives what Python's `str` prints.
#[derive(Clone, Debug, PartialEq)]
pub enum DrawnValue {
    /// A Python float.
    Float(f64),
    /// A Python integer of 64 bits.
    Int(i64),
    /// An item of the list chosen from.
    Item(Literal),
}

impl DrawnValue {
    /// What Python's `str` prints.
    pub(crate) fn to_str(&self) -> String {
        match self {
            DrawnValue::Float(value) => float_repr(*value),
            DrawnValue::Int(value) => value.to_string(),
            DrawnValue::Item(literal) => literal.to_str(),
        }
    }
}

impl fmt::Display for DrawnValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_str())
    }
}

impl DrawnValues {
    /// How many there are, at most [`super::arguments::MAX_VALUES`].
    pub fn len(&self) -> u64 {
        let length = match self {
            DrawnValues::Floats(values) => values.len(),
            DrawnValues::Ints(values) => values.len(),
            DrawnValues::Items(_, picks) => picks.len(),
        };
        length as u64
    }

    /// The value with this index, from 0. O(1).
    pub fn get(&self, index: u64) -> Option<DrawnValue> {
        let index = usize::try_from(index).ok()?;
        match self {
            DrawnValues::Floats(values) => values.get(index).copied().map(DrawnValue::Float),
            DrawnValues::Ints(values) => values.get(index).copied().map(DrawnValue::Int),
            DrawnValues::Items(items, picks) => items
                .get(usize::try_from(*picks.get(index)?).ok()?)
                .cloned()
                .map(DrawnValue::Item),
        }
    }

    /// All values in order.
    pub fn iter(&self) -> impl Iterator<Item = DrawnValue> {
        (0..self.len()).filter_map(|index| self.get(index))
    }
}

impl IntoIterator for DrawnValues {
    type Item = DrawnValue;
    type IntoIter = std::vec::IntoIter<DrawnValue>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter().collect::<Vec<_>>().into_iter()
    }
}

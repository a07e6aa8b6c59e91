//! A distribution with its parameters, ready to draw, and the values drawn.

use super::stream::Stream;
use crate::sweep::literal::{Literal, float_repr};
use std::fmt;
use std::sync::Arc;

/// A distribution whose parameters are checked, so that drawing cannot fail.
pub(super) trait Law: Send + Sync {
    /// Draws `count` values, one after the other from `stream`.
    fn draw(&self, stream: &mut Stream, count: u32) -> Values;
}

struct Floats<F>(F);

impl<F: Fn(&mut Stream) -> f64 + Send + Sync> Law for Floats<F> {
    fn draw(&self, stream: &mut Stream, count: u32) -> Values {
        Values::Floats((0..count).map(|_| (self.0)(stream)).collect())
    }
}

struct Ints<F>(F);

impl<F: Fn(&mut Stream) -> i64 + Send + Sync> Law for Ints<F> {
    fn draw(&self, stream: &mut Stream, count: u32) -> Values {
        Values::Ints((0..count).map(|_| (self.0)(stream)).collect())
    }
}

/// The distribution whose every float is one call of `draw`.
pub(super) fn floats(draw: impl Fn(&mut Stream) -> f64 + Send + Sync + 'static) -> Arc<dyn Law> {
    Arc::new(Floats(draw))
}

/// The distribution whose every integer is one call of `draw`.
pub(super) fn ints(draw: impl Fn(&mut Stream) -> i64 + Send + Sync + 'static) -> Arc<dyn Law> {
    Arc::new(Ints(draw))
}

/// The values of one axis, in the order drawn.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
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
pub enum Drawn {
    /// A Python float.
    Float(f64),
    /// A Python integer of 64 bits.
    Int(i64),
    /// An item of the list chosen from.
    Item(Literal),
}

impl Drawn {
    /// What Python's `str` prints.
    pub fn to_str(&self) -> String {
        match self {
            Drawn::Float(value) => float_repr(*value),
            Drawn::Int(value) => value.to_string(),
            Drawn::Item(literal) => literal.to_str(),
        }
    }
}

impl fmt::Display for Drawn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_str())
    }
}

impl Values {
    /// How many there are, at most [`super::LIMIT`].
    pub fn len(&self) -> u64 {
        let length = match self {
            Values::Floats(values) => values.len(),
            Values::Ints(values) => values.len(),
            Values::Items(_, picks) => picks.len(),
        };
        length as u64
    }

    /// Whether there are none, as with `size=0`.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value with this index, from 0. O(1).
    pub fn get(&self, index: u64) -> Option<Drawn> {
        let index = usize::try_from(index).ok()?;
        match self {
            Values::Floats(values) => values.get(index).copied().map(Drawn::Float),
            Values::Ints(values) => values.get(index).copied().map(Drawn::Int),
            Values::Items(items, picks) => items
                .get(usize::try_from(*picks.get(index)?).ok()?)
                .cloned()
                .map(Drawn::Item),
        }
    }

    /// All values in order.
    pub fn iter(&self) -> impl Iterator<Item = Drawn> {
        (0..self.len()).filter_map(|index| self.get(index))
    }
}

impl IntoIterator for Values {
    type Item = Drawn;
    type IntoIter = std::vec::IntoIter<Drawn>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter().collect::<Vec<_>>().into_iter()
    }
}

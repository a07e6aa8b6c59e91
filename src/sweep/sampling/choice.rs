//! Items of a list: `choice` and `permutation`.

use super::arguments::{BoundArguments, MAX_VALUES, as_double};
use super::array::unify_types;
use super::distribution::{Distribution, DrawnValues};
use super::draw_spec::DrawSpec;
use super::error::{BindError, BindErrorKind, Expected, Rule};
use super::stream::Stream;
use crate::sweep::literal::Literal;
use num_bigint::{BigInt, Sign};
use num_traits::ToPrimitive;
use std::sync::Arc;

// The indices of the parameters in `choice`'s signature; `permutation` has the first alone.
const ITEMS: usize = 0;
const SIZE: usize = 1;
const REPLACE: usize = 2;
const PROBABILITIES: usize = 3;

/// What is chosen from.
enum Population {
    /// The integers from 0 up to but not including this.
    Below(u64),
    Items(Arc<[Literal]>),
}

impl Population {
    fn len(&self) -> u64 {
        match self {
            Population::Below(count) => *count,
            Population::Items(items) => items.len() as u64,
        }
    }

    /// The values with these indices.
    fn values_at(&self, picks: Vec<u32>) -> DrawnValues {
        match self {
            Population::Below(_) => DrawnValues::Ints(picks.into_iter().map(i64::from).collect()),
            Population::Items(items) => DrawnValues::Items(Arc::clone(items), picks),
        }
    }
}

pub(super) fn permutation(bound: &mut BoundArguments<'_>) -> Result<DrawSpec, BindError> {
    let population = match bound.literal(ITEMS) {
        Some(Literal::List(items) | Literal::Tuple(items)) => {
            let Ok((_, items)) = unify_types(items) else {
                return Err(bound.wrong_type(ITEMS, Expected::EvenLists));
            };
            Population::Items(items.into())
        }
        Some(literal) => match as_integer(literal) {
            Some(count) => Population::Below(count.to_u64().unwrap_or(if is_positive(&count) {
                u64::MAX
            } else {
                0
            })),
            None => return Err(bound.wrong_type(ITEMS, Expected::ListOrCount)),
        },
        None => return Err(bound.wrong_type(ITEMS, Expected::ListOrCount)),
    };
    let count = ensure_listable(bound, &population)?;
    Ok(DrawSpec::fixed(Arc::new(Shuffle { population }), count))
}

pub(super) fn choice(bound: &mut BoundArguments<'_>) -> Result<DrawSpec, BindError> {
    // The checks of values come in NumPy's order, so that of several errors the same one is reported.
    let size = bound.read_size()?.unwrap_or(1);
    let population = read_population(bound, size)?;
    let probabilities = read_probabilities(bound, &population)?;
    // With replacement each value costs one bounded integer, or one double where there are
    // probabilities; NumPy draws the doubles of all values before it looks any of them up, which
    // takes the same doubles in the same order.
    if bound.literal(REPLACE).is_none_or(is_truthy) {
        return Ok(DrawSpec::sized(match probabilities {
            Some(p) => Arc::new(WeightedChoice {
                population,
                cumulative: cumulative_sums(&p),
            }),
            None => Arc::new(UniformChoice { population }),
        }));
    }
    if u64::from(size) > population.len() {
        return Err(bound.rule_error(SIZE, Rule::SampleWithinPopulation));
    }
    // Without replacement and all alike, NumPy shuffles the whole population to take the first few
    // of it. So the cost is the population's size, whatever `size` is.
    let Some(probabilities) = probabilities else {
        let shuffled = ensure_listable(bound, &population)?;
        return Ok(DrawSpec::sized(Arc::new(Shuffle { population })).with_min_cost(shuffled));
    };
    // With fewer possible items than values the rounds of `draw` would never end.
    let possible = probabilities.iter().filter(|p| **p > 0.0).count();
    if possible < size as usize {
        return Err(bound.rule_error(PROBABILITIES, Rule::EnoughProbabilities));
    }
    Ok(DrawSpec::sized(Arc::new(WeightedWithoutReplacement {
        population,
        probabilities,
    })))
}

fn read_population(bound: &BoundArguments<'_>, size: u32) -> Result<Population, BindError> {
    match bound.literal(ITEMS) {
        Some(Literal::List(items) | Literal::Tuple(items)) => match unify_types(items) {
            Ok((1, items)) if items.is_empty() && size > 0 => Err(bound.error(
                ITEMS,
                BindErrorKind::Domain {
                    rule: Rule::ItemsToChooseFrom,
                    found: String::new(),
                },
            )),
            Ok((1, items)) => Ok(Population::Items(items.into())),
            _ => Err(bound.wrong_type(ITEMS, Expected::FlatList)),
        },
        Some(literal) => match as_integer(literal) {
            Some(count) if !is_positive(&count) && size > 0 => {
                Err(bound.rule_error(ITEMS, Rule::PositivePopulation))
            }
            // NumPy draws with 64-bit integers below the count, so 2^63 is the most.
            Some(count) if count > BigInt::from(1_u64 << 63) => {
                Err(bound.rule_error(ITEMS, Rule::Int64("high")))
            }
            Some(count) => Ok(Population::Below(count.to_u64().unwrap_or(0))),
            None => Err(bound.wrong_type(ITEMS, Expected::ListOrCount)),
        },
        None => Err(bound.wrong_type(ITEMS, Expected::ListOrCount)),
    }
}

/// The probabilities as given, `None` without them. They must sum to 1 as NumPy sums: by Kahan's
/// method, within the square root of a double's precision.
fn read_probabilities(
    bound: &BoundArguments<'_>,
    population: &Population,
) -> Result<Option<Vec<f64>>, BindError> {
    /// The square root of a double's relative precision, 2^-52.
    const TOLERANCE: f64 = 1.490_116_119_384_765_6e-8;
    let values = match bound.literal_unless_none(PROBABILITIES) {
        None => return Ok(None),
        Some(Literal::List(items) | Literal::Tuple(items)) => {
            items.iter().map(as_double).collect::<Option<Vec<f64>>>()
        }
        Some(_) => None,
    };
    let Some(values) = values else {
        return Err(bound.wrong_type(PROBABILITIES, Expected::Probabilities));
    };
    let rule = if values.len() as u64 != population.len() {
        Rule::OneProbabilityEach
    } else if values.iter().any(|p| *p < 0.0) {
        Rule::ProbabilitiesNotNegative
    } else if (compensated_sum(&values) - 1.0).abs() > TOLERANCE {
        Rule::ProbabilitiesSumToOne
    } else {
        return Ok(Some(values));
    };
    Err(bound.rule_error(PROBABILITIES, rule))
}

/// The sum by Kahan's method: `lost` is what the last addition rounded away, given back to the next.
fn compensated_sum(values: &[f64]) -> f64 {
    let Some((first, rest)) = values.split_first() else {
        return 0.0;
    };
    let mut sum = *first;
    let mut lost = 0.0;
    for value in rest {
        let y = value - lost;
        let next = sum + y;
        lost = (next - sum) - y;
        sum = next;
    }
    sum
}

/// The partial sums from the left, divided by the last one, which is 1 only up to rounding. In NumPy's
/// order (`cumsum`, then one division each), since a sum that differs in its last bit may send a
/// double to the neighbouring item.
fn cumulative_sums(probabilities: &[f64]) -> Vec<f64> {
    let mut sum = 0.0;
    let mut sums: Vec<f64> = Vec::with_capacity(probabilities.len());
    for (index, p) in probabilities.iter().enumerate() {
        sum = if index == 0 { *p } else { sum + p };
        sums.push(sum);
    }
    sums.iter_mut().for_each(|partial| *partial /= sum);
    sums
}

/// The index of the item that the double `u` falls to: how many of the sums are not above it, as
/// `searchsorted(side="right")` counts. O(log items).
fn pick_index(cumulative: &[f64], u: f64) -> u32 {
    cumulative.partition_point(|partial| *partial <= u) as u32
}

fn as_integer(literal: &Literal) -> Option<BigInt> {
    match literal {
        Literal::Bool(value) => Some(BigInt::from(u8::from(*value))),
        Literal::Int(value) => Some(value.clone()),
        _ => None,
    }
}

fn is_positive(value: &BigInt) -> bool {
    value.sign() == Sign::Plus
}

/// Whether Python's `bool()` of the value is true: NumPy takes any object as `replace`.
fn is_truthy(literal: &Literal) -> bool {
    match literal {
        Literal::None => false,
        Literal::Bool(value) => *value,
        Literal::Int(value) => value.sign() != Sign::NoSign,
        Literal::Float(value) => *value != 0.0,
        Literal::Complex(real, imaginary) => *real != 0.0 || *imaginary != 0.0,
        Literal::Str(text) => !text.is_empty(),
        Literal::Bytes(bytes) => !bytes.is_empty(),
        Literal::List(items) | Literal::Tuple(items) | Literal::Set(items) => !items.is_empty(),
        Literal::Dict(entries) => !entries.is_empty(),
    }
}

/// The size of a population that is to be shuffled.
///
/// # Errors
/// More than [`MAX_VALUES`] items: all of them must be listed for it.
fn ensure_listable(bound: &BoundArguments<'_>, population: &Population) -> Result<u32, BindError> {
    u32::try_from(population.len())
        .ok()
        .filter(|count| *count <= MAX_VALUES)
        .ok_or_else(|| bound.too_many_values(ITEMS, &BigInt::from(population.len())))
}

/// With replacement, all items equally likely.
struct UniformChoice {
    population: Population,
}

impl Distribution for UniformChoice {
    fn draw(&self, stream: &mut Stream, count: u32) -> DrawnValues {
        let Some(last) = self.population.len().checked_sub(1) else {
            return self.population.values_at(Vec::new());
        };
        match &self.population {
            // `last` is at most 2^63 - 1, so the cast is exact.
            Population::Below(_) => DrawnValues::Ints(
                (0..count)
                    .map(|_| stream.draw_bounded(last).cast_signed())
                    .collect(),
            ),
            Population::Items(items) => DrawnValues::Items(
                Arc::clone(items),
                (0..count)
                    .map(|_| stream.draw_bounded(last) as u32)
                    .collect(),
            ),
        }
    }
}

/// With replacement, by probabilities: one double for each value.
struct WeightedChoice {
    population: Population,
    cumulative: Vec<f64>,
}

impl Distribution for WeightedChoice {
    fn draw(&self, stream: &mut Stream, count: u32) -> DrawnValues {
        let picks = (0..count).map(|_| pick_index(&self.cumulative, stream.next_double()));
        self.population.values_at(picks.collect())
    }
}

/// Without replacement, all items equally likely: the first few of a shuffled population.
struct Shuffle {
    population: Population,
}

impl Distribution for Shuffle {
    fn draw(&self, stream: &mut Stream, count: u32) -> DrawnValues {
        // Fisher and Yates from the end, as NumPy's `shuffle`. The whole population is shuffled even
        // for one value: NumPy takes these n - 1 integers from the stream, so what is drawn next
        // depends on them.
        let mut picks: Vec<u32> = (0..).take(self.population.len() as usize).collect();
        for i in (1..picks.len()).rev() {
            let j = stream.draw_bounded(i as u64) as usize;
            picks.swap(i, j);
        }
        picks.truncate(count as usize);
        self.population.values_at(picks)
    }
}

/// Without replacement, by probabilities: rounds of as many doubles as values are missing. Within a
/// round an item counts once; in later rounds the items found before have probability zero.
struct WeightedWithoutReplacement {
    population: Population,
    probabilities: Vec<f64>,
}

impl Distribution for WeightedWithoutReplacement {
    fn draw(&self, stream: &mut Stream, count: u32) -> DrawnValues {
        let mut probabilities = self.probabilities.clone();
        let mut is_found = vec![false; probabilities.len()];
        let mut found: Vec<u32> = Vec::with_capacity(count as usize);
        while found.len() < count as usize {
            // The sums stand still within a round: an item that comes twice costs a double and is
            // drawn for again in the next round. Drawing value by value with updated sums would be
            // simpler, but takes other doubles.
            let missing = count as usize - found.len();
            let sums = cumulative_sums(&probabilities);
            let round: Vec<u32> = (0..missing)
                .map(|_| pick_index(&sums, stream.next_double()))
                .collect();
            // In the order drawn, not sorted: NumPy sorts to find duplicates, then restores it.
            for pick in round {
                if let Some(seen) = is_found.get_mut(pick as usize)
                    && !*seen
                {
                    *seen = true;
                    probabilities[pick as usize] = 0.0;
                    found.push(pick);
                }
            }
        }
        self.population.values_at(found)
    }
}

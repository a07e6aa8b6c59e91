//! What `np.asarray(list).tolist()` makes of a list: all items of one type.

use super::arguments::as_double;
use crate::sweep::literal::Literal;
use num_bigint::BigInt;
use num_traits::ToPrimitive;

/// The error that inner lists differ in length or depth: NumPy makes no array of them.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Uneven;

/// The type that NumPy gives to all items of an array, as far as it changes how they print.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Dtype {
    Unchanged,
    Integer,
    Float,
    Complex,
    Bytes,
    Text,
}

/// How deep the lists are nested (1 for a flat list), and the items converted to one type. O(items).
pub(super) fn unify_types(items: &[Literal]) -> Result<(u32, Vec<Literal>), Uneven> {
    let depth = 1 + common_shape(items)?.len();
    let mut seen = OccurringTypes::default();
    items.iter().for_each(|item| seen.record(item));
    let kind = seen.common_dtype();
    let converted = items.iter().map(|item| cast(item, kind)).collect();
    Ok((u32::try_from(depth).map_err(|_| Uneven)?, converted))
}

fn inner(item: &Literal) -> Option<&[Literal]> {
    match item {
        Literal::List(items) | Literal::Tuple(items) => Some(items),
        _ => None,
    }
}

/// The lengths of the inner lists, one for each level of nesting; empty for a flat list.
///
/// # Errors
/// Inner lists that differ in length or depth.
fn common_shape(items: &[Literal]) -> Result<Vec<usize>, Uneven> {
    let mut common: Option<Vec<usize>> = None;
    for item in items {
        let here = match inner(item) {
            None => Vec::new(),
            Some(inside) => {
                let mut lengths = vec![inside.len()];
                lengths.extend(common_shape(inside)?);
                lengths
            }
        };
        match &common {
            Some(known) if *known != here => return Err(Uneven),
            Some(_) => {}
            None => common = Some(here),
        }
    }
    Ok(common.unwrap_or_default())
}

/// Which types occur among the items, at any depth.
#[derive(Default)]
struct OccurringTypes {
    any: bool,
    object: bool,
    text: bool,
    bytes: bool,
    complex: bool,
    float: bool,
    /// An integer of 64 bits with a sign.
    signed: bool,
    /// An integer that needs 64 bits without a sign.
    unsigned: bool,
    /// Anything but `True` and `False`.
    not_bool: bool,
}

impl OccurringTypes {
    fn record(&mut self, item: &Literal) {
        if let Some(items) = inner(item) {
            items.iter().for_each(|item| self.record(item));
            return;
        }
        self.any = true;
        self.not_bool |= !matches!(item, Literal::Bool(_));
        match item {
            Literal::Str(_) => self.text = true,
            Literal::Bytes(_) => self.bytes = true,
            Literal::Complex(..) => self.complex = true,
            Literal::Float(_) => self.float = true,
            Literal::Int(value) if value.to_i64().is_some() => self.signed = true,
            Literal::Int(value) if value.to_u64().is_some() => self.unsigned = true,
            Literal::Bool(_) => {}
            _ => self.object = true,
        }
    }

    fn common_dtype(&self) -> Dtype {
        if self.object || !self.any || !self.not_bool {
            Dtype::Unchanged
        } else if self.text {
            Dtype::Text
        } else if self.bytes {
            Dtype::Bytes
        } else if self.complex {
            Dtype::Complex
        } else if self.float || (self.signed && self.unsigned) {
            Dtype::Float
        } else {
            Dtype::Integer
        }
    }
}

fn cast(item: &Literal, kind: Dtype) -> Literal {
    if let Some(items) = inner(item) {
        return Literal::List(items.iter().map(|item| cast(item, kind)).collect());
    }
    match (kind, item) {
        (Dtype::Integer, Literal::Bool(value)) => Literal::Int(BigInt::from(u8::from(*value))),
        (Dtype::Float, item) => Literal::Float(as_double(item).unwrap_or(f64::NAN)),
        (Dtype::Complex, Literal::Bool(_) | Literal::Int(_) | Literal::Float(_)) => {
            Literal::Complex(as_double(item).unwrap_or(f64::NAN), 0.0)
        }
        // Fixed-width text and bytes lose their trailing zeros.
        (Dtype::Text, Literal::Bytes(bytes)) => {
            Literal::Str(String::from_utf8_lossy(bytes).trim_end_matches('\0').into())
        }
        (Dtype::Text, item) => Literal::Str(item.to_str().trim_end_matches('\0').into()),
        (Dtype::Bytes, Literal::Bytes(bytes)) => Literal::Bytes(trim_trailing_zeros(bytes)),
        (Dtype::Bytes, item) => Literal::Bytes(item.to_str().into_bytes()),
        _ => item.clone(),
    }
}

fn trim_trailing_zeros(bytes: &[u8]) -> Vec<u8> {
    let end = bytes
        .iter()
        .rposition(|byte| *byte != 0)
        .map_or(0, |last| last + 1);
    bytes[..end].to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    fn check(items: Vec<Literal>, expected: &[&str]) {
        let (_, converted) = unify_types(&items).unwrap();
        let texts: Vec<String> = converted.iter().map(Literal::to_str).collect();
        assert_eq!(texts, expected);
    }

    fn int(text: &str) -> Literal {
        Literal::Int(text.parse().unwrap())
    }

    fn text(text: &str) -> Literal {
        Literal::Str(text.into())
    }

    // The expected texts are those of numpy 2.4.6.
    #[test]
    fn one_type_for_all() {
        let bool = Literal::Bool;
        let float = Literal::Float;
        check(vec![int("1"), float(2.5)], &["1.0", "2.5"]);
        check(vec![bool(true), int("2")], &["1", "2"]);
        check(vec![bool(true), float(2.5)], &["1.0", "2.5"]);
        check(vec![bool(true), bool(false)], &["True", "False"]);
        check(vec![bool(true), text("a")], &["True", "a"]);
        check(
            vec![float(1e-5), text("a"), float(1e22)],
            &["1e-05", "a", "1e+22"],
        );
        check(
            vec![Literal::Complex(1.0, 2.0), int("3")],
            &["(1+2j)", "(3+0j)"],
        );
        check(
            vec![Literal::None, int("1"), text("a")],
            &["None", "1", "a"],
        );
    }

    #[test]
    fn integers_beyond_64_bits() {
        check(
            vec![int("9223372036854775808"), int("9223372036854775809")],
            &["9223372036854775808", "9223372036854775809"],
        );
        check(
            vec![int("9223372036854775808"), int("-1")],
            &["9.223372036854776e+18", "-1.0"],
        );
        check(
            vec![int("18446744073709551616"), Literal::Float(1.5)],
            &["18446744073709551616", "1.5"],
        );
    }

    #[test]
    fn bytes_and_text() {
        let bytes = |text: &str| Literal::Bytes(text.into());
        check(vec![bytes("ab\0"), bytes("c")], &["b'ab'", "b'c'"]);
        check(vec![bytes("ab"), text("c")], &["ab", "c"]);
        check(vec![bytes("ab"), int("1")], &["b'ab'", "b'1'"]);
        check(vec![text("ab\0"), text("c")], &["ab", "c"]);
    }

    #[test]
    fn rows_keep_their_shape() {
        let row = |items: Vec<Literal>| Literal::List(items);
        let even = [
            row(vec![int("1"), int("2")]),
            row(vec![int("3"), Literal::Float(4.5)]),
        ];
        let (depth, converted) = unify_types(&even).unwrap();
        assert_eq!((depth, converted[0].to_str().as_str()), (2, "[1.0, 2.0]"));
        assert_eq!(unify_types(&[row(vec![int("1")]), int("2")]), Err(Uneven));
        assert_eq!(
            unify_types(&[row(vec![]), row(vec![int("2")])]),
            Err(Uneven)
        );
    }
}

//! Arguments matched with a signature's parameters, and read as the types NumPy reads.

use super::error::{ArgumentRef, BindError, BindErrorKind, Consequence, Expected, Rule};
use crate::sweep::literal::Literal;
use crate::sweep::truncate::truncate_chars;
use num_bigint::BigInt;
use num_traits::ToPrimitive;

/// The most values that one call may draw, and the most items that it may shuffle: all of them
/// are held in memory, in the page too.
pub(crate) const MAX_VALUES: u32 = 1_000_000;

/// The arguments of a call, in the order written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Arguments {
    /// The values given by their place.
    pub positional: Vec<Literal>,
    /// The values given as `name=value`.
    pub keywords: Vec<(String, Literal)>,
}

/// Something that is accepted, because NumPy accepts it, but that the person should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Note {
    /// A fraction was cut off: `randint(0, 9.5)` draws as `randint(0, 9)`.
    Truncated {
        /// The argument that was cut.
        argument: ArgumentRef,
        /// The parameter's name.
        parameter: &'static str,
    },
}

#[derive(Clone, Copy)]
struct Parameter {
    name: &'static str,
    default: Option<&'static str>,
    /// Before `/` in the signature: cannot be given by name.
    positional_only: bool,
}

/// The parameters of a signature such as `name(a, b=1, size=None)`, in order.
fn parse_signature(signature: &'static str) -> Vec<Parameter> {
    let inside = signature
        .split_once('(')
        .map_or("", |(_, rest)| rest.trim_end_matches(')'));
    let mut found: Vec<Parameter> = Vec::new();
    for text in inside.split(", ").filter(|text| !text.is_empty()) {
        if text == "/" {
            found
                .iter_mut()
                .for_each(|parameter| parameter.positional_only = true);
            continue;
        }
        let (name, default) = match text.split_once('=') {
            Some((name, default)) => (name, Some(default)),
            None => (text, None),
        };
        found.push(Parameter {
            name,
            default,
            positional_only: false,
        });
    }
    found
}

/// A call's arguments by parameter. The methods that read a parameter take its index in the
/// signature, from 0.
pub(super) struct BoundArguments<'a> {
    parameters: Vec<Parameter>,
    given: Vec<Option<(ArgumentRef, &'a Literal)>>,
    notes: Vec<Note>,
}

impl<'a> BoundArguments<'a> {
    /// Matches arguments with parameters by Python's rules. O(arguments).
    pub(super) fn new(
        signature: &'static str,
        arguments: &'a Arguments,
    ) -> Result<BoundArguments<'a>, BindError> {
        let parameters = parse_signature(signature);
        let given = vec![None; parameters.len()];
        let mut bound = BoundArguments {
            parameters,
            given,
            notes: Vec::new(),
        };
        for (index, value) in (0u32..).zip(&arguments.positional) {
            let argument = ArgumentRef::Positional(index);
            match bound.given.get_mut(index as usize) {
                Some(slot) => *slot = Some((argument, value)),
                None => {
                    let fault = bound.too_many_arguments(arguments.positional.len());
                    return Err(BindError {
                        argument: Some(argument),
                        kind: fault,
                    });
                }
            }
        }
        for (keyword, value) in &arguments.keywords {
            let argument = ArgumentRef::Keyword(keyword.clone());
            match bound.find_free_parameter(keyword) {
                Ok(slot) => bound.given[slot] = Some((argument, value)),
                Err(fault) => {
                    return Err(BindError {
                        argument: Some(argument),
                        kind: fault,
                    });
                }
            }
        }
        bound.ensure_nothing_missing()?;
        Ok(bound)
    }

    /// The index of the parameter that a keyword names.
    ///
    /// # Errors
    /// No such parameter, or one that has its argument already.
    fn find_free_parameter(&self, keyword: &str) -> Result<usize, BindErrorKind> {
        let named = |parameter: &&Parameter| !parameter.positional_only;
        let found = self
            .parameters
            .iter()
            .filter(named)
            .position(|known| known.name == keyword);
        match found {
            Some(index) if self.given[index].is_some() => Err(BindErrorKind::GivenTwice {
                parameter: self.parameters[index].name,
            }),
            Some(index) => Ok(index),
            None => {
                let known = self
                    .parameters
                    .iter()
                    .filter(named)
                    .map(|known| known.name)
                    .collect();
                Err(BindErrorKind::UnknownKeyword {
                    keyword: keyword.into(),
                    known,
                })
            }
        }
    }

    fn too_many_arguments(&self, given: usize) -> BindErrorKind {
        if self
            .parameters
            .iter()
            .all(|parameter| parameter.positional_only)
        {
            return BindErrorKind::SeveralDimensions;
        }
        let count = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        BindErrorKind::TooManyArguments {
            most: count(self.parameters.len()),
            given: count(given),
        }
    }

    fn ensure_nothing_missing(&self) -> Result<(), BindError> {
        for (parameter, given) in self.parameters.iter().zip(&self.given) {
            if parameter.default.is_none() && given.is_none() {
                let fault = BindErrorKind::Missing {
                    parameter: parameter.name,
                };
                return Err(BindError {
                    argument: None,
                    kind: fault,
                });
            }
        }
        Ok(())
    }

    fn given(&self, index: usize) -> Option<&(ArgumentRef, &'a Literal)> {
        self.given.get(index).and_then(Option::as_ref)
    }

    pub(super) fn into_notes(self) -> Vec<Note> {
        self.notes
    }

    /// The value given for a parameter; `None` where its default holds.
    pub(super) fn literal(&self, index: usize) -> Option<&'a Literal> {
        self.given(index).map(|(_, literal)| *literal)
    }

    /// The value given for a parameter, where it is not Python's `None` either.
    pub(super) fn literal_unless_none(&self, index: usize) -> Option<&'a Literal> {
        self.literal(index)
            .filter(|literal| **literal != Literal::None)
    }

    /// An error, placed at the parameter's argument where it has one.
    pub(super) fn error(&self, index: usize, fault: BindErrorKind) -> BindError {
        BindError {
            argument: self.given(index).map(|(argument, _)| argument.clone()),
            kind: fault,
        }
    }

    /// An error that one of NumPy's rules about values is broken.
    pub(super) fn rule_error(&self, index: usize, rule: Rule) -> BindError {
        self.error(
            index,
            BindErrorKind::Domain {
                rule,
                found: self.found_text(index),
            },
        )
    }

    pub(super) fn name(&self, index: usize) -> &'static str {
        self.parameters
            .get(index)
            .map_or("", |parameter| parameter.name)
    }

    /// The value given, or the default, as Python's `repr` prints it, shortened: for messages.
    pub(super) fn found_text(&self, index: usize) -> String {
        self.literal(index).map_or_else(
            || {
                self.parameters
                    .get(index)
                    .and_then(|known| known.default)
                    .unwrap_or("")
                    .into()
            },
            shorten_repr,
        )
    }

    pub(super) fn wrong_type(&self, index: usize, expected: Expected) -> BindError {
        let (parameter, found) = (self.name(index), self.found_text(index));
        self.error(
            index,
            BindErrorKind::WrongType {
                parameter,
                expected,
                found,
            },
        )
    }

    /// A parameter as a double, as Python's `float()` reads numbers (`True` is 1).
    ///
    /// # Errors
    /// No number, or an integer beyond a double's range.
    pub(super) fn read_number(&self, index: usize) -> Result<f64, BindError> {
        let Some(literal) = self.literal(index) else {
            let default = self.parameters.get(index).and_then(|known| known.default);
            return default
                .and_then(|text| text.parse().ok())
                .ok_or_else(|| self.wrong_type(index, Expected::Number));
        };
        match as_double(literal) {
            Some(value) if value.is_finite() || !matches!(literal, Literal::Int(_)) => Ok(value),
            Some(_) => Err(self.too_large(index)),
            None => Err(self.wrong_type(index, Expected::Number)),
        }
    }

    /// A parameter as an integer of any size; a float is cut, with a note where that loses a part.
    pub(super) fn read_integer(&mut self, index: usize) -> Result<BigInt, BindError> {
        match self.literal(index) {
            Some(Literal::Bool(value)) => Ok(BigInt::from(u8::from(*value))),
            Some(Literal::Int(value)) => Ok(value.clone()),
            Some(Literal::Float(value)) if value.is_finite() => {
                let whole = value.trunc();
                if whole != *value
                    && let Some((argument, _)) = self.given(index)
                {
                    let argument = argument.clone();
                    self.notes.push(Note::Truncated {
                        argument,
                        parameter: self.name(index),
                    });
                }
                num_traits::FromPrimitive::from_f64(whole).ok_or_else(|| self.too_large(index))
            }
            Some(Literal::Float(_)) => Err(self.too_large(index)),
            _ => Err(self.wrong_type(index, Expected::WholeNumber)),
        }
    }

    /// A parameter as a C `long` of 64 bits, cut as [`BoundArguments::read_integer`] cuts.
    pub(super) fn read_i64(&mut self, index: usize) -> Result<i64, BindError> {
        let value = self.read_integer(index)?;
        value.to_i64().ok_or_else(|| self.too_large(index))
    }

    fn too_large(&self, index: usize) -> BindError {
        let (parameter, found) = (self.name(index), self.found_text(index));
        self.error(index, BindErrorKind::TooLarge { parameter, found })
    }

    /// The number of values that the parameter `size` gives; `None`, for one value, without it.
    pub(super) fn read_size(&self) -> Result<Option<u32>, BindError> {
        let Some(index) = self
            .parameters
            .iter()
            .position(|known| known.name == "size")
        else {
            return Ok(None);
        };
        if self.literal_unless_none(index).is_none() {
            Ok(None)
        } else {
            self.read_count(index).map(Some)
        }
    }

    /// How many tries rejection sampling is expected to take that accepts this share of them.
    ///
    /// # Errors
    /// More tries than a person waits for; the error is placed at the parameter `index`.
    pub(super) fn expected_tries(&self, index: usize, share: f64) -> Result<u32, BindError> {
        /// Beyond these drawing would take seconds.
        const MAX_TRIES: f64 = 4e6;
        let tries = f64::from(self.read_size()?.unwrap_or(1)) / share;
        if tries > MAX_TRIES || tries.is_nan() {
            return Err(self.degenerate_error(index, Consequence::Endless));
        }
        Ok(tries as u32)
    }

    /// An error about a parameter with which NumPy would overflow or never finish.
    pub(super) fn degenerate_error(&self, index: usize, consequence: Consequence) -> BindError {
        let (parameter, found) = (self.name(index), self.found_text(index));
        let fault = BindErrorKind::Degenerate {
            parameter,
            found,
            consequence,
        };
        self.error(index, fault)
    }

    /// A parameter as a number of values, 0 to [`MAX_VALUES`].
    pub(super) fn read_count(&self, index: usize) -> Result<u32, BindError> {
        let Some(Literal::Int(size)) = self.literal(index) else {
            return Err(self.wrong_type(index, Expected::Size));
        };
        if size.sign() == num_bigint::Sign::Minus {
            let found = self.found_text(index);
            return Err(self.error(index, BindErrorKind::NegativeSize { found }));
        }
        size.to_u32()
            .filter(|size| *size <= MAX_VALUES)
            .ok_or_else(|| self.too_many_values(index, size))
    }

    pub(super) fn too_many_values(&self, index: usize, asked: &BigInt) -> BindError {
        let asked = shorten_repr(&Literal::Int(asked.clone()));
        self.error(
            index,
            BindErrorKind::TooManyValues {
                asked,
                limit: MAX_VALUES,
            },
        )
    }
}

/// A number as a double: an integer rounded to nearest, infinite where it is too large; `None` for
/// what is no real number.
pub(super) fn as_double(literal: &Literal) -> Option<f64> {
    match literal {
        Literal::Bool(value) => Some(f64::from(u8::from(*value))),
        Literal::Int(value) => value.to_f64(),
        Literal::Float(value) => Some(*value),
        _ => None,
    }
}

/// Python's `repr`, cut after 40 characters; of a huge integer only the size, since writing its
/// digits costs O(digits²).
pub(super) fn shorten_repr(literal: &Literal) -> String {
    const MAX_CHARS: usize = 40;
    if let Literal::Int(value) = literal
        && value.bits() > 1000
    {
        return format!("an integer of {} bits", value.bits());
    }
    truncate_chars(&literal.repr(), MAX_CHARS)
}

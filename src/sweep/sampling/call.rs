//! A call of a distribution, checked and ready to draw.

use super::arguments::{Arguments, BoundArguments, Note};
use super::distribution::DrawnValues;
use super::draw_spec::{DrawSpec, SampleCount};
use super::error::{BindError, BindErrorKind};
use super::registry;
use super::stream::Stream;

/// A call whose name is known, whose arguments match its parameters and whose values NumPy
/// accepts. Drawing from it cannot fail.
#[derive(Clone)]
pub struct BoundCall {
    signature: &'static str,
    sampler: DrawSpec,
    notes: Vec<Note>,
}

/// Matches a call with a distribution and checks its values.
///
/// # Errors
/// An unknown name, arguments that do not match the parameters, values that NumPy refuses, and more
/// than [`super::arguments::MAX_VALUES`] values. Only the first error is reported, with the argument
/// that causes it.
pub fn bind(name: &str, arguments: &Arguments) -> Result<BoundCall, BindError> {
    let Some(entry) = registry::find_entry(name) else {
        let fault = BindErrorKind::UnknownName { name: name.into() };
        return Err(BindError {
            argument: None,
            kind: fault,
        });
    };
    let mut bound = BoundArguments::new(entry.signature, arguments)?;
    let mut plan = (entry.build)(&mut bound)?;
    if plan.count == SampleCount::BySize {
        plan.count = SampleCount::Resolved(bound.read_size()?);
    }
    Ok(BoundCall {
        signature: entry.signature,
        sampler: plan,
        notes: bound.into_notes(),
    })
}

impl BoundCall {
    /// How many values it draws; `None` without a size: one value, which is not a sweep.
    pub fn size(&self) -> Option<u64> {
        match self.sampler.count {
            SampleCount::Resolved(size) => size.map(u64::from),
            SampleCount::Fixed(count) => Some(u64::from(count)),
            SampleCount::BySize => None,
        }
    }

    /// What drawing costs, in units of one value drawn: the values themselves, the items that are
    /// shuffled for them, or the tries that rejection sampling is expected to take, whichever is most.
    pub(crate) fn draw_cost(&self) -> u64 {
        self.size().unwrap_or(1).max(self.sampler.min_cost.into())
    }

    /// Whether its values depend on the seed; `linspace` and its like do not.
    pub(crate) fn is_random(&self) -> bool {
        self.sampler.random
    }

    /// What NumPy accepts but the person should know.
    pub(crate) fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// Draws the values: [`BoundCall::size`] of them, or one. O(values), not counting rejected
    /// draws; `choice` without replacement and `permutation` are O(items).
    pub fn draw(&self, stream: &mut Stream) -> DrawnValues {
        let count = match self.sampler.count {
            SampleCount::Resolved(size) => size.unwrap_or(1),
            SampleCount::Fixed(count) => count,
            SampleCount::BySize => 1,
        };
        self.sampler.distribution.draw(stream, count)
    }
}

impl std::fmt::Debug for BoundCall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Call")
            .field("signature", &self.signature)
            .field("size", &self.size())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::super::error::ArgumentRef::{self, Keyword, Positional};
    use super::*;
    use crate::sweep::value::{self, ParsedValue};
    use crate::testing::test;

    fn bind_text(text: &str) -> Result<BoundCall, BindError> {
        let ParsedValue::Call(call) = value::read(text) else {
            panic!("{text} is no call");
        };
        let mut arguments = Arguments::default();
        for argument in call.arguments {
            match argument.keyword {
                Some(keyword) => arguments.keywords.push((keyword, argument.value.value)),
                None => arguments.positional.push(argument.value.value),
            }
        }
        bind(&call.name, &arguments)
    }

    fn check(text: &str, argument: Option<ArgumentRef>, message: &str) {
        let error = bind_text(text).err().unwrap();
        assert_eq!(
            (error.argument(), error.to_string().as_str()),
            (argument, message),
            "{text}"
        );
    }

    fn keyword(name: &str) -> Option<ArgumentRef> {
        Some(Keyword(name.into()))
    }

    #[test]
    fn errors_about_how_arguments_are_given() {
        let at = |index| Some(Positional(index));
        check(
            "uniform(0, 1, 2, 3)",
            at(3),
            "expected at most 3 arguments, found 4",
        );
        check(
            "standard_normal(3, 4)",
            at(1),
            "expected at most 1 argument, found 2",
        );
        check(
            "rand(2, 3)",
            at(1),
            "expected one number of values: a sweep has no dimensions",
        );
        check("beta(2)", None, "`b` is missing");
        check(
            "uniform(lo=0, high=1, size=3)",
            keyword("lo"),
            "there is no parameter `lo`; expected `low`, `high` or `size`",
        );
        check(
            "uniform(0, 1, low=3)",
            keyword("low"),
            "`low` is given twice",
        );
        check(
            "rand(size=3)",
            keyword("size"),
            "expected no `size=`: the arguments have no names here",
        );
    }

    #[test]
    fn errors_about_types_and_sizes() {
        let at = |index| Some(Positional(index));
        check(
            "uniform('a', 1, 3)",
            at(0),
            "expected a number for `low`, found 'a'",
        );
        check(
            "uniform(0, 1, size=2.5)",
            keyword("size"),
            "expected the number of values, a whole number from 0, for `size`, found 2.5",
        );
        check(
            "uniform(0, 1, -1)",
            at(2),
            "the number of values cannot be negative: -1",
        );
        check(
            "uniform(0, 1, 1000001)",
            at(2),
            "1000001 values are too many for one argument; at most 1000000",
        );
        check(
            "permutation(1000001)",
            at(0),
            "1000001 values are too many for one argument; at most 1000000",
        );
        check(
            "choice([[1], [2]], 2)",
            at(0),
            "expected a list without lists in it for `a`, found [[1], [2]]",
        );
    }

    #[test]
    fn numpys_own_rules() {
        let at = |index| Some(Positional(index));
        check(
            "normal(0, scale=-1, size=3)",
            keyword("scale"),
            "scale < 0 (found -1)",
        );
        check(
            "binomial(10, 1.5, 2)",
            at(1),
            "p < 0, p > 1 or p is NaN (found 1.5)",
        );
        check(
            "negative_binomial(3, 0, 5)",
            at(1),
            "p <= 0: no success would ever come (found 0)",
        );
        check("randint(5, 3, 2)", at(1), "low >= high (found 3)");
        check("triangular(0, 2, 1, 3)", at(2), "mode > right (found 1)");
        check(
            "negative_binomial(2, 1e-19, 3)",
            at(1),
            "NumPy's 64-bit integers would overflow with `p` = 1e-19",
        );
        check(
            "zipf(2000, 3)",
            at(0),
            "drawing would take minutes, or never end, with `a` = 2000",
        );
    }

    #[test]
    fn sizes_and_notes() {
        let size = |text: &str| bind_text(text).unwrap().size();
        assert_eq!(size("uniform(0, 1)"), None);
        assert_eq!(size("uniform(0, 1, None)"), None);
        assert_eq!(size("uniform(0, 1, 0)"), Some(0));
        assert_eq!(size("uniform(0, 1, 1000000)"), Some(1_000_000));
        assert_eq!(size("permutation([1, 2, 3])"), Some(3));
        assert_eq!(size("linspace(0, 1, 7)"), Some(7));
        let call = bind_text("randint(0, high=9.5, size=3)").unwrap();
        let argument = Keyword("high".into());
        assert_eq!(
            call.notes(),
            [Note::Truncated {
                argument,
                parameter: "high"
            }]
        );
        assert!(bind_text("randint(0, 9.0, 3)").unwrap().notes().is_empty());
    }

    #[test]
    fn a_scalar_takes_one_value_and_size_0_none() {
        let mut stream = Stream::new(42);
        let mut next = |text: &str| {
            let values = bind_text(text).unwrap().draw(&mut stream);
            values
                .iter()
                .map(|value| value.to_str())
                .collect::<Vec<_>>()
        };
        assert_eq!(next("uniform(0, 1, 0)"), [""; 0]);
        assert_eq!(next("uniform(0, 1)"), ["0.3745401188473625"]);
        assert_eq!(next("uniform(0, 1, 1)"), ["0.9507143064099162"]);
    }
}

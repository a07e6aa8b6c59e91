//! A checked call of a distribution.

use super::bound::{Arguments, Bound, Note};
use super::fault::{BindError, Fault};
use super::law::{Law, Values};
use super::stream::Stream;
use super::table;
use std::sync::Arc;

/// A call whose name is known, whose arguments match its parameters and whose values NumPy
/// accepts. Drawing from it cannot fail.
#[derive(Clone)]
pub struct Call {
    signature: &'static str,
    plan: Plan,
    notes: Vec<Note>,
}

/// What a distribution makes of its arguments.
#[derive(Clone)]
pub(super) struct Plan {
    law: Arc<dyn Law>,
    count: Count,
    random: bool,
    /// What drawing costs at least, in values: items shuffled, or tries expected.
    work: u32,
}

/// How many values a plan draws.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Count {
    /// As `size` says.
    BySize,
    /// Always so many.
    Fixed(u32),
    /// `size` as already read, `None` for one value.
    Read(Option<u32>),
}

impl Plan {
    /// A plan that draws `size` values.
    pub(super) fn sized(law: Arc<dyn Law>) -> Plan {
        Plan {
            law,
            count: Count::BySize,
            random: true,
            work: 0,
        }
    }

    /// A plan whose number of values is fixed by its other arguments.
    pub(super) fn fixed(law: Arc<dyn Law>, count: u32) -> Plan {
        Plan {
            law,
            count: Count::Fixed(count),
            random: true,
            work: 0,
        }
    }

    /// The same without randomness: the stream stays untouched.
    pub(super) fn spaced(law: Arc<dyn Law>, count: u32) -> Plan {
        Plan {
            law,
            count: Count::Fixed(count),
            random: false,
            work: 0,
        }
    }

    /// The same where drawing costs as much as `work` values.
    pub(super) fn costing(self, work: u32) -> Plan {
        Plan { work, ..self }
    }
}

/// Matches a call with a distribution and checks its values.
///
/// # Errors
/// An unknown name, arguments that do not match the parameters, values that NumPy refuses, and more
/// than [`super::LIMIT`] values. The first problem is reported, with the argument at fault.
pub fn bind(name: &str, arguments: &Arguments) -> Result<Call, BindError> {
    let Some(entry) = table::find(name) else {
        let fault = Fault::UnknownName { name: name.into() };
        return Err(BindError {
            argument: None,
            fault,
        });
    };
    let mut bound = Bound::new(entry.signature, arguments)?;
    let mut plan = (entry.build)(&mut bound)?;
    if plan.count == Count::BySize {
        plan.count = Count::Read(bound.size()?);
    }
    Ok(Call {
        signature: entry.signature,
        plan,
        notes: bound.into_notes(),
    })
}

impl Call {
    /// How many values it draws; `None` without a size: one value, which is not a sweep.
    pub fn size(&self) -> Option<u64> {
        match self.plan.count {
            Count::Read(size) => size.map(u64::from),
            Count::Fixed(count) => Some(u64::from(count)),
            Count::BySize => None,
        }
    }

    /// What drawing costs, in values: those drawn, the items that are shuffled for them, or the
    /// tries that are expected, whichever is most.
    pub fn work(&self) -> u64 {
        self.size().unwrap_or(1).max(self.plan.work.into())
    }

    /// Whether its values depend on the seed; `linspace` and its like do not.
    pub fn is_random(&self) -> bool {
        self.plan.random
    }

    /// What was accepted but should be said.
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// The distribution's signature.
    pub fn signature(&self) -> &'static str {
        self.signature
    }

    /// Draws the values: [`Call::size`] of them, or one. O(values) for all distributions except
    /// for rejected draws; `choice` without replacement and `permutation` are O(items).
    pub fn draw(&self, stream: &mut Stream) -> Values {
        let count = match self.plan.count {
            Count::Read(size) => size.unwrap_or(1),
            Count::Fixed(count) => count,
            Count::BySize => 1,
        };
        self.plan.law.draw(stream, count)
    }
}

impl std::fmt::Debug for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Call")
            .field("signature", &self.signature)
            .field("size", &self.size())
            .finish()
    }
}

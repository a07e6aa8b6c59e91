//! A run time fitted to finished trials of the same script (docs/cost-model.md, section 7).

use super::Seconds;
use super::fit::{DEFAULT_RIDGE, Fit, Verdict};
use super::uncertainty::Noise;
use crate::formula::{ArgumentValue, EvalError};
use crate::sweep::axis::{self, Values};
use crate::sweep::math::exp;
use crate::sweep::{Part, Plan};
use std::fmt;

/// How many arguments of which finished trials show nothing are named.
const UNTOLD_MAX: usize = 3;

/// What a trial was passed and how long its script ran.
#[derive(Clone, Debug, PartialEq)]
pub struct FinishedTrial<'a> {
    /// Its arguments as the command line names them, `--batch_size`, with the texts passed.
    pub arguments: Vec<(&'a str, &'a str)>,
    /// Its script's run time; None where it was stopped, failed or cut off, which says nothing of how
    /// long one takes.
    pub run: Option<Seconds>,
}

/// A fit to finished trials, as a run time.
#[derive(Clone, Debug, PartialEq)]
pub struct FittedRunTime {
    /// The arguments that differed between the trials, as formulas call them.
    names: Vec<String>,
    /// The arguments that all of the trials passed the same, with it.
    constants: Vec<(String, String)>,
    fit: Fit,
    left_out: usize,
    extrapolates: bool,
    /// Arguments of the plan of which the trials show nothing, the first few: they passed none, or the
    /// same and another than the plan.
    untold: Vec<String>,
    /// How many of the trials ran at once.
    at_once: Option<u32>,
    /// Whether the script has changed since they ran.
    is_of_earlier_script: bool,
}

impl FittedRunTime {
    /// Fits the trials that ran to their end, over the arguments that all of them have and that differ
    /// between them. None without such trials, and where no fit exists. Whether it is of use is
    /// [`FittedRunTime::verdict`]'s to say. O(trials × arguments²).
    pub fn new(trials: &[FinishedTrial<'_>]) -> Option<FittedRunTime> {
        let finished: Vec<(&FinishedTrial<'_>, f64)> = trials
            .iter()
            .filter_map(|trial| Some((trial, trial.run?.as_f64())))
            .collect();
        let (first, _) = finished.first()?;
        let text_of = |trial: &'_ FinishedTrial<'_>, name: &str| {
            let mut arguments = trial.arguments.iter();
            arguments
                .find(|(other, _)| *other == name)
                .map(|(_, text)| (*text).to_owned())
        };
        let differs = |name: &str| {
            let mut texts = finished.iter().map(|(trial, _)| text_of(trial, name));
            let first = texts.next().flatten();
            let rest: Vec<Option<String>> = texts.collect();
            rest.iter().all(Option::is_some) && rest.iter().any(|text| *text != first)
        };
        let is_same = |name: &str, text: &str| {
            let mut trials = finished.iter();
            trials.all(|(trial, _)| text_of(trial, name).as_deref() == Some(text))
        };
        let constants = first
            .arguments
            .iter()
            .filter(|(name, text)| is_same(name, text));
        let constants = constants.map(|(name, text)| (Part::variable(name), (*text).to_owned()));
        let columns: Vec<&str> = first
            .arguments
            .iter()
            .map(|(name, _)| *name)
            .filter(|name| differs(name))
            .collect();
        let texts: Vec<Vec<String>> = finished
            .iter()
            .map(|(trial, _)| {
                columns
                    .iter()
                    .filter_map(|name| text_of(trial, name))
                    .collect()
            })
            .collect();
        let rows: Vec<Vec<ArgumentValue<'_>>> = texts
            .iter()
            .map(|row| row.iter().map(|text| to_value(text)).collect())
            .collect();
        let runs: Vec<f64> = finished.iter().map(|(_, run)| *run).collect();
        Some(FittedRunTime {
            names: columns.iter().map(|name| Part::variable(name)).collect(),
            constants: constants.collect(),
            fit: Fit::new(&rows, &runs, DEFAULT_RIDGE)?,
            left_out: trials.len() - finished.len(),
            extrapolates: false,
            untold: Vec::new(),
            at_once: None,
            is_of_earlier_script: false,
        })
    }

    /// The same, which says how many of the trials ran at once, and whether the script has changed since.
    #[must_use]
    pub(crate) fn with_origin(self, at_once: Option<u32>, is_of_earlier_script: bool) -> Self {
        FittedRunTime {
            at_once,
            is_of_earlier_script,
            ..self
        }
    }

    /// How many of the trials ran at once; None where that is not known.
    pub(crate) fn at_once(&self) -> Option<u32> {
        self.at_once
    }

    /// How many trials it is fitted to.
    pub(crate) fn observations(&self) -> usize {
        self.fit.observations()
    }

    /// Its leave-one-out error, of the logarithm.
    pub(crate) fn rmse(&self) -> f64 {
        self.fit.rmse()
    }

    /// The run time of a finished trial by the fit; None where it lacks an argument or passes what the
    /// fit cannot read.
    pub(crate) fn predict_finished(&self, trial: &FinishedTrial<'_>) -> Option<Seconds> {
        let value = |name: &String| {
            let mut arguments = trial.arguments.iter();
            let found = arguments.find(|(other, _)| Part::variable(other) == *name)?;
            Some(to_value(found.1))
        };
        let values: Vec<_> = self.names.iter().map(value).collect::<Option<_>>()?;
        self.predict(&values).ok()
    }

    /// Whether it is worth using, by its leave-one-out errors.
    pub fn verdict(&self) -> Verdict {
        self.fit.verdict()
    }

    /// The same, which knows whether trials of the plan lie outside what was observed, or differ from it in
    /// arguments of which the trials show nothing: its range is then wider by half. O(values of the axes).
    #[must_use]
    pub fn for_plan(&self, plan: &Plan) -> FittedRunTime {
        let mut places = self.names.iter().enumerate();
        let extrapolates = places.any(|(argument, name)| {
            let mut parts = plan.parts().iter();
            parts.any(|part| !self.covers(part, argument, name))
        });
        let untold = self.find_untold(plan);
        FittedRunTime {
            extrapolates: extrapolates || !untold.is_empty(),
            untold,
            ..self.clone()
        }
    }

    /// An argument that the fit reads and some command does not pass.
    pub(crate) fn find_missing(&self, plan: &Plan) -> Option<&str> {
        let mut names = self.names.iter();
        let missing = names.find(|name| {
            let mut parts = plan.parts().iter();
            parts.any(|part| part.find_argument(name).is_none())
        });
        missing.map(String::as_str)
    }

    /// Whether the trials show nothing of some argument of the plan.
    pub(crate) fn has_untold(&self) -> bool {
        !self.untold.is_empty()
    }

    fn find_untold(&self, plan: &Plan) -> Vec<String> {
        let mut untold: Vec<String> = Vec::new();
        for part in plan.parts() {
            for name in part.variables() {
                if untold.len() == UNTOLD_MAX {
                    return untold;
                }
                if !self.names.contains(&name)
                    && !untold.contains(&name)
                    && !self.is_constant_in(part, &name)
                {
                    untold.push(name);
                }
            }
        }
        untold
    }

    /// Whether all trials of a command pass for an argument what all of the finished ones did.
    fn is_constant_in(&self, part: &Part, name: &str) -> bool {
        let known = self.constants.iter().find(|(known, _)| known == name);
        let Some(((_, text), slot)) = known.zip(part.find_argument(name)) else {
            return false;
        };
        let axis = part.axis_of(slot);
        let axis = axis.and_then(|axis| part.axes().get(axis as usize));
        match axis.map(|axis| (axis, axis.values())) {
            Some((_, Values::Listed(texts))) => texts.iter().all(|other| **other == **text),
            Some((axis, Values::Range(_))) => {
                axis.len() == 1 && axis.value(0).as_deref() == Some(text)
            }
            None => part.value(slot, 0).as_deref() == Some(text),
        }
    }

    /// Whether every value of an argument in a command was within what was observed.
    fn covers(&self, part: &Part, argument: usize, name: &str) -> bool {
        let Some(slot) = part.find_argument(name) else {
            return true;
        };
        let covered = |text: &str| self.fit.covers(argument, &to_value(text));
        let swept = part
            .axis_of(slot)
            .and_then(|axis| part.axes().get(axis as usize));
        match swept {
            None => part.value(slot, 0).is_none_or(|text| covered(&text)),
            Some(axis) => match axis.values() {
                Values::Listed(texts) => texts.iter().all(|text| covered(text)),
                // The ends of a range are its least and its greatest.
                Values::Range(_) => [0, axis.len().saturating_sub(1)]
                    .into_iter()
                    .filter_map(|at| axis.value(at))
                    .all(|text| covered(&text)),
            },
        }
    }

    /// The arguments that it reads.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// The run time for these values, in the order of [`FittedRunTime::names`].
    pub(crate) fn predict(&self, values: &[ArgumentValue<'_>]) -> Result<Seconds, EvalError> {
        let prediction = self.fit.predict(values);
        prediction
            .map(|found| found.run)
            .ok_or(EvalError::NotFinite)
    }

    pub(crate) fn noise(&self) -> Noise {
        self.fit.noise(self.extrapolates)
    }
}

/// A number where the text is one.
pub(super) fn to_value(text: &str) -> ArgumentValue<'_> {
    axis::parse_number(text).map_or(ArgumentValue::Text(text), ArgumentValue::Number)
}

/// `fitted from 12 finished trials, leave-one-out error 14 %; 2 that did not run to their end are left out`.
impl fmt::Display for FittedRunTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = match self.is_of_earlier_script {
            true => " of an earlier version of the script",
            false => "",
        };
        write!(
            f,
            "fitted from {} finished trials{of}, leave-one-out error {:.0} %",
            self.observations(),
            (exp(self.fit.rmse()) - 1.0) * 100.0
        )?;
        if self.verdict() == Verdict::Rough {
            write!(f, " (rough)")?;
        }
        match self.untold.as_slice() {
            [] if self.extrapolates => write!(f, "; some of these lie outside what ran")?,
            [] => {}
            [one] => write!(f, "; they show nothing of `{one}`")?,
            [some @ .., last] => write!(
                f,
                "; they show nothing of `{}` and `{last}`",
                some.join("`, `")
            )?,
        }
        if self.left_out > 0 {
            write!(
                f,
                "; {} that did not run to their end are left out",
                self.left_out
            )?;
        }
        Ok(())
    }
}

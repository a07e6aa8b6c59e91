//! A run time fitted to finished trials by log-linear ridge regression (docs/cost-model.md,
//! section 7).
//!
//! ```text
//! y = ln(run seconds);  X = [1, Z], Z the standardised features
//! w = (X'X + a diag(0,1,…,1))⁻¹ X'y
//! H = X (X'X + a diag(0,1,…,1))⁻¹ X'
//! leave-one-out error of observation i = (y_i − ŷ_i) / (1 − H_ii)
//! ```
//!
//! No direction is built in: the trials decide whether a larger batch is faster or slower.

use super::Seconds;
use super::cholesky::{back_substitute, cholesky_factor, forward_substitute};
use super::uncertainty::Noise;
use crate::formula::ArgumentValue;
use crate::sweep::math::{exp, log};

/// The usual penalty `a` on all weights but the intercept.
pub(crate) const DEFAULT_RIDGE: f64 = 0.1;

/// Columns of the design matrix, at most, so that the work stays bounded.
const MAX_COLUMNS: usize = 100;

/// Whether a fit is worth using.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// An error of at most 0.30, about a factor of 1.35, and at most 0.8 of the mean's error.
    Good,
    /// An error of at most 0.69, about a factor of 2: shown with a mark.
    Rough,
    /// Anything worse, or too few observations.
    Unusable,
}

/// A run time as a function of arguments, with the errors of the fit.
#[derive(Clone, Debug, PartialEq)]
pub struct Fit {
    arguments: Vec<ObservedArgument>,
    columns: Vec<Column>,
    /// The mean of the logarithms of the run times.
    intercept: f64,
    /// One per standardised column.
    weights: Vec<f64>,
    /// Leave-one-out errors of the logarithm, in the order of the observations.
    leave_one_out_errors: Vec<f64>,
    /// Their root mean square.
    rmse: f64,
    /// Root mean square of the leave-one-out errors where every prediction is the mean.
    rmse_of_mean: f64,
}

/// What kind of values an argument had in the observations, and their range.
#[derive(Clone, Debug, PartialEq)]
enum ObservedArgument {
    /// Positive numbers, whose logarithm is the feature; least and greatest.
    Log(f64, f64),
    /// Other numbers, the feature themselves; least and greatest.
    Linear(f64, f64),
    /// Anything else: one 0/1 column per level, in order of appearance.
    Categorical(Vec<String>),
}

/// One column of the design matrix before standardising: an argument, for a category one level.
#[derive(Clone, Debug, PartialEq)]
struct Column {
    argument: usize,
    level: usize,
    mean: f64,
    sd: f64,
}

/// What a fit says about one trial.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prediction {
    /// The median run time.
    pub run: Seconds,
    /// An argument lies outside the range, or is none of the levels, that were observed.
    pub extrapolates: bool,
}

impl Fit {
    /// Fits `runs` (seconds, above zero) to rows of argument values, one row per observation and
    /// one value per argument in each. None without observations, with rows of different lengths,
    /// with more than a hundred columns, or where no finite solution exists.
    /// O(observations × columns²).
    pub fn new(rows: &[Vec<ArgumentValue<'_>>], runs: &[f64], ridge: f64) -> Option<Fit> {
        let width = rows.first()?.len();
        let usable = rows.len() == runs.len()
            && rows.iter().all(|row| row.len() == width)
            && runs.iter().all(|run| *run > 0.0 && run.is_finite());
        if !usable {
            return None;
        }
        let arguments: Vec<ObservedArgument> =
            (0..width).map(|at| classify_argument(rows, at)).collect();
        let columns = varying_columns(&arguments, rows)?;
        let logs: Vec<f64> = runs.iter().map(|run| log(*run)).collect();
        let design: Vec<Vec<f64>> = rows
            .iter()
            .map(|row| design_row(&arguments, &columns, row))
            .collect();
        solve_ridge(arguments, columns, &design, &logs, ridge)
    }

    /// Trials that it was fitted to.
    pub(crate) fn observations(&self) -> usize {
        self.leave_one_out_errors.len()
    }

    /// The mean of the logarithms of the run times.
    #[cfg(feature = "internals")]
    pub fn intercept(&self) -> f64 {
        self.intercept
    }

    /// The weights of the standardised columns; columns that did not vary have none.
    #[cfg(feature = "internals")]
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// The power with which the run time depends on argument number `argument`; None where it is
    /// no positive number or did not vary.
    #[cfg(feature = "internals")]
    pub fn exponent(&self, argument: usize) -> Option<f64> {
        if !matches!(self.arguments.get(argument)?, ObservedArgument::Log(..)) {
            return None;
        }
        let at = self
            .columns
            .iter()
            .position(|column| column.argument == argument)?;
        Some(self.weights.get(at)? / self.columns.get(at)?.sd)
    }

    /// Leave-one-out errors of the logarithm, in the order of the observations.
    #[cfg(feature = "internals")]
    pub fn leave_one_out_errors(&self) -> &[f64] {
        &self.leave_one_out_errors
    }

    /// Root mean square of [`Fit::leave_one_out_errors`].
    pub fn rmse(&self) -> f64 {
        self.rmse
    }

    /// Root mean square of the leave-one-out errors where every prediction is the mean: what a fit
    /// has to beat.
    #[cfg(feature = "internals")]
    pub fn rmse_of_mean(&self) -> f64 {
        self.rmse_of_mean
    }

    /// Judges by the number of observations and both root mean squares (docs/cost-model.md,
    /// section 7).
    pub fn verdict(&self) -> Verdict {
        let (n, p) = (self.leave_one_out_errors.len(), self.columns.len());
        if n >= p + 3 && self.rmse <= 0.30 && self.rmse <= 0.8 * self.rmse_of_mean {
            Verdict::Good
        } else if n >= p + 2 && self.rmse <= 0.69 {
            Verdict::Rough
        } else {
            Verdict::Unusable
        }
    }

    /// The uncertainty of a prediction, from the leave-one-out error.
    pub(crate) fn noise(&self, extrapolates: bool) -> Noise {
        Noise::from_fit(self.rmse, extrapolates)
    }

    /// Whether a value of an argument lies within what was observed.
    pub(crate) fn covers(&self, argument: usize, value: &ArgumentValue<'_>) -> bool {
        let argument = self.arguments.get(argument);
        argument.is_none_or(|argument| argument.covers(value))
    }

    /// The run time for these values of the arguments, in the order of the observations. None
    /// where their number differs or the result is no time that can be counted.
    pub fn predict(&self, values: &[ArgumentValue<'_>]) -> Option<Prediction> {
        if values.len() != self.arguments.len() {
            return None;
        }
        let row = design_row(&self.arguments, &self.columns, values);
        let terms = row.iter().zip(&self.weights).map(|(z, weight)| z * weight);
        let seconds = exp(self.intercept + terms.sum::<f64>());
        let run = Seconds::from_f64(seconds).filter(|run| *run > Seconds::ZERO)?;
        let extrapolates = self
            .arguments
            .iter()
            .zip(values)
            .any(|(argument, value)| !argument.covers(value));
        Some(Prediction { run, extrapolates })
    }
}

impl ObservedArgument {
    fn covers(&self, value: &ArgumentValue<'_>) -> bool {
        match (self, value) {
            (
                ObservedArgument::Log(least, most) | ObservedArgument::Linear(least, most),
                ArgumentValue::Number(x),
            ) => least <= x && x <= most,
            (ObservedArgument::Categorical(levels), value) => levels.contains(&level_name(value)),
            (_, ArgumentValue::Text(_)) => false,
        }
    }

    /// The value of one of the argument's columns.
    fn column_value(&self, value: &ArgumentValue<'_>, at: usize) -> f64 {
        match (self, value) {
            (ObservedArgument::Log(..), ArgumentValue::Number(x)) => log(*x),
            (ObservedArgument::Linear(..), ArgumentValue::Number(x)) => *x,
            (ObservedArgument::Categorical(levels), value) => f64::from(
                levels
                    .get(at)
                    .is_some_and(|known| *known == level_name(value)),
            ),
            // A text has no place on a scale of numbers; the NaN makes the prediction None.
            (_, ArgumentValue::Text(_)) => f64::NAN,
        }
    }
}

fn level_name(value: &ArgumentValue<'_>) -> String {
    match value {
        ArgumentValue::Number(x) => x.to_string(),
        ArgumentValue::Text(text) => (*text).to_owned(),
    }
}

/// Decides by all rows: a single value that is no finite number makes argument `at` categorical.
fn classify_argument(rows: &[Vec<ArgumentValue<'_>>], at: usize) -> ObservedArgument {
    let values = || rows.iter().filter_map(|row| row.get(at));
    let numbers: Vec<f64> = values()
        .filter_map(|value| match value {
            ArgumentValue::Number(x) if x.is_finite() => Some(*x),
            _ => None,
        })
        .collect();
    if numbers.len() < rows.len() {
        let mut levels: Vec<String> = Vec::new();
        for value in values() {
            let level = level_name(value);
            if !levels.contains(&level) && levels.len() <= MAX_COLUMNS {
                levels.push(level);
            }
        }
        return ObservedArgument::Categorical(levels);
    }
    let least = numbers.iter().copied().fold(f64::INFINITY, f64::min);
    let most = numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if least > 0.0 {
        ObservedArgument::Log(least, most)
    } else {
        ObservedArgument::Linear(least, most)
    }
}

/// The columns that vary, with their means and population standard deviations.
fn varying_columns(
    arguments: &[ObservedArgument],
    rows: &[Vec<ArgumentValue<'_>>],
) -> Option<Vec<Column>> {
    let mut columns = Vec::new();
    for (at, argument) in arguments.iter().enumerate() {
        let levels = if let ObservedArgument::Categorical(levels) = argument {
            levels.len()
        } else {
            1
        };
        for level in 0..levels {
            let values: Vec<f64> = rows
                .iter()
                .filter_map(|row| row.get(at))
                .map(|value| argument.column_value(value, level))
                .collect();
            let (mean, sd) = mean_and_sd(&values);
            // The deviation of a constant column is rounding noise rather than zero.
            if sd > 1e-12 * mean.abs().max(1e-300) {
                columns.push(Column {
                    argument: at,
                    level,
                    mean,
                    sd,
                });
            }
        }
    }
    (columns.len() <= MAX_COLUMNS).then_some(columns)
}

/// Mean and population standard deviation.
fn mean_and_sd(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values
        .iter()
        .map(|value| (value - mean) * (value - mean))
        .sum();
    (mean, (squares / n).sqrt())
}

fn design_row(
    arguments: &[ObservedArgument],
    columns: &[Column],
    values: &[ArgumentValue<'_>],
) -> Vec<f64> {
    let standardised = |column: &Column| {
        let argument = arguments.get(column.argument)?;
        let value = values.get(column.argument)?;
        Some((argument.column_value(value, column.level) - column.mean) / column.sd)
    };
    columns
        .iter()
        .map(|column| standardised(column).unwrap_or(f64::NAN))
        .collect()
}

/// Solves the normal equations. None where they have no finite solution.
/// O(observations × columns² + columns³).
fn solve_ridge(
    arguments: Vec<ObservedArgument>,
    columns: Vec<Column>,
    design: &[Vec<f64>],
    logs: &[f64],
    ridge: f64,
) -> Option<Fit> {
    let (n, p) = (logs.len() as f64, columns.len());
    // Standardised columns are orthogonal to the constant column, so the intercept is the mean.
    let intercept = logs.iter().sum::<f64>() / n;
    let product = |i: usize, j: usize| design.iter().map(|row| row[i] * row[j]).sum::<f64>();
    // The lower triangle of Z'Z + a I: all that Cholesky's factorisation reads.
    let normal: Vec<Vec<f64>> = (0..p)
        .map(|i| {
            (0..=i)
                .map(|j| product(i, j) + if i == j { ridge } else { 0.0 })
                .collect()
        })
        .collect();
    let factor = cholesky_factor(normal)?;
    let right: Vec<f64> = (0..p)
        .map(|i| {
            design
                .iter()
                .zip(logs)
                .map(|(row, y)| row[i] * (y - intercept))
                .sum()
        })
        .collect();
    let weights = back_substitute(&factor, &forward_substitute(&factor, &right));
    // H_ii = 1/n + |L⁻¹ z_i|², so that no inverse is needed.
    let errors: Vec<f64> = design
        .iter()
        .zip(logs)
        .map(|(row, y)| {
            let fitted: f64 = row.iter().zip(&weights).map(|(z, w)| z * w).sum();
            let half = forward_substitute(&factor, row);
            let leverage = 1.0 / n + half.iter().map(|value| value * value).sum::<f64>();
            (y - intercept - fitted) / (1.0 - leverage)
        })
        .collect();
    // Leaving one out moves the mean: its error grows by n / (n - 1).
    let of_mean: Vec<f64> = logs
        .iter()
        .map(|y| (y - intercept) * n / (n - 1.0))
        .collect();
    let (rmse, rmse_of_mean) = (root_mean_square(&errors), root_mean_square(&of_mean));
    let finite = weights.iter().all(|weight| weight.is_finite());
    finite.then_some(Fit {
        arguments,
        columns,
        intercept,
        weights,
        leave_one_out_errors: errors,
        rmse,
        rmse_of_mean,
    })
}

fn root_mean_square(values: &[f64]) -> f64 {
    (values.iter().map(|value| value * value).sum::<f64>() / values.len() as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    /// run = 3 × epochs² , twice as long with `adam`; nothing else matters.
    fn observed() -> (Vec<Vec<ArgumentValue<'static>>>, Vec<f64>) {
        let mut rows = Vec::new();
        let mut runs = Vec::new();
        for epochs in [1.0, 2.0, 4.0, 8.0] {
            for (optimizer, factor) in [("sgd", 1.0), ("adam", 2.0)] {
                for momentum in [0.0, 0.9] {
                    rows.push(vec![
                        ArgumentValue::Number(epochs),
                        ArgumentValue::Text(optimizer),
                        ArgumentValue::Number(momentum),
                        ArgumentValue::Number(7.0),
                    ]);
                    runs.push(3.0 * epochs * epochs * factor);
                }
            }
        }
        (rows, runs)
    }

    #[test]
    fn finds_the_law_behind_the_trials() {
        let (rows, runs) = observed();
        let fit = Fit::new(&rows, &runs, 1e-9).unwrap();
        assert_eq!(fit.verdict(), Verdict::Good);
        assert!((fit.exponent(0).unwrap() - 2.0).abs() < 1e-6);
        assert_eq!(fit.exponent(1), None);
        assert_eq!(fit.exponent(3), None);
        let predict = |epochs, optimizer, momentum, fixed| {
            let values = [
                ArgumentValue::Number(epochs),
                ArgumentValue::Text(optimizer),
                ArgumentValue::Number(momentum),
                ArgumentValue::Number(fixed),
            ];
            fit.predict(&values)
        };
        let inside = predict(3.0, "adam", 0.5, 7.0).unwrap();
        assert!((inside.run.as_f64() - 54.0).abs() < 1e-3);
        assert!(!inside.extrapolates);
        for outside in [
            predict(16.0, "adam", 0.5, 7.0),
            predict(4.0, "rmsprop", 0.5, 7.0),
            predict(4.0, "adam", 0.99, 7.0),
            predict(4.0, "adam", 0.5, 8.0),
        ] {
            assert!(outside.unwrap().extrapolates);
        }
        assert_eq!(fit.predict(&[ArgumentValue::Number(1.0)]), None);
        let text = [
            ArgumentValue::Text("x"),
            ArgumentValue::Text("adam"),
            ArgumentValue::Number(0.0),
            ArgumentValue::Number(7.0),
        ];
        assert_eq!(fit.predict(&text), None);
    }

    #[test]
    fn noise_gives_no_good_verdict() {
        let rows: Vec<Vec<ArgumentValue<'_>>> = (1..=12)
            .map(|x| vec![ArgumentValue::Number(f64::from(x))])
            .collect();
        let runs: Vec<f64> = (0..12)
            .map(|x| if x % 3 == 0 { 10.0 } else { 1000.0 })
            .collect();
        let fit = Fit::new(&rows, &runs, DEFAULT_RIDGE).unwrap();
        assert_eq!(fit.verdict(), Verdict::Unusable);
        let few = Fit::new(&rows[..3], &runs[1..4], DEFAULT_RIDGE).unwrap();
        assert_ne!(few.verdict(), Verdict::Good);
        assert_eq!(few.observations(), 3);
    }

    #[test]
    fn unusable_observations() {
        let row = || vec![ArgumentValue::Number(1.0)];
        assert_eq!(Fit::new(&[], &[], DEFAULT_RIDGE), None);
        assert_eq!(Fit::new(&[row()], &[], DEFAULT_RIDGE), None);
        assert_eq!(Fit::new(&[row(), vec![]], &[1.0, 2.0], DEFAULT_RIDGE), None);
        assert_eq!(Fit::new(&[row(), row()], &[1.0, 0.0], DEFAULT_RIDGE), None);
        let one = Fit::new(&[row()], &[5.0], DEFAULT_RIDGE).unwrap();
        assert_eq!(one.verdict(), Verdict::Unusable);
        let many: Vec<String> = (0..200).map(|n| format!("level{n}")).collect();
        let rows: Vec<Vec<ArgumentValue<'_>>> = many
            .iter()
            .map(|level| vec![ArgumentValue::Text(level)])
            .collect();
        assert_eq!(Fit::new(&rows, &vec![1.0; 200], DEFAULT_RIDGE), None);
    }
}

//! Names of a run time's formula that no command of the plan has.

use super::run_time::RunTime;
use crate::formula::{Error, ErrorKind};
use crate::sweep::suggest::nearest_name;
use crate::sweep::{Plan, Span};

/// The names of a formula that are arguments of no command, each as a problem at its place in the text
/// of the run time. A name that some commands lack is theirs alone to report, as trials without a run
/// time. O(names × arguments).
pub fn unknown_names(run_time: &RunTime, plan: &Plan) -> Vec<Error> {
    let RunTime::Formula(formula) = run_time else {
        return Vec::new();
    };
    let is_unknown = |(name, _): &(&str, Span)| {
        let mut parts = plan.parts().iter();
        !parts.any(|part| part.find_argument(name).is_some())
    };
    let unknown: Vec<(&str, Span)> = formula.placed_names().filter(is_unknown).collect();
    if unknown.is_empty() || plan.is_empty() {
        return Vec::new();
    }
    let mut known: Vec<String> = Vec::new();
    for name in plan.parts().iter().flat_map(crate::sweep::Part::variables) {
        if !known.contains(&name) {
            known.push(name);
        }
    }
    let to_error = |(name, span): (&str, Span)| {
        let kind = ErrorKind::UnknownArgument {
            name: name.to_owned(),
            suggestion: nearest_name(name, known.iter().map(String::as_str)),
            known: known.clone(),
        };
        Error::new(span, kind)
    };
    unknown.into_iter().map(to_error).collect()
}

#[cfg(test)]
mod tests {
    use super::super::parse_run_time;
    use super::*;
    use crate::sweep;
    use crate::testing::test;

    #[test]
    fn each_is_reported_at_its_place() {
        let problems = |command: &str, formula: &str| -> Vec<(String, String)> {
            let plan = sweep::read(command, &sweep::Settings::default()).plan;
            unknown_names(&parse_run_time(formula).unwrap(), &plan)
                .iter()
                .map(|error| (error.span.slice(formula).to_owned(), error.to_string()))
                .collect()
        };
        let command = "grid run f.py 7 --batch-size '[1, 2]' --epochs=3 -v";
        let pair = |place: &str, message: &str| (place.to_owned(), message.to_owned());
        assert_eq!(
            problems(command, "minutes = 2 * epoch + layers / batchsize"),
            [
                pair(
                    "epoch",
                    "no trial has an argument `epoch`; did you mean `epochs`?"
                ),
                pair(
                    "layers",
                    "no trial has an argument `layers`; there are `arg1`, `batch_size`, `epochs` and `v`"
                ),
                pair(
                    "batchsize",
                    "no trial has an argument `batchsize`; did you mean `batch_size`?"
                ),
            ]
        );
        for fine in ["minutes = arg1 * batch_size / epochs", "10", "5 to 10 min"] {
            assert_eq!(problems(command, fine), [], "{fine}");
        }
        assert_eq!(
            problems("grid run f.py", "hours = n"),
            [pair(
                "n",
                "no trial has an argument `n`; the script is given none"
            )]
        );
        // One of two commands has it.
        assert_eq!(
            problems("grid run f.py --n 1\ngrid run f.py", "hours = n"),
            []
        );
    }
}

//! What would be right instead.

use super::{Diagnostic, Kind, ShellSyntax};
use crate::sweep::repair;

impl Diagnostic {
    /// What would be right, where saying so helps.
    pub fn help(&self) -> Option<String> {
        Some(match &self.kind {
            Kind::UnclosedQuote { quote } => format!("add {quote} where the value ends"),
            Kind::UnquotedSweep { .. } => "write the value in quotes".into(),
            Kind::ShellSyntax(ShellSyntax::Braces { list: Some(list) }) => {
                format!("a sweep over these values is written \"{list}\"")
            }
            Kind::ShellSyntax(ShellSyntax::Expansion { .. }) => {
                "write the value itself, or put it in single quotes to pass it as typed".into()
            }
            Kind::NoCommand => "for example: grid run train.py --lr \"[0.1, 0.01]\"".into(),
            Kind::ConfigPasted => "save it as config.yml and name it in the command: \
                                   `grid run --config config.yml train.py`"
                .into(),
            Kind::Foreign(foreign) => return foreign.help(),
            Kind::NotGridRun { .. } => {
                "each line is a command of its own and begins `grid run`".into()
            }
            Kind::DanglingLine { .. } => "a line goes on behind a `\\` at its end".into(),
            Kind::NoScript => "`grid run [options] script [arguments]`".into(),
            Kind::ScriptExtension { .. } => {
                "options of `grid run` stand before the script, the script's own behind it".into()
            }
            Kind::Spelling(problem) => return problem.help(),
            Kind::NotAnInteger {
                option: "--memory", ..
            } => "`--memory` is the size of the disk in GB; main memory comes with the machine"
                .into(),
            Kind::BadRunName {
                found,
                suggestion: Some(name),
            } if found.contains('$') => {
                format!(
                    "a shell would put something in for `$`, which is not done; for example `{name}`"
                )
            }
            Kind::BadRunName {
                suggestion: Some(name),
                ..
            } => format!("for example `{name}`"),
            Kind::UnknownMachine {
                suggestion: Some(name),
                ..
            } => format!("did you mean `{name}`?"),
            Kind::UnknownCall {
                typed, suggestion, ..
            } => {
                let likely = repair::call_repairs(&typed.value).into_iter().next();
                let likely = likely.map(|meaning| meaning.value);
                format!("did you mean `{}`?", likely.or_else(|| suggestion.clone())?)
            }
            Kind::NumTrialsMissing => "add `--num_trials 10` before the script".into(),
            Kind::ConfigNotRead => "paste or drop the file here, or write its options and \
                                    parameters into the command"
                .into(),
            Kind::OtherConfig => "plan the two apart".into(),
            Kind::Config(problem) => return problem.help(),
            Kind::Character(problem) => return problem.help(),
            Kind::Shell(problem) => return problem.help(),
            Kind::ScriptTextRepeated { .. }
            | Kind::TooManyUnits {
                option: "--cpus",
                counts_gpus: true,
                ..
            } => "it can be launched from here all the same".into(),
            Kind::Literal { problem, .. } => return problem.help(),
            Kind::RepeatedValues {
                whole: Some(whole), ..
            } => format!(
                "to pass `{}` as one value, put it in a list of its own",
                whole.value
            ),
            Kind::MissingComma { .. } => "write the comma to say so, or join the two".into(),
            Kind::RangeNotInteger { .. } => {
                "`steps(0, 1, 0.1)` takes numbers that are no integers, \
                                             `linspace(0, 1, 5)` how many there are to be"
                    .into()
            }
            Kind::Lint(lint) => return lint.help(),
            Kind::TooMuchListed => "draw fewer values, or launch the commands one by one".into(),
            Kind::SpaceTooLarge => "narrow an axis, or write fewer of them".into(),
            Kind::LargePlan { .. } => "nothing is listed until you launch; choose fewer, or use \
                                       `--strategy random_search --num_trials 100`"
                .into(),
            _ => return None,
        })
    }
}

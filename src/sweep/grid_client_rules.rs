//! The rules of Grid's published client that hold once the config file is merged, and between commands.

use super::command::{Command, check_draw_count, check_units};
use super::config::Config;
use super::diagnostic::config::ConfigProblem;
use super::diagnostic::{Diagnostic, Kind, Severity};
use super::options::Strategy;
use super::run_names::RunNames;
use super::span::Origin;

/// What is checked once the config file is merged, where there is one. `typed` is the command's own
/// `--num_trials`.
pub(super) fn check_merged(
    command: &Command,
    config: Option<&Config>,
    typed: Option<u32>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let options = &command.options;
    match (options.strategy, options.num_trials) {
        // A number that cannot be read was reported where it stands.
        (Strategy::RandomSearch, None) if command.effective_use("--num_trials").is_none() => {
            diagnostics.push(missing_num_trials(command, config, typed));
        }
        (Strategy::RandomSearch, Some(asked)) => {
            if let Some(kind) = check_draw_count(asked) {
                report(command, "--num_trials", kind, diagnostics);
            }
        }
        (Strategy::GridSearch | Strategy::None, Some(_)) => {
            report_unused(
                command,
                "--num_trials",
                "`--strategy random_search`",
                diagnostics,
            );
        }
        _ => {}
    }
    // The client lets a config file ask for anything; what no machine has is wrong all the same.
    if config.is_some()
        && let Some((option, kind)) = check_units(command)
        && Diagnostic::new(command.script_span, kind.clone()).severity() == Severity::Error
    {
        report(command, option, kind, diagnostics);
    }
    if options.datastore_name.is_none() {
        for option in ["--datastore_version", "--datastore_mount_dir"] {
            report_unused(command, option, "`--datastore_name`", diagnostics);
        }
    }
}

/// Reports names that more than one command has: each run gets another.
pub(super) fn check_run_names(commands: &[Command], diagnostics: &mut Vec<Diagnostic>) {
    let typed = commands
        .iter()
        .map(|command| command.options.name.as_deref());
    let typed: Vec<_> = typed.collect();
    let names = RunNames::new(&typed);
    for (number, command) in (0..).zip(commands) {
        let found = command.options.name.as_deref();
        let Some(name) = names.of_run(number).filter(|name| found != Some(*name)) else {
            continue;
        };
        if let Some(used) = command.effective_use("--name") {
            let (found, name) = (found.unwrap_or_default().to_owned(), name.to_owned());
            let kind = Kind::RepeatedRunName { found, name };
            diagnostics.push(Diagnostic::new(used.value_span, kind).with_origin(used.origin));
        }
    }
}

/// Reports an option at its place, in whichever text.
fn report(command: &Command, option: &str, kind: Kind, diagnostics: &mut Vec<Diagnostic>) {
    let diagnostic = match command.effective_use(option) {
        Some(used) => Diagnostic::new(used.span, kind).with_origin(used.origin),
        None => Diagnostic::new(command.script_span, kind),
    };
    diagnostics.push(diagnostic);
}

fn report_unused(
    command: &Command,
    option: &'static str,
    needs: &'static str,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let Some(used) = command.effective_use(option) else {
        return;
    };
    let kind = match used.origin {
        Origin::Command => Kind::UnusedOption { option, needs },
        // There its key is the option without dashes.
        Origin::Config => Kind::Config(ConfigProblem::Unused {
            key: option.trim_start_matches('-'),
            needs,
        }),
    };
    report(command, option, kind, diagnostics);
}

fn missing_num_trials(
    command: &Command,
    config: Option<&Config>,
    typed: Option<u32>,
) -> Diagnostic {
    let problem = ConfigProblem::NumTrials { typed };
    match (command.effective_use("--strategy"), config) {
        (Some(used), _) if used.origin == Origin::Config => {
            Diagnostic::in_config(used.span, problem)
        }
        (
            _,
            Some(Config {
                strategy_options: Some(span),
                ..
            }),
        ) => Diagnostic::in_config(*span, ConfigProblem::NumTrials { typed: None }),
        (used, _) => {
            let span = used.map_or(command.script_span, |used| used.span);
            Diagnostic::new(span, Kind::NumTrialsMissing)
        }
    }
}

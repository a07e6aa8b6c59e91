//! `sweep plan`: the page's planner at a terminal.

mod format;

use clap::Args;
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use sweep_planner::estimate::{self, EstimateSettings};
use sweep_planner::sweep::diagnostic::{Kind, format_count, render_with_carets};
use sweep_planner::sweep::literal::CharacterNames;
use sweep_planner::sweep::{Plan, Reading, Settings, Span, read};

use crate::config::load_clusters;
use crate::sources::read_named;
use format::Format;

/// What `sweep plan` takes.
#[derive(Args, Debug)]
pub(crate) struct PlanArgs {
    /// How to print the trials
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// With `--format csv`: put a `'` before each cell that begins with `=`, `+`, `-`, `@`, a tab or a line end
    ///
    /// A spreadsheet would take such a cell for a formula. Names of arguments and negative numbers are
    /// such cells too, and then texts. Without it every cell is exactly what a trial is passed.
    #[arg(long)]
    spreadsheet: bool,
    /// Trials to skip, counted from 0
    #[arg(long, default_value_t = 0, value_name = "N")]
    offset: u128,
    /// Trials to print at most; a table prints 50 unless told otherwise, the others all
    #[arg(long, value_name = "N")]
    limit: Option<u128>,
    /// Add each trial's time and cost, and the total of all trials
    #[arg(long)]
    estimate: bool,
    /// How long a trial runs: `10 minutes`, or `minutes = 40 * epochs / batch_size`
    #[arg(long, value_name = "TEXT")]
    run_time: Option<String>,
    /// Trials that run at once
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    parallel: Option<u32>,
    /// Estimate by the rules, the price and the slots of a cluster: `local`, or one of the server's
    /// configuration; by those of a cloud that starts a machine for each trial otherwise
    #[arg(long, value_name = "NAME")]
    cluster: Option<String>,
    /// The server's settings (TOML), in which the cluster is configured
    #[arg(long, value_name = "FILE", requires = "cluster")]
    config: Option<PathBuf>,
    /// The whole command as one argument; `-` or nothing reads standard input
    #[arg(value_name = "COMMAND_TEXT", allow_hyphen_values = true)]
    text: Option<String>,
}

/// The longest config file that a command may name, in bytes.
const CONFIG_FILE_BYTES_MAX: u64 = 1 << 20;
/// Trials that a table shows unless told otherwise.
const TABLE_LIMIT: u128 = 50;

/// Exit status of a text with errors.
const EXIT_ERRORS: u8 = 2;

/// Runs `sweep plan`: trials to standard output, diagnostics to standard error. Exit status 0 =
/// planned, 2 = errors in the text, the run time or the
/// cluster, 1 = input or output failed.
pub(crate) fn run(arguments: &PlanArgs) -> ExitCode {
    if arguments.spreadsheet && arguments.format != Format::Csv {
        return exit_with_error("--spreadsheet is for --format csv alone", EXIT_ERRORS);
    }
    let rules = match cluster_rules(arguments) {
        Ok(rules) => rules,
        Err(message) => return exit_with_error(&message, EXIT_ERRORS),
    };
    let text = match read_command_text(arguments) {
        Ok(text) => text,
        Err(error) => {
            return exit_with_error(&format!("standard input cannot be read: {error}"), 1);
        }
    };
    let drawn_seed = match getrandom::u32() {
        Ok(seed) => seed,
        Err(error) => {
            return exit_with_error(&format!("the system gives no random numbers: {error}"), 1);
        }
    };
    let ReadCommand {
        mut reading,
        config,
        missing_config,
    } = read_with_config(&text, drawn_seed);
    if let Some(rendered) = missing_config {
        // It must not hide what is wrong in the text.
        reading
            .diagnostics
            .retain(|d| d.kind != Kind::ConfigNotRead);
        print_diagnostics(&reading, &text, None);
        eprintln!("{rendered}");
        return ExitCode::from(EXIT_ERRORS);
    }
    print_diagnostics(&reading, &text, config.as_deref());
    if reading.has_errors() {
        return ExitCode::from(EXIT_ERRORS);
    }
    if arguments.format == Format::Sh {
        warn_of_dropped_settings(&reading);
    }
    let settings = match estimate_settings(arguments, rules) {
        Ok(settings) => settings,
        Err(rendered) => {
            eprint!("{rendered}");
            return ExitCode::from(EXIT_ERRORS);
        }
    };
    let mut out = BufWriter::new(io::stdout().lock());
    let printed = print_trials(arguments, &reading.plan, settings.as_ref(), &mut out);
    match printed.and_then(|()| out.flush()) {
        Ok(()) => ExitCode::SUCCESS,
        // The reader has seen enough, as `head` does.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => exit_with_error(&format!("standard output cannot be written: {error}"), 1),
    }
}

fn exit_with_error(message: &str, status: u8) -> ExitCode {
    eprintln!("error: {message}");
    ExitCode::from(status)
}

fn read_command_text(arguments: &PlanArgs) -> io::Result<String> {
    match arguments.text.as_deref() {
        Some(text) if text != "-" => Ok(text.to_owned()),
        _ => {
            let mut text = String::new();
            io::stdin().lock().read_to_string(&mut text)?;
            Ok(text)
        }
    }
}

/// A text, read with the config file that it names.
struct ReadCommand {
    reading: Reading,
    /// The file's text.
    config: Option<Arc<str>>,
    /// Why there is a file and no text of it, rendered: the reading is without it then.
    missing_config: Option<String>,
}

fn read_with_config(text: &str, drawn_seed: u32) -> ReadCommand {
    let mut settings = Settings {
        drawn_seed,
        character_names: Some(CharacterNames::embedded()),
        ..Settings::default()
    };
    let mut reading = read(text, &settings);
    let (config, missing_config) = match read_config_file(&reading, text) {
        Ok(config) => (config, None),
        Err(rendered) => (None, Some(rendered)),
    };
    settings.config.clone_from(&config);
    if config.is_some() {
        reading = read(text, &settings);
    }
    ReadCommand {
        reading,
        config,
        missing_config,
    }
}

/// The path of the config file that the text names, and where it does.
fn named_config_path(reading: &Reading) -> Option<(&str, Span)> {
    let used = reading
        .commands
        .iter()
        .find_map(|command| command.effective_use("--config"))?;
    Some((&used.value, used.value_span))
}

/// The text of the config file that the command names, relative to the current folder; the error is
/// rendered.
fn read_config_file(reading: &Reading, text: &str) -> Result<Option<Arc<str>>, String> {
    let Some((path, span)) = named_config_path(reading) else {
        return Ok(None);
    };
    match read_named(Path::new(path), CONFIG_FILE_BYTES_MAX) {
        Ok(config) => Ok(Some(config.into())),
        Err(error) => {
            let message = format!("the config file `{path}` cannot be read: {error}");
            Err(render_with_carets("error", &message, None, text, span))
        }
    }
}

/// Says that a line of `grid run` alone is not all of a trial.
fn warn_of_dropped_settings(reading: &Reading) {
    let mut options = reading
        .plan
        .parts()
        .iter()
        .map(sweep_planner::sweep::Part::options);
    if options.any(|o| !o.environment.is_empty() || !o.actions.is_empty()) {
        eprintln!(
            "warning: the config file's environment and actions cannot stand on a command line; the \
             lines are without them"
        );
    }
}

/// Diagnostics, and the seed where one was drawn, to standard error.
fn print_diagnostics(reading: &Reading, text: &str, config: Option<&str>) {
    for diagnostic in &reading.diagnostics {
        eprintln!("{}", diagnostic.render(text));
    }
    if let (Some(config), Some((path, _))) = (config, named_config_path(reading)) {
        for diagnostic in &reading.config_diagnostics {
            let rendered = diagnostic.render(config);
            eprintln!(
                "{}",
                rendered.replacen('\n', &format!("\n --> {path}\n"), 1)
            );
        }
    }
    let drawn = reading
        .plan
        .parts()
        .iter()
        .find(|part| part.needs_seed() && part.seed().drawn);
    if let Some(part) = drawn {
        eprintln!("seed: {} (drawn)", part.seed().value);
    }
}

/// The rules of the cluster that `--cluster` names, or of a cloud.
fn cluster_rules(arguments: &PlanArgs) -> Result<EstimateSettings, String> {
    let Some(name) = &arguments.cluster else {
        return Ok(EstimateSettings::cloud());
    };
    let clusters = load_clusters(arguments.config.as_deref()).map_err(|error| error.to_string())?;
    let cluster = clusters.get(name).ok_or_else(|| {
        let known: Vec<&str> = clusters.keys().map(String::as_str).collect();
        let known = known.join(", ");
        match &arguments.config {
            Some(file) => format!("{} has no cluster `{name}`, only {known}", file.display()),
            None => format!("there is no cluster `{name}` without --config, only {known}"),
        }
    })?;
    Ok(cluster.estimate_settings())
}

/// The estimate's settings, where an estimate is wanted; the error is rendered.
fn estimate_settings(
    arguments: &PlanArgs,
    rules: EstimateSettings,
) -> Result<Option<EstimateSettings>, String> {
    if !arguments.estimate {
        return Ok(None);
    }
    let mut settings = EstimateSettings {
        parallel: arguments.parallel.or(rules.parallel),
        ..rules
    };
    if let Some(text) = &arguments.run_time {
        let run_time = estimate::parse_run_time(text).map_err(|error| {
            render_with_carets("error", &error.to_string(), None, text, error.span)
        })?;
        settings.run_time = Some(run_time);
    }
    Ok(Some(settings))
}

fn print_trials(
    arguments: &PlanArgs,
    plan: &Plan,
    settings: Option<&EstimateSettings>,
    out: &mut impl Write,
) -> io::Result<()> {
    let limit = match (arguments.limit, arguments.format) {
        (Some(limit), _) => limit,
        (None, Format::Table) => TABLE_LIMIT,
        (None, _) => u128::MAX,
    };
    let end = arguments.offset.saturating_add(limit).min(plan.len());
    let trials = || (arguments.offset..end).filter_map(|position| plan.trial(position));
    match arguments.format {
        Format::Table => format::write_table(plan, trials(), settings, out)?,
        Format::Jsonl => format::write_json_lines(plan, trials(), settings, out)?,
        Format::Csv => {
            let cells = if arguments.spreadsheet {
                format::CsvCells::Defused
            } else {
                format::CsvCells::Exact
            };
            format::write_csv(plan, trials(), settings, cells, out)?;
        }
        Format::Sh => format::write_shell_lines(plan, trials(), out)?,
    }
    format::write_footer(plan, arguments.format, settings, out)?;
    if arguments.format == Format::Table && arguments.limit.is_none() && end < plan.len() {
        let more = format_count(plan.len() - end);
        writeln!(out, "… and {more} more (--offset, --limit)")?;
    }
    Ok(())
}

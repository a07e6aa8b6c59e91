//! `sweep plan`: the page's planner at a terminal.

mod format;
mod machines;
mod pricing;
mod proposal;
mod table;

use clap::Args;
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use sweep_planner::estimate::{Bounds, Money, Seconds};
use sweep_planner::sweep::diagnostic::{Kind, format_count, render_with_carets};
use sweep_planner::sweep::literal::CharacterNames;
use sweep_planner::sweep::{Plan, Reading, Settings, Span, read};

use crate::sources::read_named;
use format::Format;
use pricing::{Pricing, PricingArgs};

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
    /// Trials, or machines, to print at most; a table prints 50 (20) unless told otherwise, the others all
    #[arg(long, value_name = "N")]
    limit: Option<u128>,
    /// Add each trial's time and cost, and the total of all trials
    #[arg(long)]
    estimate: bool,
    /// Instead of the trials: what all of them cost and how long they take on every machine of the price
    /// list, at list price and interruptible
    #[arg(long, conflicts_with_all = ["budget", "deadline"])]
    machines: bool,
    /// Instead of the trials: the command that keeps within so many dollars, by the likely cost
    #[arg(long, value_name = "USD", value_parser = pricing::parse_dollars)]
    budget: Option<Money>,
    /// Instead of the trials: the command whose trials end within this time, by the likely one: `8h`
    #[arg(long, value_name = "TIME", value_parser = pricing::parse_length)]
    deadline: Option<Seconds>,
    #[command(flatten)]
    pricing: PricingArgs,
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
    if arguments.replaces_trials() && matches!(arguments.format, Format::Csv | Format::Sh) {
        let message = "--machines, --budget and --deadline are for --format table and jsonl";
        return exit_with_error(message, EXIT_ERRORS);
    }
    let mut pricing = match arguments.pricing.load() {
        Ok(pricing) => pricing,
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
        settings,
        missing_config,
    } = read_with_config(&text, drawn_seed);
    let config = settings.config.clone();
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
    if arguments.wants_estimate() {
        match arguments.pricing.parse_run_time() {
            Ok(run_time) => pricing.settings.run_time = run_time,
            Err(rendered) => {
                eprint!("{rendered}");
                return ExitCode::from(EXIT_ERRORS);
            }
        }
        let run_time = pricing.settings.run_time.as_ref();
        arguments
            .pricing
            .warn_of_unknown_names(run_time, &reading.plan);
    }
    let mut out = BufWriter::new(io::stdout().lock());
    let printed = if arguments.machines {
        let (format, limit) = (arguments.format, arguments.limit);
        machines::write_machines(&reading.plan, &pricing, format, limit, &mut out)
    } else if let Some(bounds) = arguments.bounds() {
        match proposal::find_proposal(&reading.plan, &settings, &pricing, &bounds) {
            Ok(proposal) => proposal::write_proposal(&proposal, arguments.format, &mut out),
            Err(message) => {
                let options = arguments.bound_options();
                return exit_with_error(&format!("{options}: {message}"), EXIT_ERRORS);
            }
        }
    } else {
        let pricing = Some(&pricing).filter(|_| arguments.estimate);
        print_trials(arguments, &reading.plan, pricing, &mut out)
    };
    match printed.and_then(|()| out.flush()) {
        Ok(()) => ExitCode::SUCCESS,
        // The reader has seen enough, as `head` does.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => exit_with_error(&format!("standard output cannot be written: {error}"), 1),
    }
}

impl PlanArgs {
    /// Whether something else than the trials is printed.
    fn replaces_trials(&self) -> bool {
        self.machines || self.bounds().is_some()
    }

    fn wants_estimate(&self) -> bool {
        self.estimate || self.replaces_trials()
    }

    /// The options that bound what the trials take.
    fn bound_options(&self) -> &'static str {
        match (&self.budget, &self.deadline) {
            (Some(_), Some(_)) => "--budget and --deadline",
            (Some(_), None) => "--budget",
            (None, _) => "--deadline",
        }
    }

    /// What the trials may take at most.
    fn bounds(&self) -> Option<Bounds> {
        let bounds = Bounds {
            budget: self.budget.clone(),
            deadline: self.deadline,
        };
        (bounds != Bounds::default()).then_some(bounds)
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
    /// What it was read with, the file's text included.
    settings: Settings,
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
    settings.config = config;
    if settings.config.is_some() {
        reading = read(text, &settings);
    }
    ReadCommand {
        reading,
        settings,
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

fn print_trials(
    arguments: &PlanArgs,
    plan: &Plan,
    pricing: Option<&Pricing>,
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
        Format::Table => format::write_table(plan, trials(), pricing, out)?,
        Format::Jsonl => format::write_json_lines(plan, trials(), pricing, out)?,
        Format::Csv => {
            let cells = if arguments.spreadsheet {
                format::CsvCells::Defused
            } else {
                format::CsvCells::Exact
            };
            format::write_csv(plan, trials(), pricing, cells, out)?;
        }
        Format::Sh => format::write_shell_lines(plan, trials(), out)?,
    }
    format::write_footer(plan, arguments.format, pricing, out)?;
    if arguments.format == Format::Table && arguments.limit.is_none() && end < plan.len() {
        let more = format_count(plan.len() - end);
        writeln!(out, "… and {more} more (--offset, --limit)")?;
    }
    Ok(())
}

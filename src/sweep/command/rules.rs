//! The rules of Grid's published client that concern more than one option of a typed command.

use super::{Argument, Command, OptionUse, split_at_equals};
use crate::sweep::diagnostic::spelling::Problem;
use crate::sweep::diagnostic::{Diagnostic, GpuPlaces, Kind};
use crate::sweep::machine_nicknames;
use crate::sweep::options::{self, OptionSpec, Options, ValueType};
use crate::sweep::shell_quote;
use crate::sweep::shell_words::{self, CommandWords, Word, begins_flag};
use crate::sweep::span::{Origin, Span};
use crate::sweep::spelling;
use crate::sweep::subset;
use crate::sweep::value::{self, ParsedValue};

/// The client's checks before it reads a config file.
pub(super) fn check_typed(command: &Command, diagnostics: &mut Vec<Diagnostic>) {
    let options = &command.options;
    let mut report = |span: Span, kind| diagnostics.push(Diagnostic::new(span, kind));
    let place = |option: &str| {
        let used = command.effective_use(option);
        used.map_or(command.script_span, |used| used.span)
    };
    if let Some((option, kind)) = check_units(command) {
        report(place(option), kind);
    } else if options.gpus > 0 && machine_nicknames::has_no_gpu(&options.instance_type) {
        let kind = Kind::NoGpu {
            found: options.gpus,
            machine: options.instance_type.clone(),
            places: gpu_places(command),
        };
        report(place("--gpus"), kind);
    }
    if let Some(typed) = &options.instance_typed
        && let Some(client) = machine_nicknames::client_machine(typed)
    {
        let (typed, machine) = (typed.clone(), options.instance_type.clone());
        let kind = Kind::AmbiguousMachine {
            typed,
            machine,
            client,
        };
        report(place("--instance_type"), kind);
    }
    check_options_behind_script(command, diagnostics);
}

/// Reports options of `grid run` behind the script, unless they stand before it too.
fn check_options_behind_script(command: &Command, diagnostics: &mut Vec<Diagnostic>) {
    let arguments = &command.arguments;
    let options_at = command.options_at;
    for (at, argument) in arguments.iter().enumerate() {
        if !begins_flag(&argument.word.text) {
            continue;
        }
        let found = split_at_equals(&argument.word.text).0;
        let same = options::find(found).filter(|spec| spec.name == found);
        let spec = same.or_else(|| spelling::find_prefixed(found));
        let Some(spec) = spec else { continue };
        let is_given = command.effective_use(spec.name).is_some();
        // Given on both sides of the script: each reads its own.
        if is_given && same.is_some() {
            continue;
        }
        let value = arguments.get(at + 1);
        let value = value.filter(|value| argument.is_flag && value.name == argument.name);
        let movable = movable_span(spec, argument, value);
        let problem = if same.is_some() {
            Problem::BehindScript {
                option: spec.name,
                movable,
                options_at,
            }
        } else {
            Problem::FormerBehindScript {
                found: found.to_owned(),
                today: spec.name,
                name: argument.word.locate(0, shell_words::to_offset(found.len())),
                movable,
                is_given,
                options_at,
            }
        };
        diagnostics.push(Diagnostic::new(argument.word.span, Kind::Spelling(problem)));
    }
}

/// The place of an option and its value, where it could stand before the script as it is.
fn movable_span(
    spec: &'static OptionSpec,
    argument: &Argument,
    value: Option<&Argument>,
) -> Option<Span> {
    let place = argument.word.span;
    let (typed, place) = match (spec.value_type, value) {
        (ValueType::Nothing, _) => (argument.is_flag.then_some("")?, place),
        (_, Some(value)) => (value.value(), place.to(value.word.span)),
        (_, None) if argument.is_flag => return None,
        (_, None) => (argument.value(), place),
    };
    let reads = Options::default().set(spec, typed).is_ok();
    let plain = matches!(
        value::read(typed),
        ParsedValue::Plain | ParsedValue::UnknownCall { .. }
    );
    (reads && plain).then_some(place)
}

/// The client looks at the CPUs where no GPUs are asked for, and holds both against the one number
/// that it has for a machine: against a number of GPUs, CPUs are refused that may well be there.
pub(in crate::sweep) fn check_units(command: &Command) -> Option<(&'static str, Kind)> {
    let options = &command.options;
    let (option, found) = match options.gpus {
        0 => ("--cpus", options.cpus),
        gpus => ("--gpus", gpus),
    };
    let (has, counts_gpus) = machine_nicknames::client_units(&options.instance_type)?;
    let kind = Kind::TooManyUnits {
        option,
        found,
        machine: options.instance_type.clone(),
        has,
        counts_gpus,
        places: (options.gpus > 0).then(|| gpu_places(command)).flatten(),
    };
    (found > has).then_some((option, kind))
}

/// Where the command gives the number of GPUs, and the machine; `None` where a config file gives it.
fn gpu_places(command: &Command) -> Option<GpuPlaces> {
    let typed = |used: &&OptionUse| used.origin == Origin::Command;
    let used = command.effective_use("--gpus").filter(typed)?;
    let machine = command.effective_use("--instance_type");
    if machine.is_some_and(|used| used.origin == Origin::Config) {
        return None;
    }
    Some(GpuPlaces {
        gpus: used.value_span,
        machine: machine.map(|used| used.value_span),
        options_at: command.options_at,
    })
}

/// The client finds the script's arguments by splitting the quoted command at the script's text.
pub(super) fn check_script_repeated(
    script: &str,
    place: Span,
    words: &CommandWords,
) -> Option<Diagnostic> {
    let holds = |word: &&Word| {
        let long_enough = word.text.len() >= script.len();
        long_enough && word.span != place && word.text.contains(script)
    };
    let other = words.words.iter().find(holds)?;
    let quoted = words
        .words
        .iter()
        .map(|word| shell_quote::quote_for_shell(&word.text));
    let line = quoted.collect::<Vec<_>>().join(" ");
    let count = u32::try_from(line.matches(script).count()).ok()?;
    let script = script.to_owned();
    (count > 1).then(|| Diagnostic::new(other.span, Kind::ScriptTextRepeated { script, count }))
}

/// What is wrong with so many trials of a random search, which lists them.
pub(in crate::sweep) fn check_draw_count(asked: u32) -> Option<Kind> {
    (u64::from(asked) > subset::MAX_DRAWN).then_some(Kind::TooManyToDraw { asked })
}

//! All stages in a row: a text to its plan and its diagnostics.

use super::budget::Budget;
use super::command::{self, Command};
use super::config::{self, Config};
use super::diagnostic::config::ConfigProblem;
use super::diagnostic::{Diagnostic, Kind, MAX_PROBLEMS, Severity};
use super::fingerprint::{Fingerprint, Fingerprints};
use super::foreign_text;
use super::grid_client_rules;
use super::lints;
use super::options::Options;
use super::part::Part;
use super::plan::Plan;
use super::settings::Settings;
use super::shell_words::{self, TextSource};
use super::span::{Origin, Span};
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

/// Longest text that is read, in bytes.
pub const MAX_TEXT: usize = 16 << 20;

/// Plans with more trials than this get a warning.
const LARGE_PLAN: u128 = 10_000;

/// What a text was read as.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// The plan; empty where there are errors.
    pub plan: Arc<Plan>,
    /// The commands that could be read, also where there are errors.
    pub commands: Arc<Vec<Arc<Command>>>,
    /// Everything wrong or doubtful, in the order of the text, never two at one place.
    pub diagnostics: Vec<Diagnostic>,
    /// The same of the config file: places are in its text.
    pub config_diagnostics: Vec<Diagnostic>,
}

impl Reading {
    /// Whether something blocks the launch.
    pub fn has_errors(&self) -> bool {
        self.all_diagnostics()
            .any(|d| d.severity() == Severity::Error)
    }

    /// What is wrong in the command, then what is in the config file.
    pub(crate) fn all_diagnostics(&self) -> impl Iterator<Item = &Diagnostic> {
        self.diagnostics.iter().chain(&self.config_diagnostics)
    }

    /// The config file that is read: the first that a command names.
    pub(crate) fn config_name(&self) -> Option<&str> {
        let mut names = self.commands.iter().map(|c| c.options.config.as_deref());
        names.find_map(|name| name)
    }

    /// The first command's options: what the controls show, also where there are errors.
    pub fn options(&self) -> Option<&Options> {
        self.commands.first().map(|command| &command.options)
    }

    fn from_error(span: Span, kind: Kind) -> Reading {
        Reading {
            diagnostics: vec![Diagnostic::new(span, kind)],
            ..Reading::default()
        }
    }
}

/// Reads a text as a person pastes it. Any text gives a reading; nothing panics. O(length of the
/// text + values that are listed).
pub fn read(text: &str, settings: &Settings) -> Reading {
    if text.len() > MAX_TEXT {
        return Reading::from_error(Span::at(0), Kind::TooLong);
    }
    let no_command = foreign_text::check_wrapped(text)
        .or_else(|| config::check_pasted(text))
        .or_else(|| foreign_text::check_yaml(text));
    if let Some(pasted) = no_command {
        return Reading {
            diagnostics: vec![pasted],
            ..Reading::default()
        };
    }
    let (mut commands, mut diagnostics) = shell_words::split(text, TextSource::Person);
    let has_links = foreign_text::extract_links(text, &mut commands, &mut diagnostics);
    let has_scripts = foreign_text::extract_shell_scripts(text, &mut commands, &mut diagnostics);
    let has_others = foreign_text::extract_other_lines(text, &mut commands, &mut diagnostics);
    if commands.is_empty() && !has_links && !has_scripts && !has_others {
        let none = || Diagnostic::new(Span::at(0), Kind::NoCommand);
        diagnostics.push(foreign_text::check_commented(text).unwrap_or_else(none));
    }
    let mut read = command::parse_all(commands, &mut diagnostics);
    let mut budget = Budget::new();
    merge_config(&mut read, settings, &mut budget, &mut diagnostics);
    for command in &mut read {
        let variables = settings.environment.clone();
        command.options.environment.extend(variables);
    }
    grid_client_rules::check_run_names(&read, &mut diagnostics);
    let ends = lints::ListEnds::new(text);
    let mut reading = build_plan(read, settings, budget, diagnostics, Some(&ends));
    for diagnostic in &mut reading.diagnostics {
        lints::explain_eaten_quotes(&ends, diagnostic);
    }
    reading
}

/// Reads the one command of a request: `text` is its `runControllerCommand`, `options` come from the
/// rest of the request.
///
/// Without `drawn_seed` a request needs a seed of its own: see [`Part::needs_seed`].
pub fn read_request(text: &str, options: Options, settings: &Settings) -> Reading {
    if text.len() > MAX_TEXT {
        return Reading::from_error(Span::at(0), Kind::TooLong);
    }
    let (commands, mut diagnostics) = shell_words::split(text, TextSource::Client);
    let mut commands = commands.into_iter();
    let Some(words) = commands.next() else {
        return Reading::from_error(Span::at(0), Kind::NoScript);
    };
    if let Some(extra) = commands.next() {
        let found = extra
            .words
            .first()
            .map_or(String::new(), |word| word.text.to_string());
        diagnostics.push(Diagnostic::new(extra.span, Kind::NotGridRun { found }));
    }
    let command = command::from_request(words, options, &mut diagnostics);
    let commands = command.into_iter().collect();
    build_plan(commands, settings, Budget::new(), diagnostics, None)
}

/// Merges the config file into the commands that name it, and checks the rules that need both. Commands
/// that name a second file get an error: only one file's text can be given.
fn merge_config(
    commands: &mut [Command],
    settings: &Settings,
    budget: &mut Budget,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let named = commands
        .iter()
        .find_map(|command| command.options.config.clone());
    let config = settings.config.as_deref().map(|text| {
        let (config, found) = config::read(text);
        // Problems of a file that no command names do not matter.
        if named.is_some() {
            diagnostics.extend(found);
        } else if !commands.is_empty() {
            diagnostics.push(Diagnostic::in_config(
                Span::at(0),
                ConfigProblem::FileNotNamed,
            ));
        }
        config
    });
    let weight = config.as_ref().map_or(0, Config::listing_cost);
    for command in commands {
        let typed = command.options.num_trials;
        let path = command.options.config.as_ref();
        let other = path.is_some() && path != named.as_ref();
        let own = config.as_ref().filter(|_| path.is_some() && !other);
        match (own, command.effective_use("--config")) {
            // Reported once; nothing is planned then.
            (Some(_), _) if budget.is_spent() => continue,
            (Some(_), used) if !budget.take(weight) => {
                let place = used.map_or(command.span, |used| used.span);
                diagnostics.push(Diagnostic::new(place, Kind::TooMuchListed));
                continue;
            }
            (Some(config), _) => config.merge(command, diagnostics),
            (None, Some(used)) => {
                let kind = if other && config.is_some() {
                    Kind::OtherConfig
                } else {
                    Kind::ConfigNotRead
                };
                diagnostics.push(Diagnostic::new(used.span, kind));
            }
            (None, None) => {}
        }
        grid_client_rules::check_merged(command, own, typed, diagnostics);
    }
}

/// Builds parts and plan of the commands. `typed` is what a person typed, where a person did: only that
/// is linted.
fn build_plan(
    commands: Vec<Command>,
    settings: &Settings,
    mut budget: Budget,
    mut diagnostics: Vec<Diagnostic>,
    typed: Option<&lints::ListEnds>,
) -> Reading {
    let commands: Vec<Arc<Command>> = commands.into_iter().map(Arc::new).collect();
    let build = |command: &Arc<Command>| {
        let part = Part::new(Arc::clone(command), settings, &mut budget, &mut diagnostics);
        if let Some(typed) = typed {
            lints::check_command(command, part.as_ref(), typed, &mut diagnostics);
        }
        part
    };
    let parts: Vec<Part> = commands.iter().filter_map(build).collect();
    let clean = !diagnostics.iter().any(|d| d.severity() == Severity::Error);
    let mut plan = Plan::default();
    if clean && !parts.is_empty() {
        let place = commands
            .first()
            .map_or(Span::at(0), |command| command.script_span);
        match Plan::new(parts) {
            Some(joined) => plan = joined,
            None => diagnostics.push(Diagnostic::new(place, Kind::SpaceTooLarge)),
        }
        if plan.len() > LARGE_PLAN {
            diagnostics.push(Diagnostic::new(
                place,
                Kind::LargePlan { trials: plan.len() },
            ));
        } else {
            report_repeated_trials(&plan, &mut diagnostics);
        }
    }
    let (config, command) = split_by_origin(diagnostics);
    Reading {
        plan: Arc::new(plan),
        commands: Arc::new(commands),
        diagnostics: keep_one_per_place(drop_behind_unclosed_quote(command)),
        config_diagnostics: keep_one_per_place(config),
    }
}

/// Those of the config file, and those of the command.
fn split_by_origin(diagnostics: Vec<Diagnostic>) -> (Vec<Diagnostic>, Vec<Diagnostic>) {
    let of_config = |diagnostic: &Diagnostic| diagnostic.origin == Origin::Config;
    if diagnostics.iter().any(of_config) {
        diagnostics.into_iter().partition(of_config)
    } else {
        (Vec::new(), diagnostics)
    }
}

/// Trials that an earlier command has already. O(words + trials · swept words), and called for few
/// trials.
fn report_repeated_trials(plan: &Plan, diagnostics: &mut Vec<Diagnostic>) {
    if plan.parts().len() < 2 {
        return;
    }
    let mut seen: HashSet<Fingerprint> = HashSet::new();
    for part in plan.parts() {
        let fingerprints = Fingerprints::new(part);
        let indices = (0..part.len()).filter_map(|n| part.index_at(n));
        let own: Vec<Fingerprint> = indices.map(|index| fingerprints.of(index)).collect();
        let count = own.iter().filter(|trial| seen.contains(*trial)).count() as u128;
        seen.extend(own);
        if count > 0 {
            let command = part.command();
            let place = Span::new(command.span.start, command.options_at);
            diagnostics.push(Diagnostic::new(place, Kind::RepeatedTrials { count }));
        }
    }
}

/// Drops the diagnostics behind a quote that is never closed: everything there was read as quoted, so
/// that they would mislead.
fn drop_behind_unclosed_quote(mut diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let unclosed = |d: &&Diagnostic| matches!(d.kind, Kind::UnclosedQuote { .. });
    if let Some(quote) = diagnostics.iter().find(unclosed).map(|d| d.span.start) {
        diagnostics.retain(|d| d.span.start <= quote);
    }
    diagnostics
}

/// Of diagnostics that overlap keeps one: an error rather than a warning, and what may cost money rather
/// than what does not. Sorted by place; the first [`MAX_PROBLEMS`] and one that counts the others.
/// O(n log n), O(n) where they come in order.
fn keep_one_per_place(diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
    // Indices are sorted rather than the diagnostics, which are large.
    let mut order: Vec<usize> = (0..diagnostics.len()).collect();
    order.sort_by_key(|at| diagnostics[*at].span);
    let mut kept: Vec<usize> = Vec::new();
    // One heap of touching diagnostics after the other, until more are kept than are reported.
    let mut rest = order.as_slice();
    while !rest.is_empty() && kept.len() <= MAX_PROBLEMS {
        let (heap, behind) = rest.split_at(count_touching(rest, &diagnostics));
        keep_first(heap, &diagnostics, &mut kept);
        rest = behind;
    }
    let beyond = kept.split_off(kept.len().min(MAX_PROBLEMS));
    let more = summarize_rest(&beyond, rest, &diagnostics);
    let told = kept.into_iter().map(|at| diagnostics[at].clone());
    told.chain(more).collect()
}

/// How many of `order`, from the first on, lie on or touch one another. Most stand alone.
fn count_touching(order: &[usize], diagnostics: &[Diagnostic]) -> usize {
    let mut covered: Option<Span> = None;
    let apart = |at: &usize| {
        let span = diagnostics[*at].span;
        let apart = covered.is_some_and(|covered| covered.end < span.start);
        covered = Some(covered.map_or(span, |covered| covered.to(span)));
        apart
    };
    order.iter().position(apart).unwrap_or(order.len())
}

/// The one that counts all that are not reported one by one, at the place of the first of them: it
/// is an error where one of them is. Those of `rest` that begin inside one before count with it.
fn summarize_rest(
    beyond: &[usize],
    rest: &[usize],
    diagnostics: &[Diagnostic],
) -> Option<Diagnostic> {
    let first = &diagnostics[*beyond.first()?];
    let mut count = beyond.len() as u64;
    let mut end = None;
    for at in rest {
        let span = diagnostics[*at].span;
        if end.is_none_or(|end| end <= span.start) {
            count += 1;
            end = Some(span.end.max(span.start + 1));
        }
    }
    let error = |at: &usize| diagnostics[*at].severity() == Severity::Error;
    let error = beyond.iter().chain(rest).any(error);
    let more = Diagnostic::new(first.span, Kind::MoreProblems { count, error });
    Some(more.with_origin(first.origin))
}

/// Adds to `kept` those of a heap of touching diagnostics that overlap no weightier one.
/// O(n log n) for n in the heap.
fn keep_first(heap: &[usize], diagnostics: &[Diagnostic], kept: &mut Vec<usize>) {
    if let [alone] = heap {
        kept.push(*alone);
        return;
    }
    // The weightiest first: severity, then precedence, then the stage that reported it.
    let mut heap = heap.to_vec();
    heap.sort_by_key(|at| {
        let diagnostic = &diagnostics[*at];
        (diagnostic.severity(), diagnostic.precedence(), *at)
    });
    // Those kept so far, by their start, so that each of the others is compared with its neighbours alone.
    let mut apart: BTreeMap<u32, usize> = BTreeMap::new();
    for at in heap {
        let span = diagnostics[at].span;
        // They do not overlap one another, so that only the last few that start before its end can
        // overlap it.
        let mut near = apart.range(..=span.end).rev().take(3);
        if !near.any(|(_, other)| diagnostics[*other].span.overlaps(span)) {
            apart.insert(span.start, at);
        }
    }
    // In the order of the text again.
    kept.extend(apart.into_values());
}

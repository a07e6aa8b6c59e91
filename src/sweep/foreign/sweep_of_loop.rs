//! `for lr in 0.1 0.01; do grid run train.py --lr $lr; done` as the sweep that it is.

use super::script::{array_name, body, is_idle, run_words};
use crate::sweep::diagnostic::Fix;
use crate::sweep::quote;
use crate::sweep::span::Span;
use crate::sweep::words::{Word, Words, is_script};

/// A loop's command with a sweep for each variable.
pub(super) struct SweepOfLoop {
    pub(super) command: String,
    /// The arrays that it ran through.
    pub(super) arrays: Vec<Span>,
    /// Whether it is the same each time.
    pub(super) is_same: bool,
}

pub(super) struct LoopReader<'a> {
    pub(super) text: &'a str,
    pub(super) arrays: &'a [Words],
    /// Where pipes, redirections and `&` stand, in order.
    pub(super) operators: &'a [u32],
}

/// A variable and the sweep that it runs through.
struct Variable<'a> {
    name: &'a str,
    sweep: String,
    uses: u32,
}

/// The longest list that is written as a sweep, in values.
const MOST_ITEMS: usize = 1000;

impl<'a> LoopReader<'a> {
    /// The sweep of a loop's commands, loops in it included; `None` where the sweep might not run the same
    /// trials.
    pub(super) fn read(&self, commands: &[Words]) -> Option<SweepOfLoop> {
        let mut variables: Vec<Variable<'_>> = Vec::new();
        let mut arrays = Vec::new();
        let mut run: Option<&[Word]> = None;
        for words in commands {
            let words = body(self.text, &words.words);
            let raw = |at: usize| words.get(at).map_or("", |word| word.span.slice(self.text));
            match raw(0) {
                "for" if variables.len() < 8 => {
                    let (name, sweep) = match words {
                        [_, counted] => self.counted(counted)?,
                        [_, name, _, items @ ..] if raw(2) == "in" => {
                            let name = name.span.slice(self.text);
                            (name, self.sweep(items, &mut arrays)?)
                        }
                        _ => return None,
                    };
                    variables.push(Variable {
                        name,
                        sweep,
                        uses: 0,
                    });
                }
                "done" => {}
                _ if is_idle(words) => {}
                _ if run.is_none() && run_words(words).is_some() => run = Some(words),
                _ => return None,
            }
        }
        let command = self.command(run?, &mut variables)?;
        let each_once = variables.iter().all(|variable| variable.uses == 1);
        let is_same = variables.iter().all(|variable| variable.uses == 0);
        (each_once || is_same).then_some(SweepOfLoop {
            command,
            arrays,
            is_same,
        })
    }

    /// `((i=0; i<5; i++))`.
    fn counted(&self, word: &Word) -> Option<(&'a str, String)> {
        let raw = self
            .text
            .get(word.span.start as usize..word.span.end as usize)?;
        let inner = raw.strip_prefix("((")?.strip_suffix("))")?;
        let mut pieces = inner.split(';').map(str::trim);
        let (start, test, step) = (pieces.next()?, pieces.next()?, pieces.next()?);
        let (name, from) = start.split_once('=')?;
        let name = name.trim();
        let from: i64 = from.trim().parse().ok()?;
        let test = test.strip_prefix(name)?.trim_start();
        let (below, and) = match test.strip_prefix("<=") {
            Some(bound) => (bound, 1),
            None => (test.strip_prefix('<')?, 0),
        };
        let below = below.trim().parse::<i64>().ok()?.checked_add(and)?;
        let step = step.replace(' ', "");
        let plus = format!("{name}+=");
        let by: i64 = match step.strip_prefix(&plus) {
            Some(by) => by.parse().ok()?,
            None if step == format!("{name}++") || step == format!("++{name}") => 1,
            None => return None,
        };
        let sweep = match by {
            1 => format!("range({from}, {below})"),
            by => format!("range({from}, {below}, {by})"),
        };
        (by > 0 && from < below && pieces.next().is_none()).then_some((name, sweep))
    }

    /// The sweep that a loop's items are.
    fn sweep(&self, items: &[Word], arrays: &mut Vec<Span>) -> Option<String> {
        let raw = |word: &Word| word.span.slice(self.text).to_owned();
        if let [only] = items {
            let raw = raw(only);
            let bare = raw.trim_matches('"');
            if let Some(sweep) = braces(bare).or_else(|| seq(bare)) {
                return Some(sweep);
            }
            let inner = bare
                .strip_prefix("${")
                .and_then(|rest| rest.strip_suffix('}'));
            let name = inner.and_then(|inner| {
                inner
                    .strip_suffix("[@]")
                    .or_else(|| inner.strip_suffix("[*]"))
            });
            if let Some(name) = name {
                let array = self.arrays.iter().rev();
                let mut array = array.filter(|array| array_name(self.text, array) == Some(name));
                let found = array.next().filter(|_| array.next().is_none())?;
                arrays.push(found.span);
                let raw = found.words.first()?.span.slice(self.text);
                let inner = raw.split_once("=(")?.1.strip_suffix(')')?;
                let (commands, problems) =
                    crate::sweep::words::split(inner, crate::sweep::words::Source::Person);
                let [words] = commands.as_slice() else {
                    return None;
                };
                return problems.is_empty().then(|| list(&words.words)).flatten();
            }
        }
        let changed = |word: &Word| {
            let raw = raw(word);
            let quoted = raw.starts_with('\'') && raw.ends_with('\'');
            !quoted && raw.contains(['$', '`', '*', '?', '{', '[', '(', '\\', '~'])
        };
        (!items.iter().any(changed)).then(|| list(items)).flatten()
    }

    /// The command of the loop's body with the sweeps in place of the variables.
    fn command(&self, words: &[Word], variables: &mut [Variable<'_>]) -> Option<String> {
        let start = words.first()?.span.start;
        let all_end = words.last()?.span.end;
        let next = self.operators.partition_point(|at| *at < start);
        let cut = self.operators.get(next).copied();
        let cut = cut.filter(|at| *at < all_end);
        let words: Vec<&Word> = words
            .iter()
            .filter(|word| cut.is_none_or(|cut| word.span.end <= cut))
            // The `2` of `2>&1`.
            .filter(|word| cut != Some(word.span.end))
            .collect();
        let end = words.last()?.span.end;
        let script = words.iter().position(|word| is_script(&word.text))?;
        let mut edits = Vec::new();
        for (at, word) in words.iter().enumerate() {
            let raw = word.span.slice(self.text);
            if at == 0 && raw != "grid" {
                edits.push((word.span, "grid run".to_owned()));
                continue;
            }
            if !raw.contains('$') && !raw.contains('`') {
                continue;
            }
            if let Some((prefix, variable)) = whole_use(raw, variables).filter(|_| at > script) {
                variable.uses += 1;
                let sweep = quote::readable(&variable.sweep);
                edits.push((word.span, format!("{prefix}{sweep}")));
                continue;
            }
            let names_run = at < script && words.get(at - 1).is_some_and(|w| w.text == "--name");
            let name = names_run.then(|| without_variables(raw, variables));
            edits.push((word.span, name.flatten()?));
        }
        let moved = |span: Span| Span::new(span.start - start, span.end - start);
        let fix = Fix {
            label: String::new(),
            edits: edits
                .into_iter()
                .map(|(span, text)| (moved(span), text))
                .collect(),
        };
        Some(fix.apply(Span::new(start, end).slice(self.text)))
    }
}

/// `--lr=$lr`, `"${lr}"`: what stands before the variable, which is all of the value.
fn whole_use<'v, 'a, 'r>(
    raw: &'r str,
    variables: &'v mut [Variable<'a>],
) -> Option<(&'r str, &'v mut Variable<'a>)> {
    let equals = raw.find('=').filter(|_| raw.starts_with('-'));
    let (prefix, value) = raw.split_at(equals.map_or(0, |at| at + 1));
    let quoted = value.strip_prefix('"').and_then(|v| v.strip_suffix('"'));
    let name = quoted.unwrap_or(value).strip_prefix('$')?;
    let braced = name
        .strip_prefix('{')
        .and_then(|name| name.strip_suffix('}'));
    let name = braced.unwrap_or(name);
    let variable = variables.iter_mut().find(|v| v.name == name)?;
    Some((prefix, variable))
}

/// A run's name without the variables in it.
fn without_variables(raw: &str, variables: &[Variable<'_>]) -> Option<String> {
    let mut name = raw.trim_matches('"').to_owned();
    for variable in variables {
        for used in [
            format!("${{{}}}", variable.name),
            format!("${}", variable.name),
        ] {
            name = name.replace(&used, "");
        }
    }
    let name = name.trim_matches(['-', '_']).replace("--", "-");
    (!name.is_empty() && !name.contains(['$', '`', '"', '\''])).then_some(name)
}

/// `{1..5}`, `{0..100..10}`, `{sgd,adam}`.
fn braces(raw: &str) -> Option<String> {
    let inner = raw.strip_prefix('{')?.strip_suffix('}')?;
    if let Some((first, rest)) = inner.split_once("..") {
        let (last, step) = rest.split_once("..").unwrap_or((rest, "1"));
        return range(whole(first)?, whole(last)?, whole(step)?.checked_abs()?);
    }
    let items: Vec<&str> = inner.split(',').collect();
    let plain = |item: &&str| !item.contains(['{', '}', '$', '"', '\'', '`', ' ']);
    (items.len() > 1 && items.len() <= MOST_ITEMS && items.iter().all(plain))
        .then(|| python_list(items.into_iter()))
}

/// `$(seq 1 5)`.
fn seq(raw: &str) -> Option<String> {
    let call = raw
        .strip_prefix("$(")
        .and_then(|rest| rest.strip_suffix(')'));
    let call = call.or_else(|| raw.strip_prefix('`')?.strip_suffix('`'))?;
    let mut words = call.split_whitespace();
    let numbers: Option<Vec<i64>> = match words.next()? {
        "seq" => words.map(whole).collect(),
        _ => None,
    };
    match numbers?.as_slice() {
        [last] => counting(1, *last, 1),
        [first, last] => counting(*first, *last, 1),
        [first, step, last] => counting(*first, *last, *step),
        _ => None,
    }
}

/// A number that a shell does not pad.
fn whole(text: &str) -> Option<i64> {
    let number: i64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

/// From `first` to `last` in steps of the size `step`, up or down.
fn range(first: i64, last: i64, step: i64) -> Option<String> {
    counting(first, last, if first <= last { step } else { -step })
}

fn counting(first: i64, last: i64, step: i64) -> Option<String> {
    let end = last.checked_add(step.signum())?;
    let runs = step > 0 && first <= last || step < 0 && first >= last;
    let step = if step == 1 {
        String::new()
    } else {
        format!(", {step}")
    };
    runs.then(|| format!("range({first}, {end}{step})"))
}

fn list(items: &[Word]) -> Option<String> {
    let few = (1..=MOST_ITEMS).contains(&items.len());
    few.then(|| python_list(items.iter().map(|word| word.text.as_str())))
}

fn python_list<'i>(items: impl Iterator<Item = &'i str>) -> String {
    let items: Vec<String> = items.map(python_item).collect();
    format!("[{}]", items.join(", "))
}

/// A number as it is, anything else as text.
fn python_item(item: &str) -> String {
    let digits = item.strip_prefix('-').unwrap_or(item);
    let plain = |c: char| c.is_ascii_digit() || ".eE-+".contains(c);
    let padded = digits.len() > 1 && digits.starts_with('0') && !digits.starts_with("0.");
    let bare = digits.strip_prefix('.').unwrap_or(digits);
    let number = bare.starts_with(|c: char| c.is_ascii_digit()) && item.chars().all(plain);
    if number && !padded && item.parse::<f64>().is_ok() {
        item.to_owned()
    } else {
        quote::python(item)
    }
}

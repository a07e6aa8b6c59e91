//! Calls that are no sweeps, and sums with a distribution in them.

use super::arithmetic::{self, Number};
use super::item::Item;
use super::list::list_meanings;
use super::split::{body, pieces};
use super::{Meaning, checked, is_sweep};
use crate::sweep::literal::{dotted_path, identifier};
use crate::sweep::sampling;
use crate::sweep::suggest::nearest;

/// Functions that give the values they are passed: NumPy's, PyTorch's, Python's, Ray Tune's.
const WRAPPERS: &[&str] = &[
    "array",
    "asarray",
    "tensor",
    "list",
    "tuple",
    "set",
    "sorted",
    "iter",
    "grid_search",
    "grid",
    "choice",
    "categorical",
    "sweep",
    "values",
    "Categorical",
    "Choice",
    "ListConfig",
    "as_tensor",
];

/// Calls inside each other that are looked into: `sorted(set([1, 2]))`.
const MAX_DEPTH: u32 = 3;

/// A text as `name(arguments)`, where it is that and nothing else.
struct Call<'t> {
    path: &'t str,
    arguments: Vec<&'t str>,
    /// The arguments as they stand.
    inside: &'t str,
}

impl<'t> Call<'t> {
    fn read(text: &'t str) -> Option<Call<'t>> {
        let path = dotted_path(text);
        let rest = text[path.len()..].trim_start();
        let body = body(rest).filter(|_| !path.is_empty() && rest.starts_with('('))?;
        (body.close == Some(')') && body.tail.trim().is_empty()).then(|| Call {
            path,
            arguments: pieces(body.inner, &[','])
                .into_iter()
                .filter(|piece| !piece.is_empty())
                .collect(),
            inside: body.inner,
        })
    }

    /// The last of its dotted names.
    fn name(&self) -> &'t str {
        self.path.rsplit('.').next().unwrap_or(self.path)
    }
}

/// The function that a call of an unknown name may mean: none for very short names, which are like
/// everything, and for `arange` the one that takes its numbers.
pub(in crate::sweep) fn likely_name(path: &str, text: &str) -> Option<String> {
    let last = path.rsplit('.').next().unwrap_or(path);
    if last == "arange" {
        let call = Call::read(text.trim_matches(|c: char| c.is_whitespace()))?;
        let floats = call
            .arguments
            .iter()
            .any(|argument| argument.contains(['.', 'e']));
        return Some(if floats { "steps" } else { "range" }.into());
    }
    let known = sampling::names().chain(["range"]);
    (last.len() > 2).then(|| nearest(last, known)).flatten()
}

/// The meanings of a call of an unknown name, the likeliest first; empty where none is likely.
/// O(length).
pub(in crate::sweep) fn call_meanings(value: &str) -> Vec<Meaning> {
    call_meanings_at(value, 0)
}

fn call_meanings_at(value: &str, depth: u32) -> Vec<Meaning> {
    let text = drawn_by(value.trim());
    let Some(call) = Call::read(text) else {
        return Vec::new();
    };
    let mut meanings: Vec<Meaning> = arange(&call).into_iter().collect();
    if WRAPPERS.contains(&call.name()) {
        meanings.extend(wrapped(&call, depth));
    }
    if text.len() < value.trim().len() {
        meanings.push(Meaning::written(text));
    }
    if let Some(name) = likely_name(call.path, text).filter(|_| call.name() != "arange") {
        meanings.push(Meaning::written(format!("{name}({})", call.inside)));
    }
    let mut meanings = checked(meanings);
    if !meanings.is_empty() {
        meanings.extend(checked(vec![Meaning::as_it_stands(value)]));
    }
    meanings
}

/// `uniform(0, 1, 5)` of `np.random.default_rng(0).uniform(0, 1, 5)`: the call without NumPy's generator
/// before it; any other `text` as it is.
fn drawn_by(text: &str) -> &str {
    let generators = ["default_rng(", "RandomState(", "Generator("];
    let found = generators.iter().find_map(|name| text.find(name));
    let call = found.filter(|at| dotted_path(text).len() > *at);
    let drawn = call.and_then(|at| text[at..].split_once(").").map(|(_, drawn)| drawn));
    drawn.unwrap_or(text)
}

/// NumPy's `arange` in our terms: `range` takes integers, `steps` the rest.
fn arange(call: &Call<'_>) -> Option<Meaning> {
    if call.name() != "arange" {
        return None;
    }
    let numbers = call.arguments.iter();
    let numbers: Option<Vec<Number>> = numbers
        .map(|argument| arithmetic::evaluate(argument, None))
        .collect();
    let integers = numbers?
        .iter()
        .all(|number| matches!(number, Number::Int(_)));
    let arguments = call.arguments.as_slice();
    Some(Meaning::written(match (integers, arguments) {
        (true, _) => format!("range({})", arguments.join(", ")),
        (false, [stop]) => format!("steps(0, {stop}, 1)"),
        (false, [start, stop]) => format!("steps({start}, {stop}, 1)"),
        (false, _) => format!("steps({})", arguments.join(", ")),
    }))
}

/// The values that a function is passed.
fn wrapped(call: &Call<'_>, depth: u32) -> Vec<Meaning> {
    match call.arguments.as_slice() {
        [only, rest @ ..] if only.starts_with(['[', '(']) || rest.is_empty() => {
            if is_sweep(only) {
                return vec![Meaning::written(*only)];
            }
            let first = only.chars().next();
            if first.is_some_and(|c| matches!(c, '[' | '(' | '{')) {
                return list_meanings(only);
            }
            if depth < MAX_DEPTH {
                call_meanings_at(only, depth + 1)
            } else {
                Vec::new()
            }
        }
        [] | [_] => Vec::new(),
        // `choice('x', [1, 2])`: the name of what is chosen comes first.
        [_, list] if list.starts_with('[') && is_sweep(list) => vec![Meaning::written(*list)],
        several => vec![list_of(several)],
    }
}

fn list_of(items: &[&str]) -> Meaning {
    let items: Vec<String> = items.iter().map(|item| Item::read(item).literal).collect();
    Meaning::written(format!("[{}]", items.join(", ")))
}

/// The meanings of a text with a distribution in it that is no sweep as it stands. O(length).
pub(in crate::sweep) fn expression_meanings(text: &str) -> Vec<Meaning> {
    let mut meanings = Vec::new();
    let body = body_of_call(text);
    if body.is_some_and(|(_, closed, _)| !closed) {
        meanings.push(Meaning::new("Add )", format!("{text})")));
    }
    meanings.extend(other_brackets(text));
    meanings.extend(scaled(text));
    if let Some(call) = Call::read(text) {
        meanings.extend(repaired(&call));
        if call.name() == "choice" {
            // Hydra's `choice(adam, sgd)`.
            meanings.extend(wrapped(&call, 0));
        }
        meanings.extend(float_range(&call));
    }
    checked(meanings)
}

/// The call with its texts in quotes: `choice([adam, sgd], 2)`.
fn repaired(call: &Call<'_>) -> Option<Meaning> {
    let arguments = call.arguments.iter().map(|argument| {
        let (keyword, value) = match argument.split_once('=') {
            Some((keyword, value)) if identifier(keyword.trim()) == keyword.trim() => {
                (keyword.trim(), value.trim())
            }
            _ => ("", *argument),
        };
        let equals = if keyword.is_empty() { "" } else { "=" };
        format!("{keyword}{equals}{}", Item::read(value).literal)
    });
    let arguments: Vec<String> = arguments.collect();
    let value = format!("{}({})", call.path, arguments.join(", "));
    is_sweep(&value).then(|| Meaning::written(value))
}

/// The call that a text begins with: its name, whether it is closed, and what stands behind it.
fn body_of_call(text: &str) -> Option<(&str, bool, &str)> {
    let path = dotted_path(text);
    let body = body(text[path.len()..].trim_start())?;
    Some((path, body.close.is_some(), body.tail))
}

/// `uniform[0, 1, 2]`, `choice: [1, 2]`.
fn other_brackets(text: &str) -> Option<Meaning> {
    let path = dotted_path(text);
    let rest = text[path.len()..].trim_start();
    let name = path.rsplit('.').next().unwrap_or(path).to_ascii_lowercase();
    if let Some(values) = rest.strip_prefix(':') {
        let values = values.trim();
        return is_sweep(values).then(|| Meaning::written(values));
    }
    let body = body(rest).filter(|body| body.tail.trim().is_empty() && body.close.is_some())?;
    let known = name == "range" || sampling::is_distribution(&name);
    if rest.starts_with('(') || !known {
        return None;
    }
    if name == "choice" {
        return Some(list_of(&pieces(body.inner, &[','])));
    }
    Some(Meaning::written(format!("{name}({})", body.inner)))
}

/// `range(0, 1, 0.1)`: Python's takes integers, `steps` the rest.
fn float_range(call: &Call<'_>) -> Option<Meaning> {
    let renamed = Call {
        path: "arange",
        arguments: call.arguments.clone(),
        inside: call.inside,
    };
    (call.name() == "range").then(|| arange(&renamed)).flatten()
}

/// A sum in which one `uniform` stands: `10**uniform(-5, -1, 3)` has the distribution of
/// `loguniform(1e-5, 1e-1, 3)`, `1 - 2*uniform(0, 1, 3)` that of `uniform(-1, 1, 3)`.
fn scaled(text: &str) -> Option<Meaning> {
    let at = text.find("uniform")?;
    let start = ["np.random.", "numpy.random.", "random."]
        .iter()
        .find(|prefix| text[..at].ends_with(**prefix))
        .map_or(at, |prefix| at - prefix.len());
    let before = text[..start].trim();
    let rest = text[at + "uniform".len()..].trim_start();
    let body = body(rest).filter(|body| rest.starts_with('(') && body.close == Some(')'))?;
    let after = body.tail.trim();
    let [low, high, size] = <[&str; 3]>::try_from(pieces(body.inner, &[','])).ok()?;
    let value = |end: &str| {
        let end = arithmetic::evaluate(end, None)?;
        arithmetic::evaluate(&format!("{before} X {after}"), Some(("X", end)))?.text()
    };
    if before.is_empty() && after.is_empty() || before.contains('X') || after.contains('X') {
        return None;
    }
    // The ends of the new distribution are the sum's values at the ends of the old one.
    let (from, to) = (value(low)?, value(high)?);
    if let Some(base) = before.strip_suffix("**") {
        // With something added to the power the distribution is another one.
        arithmetic::evaluate(base, None).filter(|_| !base.contains(['+', '-']))?;
        return after
            .is_empty()
            .then(|| Meaning::written(format!("loguniform({from}, {to}, {size})")));
    }
    // Only a linear function of a uniform draw is uniform.
    if before.contains("**") || after.contains("**") || before.contains('/') {
        return None;
    }
    let numbers = (from.parse::<f64>().ok()?, to.parse::<f64>().ok()?);
    let (from, to) = if numbers.0 <= numbers.1 {
        (from, to)
    } else {
        (to, from)
    };
    Some(Meaning::written(format!("uniform({from}, {to}, {size})")))
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_slip_of_a_name_means_the_nearest_and_arange_what_takes_its_numbers() {
        for (call, meant) in [
            ("unifrom(0, 1, 2)", Some("uniform")),
            ("np.random.unifrom(0, 1, 2)", Some("uniform")),
            ("arange(1, 5)", Some("range")),
            ("np.arange(0, 1, 0.1)", Some("steps")),
            ("f(1)", None),
        ] {
            let name = call.split('(').next().unwrap();
            assert_eq!(likely_name(name, call).as_deref(), meant, "{call}");
        }
    }
}

//! The reference of the sweep language, opened from the Command box. The values of its examples are
//! computed by the same code as the command's, so that they cannot differ.

use leptos::prelude::*;

use super::super::modal::{Modal, ModalHead};
use super::super::rich_text::rich_text;
use crate::page::format::format_count;
use crate::sweep::{self, options, sampling};

/// Examples of values, each with a note.
const VALUES: &[(&str, &str)] = &[
    (
        "[8, 16, 32]",
        "A list of Python literals, each passed as Python's `str` prints it.",
    ),
    (
        "['sgd', 'adam', None]",
        "Strings in quotes, `None`, `True`, nested lists: any Python literal.",
    ),
    (
        "range(1, 10, 2)",
        "Python's range: start, stop (left out), step.",
    ),
    (
        "uniform(1e-5, 1e-1, 3)",
        "NumPy's distributions by their names: here three draws. The seed decides them.",
    ),
    (
        "choice([16, 32, 64, 128], 2, replace=False)",
        "Arguments by position or by name, as in NumPy.",
    ),
    ("['[1, 2]']", "A list of one text: passes `[1, 2]` unswept."),
];

/// Examples of what this planner adds to Grid's language.
const ADDITIONS: &[(&str, &str)] = &[
    (
        "loguniform(1e-5, 1e-1, 3)",
        "Uniform in the logarithm: as many draws below 1e-3 as above.",
    ),
    ("linspace(0, 1, 5)", "Evenly spaced, both ends included."),
    (
        "logspace(-4, -1, 4)",
        "Evenly spaced exponents, of base 10 unless a fourth argument says otherwise.",
    ),
    (
        "steps(0.1, 0.8, 0.2)",
        "Like `range`, in exact decimals: 0.7, never 0.7000000000000001.",
    ),
];

/// The rules, each with its heading.
const RULES: &[(&str, &str)] = &[
    (
        "Quotes",
        "Put each sweep in quotes: `--lr \"[0.1, 0.2]\"`. A shell would split it otherwise.",
    ),
    (
        "Shells",
        "No shell runs: `~/x`, `*.csv` and `run-$$` are passed as typed, with a warning. Single quotes around them show that this is intended.",
    ),
    (
        "Sweeps only",
        "A value is a sweep when it begins with `[`, `range(` or a distribution. `(1, 2)`, `{1, 2}` and `lr=[1, 2]` without dashes are passed as they stand, with a warning.",
    ),
    (
        "Negative values",
        "Write `--lr=\"[-1e-5, -1e-3]\"`, with `=`: up to Python 3.13 argparse mistakes `-1e-05` for an option if it is a word of its own.",
    ),
    ("Order", "The argument that stands first varies fastest."),
    (
        "Strategies",
        "`--strategy random_search --num_trials 20` runs 20 different trials of all, drawn by the seed. `--strategy none` runs one, its arguments as typed.",
    ),
    (
        "Seed",
        "`--seed 7` fixes every draw: the values are those of `np.random.seed(7)` and then each distribution in the order of the command. Without it a seed is drawn once and kept.",
    ),
    (
        "Several commands",
        "One per line, or separated by `;` or `&&`. Their trials follow each other in one plan.",
    ),
    (
        "Options",
        "Options of `grid run` stand before the script. Everything after it is passed to the script.",
    ),
    (
        "Config file",
        "`--config sweep.yml` reads a YAML file: drop it on the Command box, or paste it.",
    ),
    (
        "Run time",
        "`10 minutes`, or a formula over arguments: `minutes = 40 * epochs / batch_size`. In names `-` becomes `_`; a positional argument is `arg1`.",
    ),
];

/// Most values of an example that are shown.
const SHOWN: u128 = 6;

#[component]
pub(super) fn Reference(
    /// Whether it is to be open.
    open: RwSignal<bool>,
) -> impl IntoView {
    let close = Callback::new(move |()| open.set(false));
    view! {
        <Modal open=open on_close=close class="sheet reference" labelledby="reference-title">
            <ModalHead id="reference-title" title="The sweep language" on_close=close />
            // In the tab order, so that it can be scrolled by the keyboard.
            <div class="reference-body" tabindex="0">{move || open.get().then(content)}</div>
        </Modal>
    }
}

fn content() -> AnyView {
    view! {
        <p>{rich_text("an argument whose value is a list, a `range` or a distribution takes each of its values; every combination is a trial.")}</p>
        {examples("Values", VALUES)}
        {examples("Added here, not in Grid", ADDITIONS)}
        <h3>"Rules"</h3>
        <dl class="reference-rules">
            {RULES.iter().map(|(term, rule)| view! { <dt>{*term}</dt><dd>{rich_text(rule)}</dd> }).collect_view()}
        </dl>
        <h3>"Distributions"</h3>
        <p>{rich_text("NumPy's, with NumPy's numbers for the seed. The last argument, `size`, says how many values; `np.random.` may stand before the name.")}</p>
        <ul class="reference-list mono">
            {numpy().map(|signature| view! { <li>{signature}</li> }).collect_view()}
        </ul>
        <h3>"Options of grid run"</h3>
        <dl class="reference-rules">
            {options::OPTIONS
                .iter()
                .map(|option| view! { <dt class="mono">{option.name}</dt><dd>{rich_text(option.help)}</dd> })
                .collect_view()}
        </dl>
    }
    .into_any()
}

fn numpy() -> impl Iterator<Item = &'static str> {
    let names = sampling::names().filter(|name| !sampling::is_addition(name));
    names.filter_map(sampling::signature)
}

fn examples(title: &'static str, examples: &'static [(&str, &str)]) -> AnyView {
    let row = |(value, note): &(&'static str, &str)| {
        view! {
            <li>
                <code>{*value}</code>
                <span class="reference-values mono">{expand_example(value)}</span>
                <span class="reference-note">{rich_text(note)}</span>
            </li>
        }
    };
    view! {
        <h3>{title}</h3>
        <ul class="reference-examples">{examples.iter().map(row).collect_view()}</ul>
    }
    .into_any()
}

/// The first values of an example, drawn with seed 0: `8  16  32`.
fn expand_example(value: &str) -> String {
    let text = ["grid run --seed 0 file.py --x \"", value, "\""].concat();
    let plan = sweep::read(&text, &sweep::Settings::default()).plan;
    let shown = (0..plan.len().min(SHOWN)).filter_map(|n| plan.value(&plan.trial(n)?, 0));
    let mut words = shown.collect::<Vec<_>>().join("  ");
    if plan.len() > SHOWN {
        words.push_str(" … (");
        words.push_str(&format_count(plan.len()));
        words.push(')');
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    #[test]
    fn examples_stand_for_what_they_say() {
        let shown: Vec<String> = VALUES
            .iter()
            .chain(ADDITIONS)
            .map(|(value, _)| expand_example(value))
            .collect();
        assert_eq!(
            shown,
            [
                "8  16  32",
                "sgd  adam  None",
                "1  3  5  7  9",
                // np.random.seed(0); np.random.uniform(1e-5, 1e-1, 3)
                "0.05488586225769321  0.07152178474357823  0.06028030997340368",
                "64  128",
                "[1, 2]",
                // The exponential of uniform draws between the logarithms.
                "0.0015676677195506068  0.007257005721594277  0.0025766385746135885",
                "0.0  0.25  0.5  0.75  1.0",
                "0.0001  0.001  0.01  0.1",
                "0.1  0.3  0.5  0.7",
            ]
        );
    }

    #[test]
    fn examples_have_no_problem() {
        for (value, _) in VALUES.iter().chain(ADDITIONS) {
            let text = ["grid run --seed 0 file.py --x \"", value, "\""].concat();
            let reading = sweep::read(&text, &sweep::Settings::default());
            assert_eq!(reading.diagnostics, [], "{value}");
        }
    }

    #[test]
    fn every_distribution_is_listed() {
        let ours = sampling::names().filter(|name| sampling::is_addition(name));
        assert_eq!(numpy().count() + ours.count(), sampling::names().count());
        let known = "vonmises(mu, kappa, size=None)";
        assert!(numpy().any(|signature| signature == known));
    }
}

//! A command as one line with some of its options changed: what a proposal prints.

use super::options::ValueType;
use super::part::Part;
use super::shell_quote;

/// Options to set in place of those that the command has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct OptionChange {
    /// So many trials, drawn at random by the command's own seed.
    pub(crate) num_trials: Option<u64>,
    /// Another machine, and whether it is interruptible.
    pub(crate) machine: Option<(String, bool)>,
}

impl Part {
    /// The command as one `grid run …` line: its options with the change, those of a config file in place
    /// of `--config` (its environment and actions cannot stand there), the seed where one was drawn, and
    /// the arguments as typed. Read again, it proposes the same trials where nothing is changed.
    pub(crate) fn changed_line(&self, change: &OptionChange) -> String {
        let mut line = String::from("grid run");
        let mut push = |name: &str, value: Option<&str>| {
            line.push(' ');
            line.push_str(name);
            if let Some(value) = value {
                // A value that looks like an option is read as a value only behind `=`.
                line.push(if value.starts_with('-') { '=' } else { ' ' });
                line.push_str(&shell_quote::quote_readably(value));
            }
        };
        let command = self.command();
        for used in &command.uses {
            let name = used.spec.name;
            let is_replaced = match name {
                "--config" => command.config_read,
                "--strategy" | "--num_trials" | "--seed" => change.num_trials.is_some(),
                "--instance_type" | "--use_spot" => change.machine.is_some(),
                _ => false,
            };
            if !is_replaced {
                let has_value = used.spec.value_type != ValueType::Nothing;
                push(name, has_value.then_some(&used.value));
            }
        }
        if let Some((machine, spot)) = &change.machine {
            push("--instance_type", Some(machine));
            if *spot {
                push("--use_spot", None);
            }
        }
        if let Some(count) = change.num_trials {
            push("--strategy", Some("random_search"));
            push("--num_trials", Some(&count.to_string()));
        }
        let is_drawn = self.needs_seed() && self.seed().drawn;
        if is_drawn || change.num_trials.is_some() {
            push("--seed", Some(&self.seed().value.to_string()));
        }
        if command.script.starts_with('-') {
            line.push_str(" --");
        }
        let words = command
            .arguments
            .iter()
            .map(|argument| argument.word.text.as_str());
        for word in std::iter::once(command.script.as_str()).chain(words) {
            line.push(' ');
            line.push_str(&shell_quote::quote_readably(word));
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Settings, read};
    use super::*;
    use crate::testing::test;

    fn change(text: &str, change: &OptionChange) -> String {
        let settings = Settings {
            drawn_seed: 5,
            ..Settings::default()
        };
        read(text, &settings).plan.parts()[0].changed_line(change)
    }

    #[test]
    fn unchanged_it_proposes_the_same_trials() {
        for text in [
            "$ grid run \\\n  --name a1 f.py --lr \"uniform(0, 1, 3)\" --x=\"['a b', \\\"c'd\\\"]\" -v",
            "grid run --use_spot --instance_type g4dn.xlarge f.py 'range(3)' --y '$HOME' ''",
            "grid run --strategy random_search --num_trials 3 f.py --n 'range(100)'",
            "grid run --strategy none f.py --n '[1, 2]'",
            "grid run -- -f.py --n '[1, 2]' # all",
        ] {
            let settings = |drawn_seed| Settings {
                drawn_seed,
                ..Settings::default()
            };
            let plan = read(text, &settings(5)).plan;
            let line = plan.parts()[0].changed_line(&OptionChange::default());
            let again = read(&line, &settings(6)).plan;
            assert_eq!(again.len(), plan.len(), "{line}");
            for position in 0..plan.len() {
                let words = |plan: &crate::sweep::Plan| plan.argv(&plan.trial(position).unwrap());
                assert_eq!(words(&again), words(&plan), "{line}");
            }
            assert!(
                line.starts_with("grid run ") && !line.contains('\n'),
                "{line}"
            );
        }
    }

    #[test]
    fn options_are_replaced() {
        let random = OptionChange {
            num_trials: Some(7),
            machine: None,
        };
        assert_eq!(
            change("grid run --seed 3 --name x f.py --n 'range(9)'", &random),
            "grid run --name x --strategy random_search --num_trials 7 --seed 3 f.py --n \"range(9)\""
        );
        let machine = OptionChange {
            num_trials: None,
            machine: Some(("g5.xlarge".into(), true)),
        };
        assert_eq!(
            change(
                "grid run --use_spot --instance_type t2.medium f.py",
                &machine
            ),
            "grid run --instance_type g5.xlarge --use_spot f.py"
        );
    }
}

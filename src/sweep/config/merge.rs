//! A command and the config file that it names, as one.

use super::Config;
use crate::sweep::budget;
use crate::sweep::command::{self, Command, OptionUse};
use crate::sweep::diagnostic::{Diagnostic, Kind};
use crate::sweep::options::{self, Options, Strategy};
use crate::sweep::span::Origin;

/// Values that a word of a command is as heavy as: it becomes an argument with a name and a place.
const VALUES_PER_WORD: u64 = 4;

impl Config {
    /// How much each command that names the file takes of the budget of listed values (see [`budget`]).
    pub(crate) fn listing_cost(&self) -> u64 {
        let parameters = self.parameters.iter().map(|word| word.text.as_str());
        let values = self.settings.iter().filter_map(|s| s.value.as_deref());
        let environment = self.environment.iter().flatten();
        let environment = environment.flat_map(|(name, value)| [name.as_str(), value.as_str()]);
        let actions = self.actions.lists().into_iter().flat_map(|(_, list)| list);
        let actions = actions.map(String::as_str);
        let words = parameters.chain(values).chain(environment).chain(actions);
        words
            .map(|word| VALUES_PER_WORD + budget::extra_cost(word))
            .sum()
    }

    /// Adds the file to a command: its settings in the place of the options, its
    /// parameters behind the arguments. O(words of both).
    pub(crate) fn merge(&self, command: &mut Command, diagnostics: &mut Vec<Diagnostic>) {
        let strategy = command.options.strategy;
        let typed = std::mem::take(&mut command.uses);
        for used in typed {
            if !self.overrides(used.spec.name, strategy) {
                command.uses.push(used);
            } else if !self.sets_same_value(&used) {
                let option = used.spec.name;
                let kind = Kind::OverriddenByConfig { option };
                diagnostics.push(Diagnostic::new(used.span, kind));
            }
        }
        let names = options::OPTIONS.iter().map(|spec| spec.name);
        command.decided_by_config = names
            .filter(|name| self.overrides(name, strategy))
            .collect();
        for setting in &self.settings {
            if let Some(value) = &setting.value {
                command.uses.push(OptionUse {
                    spec: setting.spec,
                    span: setting.span,
                    value_span: setting.span,
                    value: value.clone(),
                    origin: Origin::Config,
                });
            }
        }
        let mut options = Options::default();
        for used in &command.uses {
            // A value that is refused was reported where it stands in the file.
            let _ = options.set(used.spec, &used.value);
        }
        options.environment = self.environment.clone().unwrap_or_default();
        options.actions = self.actions.clone();
        command.options = options;
        command.config_read = true;
        command::append_words(command, &self.parameters);
    }

    /// Whether an option that is typed does not count. `strategy` is the typed one: the client
    /// carries `--num_trials` only where that is random search.
    fn overrides(&self, option: &str, strategy: Strategy) -> bool {
        let set = |name: &str| self.settings.iter().any(|s| s.spec.name == name);
        match option {
            "--num_trials" => {
                self.strategy_options.is_some()
                    || self.sets_random_search() && strategy != Strategy::RandomSearch
            }
            "--seed" => self.strategy_options.is_some(),
            _ => set(option),
        }
    }

    /// Whether the file sets the option to what is typed.
    fn sets_same_value(&self, used: &OptionUse) -> bool {
        let same = |s: &super::Setting| {
            s.spec == used.spec && s.value.as_deref() == Some(used.value.as_str())
        };
        self.settings.iter().any(same)
    }

    fn sets_random_search(&self) -> bool {
        let random = |value: &String| Strategy::from_name(value) == Some(Strategy::RandomSearch);
        let mut strategies = self.settings.iter().filter(|s| s.spec.name == "--strategy");
        strategies.any(|s| s.value.as_ref().is_some_and(random))
    }
}

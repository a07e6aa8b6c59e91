//! The arguments of a run that no axis sweeps, as the wire shows them.

use super::options_from_request;
use crate::api::{CreateRun, FixedArgument, RunSpec};
use crate::sweep::literal::CharacterNames;
use crate::sweep::{Part, Settings, read_request};

/// Most fixed arguments of one run that are listed.
const MAX_ARGUMENTS: usize = 1000;
/// Most bytes of their names and values together: every news of a run carries them.
const MAX_BYTES: usize = 16 * 1024;

/// The script, under the name [`FixedArgument::SCRIPT`], and every argument that no axis sweeps;
/// `None` where they are more than 1000 or longer than 16 KiB together. O(arguments).
pub fn list_fixed_arguments(part: &Part) -> Option<Vec<FixedArgument>> {
    let script = (FixedArgument::SCRIPT, part.script());
    let mut bytes = 0_usize;
    let mut listed = Vec::new();
    for (name, value) in std::iter::once(script).chain(part.fixed_arguments()) {
        bytes += name.len() + value.len();
        if listed.len() == MAX_ARGUMENTS || bytes > MAX_BYTES {
            return None;
        }
        listed.push(FixedArgument {
            name: name.to_owned(),
            value: value.to_owned(),
        });
    }
    Some(listed)
}

/// The fixed arguments of a run that was launched before they were recorded, from its command;
/// `None` also where this version cannot read the command.
pub fn recover_fixed_arguments(spec: &RunSpec) -> Option<Vec<FixedArgument>> {
    let create = CreateRun {
        spec: spec.clone(),
        ..CreateRun::default()
    };
    let options = options_from_request(&create).ok()?;
    let settings = Settings {
        character_names: Some(CharacterNames::embedded()),
        ..Settings::default()
    };
    let reading = read_request(&spec.run_controller_command, options, &settings);
    list_fixed_arguments(reading.plan.parts().first()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn fixed_of(command: &str, sweep_type: &str) -> Option<Vec<(String, String)>> {
        let spec = RunSpec {
            run_controller_command: command.to_owned(),
            sweep_type: sweep_type.to_owned(),
            ..RunSpec::default()
        };
        let fixed = recover_fixed_arguments(&spec)?;
        Some(fixed.into_iter().map(|a| (a.name, a.value)).collect())
    }

    #[test]
    fn each_fixed_argument_has_the_name_of_a_column() {
        let fixed = fixed_of(
            "f.py  --a 1 --lr '[0.1, 0.2]' --fast --x=2 --x 3 data.csv '[4, 5]' 'a b' --loud",
            "grid_search",
        );
        let expected = [
            ("script", "f.py"),
            ("--a", "1"),
            ("--fast", "--fast"),
            ("--x", "2"),
            ("--x#2", "3"),
            ("#1", "data.csv"),
            ("#3", "a b"),
            ("--loud", "--loud"),
        ];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(fixed.unwrap(), expected);
    }

    #[test]
    fn without_a_sweep_every_argument_is_fixed() {
        let fixed = fixed_of("f.py  --lr '[0.1, 0.2]'", "none").unwrap();
        assert_eq!(fixed[1], ("--lr".to_owned(), "[0.1, 0.2]".to_owned()));
    }

    #[test]
    fn what_is_long_many_or_unreadable_is_not_listed() {
        let long = format!("f.py  --a {}", "x".repeat(MAX_BYTES));
        assert_eq!(fixed_of(&long, ""), None);
        // Besides the value: `script`, `f.py` and `--a`.
        let just_fits = format!("f.py  --a {}", "x".repeat(MAX_BYTES - 13));
        assert!(fixed_of(&just_fits, "").is_some());
        let many = format!("f.py {}", " a".repeat(MAX_ARGUMENTS));
        assert_eq!(fixed_of(&many, ""), None);
        assert_eq!(fixed_of("f.py  --a '[1, '", ""), None);
        assert_eq!(fixed_of("", ""), None);
        assert_eq!(fixed_of("f.py ", "bayes"), None);
    }
}

//! Finds machines by what a person types of them: `m5a`, `a100`, `8 v100`, `16 vcpu`.

use super::super::machine::Machine;
use super::Catalogue;
use std::collections::BTreeSet;

/// What was typed, in words.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct MachineSearch {
    /// All of it in letters and digits.
    whole: String,
    terms: Vec<Term>,
}

/// A word, and the number before it where there is one.
#[derive(Clone, Debug, PartialEq)]
enum Term {
    /// Part of a name, an alias, the GPU's model or the provider; in letters and digits.
    Word(String),
    /// So many of the GPUs whose model has the word in it, processors or GB.
    Count(u32, String),
    /// A number without a word: part of a name or an alias, or the number of GPUs.
    Number(u32, String),
}

/// How well a machine fits, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Name,
    Alias,
    NameBegins,
    Other,
}

impl MachineSearch {
    /// Reads what was typed: words in any order, `8x v100` and `8 × V100` as `8 v100`.
    pub(crate) fn parse(text: &str) -> MachineSearch {
        let lower = text.to_lowercase();
        let mut words = lower
            .split_whitespace()
            .map(|word| word.trim_end_matches('×'))
            .filter(|word| !word.is_empty() && *word != "x" && *word != "·")
            .peekable();
        let mut terms = Vec::new();
        while let Some(word) = words.next() {
            let count = word.strip_suffix('x').unwrap_or(word).parse::<u32>().ok();
            match count {
                None => terms.push(Term::Word(letters_and_digits(word))),
                Some(count) => {
                    let is_word = |next: &&str| next.parse::<u32>().is_err();
                    terms.push(match words.next_if(is_word) {
                        Some(next) => Term::Count(count, letters_and_digits(next)),
                        None => Term::Number(count, letters_and_digits(word)),
                    });
                }
            }
        }
        MachineSearch {
            whole: letters_and_digits(&lower),
            terms,
        }
    }

    fn rank(&self, machine: &Machine) -> Option<Rank> {
        if self.whole.is_empty() {
            return Some(Rank::Other);
        }
        let name = letters_and_digits(&machine.name);
        let aliases: Vec<String> = machine
            .aliases
            .iter()
            .map(|alias| letters_and_digits(alias))
            .collect();
        if name == self.whole {
            return Some(Rank::Name);
        }
        if aliases.contains(&self.whole) {
            return Some(Rank::Alias);
        }
        if name.starts_with(&self.whole) {
            return Some(Rank::NameBegins);
        }
        let is_named =
            |word: &str| name.contains(word) || aliases.iter().any(|alias| alias.contains(word));
        let gpu = machine.gpu.as_deref().map(letters_and_digits);
        let has_gpu = |word: &str| gpu.as_ref().is_some_and(|gpu| gpu.contains(word));
        let fits = |term: &Term| match term {
            Term::Word(word) => {
                is_named(word) || has_gpu(word) || machine.provider.contains(word.as_str())
            }
            Term::Number(count, digits) => machine.gpu_count == *count || is_named(digits),
            Term::Count(count, word) => match word.as_str() {
                "vcpu" | "vcpus" | "cpu" | "cpus" => machine.vcpus == Some(*count),
                "gb" => [machine.memory_gb, machine.gpu_memory_gb.map(f64::from)]
                    .contains(&Some(f64::from(*count))),
                "gpu" | "gpus" => machine.gpu_count == *count,
                _ => machine.gpu_count == *count && has_gpu(word),
            },
        };
        self.terms.iter().all(fits).then_some(Rank::Other)
    }
}

/// The lower-case letters and digits of a text, so that `8_v100_16gb` is found as `8 v100`.
fn letters_and_digits(text: &str) -> String {
    let kept = text.chars().filter(|c| c.is_alphanumeric());
    kept.flat_map(char::to_lowercase).collect()
}

impl Catalogue {
    /// The machines that fit, each name once (a command cannot say whose it means): those that are
    /// called so, then those whose name begins so, then the others in the list's order. O(machines).
    pub(crate) fn search(&self, search: &MachineSearch) -> Vec<&Machine> {
        let mut names = BTreeSet::new();
        let mut found: Vec<(Rank, &Machine)> = self
            .machines
            .iter()
            .filter_map(|machine| Some((search.rank(machine)?, machine)))
            .filter(|(_, machine)| names.insert(machine.name.to_ascii_lowercase()))
            .collect();
        found.sort_by_key(|(rank, _)| *rank);
        found.into_iter().map(|(_, machine)| machine).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::estimate::OwnPrices;
    use crate::testing::test;

    fn names(text: &str) -> Vec<String> {
        let own = OwnPrices::parse("name,spot_usd_per_hour\nlab-box,1\n").unwrap();
        let catalogue = Catalogue::embedded().with_own(&own);
        let found = catalogue.search(&MachineSearch::parse(text));
        found.iter().map(|machine| machine.name.clone()).collect()
    }

    #[test]
    fn machines_are_found_as_people_name_them() {
        for (text, first) in [
            ("m5a.large", "m5a.large"),
            ("M5A.L", "m5a.large"),
            ("8_v100_16gb", "p3.16xlarge"),
            ("lab", "lab-box"),
            ("g4dn xlarge", "g4dn.xlarge"),
        ] {
            assert_eq!(
                names(text).first().map(String::as_str),
                Some(first),
                "{text}"
            );
        }
        let all = names("");
        assert_eq!(all.first().map(String::as_str), Some("lab-box"));
        let distinct: BTreeSet<&String> = all.iter().collect();
        assert_eq!(distinct.len(), all.len());
        assert_eq!(names(" · "), all);
        assert!(names("nothing of the kind").is_empty());
    }

    #[test]
    fn counts_belong_to_the_word_behind_them() {
        let machine = |name: &str| Catalogue::embedded().quote(name, false).machine.unwrap();
        let same = names("8 v100");
        assert!(same.len() > 1);
        for text in ["8x v100", "8 × V100", "v100 8 gpus", "8 V100 ·"] {
            assert_eq!(names(text), same, "{text}");
        }
        for name in &same {
            let machine = machine(name);
            assert_eq!(machine.gpu_count, 8, "{name}");
            assert!(machine.gpu.unwrap().contains("V100"), "{name}");
        }
        assert!(
            names("a100")
                .iter()
                .all(|name| machine(name).gpu.unwrap().contains("A100"))
        );
        let small = names("aws 2 vcpu 8 gb");
        assert!(small.contains(&"m5a.large".to_owned()), "{small:?}");
        for name in small {
            assert_eq!(machine(&name).vcpus, Some(2), "{name}");
        }
        assert!(names("16").iter().any(|name| machine(name).gpu_count == 16));
    }
}

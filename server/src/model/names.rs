//! Names and ids, read and written: each has one spelling.

/// The longest name of a datastore, in bytes.
const DATASTORE_NAME_MAX: usize = 63;

/// The id of a trial on the wire.
pub fn experiment_id(run_id: &str, number: u32) -> String {
    format!("{run_id}-{number}")
}

/// The run's id and the number in a trial's id.
pub fn parse_experiment_id(id: &str) -> Option<(&str, u32)> {
    let (run, digits) = id.rsplit_once('-')?;
    let number = digits.parse().ok()?;
    // One spelling for each trial.
    (digits == format!("{number}")).then_some((run, number))
}

/// The name of a trial.
pub fn experiment_name(run_name: &str, number: u32) -> String {
    format!("{run_name}-exp{number}")
}

/// The run's name and the number in a trial's name.
pub fn parse_experiment_name(name: &str) -> Option<(&str, u32)> {
    let (run, digits) = name.rsplit_once("-exp")?;
    let number = digits.parse().ok()?;
    (digits == format!("{number}")).then_some((run, number))
}

/// Whether a text is one that names a datastore: letters, digits, `.`, `_` and `-`, the first a letter or digit.
pub fn is_datastore_name(name: &str) -> bool {
    (1..=DATASTORE_NAME_MAX).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
        && name.as_bytes()[0].is_ascii_alphanumeric()
}

/// A version of a datastore as a person writes it, from 1, without zeros in front.
pub fn datastore_version(text: &str) -> Option<u32> {
    let version: u32 = text.parse().ok()?;
    (version > 0 && version.to_string() == text).then_some(version)
}

/// Whether an environment can hold a variable of this name and value.
pub fn is_environment_variable(name: &str, value: &str) -> bool {
    !name.is_empty() && !name.contains(['=', '\0']) && !value.contains('\0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_names_have_one_spelling() {
        assert_eq!(
            parse_experiment_id(&experiment_id("01ab", 7)),
            Some(("01ab", 7))
        );
        assert_eq!(
            parse_experiment_name(&experiment_name("a-expo", 0)),
            Some(("a-expo", 0))
        );
        for wrong in ["", "x", "x-", "x-07", "x-+7", "x-4294967296"] {
            assert_eq!(parse_experiment_id(wrong), None, "{wrong}");
        }
        assert_eq!(parse_experiment_name("hp-exp01"), None);
    }

    #[test]
    fn datastores_and_their_versions_have_one_spelling() {
        for name in ["cifar5", "a.b_C-1", "0"] {
            assert!(is_datastore_name(name), "{name}");
        }
        for name in ["", ".x", "..", "-a", "a/b", "a b", "é", &"a".repeat(64)] {
            assert!(!is_datastore_name(name), "{name}");
        }
        assert_eq!(
            (
                datastore_version("12"),
                datastore_version("0"),
                datastore_version("012"),
                datastore_version("+1")
            ),
            (Some(12), None, None, None)
        );
    }
}

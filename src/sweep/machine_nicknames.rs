//! The nicknames of machines in Grid's client and documents: `2_m60_8gb` for `g3.8xlarge`.

use super::diagnostic::Kind;
use super::suggest::{all_nearest_names, nearest_name};

/// The machine of a command that names none (the client's default).
pub(crate) const DEFAULT_MACHINE: &str = "m5a.large";

/// A nickname, the machine that Grid's documents mean by it, and the machine that the published
/// client asks for ("" where it knows no such nickname). The number in front is the GPU count (for
/// `cpu` the CPU count), which `--gpus` and `--cpus` must not exceed.
///
/// The client's table gave several machines the same nickname and its look-up kept the last one;
/// the documents' table names the smallest. The documents count here, with a warning.
pub(crate) const NICKNAMES: &[(&str, &str, &str)] = &[
    ("2_cpu_4gb", "t2.medium", "t2.medium"),
    ("2_cpu_8gb", "t2.large", "t2.large"),
    ("4_cpu_16gb", "t2.xlarge", ""),
    ("8_cpu_32gb", "t2.2xlarge", ""),
    ("1_t4_16gb", "g4dn.xlarge", "g4dn.16xlarge"),
    ("1_m60_8gb", "g3s.xlarge", "g3.4xlarge"),
    ("1_m60_30.5gb", "g3s.xlarge", ""),
    ("1_t4_32gb", "g4dn.2xlarge", ""),
    ("1_k80_12gb", "p2.xlarge", "p2.xlarge"),
    ("1_k80_61gb", "p2.xlarge", ""),
    ("1_m60_122gb", "g3.4xlarge", ""),
    ("1_t4_64gb", "g4dn.4xlarge", ""),
    ("1_t4_128gb", "g4dn.8xlarge", ""),
    ("2_m60_8gb", "g3.8xlarge", "g3.8xlarge"),
    ("2_m60_244gb", "g3.8xlarge", ""),
    ("1_v100_16gb", "p3.2xlarge", "p3.2xlarge"),
    ("1_v100_61gb", "p3.2xlarge", ""),
    ("4_t4_16gb", "g4dn.12xlarge", "g4dn.12xlarge"),
    ("4_t4_192gb", "g4dn.12xlarge", ""),
    ("1_t4_256gb", "g4dn.16xlarge", ""),
    ("4_m60_8gb", "g3.16xlarge", "g3.16xlarge"),
    ("4_m60_488gb", "g3.16xlarge", ""),
    ("8_k80_12gb", "p2.8xlarge", "p2.8xlarge"),
    ("8_k80_488gb", "p2.8xlarge", ""),
    ("8_t4_16gb", "g4dn.metal", "g4dn.metal"),
    ("8_t4_384gb", "g4dn.metal", ""),
    ("4_v100_16gb", "p3.8xlarge", "p3.8xlarge"),
    ("4_v100_244gb", "p3.8xlarge", ""),
    ("16_k80_732gb", "p2.16xlarge", ""),
    ("8_v100_16gb", "p3.16xlarge", "p3.16xlarge"),
    ("8_v100_488gb", "p3.16xlarge", ""),
    ("8_v100_32gb", "p3dn.24xlarge", "p3dn.24xlarge"),
    ("8_v100_768gb", "p3dn.24xlarge", ""),
];

/// Whether a name with `_`, in lower case, is a machine's own at a provider of the price list: Azure's
/// `standard_d2s_v5`, Lambda's `gpu_1x_a10` and `cpu_4x_general`, RunPod's `1x_h100_secure`, Vast's `1x-rtx_5090-32-65536`.
/// No nickname begins so.
fn is_provider_name(lower: &str) -> bool {
    let after_count = lower.trim_start_matches(|c: char| c.is_ascii_digit());
    let has_count = after_count.len() < lower.len();
    lower.starts_with("standard_")
        || lower.starts_with("cpu_")
        || lower.starts_with("gpu_")
        || has_count && (after_count.starts_with("x_") || after_count.starts_with("x-"))
}

/// Whether `--instance_type` can name a machine: by its own name, or by a nickname.
pub(crate) fn is_nameable(name: &str) -> bool {
    resolve_nickname(name).is_ok()
}

/// The machine that `typed` names, in lower case; a name without `_` passes as it is, and so does a
/// provider's own.
///
/// # Errors
/// A nickname that the client does not know.
pub(crate) fn resolve_nickname(typed: &str) -> Result<String, Kind> {
    let lower = typed.trim().to_lowercase();
    if lower.is_empty() {
        return Err(Kind::MissingValue {
            option: "--instance_type",
        });
    }
    if !lower.contains('_') || is_provider_name(&lower) {
        return Ok(lower);
    }
    match NICKNAMES.iter().find(|(nickname, ..)| *nickname == lower) {
        Some((_, machine, _)) => Ok((*machine).into()),
        None => {
            let names = NICKNAMES.iter().map(|(nickname, ..)| *nickname);
            Err(Kind::UnknownMachine {
                found: typed.into(),
                suggestion: nearest_name(&lower, names).or_else(|| nearest_with_same_count(&lower)),
            })
        }
    }
}

/// The nickname that differs in one letter or digit, but not in how many GPUs or CPUs it has.
fn nearest_with_same_count(lower: &str) -> Option<String> {
    let count = |nickname: &str| nickname.split('_').next().map(str::to_owned);
    let names = NICKNAMES.iter().map(|(nickname, ..)| *nickname);
    let alike = names.filter(|nickname| count(nickname) == count(lower));
    match all_nearest_names(lower, alike, 1).as_slice() {
        [only] => Some((*only).to_owned()),
        _ => None,
    }
}

/// Whether a machine is known to have no GPU.
pub(crate) fn has_no_gpu(machine: &str) -> bool {
    let cpus = |nickname: &str| nickname.contains("_cpu_");
    let known = NICKNAMES.iter().find(|(_, name, _)| *name == machine);
    machine == DEFAULT_MACHINE || known.is_some_and(|(nickname, ..)| cpus(nickname))
}

/// The smallest machine with `gpus` GPUs, of the kind that `machine` has where it has some, and how many
/// it has: more where none has as many.
pub(crate) fn smallest_with_gpus(gpus: u32, machine: &str) -> Option<(&'static str, u32)> {
    let parts = |nickname: &str| {
        let mut parts = nickname.split('_');
        let count: Option<u32> = parts.next().and_then(|count| count.parse().ok());
        Some((count?, parts.next()?.to_owned()))
    };
    let kind = NICKNAMES.iter().find(|(_, name, _)| *name == machine);
    let kind = kind.and_then(|(nickname, ..)| Some(parts(nickname)?.1));
    let all = NICKNAMES.iter().filter_map(|(nickname, name, _)| {
        let (count, own) = parts(nickname)?;
        let other = Some(&own) != kind.as_ref();
        (own != "cpu" && count >= gpus).then_some((count, other, *name))
    });
    // The table has the smaller of those that are alike first.
    let (count, _, name) = all.min_by_key(|(count, other, _)| (*count, *other))?;
    Some((name, count))
}

/// What the published client asks for instead, where that differs: `Some("")` where it refuses the
/// nickname.
pub(crate) fn client_machine(typed: &str) -> Option<&'static str> {
    let lower = typed.trim().to_lowercase();
    let entry = NICKNAMES.iter().find(|(nickname, ..)| *nickname == lower)?;
    (entry.1 != entry.2).then_some(entry.2)
}

/// What a machine has by the nickname that Grid's client has for it: the number in front, and whether
/// it counts GPUs (else CPUs). The client's table also has the machines below; others it does not
/// check.
pub(crate) fn client_units(machine: &str) -> Option<(u32, bool)> {
    let listed = NICKNAMES.iter().filter(|(.., client)| !client.is_empty());
    let known =
        listed.flat_map(|(nickname, ours, client)| [(*ours, *nickname), (*client, *nickname)]);
    let more = [
        ("g4dn.8xlarge", "1_t4_16gb"),
        ("g4dn.4xlarge", "1_t4_16gb"),
        ("g4dn.2xlarge", "1_t4_16gb"),
        (DEFAULT_MACHINE, "2_cpu_8gb"),
    ];
    let (_, nickname) = known.chain(more).find(|(name, _)| *name == machine)?;
    let has = nickname.split('_').next()?.parse().ok()?;
    Some((has, !nickname.contains("_cpu_")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    #[test]
    fn a_provider_s_own_names_pass() {
        for name in [
            "Standard_NC4as_T4_v3",
            "gpu_8x_a100_80gb_sxm4",
            "1x_A100-80GB-SXM_SECURE",
            "1x-RTX_5090-32-65536",
            "cpu_4x_general",
            "g5.xlarge",
        ] {
            assert_eq!(resolve_nickname(name), Ok(name.to_lowercase()));
        }
        for name in ["g5_xlarge", "1_t4_17gb", "x_1", "8_v100"] {
            assert!(resolve_nickname(name).is_err(), "{name}");
        }
    }
}

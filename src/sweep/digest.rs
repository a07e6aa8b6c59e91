//! Stage 8: the digest of a launch, on which page and server must agree before anything is started.

use super::axis::Values;
use super::options::Options;
use super::part::Part;
use super::trial_set::Ranges;
use sha2::{Digest, Sha256};

/// The version of what is hashed below, hashed first: digests of two versions never match.
const VERSION: &str = "sweep-plan-2";

/// SHA-256, in 64 hexadecimal digits, over a version, the script, the options, the fixed arguments,
/// each axis's resulting values (a range by its bounds), the seed and the chosen indices.
///
/// The run's name and cluster are left out: they do not decide what runs, and a server may fill them in. O(size of the command and its listed values).
pub fn digest(part: &Part, chosen: &Ranges) -> String {
    let mut hash = FieldHasher(Sha256::new());
    hash.update_text(VERSION);
    hash.update_text(part.script());
    for (name, value) in canonical_options(part.options()) {
        hash.update_text(name);
        hash.update_text(&value);
    }
    hash.update_number(part.options().environment.len() as u128);
    for (name, value) in &part.options().environment {
        hash.update_text(name);
        hash.update_text(value);
    }
    for (name, commands) in part.options().actions.lists() {
        hash.update_text(name);
        hash.update_number(commands.len() as u128);
        commands
            .iter()
            .for_each(|command| hash.update_text(command));
    }
    hash.update_text("arguments");
    hash.update_number(part.command().arguments.len() as u128);
    let mut axes = part.axes().iter();
    for (argument, swept) in part.arguments() {
        hash.update_text(argument.prefix());
        match swept.then(|| axes.next()).flatten() {
            None => {
                hash.update_text("fixed");
                hash.update_text(argument.value());
            }
            Some(axis) => match axis.values() {
                Values::Listed(values) => {
                    hash.update_text("listed");
                    hash.update_number(values.len() as u128);
                    values.iter().for_each(|value| hash.update_text(value));
                }
                Values::Range(range) => {
                    let (start, step, len) = range.start_step_len();
                    hash.update_text("range");
                    hash.update_text(&start.to_string());
                    hash.update_text(&step.to_string());
                    hash.update_number(len);
                }
            },
        }
    }
    let seed = if part.needs_seed() {
        part.seed().value.to_string()
    } else {
        String::new()
    };
    hash.update_text(&seed);
    hash.update_text(&chosen.to_string());
    hash.finish()
}

/// The options that decide what runs, by name, in a fixed order; an unset one is "".
fn canonical_options(options: &Options) -> [(&'static str, String); 15] {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let number = |value: Option<u32>| value.map_or(String::new(), |value| value.to_string());
    [
        ("strategy", options.strategy.name().into()),
        ("num_trials", number(options.num_trials)),
        ("instance_type", options.instance_type.clone()),
        ("use_spot", options.use_spot.to_string()),
        ("gpus", options.gpus.to_string()),
        ("cpus", options.cpus.to_string()),
        ("disk_gb", options.disk_gb.to_string()),
        ("datastore", text(&options.datastore_name)),
        // The wire sends a version only with a data set, so the server could not hash another.
        (
            "datastore_version",
            number(
                options
                    .datastore_name
                    .as_ref()
                    .and(options.datastore_version),
            ),
        ),
        (
            "datastore_mount",
            options.datastore_mount().unwrap_or_default(),
        ),
        ("framework", options.framework_sent().into()),
        (
            "scratch",
            format!("{} {}", options.scratch_gb, options.scratch_mount_path),
        ),
        ("dockerfile", text(&options.dockerfile)),
        ("dependency_file", text(&options.dependency_file)),
        ("auto_resume", options.auto_resume.to_string()),
    ]
}

/// Hashes each text with its length in front, so that no two different launches hash the same bytes.
struct FieldHasher(Sha256);

impl FieldHasher {
    fn update_text(&mut self, text: &str) {
        self.update_number(text.len() as u128);
        self.0.update(text.as_bytes());
    }

    fn update_number(&mut self, number: u128) {
        self.0.update(number.to_le_bytes());
    }

    fn finish(self) -> String {
        self.0
            .finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

//! The page plans the trials that Grid's published client requests: the client's requests for the
//! commands and config files of tests/data/cases, recorded by scripts/client_requests.py, are read
//! as the same trials.
#![allow(clippy::unwrap_used)]

use serde_json::Value;
use sweep_planner::api::CreateRun;
use sweep_planner::internals::launch;
use sweep_planner::internals::sweep::diagnostic::Kind;
use sweep_planner::internals::sweep::{Options, Part, Reading, Settings, Severity, Strategy, read};

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const REQUESTS: &str = include_str!("data/client_requests.json");

/// Commands that the client sends and that this program refuses, with the errors.
const STRICTER: &[&str] = &[
    // NumPy takes no larger seed.
    "grid run --seed 4294967296 a.py --x \"[1]\": `--seed` takes a whole number from 0 to 4294967295, found `4294967296`",
    // The server would not take the name.
    "grid run --cluster Prod a.py: a cluster's name takes 1 to 63 of a-z, 0-9 and inner `-`, found `Prod`",
    "grid run -ld Dockerfile a.py: `grid run` has no option `-ld`",
    "grid run a.py —lr \"[0.1]\": expected `--`, found a typographic dash",
    // The errors are in keys that the client ignores.
    "grid run --config c.yml f.py: this alias stands in its own anchor",
    "grid run --config c.yml f.py: expected a blank before a comment",
    // The client then sends another argument than was meant.
    "grid run --config c.yml f.py: Grid's client does not quote this value, and it runs on into the next parameter",
    // The client checks units that are typed, but not those of a config file.
    "grid run --config c.yml f.py: p3.2xlarge has 1 GPU, but `--gpus` asks for 2",
    "grid run --config c.yml --gpus 4 --instance_type p3.8xlarge f.py: p3.2xlarge has 1 GPU, but `--gpus` asks for 4",
];

fn entries() -> Vec<Value> {
    serde_json::from_str(REQUESTS).unwrap()
}

fn read_entry(entry: &Value, drawn_seed: u32) -> Reading {
    let config = entry["config"].as_str().map(Into::into);
    let settings = Settings {
        drawn_seed,
        config,
        character_names: None,
        ..Settings::default()
    };
    read(entry["text"].as_str().unwrap(), &settings)
}

/// Whether a warning reports that the client refuses this.
fn warns_of_refusal(reading: &Reading) -> bool {
    let refused = |kind: &Kind| {
        let nickname = matches!(kind, Kind::AmbiguousMachine { client: "", .. });
        let units = matches!(kind, Kind::TooManyUnits { .. });
        nickname || units || matches!(kind, Kind::ScriptTextRepeated { .. })
    };
    reading.diagnostics.iter().any(|d| refused(&d.kind))
}

#[test]
fn what_the_client_refuses_is_refused_or_told_of() {
    let refused: Vec<Value> = entries()
        .into_iter()
        .filter(|e| e["request"].is_null())
        .collect();
    assert!(refused.len() > 40);
    for entry in refused {
        let reading = read_entry(&entry, 5);
        assert!(
            reading.has_errors() || warns_of_refusal(&reading),
            "{entry}: {:?}",
            reading.diagnostics
        );
    }
}

#[test]
fn what_the_client_sends_is_the_plan() {
    let (mut compared, mut stricter) = (0, Vec::new());
    for entry in entries().iter().filter(|entry| !entry["request"].is_null()) {
        let text = entry["text"].as_str().unwrap();
        let sent = serde_json::from_value::<CreateRun>(entry["request"].clone());
        let seed = &entry["request"]["spec"]["sweepOptions"]["seed"];
        let seed = seed
            .as_str()
            .map_or_else(|| seed.as_u64(), |seed| seed.parse().ok());
        let reading = read_entry(
            entry,
            seed.and_then(|seed| u32::try_from(seed).ok()).unwrap_or(5),
        );
        let own = reading.plan.parts().first();
        let launched = sent.ok().and_then(|sent| {
            launch::check_request(&sent, own.map_or(5, |part| part.seed().value)).ok()
        });
        match (own, &launched) {
            (None, None) => {}
            (None, Some(_)) => {
                let all = reading
                    .diagnostics
                    .iter()
                    .chain(&reading.config_diagnostics);
                let errors = all.filter(|d| d.severity() == Severity::Error);
                let errors: Vec<String> = errors.map(ToString::to_string).collect();
                stricter.push(format!("{text}: {}", errors.join("; ")));
            }
            (Some(_), None) => panic!("refused as the client sends it: {entry}"),
            (Some(own), Some(launched)) => {
                compared += 1;
                let theirs = launched.part().unwrap();
                assert_eq!(argvs(own), argvs(theirs), "{entry}");
                assert_eq!(comparable(own), comparable(theirs), "{entry}");
            }
        }
    }
    assert!(compared > 40, "only {compared} compared");
    assert_eq!(stricter, STRICTER, "{}", stricter.join("\n"));
}

fn argvs(part: &Part) -> Vec<Vec<String>> {
    let indices = (0..part.len().min(100)).filter_map(|n| part.index_at(n));
    indices.map(|index| part.argv(index).unwrap()).collect()
}

/// The options that decide what runs, as far as a request carries them.
fn comparable(part: &Part) -> Options {
    let options = part.options().clone();
    let ambiguous = matches!(
        options.instance_type.as_str(),
        "g4dn.16xlarge" | "g3.4xlarge"
    );
    Options {
        // The client does not send these, or sends them elsewhere in a request.
        config: None,
        name: None,
        cluster: None,
        instance_typed: None,
        ignore_warnings: false,
        datastore_version: None,
        datastore_mount_dir: options.datastore_mount(),
        framework: options.framework_sent().to_owned(),
        seed: part.needs_seed().then_some(part.seed().value),
        num_trials: options
            .num_trials
            .filter(|_| options.strategy == Strategy::RandomSearch),
        instance_type: match ambiguous {
            true => options.instance_type.replace("16xlarge", "xlarge"),
            false => options.instance_type.clone(),
        },
        ..options
    }
}

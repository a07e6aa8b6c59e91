//! `sweep plan`, by its stable surface: formats, exit status, standard error.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod estimates;

use serde_json::{Value, json};
use std::io::Write;
use std::process::{Command, Output, Stdio};

const GRID: &str = "grid run file.py --batch_size \"[1, 2]\" --layers \"[3, 5]\"";
const HUGE: &str = "grid run f.py --a \"range(0, 1000000000)\" --b \"range(0, 1000000000)\"";

fn run_plan(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_sweep"))
        .arg("plan")
        .args(arguments)
        .output()
        .unwrap()
}

fn stdout_of(arguments: &[&str]) -> String {
    let output = run_plan(arguments);
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

fn parse_objects(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn json_lines_hold_index_values_and_words() {
    let objects = parse_objects(&stdout_of(&["--format", "jsonl", GRID]));
    assert_eq!(objects.len(), 4);
    assert_eq!(
        objects[1],
        json!({"index": 1, "values": {"--batch_size": "2", "--layers": "3"},
               "argv": ["file.py", "--batch_size", "2", "--layers", "3"]})
    );
}

#[test]
fn several_commands_say_their_part() {
    let text = "grid run a.py --x 1\ngrid run a.py --x 2 --y \"[3, 4]\"";
    let objects = parse_objects(&stdout_of(&["--format", "jsonl", text]));
    let parts: Vec<_> = objects
        .iter()
        .map(|o| (o["part"].as_u64(), o["index"].as_u64()))
        .collect();
    assert_eq!(
        parts,
        [(Some(0), Some(0)), (Some(1), Some(0)), (Some(1), Some(1))]
    );
    assert_eq!(objects[0]["values"], json!({"--x": "1"}));
}

#[test]
fn ten_to_the_eighteen_trials_are_paged_at_once() {
    let last = stdout_of(&["--format", "jsonl", "--offset", "999999999999999999", HUGE]);
    let objects = parse_objects(&last);
    assert_eq!(objects.len(), 1);
    assert_eq!(objects[0]["index"], json!("999999999999999999"));
    assert_eq!(
        objects[0]["values"],
        json!({"--a": "999999999", "--b": "999999999"})
    );
    let priced = stdout_of(&[
        "--limit",
        "2",
        "--estimate",
        "--run-time",
        "10 minutes",
        "--format",
        "jsonl",
        HUGE,
    ]);
    let total = priced.lines().last().unwrap();
    let total: Value = serde_json::from_str(total).unwrap();
    assert_eq!(total["total"]["trials"], json!("1000000000000000000"));
    assert!(total["total"]["cost_usd"]["low"].as_f64().unwrap() > 1e15);
}

#[test]
fn an_estimate_without_a_run_time_has_no_total() {
    let objects = parse_objects(&stdout_of(&["--format", "jsonl", "--estimate", GRID]));
    assert_eq!(objects.len(), 5);
    assert_eq!(
        (&objects[0]["seconds"], &objects[0]["cost_usd"]),
        (&Value::Null, &Value::Null)
    );
    let total = &objects[4]["total"];
    assert_eq!(
        (&total["cost_usd"], &total["wall_seconds"]),
        (&Value::Null, &Value::Null)
    );
    assert!(!total["assumptions"].as_array().unwrap().is_empty());
}

#[test]
fn shell_lines_read_again_are_the_same_trials() {
    let text = "grid run --use_spot --strategy random_search --num_trials 3 --seed 9 f.py --a \"['[1]', 'b c', \\\"d'e\\\"]\" --n \"[1, 2]\" -v";
    let lines = stdout_of(&["--format", "sh", text]);
    assert!(
        lines
            .lines()
            .all(|line| line.starts_with("grid run --use_spot "))
    );
    let words = |text: &str| -> Vec<Value> {
        parse_objects(&stdout_of(&["--format", "jsonl", text]))
            .iter()
            .map(|o| o["argv"].clone())
            .collect()
    };
    assert_eq!(words(&lines), words(text));
}

/// A server takes a name once.
#[test]
fn each_shell_line_of_a_named_sweep_has_a_name_of_its_own() {
    let text = "grid run --name abc f.py --x \"[1, 2]\"\ngrid run --name abc-2 f.py --x \"[3, 4]\"";
    let lines = stdout_of(&["--format", "sh", text]);
    assert_eq!(
        lines.lines().collect::<Vec<_>>(),
        [
            "grid run --name abc f.py --x 1",
            "grid run --name abc-3 f.py --x 2",
            "grid run --name abc-2 f.py --x 3",
            "grid run --name abc-2-2 f.py --x 4",
        ]
    );
    let again = run_plan(&["--format", "sh", &lines]);
    assert_eq!(String::from_utf8(again.stdout).unwrap(), lines);
    assert!(again.stderr.is_empty());
}

/// Excel and others run a cell that begins with `=`, `+`, `-`, `@`, a tab or a CR.
#[test]
fn csv_for_spreadsheets_defuses_formulas() {
    let text = "grid run f.py --a \"['=1+1', '+x', '@y', '-z', '\tt', '=\\\"q\\\"', 'a=b', ' =c', -0.5]\" -- plain";
    let exact = stdout_of(&["--format", "csv", text]);
    assert!(exact.contains("0,=1+1\r\n"), "{exact}");
    assert_eq!(
        stdout_of(&["--format", "csv", "--spreadsheet", text]),
        "index,'--a\r\n0,'=1+1\r\n1,'+x\r\n2,'@y\r\n3,'-z\r\n4,'\tt\r\n5,\"'=\"\"q\"\"\"\r\n6,a=b\r\n\
         7,\" =c\"\r\n8,'-0.5\r\n"
    );
    let refused = run_plan(&["--format", "jsonl", "--spreadsheet", text]);
    assert_eq!(refused.status.code(), Some(2));
}

#[test]
fn csv_quotes_what_needs_it() {
    let text = "grid run f.py --a \"['x,y', 'q\\\"']\"";
    assert_eq!(
        stdout_of(&["--format", "csv", text]),
        "index,--a\r\n0,\"x,y\"\r\n1,\"q\"\"\"\r\n"
    );
}

#[test]
fn a_table_counts_from_one() {
    let table = stdout_of(&["--offset", "2", "--limit", "1", GRID]);
    assert_eq!(
        table,
        "Trial  --batch_size  --layers\n    3             1         5\n4 trials\n"
    );
}

#[test]
fn standard_input_is_read() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_sweep"))
        .args(["plan", "--format", "sh", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(GRID.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(
        text.lines().next(),
        Some("grid run file.py --batch_size 1 --layers 3")
    );
}

#[test]
fn errors_end_with_two_and_carets() {
    let output = run_plan(&["grid run f.py --a \"range(1, 10, 0)\""]);
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    assert!(
        errors.starts_with("error: ") && errors.contains('^'),
        "{errors}"
    );
    let output = run_plan(&["--estimate", "--run-time", "ten minutes", GRID]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .starts_with("error: ")
    );
}

#[test]
fn warnings_end_with_zero() {
    let output = run_plan(&["grid run f.py --a \"['x' 'y']\""]);
    assert_eq!(output.status.code(), Some(0));
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .starts_with("warning: ")
    );
}

#[test]
fn a_drawn_seed_is_said() {
    let output = run_plan(&[
        "--format",
        "jsonl",
        "grid run f.py --a \"uniform(0, 1, 2)\"",
    ]);
    let errors = String::from_utf8(output.stderr).unwrap();
    let seed = errors
        .lines()
        .find_map(|line| line.strip_prefix("seed: ")?.strip_suffix(" (drawn)"));
    let seed = seed.unwrap_or_else(|| panic!("{errors}")).to_owned();
    let again = stdout_of(&[
        "--format",
        "jsonl",
        &format!("grid run --seed {seed} f.py --a \"uniform(0, 1, 2)\""),
    ]);
    assert_eq!(String::from_utf8(output.stdout).unwrap(), again);
    assert!(!run_plan(&[GRID]).stderr.starts_with(b"seed"));
}

/// Runs in a folder of its own with a config file in it.
fn run_with_config(name: &str, yaml: &str, arguments: &[&str]) -> Output {
    run_beside_file(name, "grid.yml", yaml, arguments)
}

fn run_beside_file(name: &str, file: &str, content: &str, arguments: &[&str]) -> Output {
    let folder = std::env::temp_dir().join(format!("sweep-plan-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(file), content).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_sweep"))
        .arg("plan")
        .args(arguments)
        .current_dir(&folder)
        .output()
        .unwrap();
    std::fs::remove_dir_all(folder).unwrap();
    output
}

#[test]
fn the_config_file_is_read_from_the_current_folder() {
    let yaml = "compute:\n  train:\n    instance: p3.2xlarge\n    environment: {A: 1}\nhyper_params:\n  params:\n    --lr: [0.1, 1:30]\n";
    let text = "grid run --config grid.yml f.py --n 1";
    let output = run_with_config("merged", yaml, &["--format", "sh", text]);
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{errors}");
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        "grid run --instance_type p3.2xlarge f.py --n 1 --lr 0.1\n\
         grid run --instance_type p3.2xlarge f.py --n 1 --lr 90\n"
    );
    assert!(
        errors.contains("warning: YAML reads `1:30` as 90"),
        "{errors}"
    );
    assert!(errors.contains("\n --> grid.yml\n"), "{errors}");
    assert!(
        errors.contains("environment and actions cannot"),
        "{errors}"
    );
}

#[test]
fn a_config_file_with_errors_ends_with_two() {
    let text = "grid run --config grid.yml f.py";
    let output = run_with_config("wrong", "compute: [1", &[text]);
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    let output = run_with_config("missing", "", &["grid run --config other.yml f.py"]);
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        errors.starts_with("error: the config file `other.yml` cannot be read: "),
        "{errors}"
    );
    assert!(errors.contains("^^^^^^^^^"), "{errors}");
}

/// A config file that is not there hides nothing that is wrong in the text.
#[test]
fn a_missing_config_file_comes_with_the_other_problems() {
    let text = "grid run --config other.yml --seed x f.py --lr $LR";
    let output = run_with_config("missing-too", "", &[text]);
    assert_eq!(output.status.code(), Some(2));
    let errors = String::from_utf8(output.stderr).unwrap();
    for expected in ["`other.yml` cannot be read", "`--seed` takes", "`$LR`"] {
        assert!(errors.contains(expected), "{errors}");
    }
}

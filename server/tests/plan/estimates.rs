//! What `sweep plan --estimate` prints: costs and times, machines compared, budgets and deadlines.

use super::*;

const CLUSTERS: &str = r#"
[clusters.local]
slots = 3
[clusters.lab]
slots = 2
price = { rate = "36" }
[clusters.free]
slots = 1
price = "none"
"#;

/// The total of [`GRID`] at ten seconds a trial, on a cluster of [`CLUSTERS`].
fn total_on_cluster(cluster: &str, more: &[&str]) -> Value {
    let mut arguments = vec!["--config", "sweep.toml", "--cluster", cluster, "--estimate"];
    arguments.extend(["--run-time", "10 seconds", "--format", "jsonl"]);
    arguments.extend(more);
    arguments.push(GRID);
    let name = format!("cluster-{cluster}-{}", more.len());
    let output = run_beside_file(&name, "sweep.toml", CLUSTERS, &arguments);
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{errors}");
    let text = String::from_utf8(output.stdout).unwrap();
    parse_objects(&text).pop().unwrap()["total"].take()
}

/// The likely figure lies a little beside the one without any uncertainty.
fn is_near(likely: &Value, expected: f64) -> bool {
    (likely.as_f64().unwrap() / expected - 1.0).abs() < 0.1
}

fn assumes(total: &Value, words: &str) -> bool {
    let assumptions = total["assumptions"].as_array().unwrap();
    assumptions
        .iter()
        .any(|sentence| sentence.as_str().unwrap().contains(words))
}

#[test]
fn a_cluster_s_own_price_and_slots_reach_the_estimate() {
    let total = total_on_cluster("lab", &[]);
    // 4 trials of 10 s at 36 USD an hour, 2 at once; nothing boots on the server's machine.
    assert!(is_near(&total["cost_usd"]["likely"], 0.4), "{total}");
    assert!(is_near(&total["wall_seconds"]["likely"], 20.0), "{total}");
    assert!(
        assumes(&total, "costs $36.00 per hour, the cluster's own price"),
        "{total}"
    );
    let total = total_on_cluster("lab", &["--parallel", "4"]);
    assert!(is_near(&total["wall_seconds"]["likely"], 10.0), "{total}");
    let total = total_on_cluster("free", &[]);
    assert_eq!(total["cost_usd"], Value::Null);
    assert!(is_near(&total["wall_seconds"]["likely"], 40.0), "{total}");
}

#[test]
fn a_cluster_without_a_price_is_priced_as_if_on_the_machine() {
    let total = total_on_cluster("local", &[]);
    assert!(is_near(&total["wall_seconds"]["likely"], 20.0), "{total}");
    assert!(assumes(&total, "Priced as if on m5a.large"), "{total}");
    // Without a configuration there is `local`, as in a server that was given none.
    let arguments = [
        "--estimate",
        "--run-time",
        "10 seconds",
        "--format",
        "jsonl",
    ];
    let without_file = stdout_of(&[&arguments[..], &["--cluster", "local", GRID]].concat());
    let total = &parse_objects(&without_file).pop().unwrap()["total"];
    assert!(assumes(total, "Priced as if on m5a.large"), "{total}");
    let cloud = stdout_of(&[&arguments[..], &[GRID]].concat());
    let total = &parse_objects(&cloud).pop().unwrap()["total"];
    assert!(!assumes(total, "Priced as if"), "{total}");
}

#[test]
fn a_cluster_that_is_not_configured_is_an_error() {
    let fails = |arguments: &[&str]| {
        let output = run_beside_file("no-cluster", "sweep.toml", CLUSTERS, arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    let named = ["--config", "sweep.toml", "--cluster", "lba", GRID];
    assert_eq!(
        fails(&named),
        "error: sweep.toml has no cluster `lba`, only free, lab, local\n"
    );
    assert_eq!(
        fails(&["--cluster", "lab", GRID]),
        "error: there is no cluster `lab` without --config, only local\n"
    );
    let missing = fails(&["--config", "other.toml", "--cluster", "lab", GRID]);
    assert!(
        missing.starts_with("error: the configuration file other.toml cannot be read: "),
        "{missing}"
    );
    assert!(fails(&["--config", "sweep.toml", GRID]).contains("--cluster"));
}

const SWEEP: &str = "grid run --instance_type g4dn.xlarge --seed 7 f.py --epochs \"range(1, 21)\" --b \"[1, 2, 4]\"";

#[test]
fn machines_are_compared() {
    let rows = parse_objects(&stdout_of(&[
        "--machines",
        "--run-time",
        "10 minutes",
        "--format",
        "jsonl",
        SWEEP,
    ]));
    assert_eq!(rows.len(), 250);
    let has = |row: &Value, mark: &str| row["marks"].as_array().unwrap().contains(&json!(mark));
    let cost = |row: &Value| row["cost_usd"]["likely"].as_f64();
    assert!(has(&rows[0], "cheapest") && has(&rows[0], "front") && !has(&rows[0], "fastest"));
    assert!(
        rows.windows(2)
            .all(|pair| cost(&pair[1]).is_none_or(|more| cost(&pair[0]) <= Some(more)))
    );
    let fastest: Vec<&Value> = rows.iter().filter(|row| has(row, "fastest")).collect();
    assert_eq!(fastest.len(), 1);
    assert_eq!(
        (&fastest[0]["machine"], &fastest[0]["spot"]),
        (&json!("g4dn.xlarge"), &json!(true))
    );
    // The command's own row is what the estimate says.
    let own = rows.iter().find(|row| row["requested"] == true).unwrap();
    let lines = stdout_of(&[
        "--estimate",
        "--run-time",
        "10 minutes",
        "--format",
        "jsonl",
        SWEEP,
    ]);
    let total: Value = serde_json::from_str(lines.lines().last().unwrap()).unwrap();
    assert_eq!(own["cost_usd"], total["total"]["cost_usd"]);
    assert_eq!(own["wall_seconds"], total["total"]["wall_seconds"]);
    // A factor makes another machine's time known.
    let rows = parse_objects(&stdout_of(&[
        "--machines",
        "--run-time",
        "10 minutes",
        "--machine-factor",
        "p3.2xlarge=0.25",
        "--format",
        "jsonl",
        SWEEP,
    ]));
    let faster: Vec<&Value> = rows.iter().filter(|row| has(row, "fastest")).collect();
    assert_eq!(
        (&faster[0]["machine"], &faster[0]["run_time"]),
        (&json!("p3.2xlarge"), &json!("scaled"))
    );
    let table = stdout_of(&["--machines", "--run-time", "10", "--limit", "2", SWEEP]);
    assert!(
        table.contains("cheapest, Pareto-optimal; same run time assumed"),
        "{table}"
    );
    assert!(
        table.contains("requested") && table.contains("… and 246 more (--limit)"),
        "{table}"
    );
    assert!(
        table.contains("At once") && table.contains("The cost does not depend on it."),
        "{table}"
    );
    let sh = run_plan(&["--machines", "--format", "sh", SWEEP]);
    assert_eq!(sh.status.code(), Some(2));
}

/// What is printed is a command that keeps within the bounds, and with one trial more it does not.
#[test]
fn a_budget_and_a_deadline_print_the_command_that_fits() {
    let likely = |text: &str, what: &str| {
        let lines = stdout_of(&[
            "--estimate",
            "--run-time",
            "minutes = 2 * epochs",
            "--limit",
            "0",
            "--format",
            "jsonl",
            text,
        ]);
        let total: Value = serde_json::from_str(lines.lines().last().unwrap()).unwrap();
        total["total"][what]["likely"].as_f64().unwrap()
    };
    for (option, bound, what, most) in [
        ("--budget", "$5", "cost_usd", 5.0),
        ("--deadline", "2h 30m", "wall_seconds", 9000.0),
    ] {
        let output = run_plan(&[option, bound, "--run-time", "minutes = 2 * epochs", SWEEP]);
        assert_eq!(output.status.code(), Some(0));
        let command = String::from_utf8(output.stdout).unwrap();
        assert!(
            command.starts_with("grid run ") && command.lines().count() == 1,
            "{command}"
        );
        assert!(likely(&command, what) <= most, "{command}");
        let words: Vec<&str> = command.split(' ').collect();
        let at = words
            .iter()
            .position(|word| *word == "--num_trials")
            .unwrap();
        let count: u32 = words[at + 1].parse().unwrap();
        let more = command.replace(
            &format!("--num_trials {count}"),
            &format!("--num_trials {}", count + 1),
        );
        assert!(likely(&more, what) > most, "{more}");
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(
            errors.contains(&format!(
                "left out: {} of 60 trials; {count} fit",
                60 - count
            )),
            "{errors}"
        );
        assert!(
            errors.contains("cost: likely $") && errors.contains(", high $"),
            "{errors}"
        );
    }
    let all = run_plan(&["--budget", "100", "--run-time", "10", SWEEP]);
    assert_eq!(String::from_utf8(all.stdout).unwrap().trim_end(), SWEEP);
    assert!(
        String::from_utf8(all.stderr)
            .unwrap()
            .starts_with("nothing is left out")
    );
    let both = parse_objects(&stdout_of(&[
        "--budget",
        "5",
        "--deadline",
        "1h",
        "--time-limit",
        "1h",
        "--run-time",
        "10",
        "--format",
        "jsonl",
        SWEEP,
    ]));
    let found = &both[0];
    assert!(found["wall_seconds"]["likely"].as_f64().unwrap() <= 3600.0);
    assert!(found["ceiling_usd"].as_f64() > found["cost_usd"]["high"].as_f64());
    assert_eq!(
        found["trials"].as_u64().unwrap() + found["left_out"].as_u64().unwrap(),
        60
    );
}

#[test]
fn bounds_that_cannot_be_kept_are_errors() {
    for (arguments, words) in [
        (
            ["--budget", "0.01", "--run-time", "10"].as_slice(),
            "not even one trial fits",
        ),
        (&["--budget", "5"], "needs a run time"),
        (&["--budget", "-5", "--run-time", "10"], "--budget"),
        (
            &["--budget", "cheap", "--run-time", "10"],
            "expected dollars above zero",
        ),
        (
            &["--deadline", "soon", "--run-time", "10"],
            "expected one length of time",
        ),
        (
            &["--deadline", "5 to 10 min", "--run-time", "10"],
            "expected one length of time",
        ),
        (
            &["--machines", "--machine-factor", "g5.xlarge"],
            "expected a machine and a number",
        ),
        (
            &["--budget", "5", "--run-time", "minutes = n"],
            "no argument `n`",
        ),
        (&["--budget", "5", "--machines"], "cannot be used with"),
    ] {
        let output = run_plan(&[arguments, &[SWEEP]].concat());
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{errors}");
        assert!(errors.contains(words), "{errors}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn a_formula_s_unknown_name_is_said_at_its_place_and_the_total_is_honest() {
    let output = run_plan(&[
        "--estimate",
        "--run-time",
        "minutes = 2 * epoch",
        "--limit",
        "0",
        "--format",
        "jsonl",
        SWEEP,
    ]);
    assert_eq!(output.status.code(), Some(0));
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(
        errors.starts_with("warning: no trial has an argument `epoch`; did you mean `epochs`?"),
        "{errors}"
    );
    assert!(
        errors.contains("1 | minutes = 2 * epoch\n  |               ^^^^^"),
        "{errors}"
    );
    let total: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (
            &total["total"]["cost_usd"],
            &total["total"]["priced_trials"]
        ),
        (&Value::Null, &json!(0))
    );
}

#[test]
fn some_trials_without_a_run_time_leave_a_partial_total() {
    let text = "grid run --instance_type g4dn.xlarge f.py --n \"[1, 2, 0, 4]\"";
    let table = stdout_of(&["--estimate", "--run-time", "hours = 2 / n", text]);
    assert!(table.contains("\ncost   3 of 4 trials: $1.99 ("), "{table}");
    assert!(
        table.contains("trial 3 has no run time: the result is not a finite number"),
        "{table}"
    );
}

/// One's own prices go before the list's, and a list with faults is refused at its lines.
#[test]
fn own_prices_are_estimated_by() {
    let list = "name,on_demand_usd_per_hour,as_of\ng4dn.xlarge,36,2026-11-01\n";
    let text = "grid run --instance_type 1_t4_16gb f.py --n \"[1, 2]\"";
    let arguments = [
        "--estimate",
        "--prices",
        "own.csv",
        "--run-time",
        "870 s",
        "--format",
        "jsonl",
        "--limit",
        "0",
        text,
    ];
    let output = run_beside_file("own-prices", "own.csv", list, &arguments);
    let total: Value = serde_json::from_slice(&output.stdout).unwrap();
    // Twice 1,000 s at a cent each.
    assert_eq!(total["total"]["sum_usd"], json!("20.000000"));
    let assumptions = total["total"]["assumptions"].to_string();
    assert!(
        assumptions.contains("$36.00 per hour, your own list price as of 2026-11-01"),
        "{assumptions}"
    );
    let twice = format!("{list}other,1,\nG4DN.xlarge,2,soon\n");
    let output = run_beside_file("two-prices", "own.csv", &twice, &arguments);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        "error: the price list own.csv cannot be used:\nown.csv:4: `soon` is no as_of: expected a date such as \
         2026-07-20, 2026-07 or 2026\n"
    );
    let twice = format!("{list}G4DN.xlarge,2,\n");
    let output = run_beside_file("two-prices", "own.csv", &twice, &arguments);
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(
        errors.ends_with("own.csv:3: a second price for `G4DN.xlarge`; the first is on line 2\n"),
        "{errors}"
    );
    let output = run_beside_file("no-prices", "other.csv", list, &arguments);
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .contains("the price list own.csv cannot be read")
    );
    // The configuration may name it.
    let config = format!(
        "prices = {:?}",
        concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/own_prices.csv")
    );
    let output = run_beside_file(
        "config-prices",
        "sweep.toml",
        &config,
        &[
            "--estimate",
            "--config",
            "sweep.toml",
            "--run-time",
            "870 s",
            "--format",
            "jsonl",
            "--limit",
            "0",
            text,
        ],
    );
    let total: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(total["total"]["sum_usd"], json!("20.000000"));
}

/// With a configuration the terminal estimates by what its server would: the imported prices too.
#[test]
fn imported_prices_are_estimated_by_with_the_configuration() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("prices.csv"),
        "name,on_demand_usd_per_hour\ng4dn.xlarge,36\n",
    )
    .unwrap();
    let config = format!("data = {:?}\n", folder.path());
    let arguments = [
        "--config",
        "sweep.toml",
        "--estimate",
        "--run-time",
        "870 s",
    ];
    let text = "grid run --instance_type g4dn.xlarge f.py --n \"[1, 2]\"";
    let arguments = [
        arguments.as_slice(),
        &["--format", "jsonl", "--limit", "0", text],
    ]
    .concat();
    let output = run_beside_file("imported-prices", "sweep.toml", &config, &arguments);
    let total: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(total["total"]["sum_usd"], json!("20.000000"));
}

/// Times of a table are rounded as the page's; JSON has the whole number. Old prices are named beside the cost.
#[test]
fn a_table_rounds_times_and_names_old_prices() {
    let list = "name,on_demand_usd_per_hour,as_of\nlab-box,36,2020-01-01\n";
    let estimate = |more: &[&str]| {
        let text = "grid run --instance_type lab-box f.py --n \"[1, 2]\"";
        let arguments = ["--prices", "own.csv", "--cluster", "local", "--run-time"];
        let all = [
            arguments.as_slice(),
            &["seconds = 4.084887 * n"],
            more,
            &[text],
        ]
        .concat();
        let name = format!("rounded{}", more.len());
        let output = run_beside_file(&name, "own.csv", list, &all);
        assert_eq!(
            output.status.code(),
            Some(0),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    };
    let table = estimate(&["--estimate"]);
    assert!(table.contains(" 4.1 s "), "{table}");
    assert!(table.contains(" 8.2 s "), "{table}");
    assert!(
        table.contains("\n       price of 2020-01-01, more than 90 days ago\n"),
        "{table}"
    );
    let machines = estimate(&["--machines"]);
    for table in [&table, &machines] {
        assert!(
            !table.contains("4.084887 s") && !table.contains("8.169774 s"),
            "{table}"
        );
    }
    assert!(machines.contains("2020-01-01 (old)"), "{machines}");
    let lines = estimate(&["--estimate", "--format", "jsonl"]);
    assert!(lines.contains("\"seconds\": 4.084887"), "{lines}");
}

/// One's own machine has no boot: the same plan is 22 s there.
#[test]
fn one_s_own_machine_does_not_boot() {
    let text = "grid run f.py --n \"[1, 2, 3, 4]\"";
    let wall = |more: &[&str]| {
        let arguments = [
            "--estimate",
            "--parallel",
            "2",
            "--run-time",
            "11 s",
            "--limit",
            "0",
            "--format",
            "jsonl",
        ];
        let lines = stdout_of(&[arguments.as_slice(), more, &[text]].concat());
        let total: Value = serde_json::from_str(&lines).unwrap();
        total["total"]["wall_seconds"]["likely"].clone()
    };
    assert_eq!(wall(&["--cluster", "local"]), json!(22.0));
    assert_eq!(wall(&[]), json!(282.0));
    let table = stdout_of(&[
        "--estimate",
        "--cluster",
        "local",
        "--run-time",
        "6 s",
        text,
    ]);
    // Four minimums of sixty seconds at $0.086 an hour.
    assert!(table.contains("\ncost   $0.0057 ("), "{table}");
    assert!(
        table.contains("90 % of it is rounding: billed by whole seconds, at least 60 s a trial"),
        "{table}"
    );
}

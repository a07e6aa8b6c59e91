//! `sweep prices`: taking over lists, and what is billed and estimated by them.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::process::{Command, Output};

fn sweep(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_sweep"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap()
}

fn stdout_of(folder: &Path, arguments: &[&str]) -> String {
    let output = sweep(folder, arguments);
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{errors}");
    String::from_utf8(output.stdout).unwrap()
}

const AWS: &str = "\
InstanceType,AcceleratorName,AcceleratorCount,vCPUs,MemoryGiB,Price,SpotPrice,Region,AvailabilityZone,GpuInfo
g4dn.xlarge,T4,1.0,4.0,16.0,0.526,0.21,us-east-1,us-east-1a,\"{'Gpus': [{'Name': 'T4'}]}\"
g4dn.xlarge,T4,1.0,4.0,16.0,0.526,0.2,us-east-1,us-east-1b,
g4dn.xlarge,T4,1.0,4.0,16.0,0.5,,us-west-9,us-west-9a,
odd_name,,,2.0,4.0,1,,us-east-1,us-east-1a,
,T4,1.0,,,0.35,0.1,us-east-1,us-east-1a,
";

#[test]
fn lists_are_taken_over_and_listed() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path();
    assert_eq!(stdout_of(folder, &["prices", "list"]), "");
    std::fs::create_dir(folder.join("aws")).unwrap();
    std::fs::write(folder.join("aws/vms.csv"), AWS).unwrap();
    let said = stdout_of(
        folder,
        &["prices", "import", "aws/vms.csv", "--region", "us-east-1"],
    );
    assert_eq!(
        said,
        "1 machines imported, 0 of them known before\nleft out, since no command can name them (`_` stands in \
         Grid's nicknames): odd_name\n1 rows name no machine\n"
    );
    let today = stdout_of(folder, &["prices", "list"]);
    assert!(
        today.starts_with("g4dn.xlarge: list $0.526, interruptible $0.20, as of 20"),
        "{today}"
    );
    let own = "name,spot_usd_per_hour,as_of\nG4dn.xlarge,0.1,2020-01-31\nlab,3,\n";
    std::fs::write(folder.join("own.csv"), own).unwrap();
    let said = stdout_of(folder, &["prices", "import", "own.csv", "--data", "data"]);
    assert_eq!(said, "2 machines imported, 1 of them known before\n");
    assert_eq!(
        stdout_of(folder, &["prices", "list"]),
        "G4dn.xlarge: list unknown, interruptible $0.10, as of 2020-01-31, more than 90 days ago\nlab: list unknown, interruptible $3.00, undated\n"
    );
    // What was written is a list for `--prices`.
    let text = "grid run --use_spot --instance_type lab f.py";
    let table = stdout_of(
        folder,
        &[
            "plan",
            "--estimate",
            "--run-time",
            "1h",
            "--prices",
            "data/prices.csv",
            text,
        ],
    );
    assert!(
        table.contains("lab: $3.00 per hour, your own interruptible price"),
        "{table}"
    );
}

/// A faulty list changes nothing.
#[test]
fn a_list_with_faults_is_refused_at_its_lines() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path();
    let refused = |name: &str, text: &str, arguments: &[&str]| {
        std::fs::write(folder.join(name), text).unwrap();
        let output = sweep(folder, &[&["prices", "import", name], arguments].concat());
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).unwrap()
    };
    let twice = AWS
        .replace("us-east-1b", "us-east-1a")
        .replacen("0.526,0.2,", "0.6,0.2,", 1);
    assert_eq!(
        refused("vms.csv", &twice, &["--provider", "aws"]),
        "error: the price list vms.csv cannot be used:\nvms.csv:3: a second price for `g4dn.xlarge` in us-east-1a; \
         the first is on line 2\n"
    );
    let errors = refused("own.csv", "name,spot_usd_per_hour\na,1\nA,2\n\"b,1\n", &[]);
    assert!(
        errors.contains(
            "own.csv:3: a second price for `A`; the first is on line 2\nown.csv:4: a quote"
        ),
        "{errors}"
    );
    let errors = refused(
        "own.csv",
        "name,spot_usd_per_hour\na,1\n",
        &["--region", "x"],
    );
    assert!(errors.contains("for SkyPilot's list alone"), "{errors}");
    let missing = sweep(folder, &["prices", "import", "none.csv"]);
    assert!(
        String::from_utf8(missing.stderr)
            .unwrap()
            .contains("none.csv cannot be read")
    );
    std::fs::write(
        folder.join("bytes.csv"),
        b"name,spot_usd_per_hour\n\xff,1\n",
    )
    .unwrap();
    let bytes = sweep(folder, &["prices", "import", "bytes.csv"]);
    assert!(String::from_utf8(bytes.stderr).unwrap().contains("UTF-8"));
    assert_eq!(stdout_of(folder, &["prices", "list"]), "");
}

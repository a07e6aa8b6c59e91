//! Prices of one's own: the server bills by them, and starts with none that cannot be used.

use serde_json::Value;

use crate::server::{Home, Server};

/// The hourly prices that the server lists for a machine, at list price and interruptible.
fn hourly_prices(server: &Server, machine: &str) -> Vec<f64> {
    let list = server.get("/v1/core/clusters/local/instance-types");
    let types = list["instanceTypes"].as_array().unwrap();
    let of_machine = types.iter().filter(|one| one["name"] == machine);
    of_machine
        .filter_map(|one| one["hourlyCost"].as_f64())
        .collect()
}

#[test]
fn trials_are_billed_by_them() {
    let home = Home::new(&[("quick.py", "print('done')\n")]);
    let file = home.path("own.csv");
    home.write("own.csv", "name,on_demand_usd_per_hour\nm5a.large,36\n");
    home.write("sweep.toml", &format!("prices = {file:?}\n"));
    // The configuration's list goes before the imported one.
    home.write(
        "data/prices.csv",
        "name,on_demand_usd_per_hour\nM5a.large,72\nlab-box,3.6\n",
    );
    let server = home.start();
    assert_eq!(hourly_prices(&server, "lab-box"), [3.6]);
    assert!(hourly_prices(&server, "m5a.large").contains(&36.0));
    let run = server.launch("quick.py");
    let trial: Value = server.finish(&run).remove(0);
    // A cent a second, at least AWS's minute, as of the machine in the price list.
    let (billed, cost) = (trial["billedSeconds"].as_f64(), trial["cost"].as_f64());
    assert!(billed >= Some(60.0), "{trial}");
    assert_eq!(
        cost,
        billed.map(|seconds| seconds * 36.0 / 3600.0),
        "{trial}"
    );
}

#[test]
fn a_list_with_faults_ends_the_start() {
    let home = Home::new(&[]);
    home.write(
        "data/prices.csv",
        "name,on_demand_usd_per_hour\nlab-box,1\nLab-box,2\nother,cheap\n",
    );
    let output = home.command("127.0.0.1:0").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let errors = String::from_utf8(output.stderr).unwrap();
    for line in [
        "prices.csv:3: a second price for `Lab-box`; the first is on line 2",
        "prices.csv:4: `cheap` is no on_demand_usd_per_hour",
    ] {
        assert!(errors.contains(line), "{errors}");
    }
}

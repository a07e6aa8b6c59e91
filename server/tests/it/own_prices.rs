//! Prices of one's own: the server bills by them, and starts with none that cannot be used.

use serde_json::Value;
use sweep_planner::estimate::{
    Catalogue, EstimateSettings, OwnPrices, estimate_plan, parse_run_time,
};
use sweep_planner::sweep::{Ranges, Settings, read};

use crate::client::{Answer, Request};
use crate::server::{Home, KEY, Server, USER};

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

fn published(server: &Server, headers: &[(&str, &str)]) -> Answer {
    let request = Request::new("GET", "/v1/prices").basic(USER, KEY);
    let request = headers.iter().fold(request, |request, (name, value)| {
        request.header(name, value)
    });
    request.send(server.address)
}

/// What the page estimates by is what the server bills by: both lists, without the built-in one.
#[test]
fn they_are_published_for_the_page_to_estimate_by() {
    let home = Home::new(&[("quick.py", "print('done')\n")]);
    assert_eq!(published(&home.start(), &[]).status, 204);
    let file = home.path("own.csv");
    home.write(
        "own.csv",
        "name,aliases,on_demand_usd_per_hour,as_of,source\n\
         m5a.large,box,36.0000001,2026-11-01,/secret/deal.txt\n",
    );
    home.write("sweep.toml", &format!("prices = {file:?}\n"));
    home.write(
        "data/prices.csv",
        "name,aliases,on_demand_usd_per_hour,spot_usd_per_hour\nM5a.large,,72,\nlab-box,box,,3.6\n",
    );
    let server = home.start();
    let answer = published(&server, &[]);
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.header("content-type"),
        Some("text/csv; charset=utf-8")
    );
    assert_eq!(answer.header("cache-control"), Some("private, no-cache"));
    let text = String::from_utf8(answer.body.clone()).unwrap();
    assert!(!text.contains("secret"), "{text}");
    let own = OwnPrices::parse(&text).unwrap();
    let names: Vec<&str> = own
        .machines()
        .map(|machine| machine.name.as_str())
        .collect();
    assert_eq!(names, ["lab-box", "m5a.large"]);
    let dates: Vec<&str> = own
        .machines()
        .map(|machine| machine.as_of.as_str())
        .collect();
    assert_eq!(dates, ["", "2026-11-01"]);

    let tag = answer.header("etag").unwrap();
    for known in [
        tag.to_owned(),
        format!("\"other\", W/{tag}"),
        "*".to_owned(),
    ] {
        let again = published(&server, &[("If-None-Match", &known)]);
        assert_eq!((again.status, again.body.len()), (304, 0), "{known}");
        assert_eq!(again.header("etag"), Some(tag));
    }
    assert_eq!(
        published(&server, &[("If-None-Match", "\"other\"")]).status,
        200
    );

    // The shortest trial is billed AWS's minute.
    let run = server.launch("quick.py");
    let trial: Value = server.finish(&run).remove(0);
    let reading = read("grid run quick.py", &Settings::default());
    let seconds = trial["billedSeconds"].as_u64().unwrap();
    let settings = EstimateSettings {
        run_time: Some(parse_run_time(&format!("{seconds} s")).unwrap()),
        ..EstimateSettings::local()
    };
    let catalogue = Catalogue::embedded().with_own(&own);
    let estimate = estimate_plan(&reading.plan, &Ranges::full(1), &settings, &catalogue);
    let sum = estimate.to_json()["sum_usd"].as_str().unwrap().to_owned();
    let billed = format!("{:.6}", trial["cost"].as_f64().unwrap());
    assert_eq!(sum, billed, "{trial}");
}

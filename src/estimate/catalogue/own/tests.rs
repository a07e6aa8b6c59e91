use super::*;
use crate::testing::test;

fn problems(text: &str) -> Vec<String> {
    let problems = OwnPrices::parse(text).unwrap_err();
    problems.iter().map(ToString::to_string).collect()
}

const LIST: &str = "\u{feff}# ours\nas_of,name,spot_usd_per_hour,on_demand_usd_per_hour,aliases\r\n\
                    2026-11-01,g5.xlarge,,0.80,\n\n,lab-box,0.05,0.12,\"box;the lab's\"\n\
                    2026,1_t4_16gb,0.1,,\n";

#[test]
fn own_prices_go_before_the_list_s() {
    let own = OwnPrices::parse(LIST).unwrap();
    assert_eq!(own.machines().count(), 3);
    let catalogue = Catalogue::embedded().with_own(&own);
    let sentence = |name: &str, spot| catalogue.quote(name, spot).to_string();
    assert_eq!(
        sentence("G5.xlarge", false),
        "g5.xlarge: $0.80 per hour, your own list price as of 2026-11-01"
    );
    // No interruptible price of one's own: the list's.
    assert_eq!(
        catalogue.quote("g5.xlarge", true),
        Catalogue::embedded().quote("g5.xlarge", true)
    );
    assert_eq!(
        sentence("the lab's", true),
        "lab-box: $0.05 per hour, your own interruptible price"
    );
    assert_eq!(
        sentence("1_t4_16gb", true),
        "1_t4_16gb: $0.10 per hour, your own interruptible price as of 2026"
    );
    assert_eq!(
        sentence("g4dn.xlarge", true),
        Catalogue::embedded().quote("g4dn.xlarge", true).to_string()
    );
    // Rounding and size are those of the machine that it is.
    let machine = catalogue.quote("g5.xlarge", false).machine.unwrap();
    assert_eq!(
        (machine.provider.as_str(), machine.vcpus, machine.gpu_count),
        ("aws", Some(4), 1)
    );
    assert_eq!(catalogue.quote("lab-box", false).provider(), "own");
}

#[test]
fn what_is_written_is_read() {
    let own = OwnPrices::parse(LIST).unwrap();
    assert_eq!(OwnPrices::parse(&own.to_csv()), Ok(own.clone()));
    let mut merged = own.clone();
    let newer = "name,on_demand_usd_per_hour\nLAB-BOX,0.2\nnew,1\n";
    assert_eq!(merged.merge(OwnPrices::parse(newer).unwrap()), 1);
    let names: Vec<&str> = merged
        .machines()
        .map(|machine| machine.name.as_str())
        .collect();
    assert_eq!(names, ["g5.xlarge", "1_t4_16gb", "LAB-BOX", "new"]);
}

#[test]
fn a_merged_list_can_be_read_again() {
    let list = |text: &str| OwnPrices::parse(text).unwrap();
    let mut merged = list("name,aliases,spot_usd_per_hour\na,x;b;y,1\nc,Z,1\n");
    // `b` becomes a machine, `x` another one's alias, and `c` stays a machine.
    assert_eq!(
        merged.merge(list("name,aliases,spot_usd_per_hour\nB,,2\nd,X;C,2\n")),
        0
    );
    let again = list(&merged.to_csv());
    assert_eq!(again, merged);
    let catalogue = Catalogue::embedded().with_own(&again);
    let named = ["b", "x", "y", "c", "z"].map(|name| catalogue.resolve_name(name).to_owned());
    assert_eq!(named, ["B", "d", "a", "c", "c"]);
}

#[test]
fn sources_and_long_fields_are_kept_from_others() {
    let own = OwnPrices::parse("name,spot_usd_per_hour,source\na,1,/home/me/deal.csv\n").unwrap();
    assert!(own.to_csv().contains("/home/me"));
    let shown = own.without_sources();
    assert!(!shown.to_csv().contains("home"));
    assert_eq!(OwnPrices::parse(&shown.to_csv()), Ok(shown));
    let long = format!("name,spot_usd_per_hour,source\na,1,{}\n", "é".repeat(301));
    assert_eq!(
        problems(&long),
        [format!(
            "line 2: the field that begins with `{}` has more than 300 characters",
            "é".repeat(20)
        )]
    );
}

#[test]
fn each_problem_has_its_line() {
    for (text, expected) in [
        ("", "line 1: the list is empty: expected a header"),
        (
            "# a\n\nname,spot_usd_per_hour\n",
            "line 1: the list has no machine",
        ),
        (
            "name\nx\n",
            "line 1: the header needs `name`, and `on_demand_usd_per_hour` or `spot_usd_per_hour`",
        ),
        (
            "name,price,spot_usd_per_hours\nx,1,1\n",
            "line 1: there is no column `price`; there are provider, name, aliases, vcpus, memory_gb, gpu, \
             gpu_count, gpu_memory_gb, on_demand_usd_per_hour, spot_usd_per_hour, region, as_of, source | \
             line 1: there is no column `spot_usd_per_hours`; did you mean `spot_usd_per_hour`?",
        ),
        (
            "name,name,spot_usd_per_hour\n",
            "line 1: the column `name` stands twice",
        ),
        (
            "name,spot_usd_per_hour\na,1\n\nA,2\nb,x\nc,\nd,0\n",
            "line 4: a second price for `A`; the first is on line 2 | \
             line 5: `x` is no spot_usd_per_hour: expected USD per hour above zero, such as 0.526, or nothing where it is unknown | \
             line 6: `c` has no price | \
             line 7: `0` is no spot_usd_per_hour: expected USD per hour above zero, such as 0.526, or nothing where it is unknown",
        ),
        (
            "name,spot_usd_per_hour,aliases\na,1,b\nb,2,\n",
            "line 3: a second price for `b`; the first is on line 2",
        ),
        (
            "name,spot_usd_per_hour\na,1,2\n\"b,1\n,3\nmy box,1\ng5_xlarge,1\n",
            "line 2: expected 2 fields as in the header, found 3 | \
             line 3: a quote is not closed, or stands within a field | \
             line 4: a machine needs a name | \
             line 5: a machine's name has at most 100 characters and no blanks among them | \
             line 6: no command can name `g5_xlarge`: a name with `_` is one of Grid's nicknames there",
        ),
        (
            "name,spot_usd_per_hour,as_of,vcpus,memory_gb\na,1,soon,,\nb,1,,many,\nc,1,,,-1\n",
            "line 2: `soon` is no as_of: expected a date such as 2026-07-20, 2026-07 or 2026 | \
             line 3: `many` is no vcpus: expected a whole number | \
             line 4: `-1` is no memory_gb: expected a number above zero",
        ),
    ] {
        assert_eq!(problems(text).join(" | "), expected, "{text}");
    }
    let many = format!("name,spot_usd_per_hour\n{}", "a,x\n".repeat(100));
    assert_eq!(problems(&many).len(), MAX_PROBLEMS);
    let long: String = (0..=MAX_MACHINES).map(|n| format!("m{n},1\n")).collect();
    let long = problems(&format!("name,spot_usd_per_hour\n{long}"));
    assert_eq!(long, ["line 5002: a list may have at most 5000 machines"]);
}

#[cfg(not(target_arch = "wasm32"))]
mod properties {
    use super::super::super::skypilot::{SkyPilotSource, is_skypilot};
    use super::*;
    use proptest::prelude::*;

    /// Lists that are nearly right: fields of what a list has, and of what it must not have.
    fn nearly_a_list() -> impl Strategy<Value = String> {
        let field = prop_oneof![
            Just("g5.xlarge".to_owned()),
            Just("0.5".to_owned()),
            Just(String::new()),
            Just("\"a,b\"".to_owned()),
            Just("2026-11".to_owned()),
            "[0-9a-zA-Z_.;\"' -]{0,6}",
            any::<String>(),
        ];
        let row = proptest::collection::vec(field, 1..5);
        let header = prop_oneof![
            Just("name,spot_usd_per_hour,as_of"),
            Just("name,on_demand_usd_per_hour"),
            Just("InstanceType,Price,SpotPrice,Region"),
        ];
        (header, proptest::collection::vec(row, 0..12)).prop_map(|(header, rows)| {
            let rows: Vec<String> = rows.iter().map(|row| row.join(",")).collect();
            format!("{header}\n{}", rows.join("\n"))
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

        /// Any text is a list or has problems at lines that it has; a list is written as it is read, and
        /// each of its machines is quoted at its own price.
        #[test]
        fn any_text_is_a_list_or_has_problems(text in prop_oneof![nearly_a_list(), any::<String>()]) {
            let read = if is_skypilot(&text) {
                let imported = SkyPilotSource::default().import(&text);
                imported.map(|imported| imported.prices)
            } else {
                OwnPrices::parse(&text)
            };
            match read {
                Ok(own) => {
                    prop_assert_eq!(OwnPrices::parse(&own.to_csv()), Ok(own.clone()));
                    let catalogue = Catalogue::embedded().with_own(&own);
                    for machine in own.machines() {
                        for spot in [false, true] {
                            if let Some(rate) = machine.rate(spot) {
                                let quoted = catalogue.quote(&machine.name, spot).rate;
                                prop_assert_eq!(quoted.as_ref(), Some(rate));
                            }
                        }
                    }
                }
                Err(problems) => {
                    let lines = text.lines().count().max(1) as u32;
                    prop_assert!(!problems.is_empty() && problems.len() <= MAX_PROBLEMS);
                    prop_assert!(problems.iter().all(|p| p.line >= 1 && p.line <= lines));
                }
            }
        }
    }
}

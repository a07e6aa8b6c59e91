use super::*;
use crate::testing::test;

fn embedded() -> Catalogue {
    Catalogue::parse(EMBEDDED).unwrap()
}

fn rate(name: &str, spot: bool) -> Option<String> {
    embedded().quote(name, spot).rate.map(|rate| rate.to_rate())
}

#[test]
fn the_embedded_list_is_whole() {
    let catalogue = embedded();
    assert_eq!(catalogue.machines().count(), 137);
    assert_eq!(&catalogue, Catalogue::embedded());
    let of = |provider: &str| {
        catalogue
            .machines()
            .filter(|m| m.provider == provider)
            .count()
    };
    assert_eq!(
        [of("grid"), of("aws"), of("gcp"), of("azure")],
        [23, 53, 19, 13]
    );
    let machine = catalogue
        .machines()
        .find(|m| m.provider == "aws" && m.name == "g5.xlarge");
    assert!(
        machine
            .unwrap()
            .source
            .contains("on-demand x (1 - 59% Spot Advisor average saving)")
    );
    for machine in catalogue.machines() {
        assert!(machine.as_of.starts_with("20"), "{}", machine.name);
        assert!(!machine.source.contains("{}"), "{}", machine.name);
        assert_eq!(
            machine.gpu.is_some(),
            machine.gpu_count > 0,
            "{}",
            machine.name
        );
        if let (Some(list), Some(spot)) = (&machine.on_demand, &machine.spot) {
            assert!(spot < list, "{}", machine.name);
        }
    }
}

#[test]
fn rates() {
    for (name, list, spot, basis) in [
        ("g4dn.xlarge", Some("0.55"), Some("0.17"), Basis::Grid),
        ("G4dn.XLarge", Some("0.55"), Some("0.17"), Basis::Grid),
        ("1_t4_16gb", Some("0.55"), Some("0.17"), Basis::Grid),
        ("1_M60_8GB", Some("0.79"), Some("0.24"), Basis::Grid),
        ("2_cpu_8gb", Some("0.10"), Some("0.04"), Basis::Grid),
        // The default machine: Grid never published a rate for it.
        (
            "m5a.large",
            Some("0.086"),
            Some("0.0344"),
            Basis::InsteadOfGrid,
        ),
        ("g5.xlarge", Some("1.006"), Some("0.4125"), Basis::Provider),
        (
            "8_a100_40gb",
            Some("21.957642"),
            Some("6.5323"),
            Basis::Provider,
        ),
        ("gpu_1x_a10", Some("1.29"), None, Basis::Provider),
        ("p6-b200.48xlarge", Some("113.9328"), None, Basis::Provider),
        ("Standard_D2s_v5", Some("0.096"), None, Basis::Provider),
        ("no.such", None, None, Basis::Unknown),
        ("", None, None, Basis::Unknown),
    ] {
        let text = |rate: Option<&str>| rate.map(str::to_owned);
        assert_eq!(rate(name, false), text(list), "{name}");
        assert_eq!(rate(name, true), text(spot), "{name}");
        assert_eq!(embedded().quote(name, false).basis, basis, "{name}");
    }
}

#[test]
fn quotes_say_where_they_come_from() {
    for (name, spot, sentence) in [
        (
            "1_t4_16gb",
            false,
            "g4dn.xlarge: $0.55 per hour, Grid's list price as of 2022-06-10",
        ),
        (
            "m5a.large",
            false,
            "m5a.large: $0.086 per hour, AWS list price as of 2026-07-20 in us-east-1 \
             (Grid published no rate for it)",
        ),
        (
            "g5.xlarge",
            true,
            "g5.xlarge: $0.4125 per hour, AWS interruptible price as of 2026-07-20 in us-east-1",
        ),
        (
            "gpu_1x_a10",
            true,
            "gpu_1x_a10: interruptible price unknown",
        ),
        (
            "m5.lage",
            false,
            "m5.lage: list price unknown; did you mean m5.large?",
        ),
        (
            "abacus",
            false,
            "abacus: list price unknown; no such machine in the price list",
        ),
    ] {
        assert_eq!(embedded().quote(name, spot).to_string(), sentence);
    }
    let typed = Quote::from_typed_rate("m5a.large", false, Money::from_decimal("1").unwrap());
    assert_eq!(
        typed.to_string(),
        "m5a.large: $1.00 per hour, as set by hand"
    );
}

#[test]
fn nicknames_mean_what_the_command_line_means() {
    for (nickname, machine, _) in crate::sweep::machine_nicknames::NICKNAMES {
        assert_eq!(
            embedded().quote(nickname, false).name(),
            *machine,
            "{nickname}"
        );
    }
}

#[test]
fn a_list_of_another_form_is_refused() {
    let header = COLUMNS.join(",");
    let list = |rows: &str| Catalogue::parse(&format!("# s = a {{}} b\n{header}\n{rows}"));
    let row = "aws,m,,2,8,,0,,0.5,,r,2026,s x";
    assert_eq!(
        list(row).unwrap().machines().next().unwrap().source,
        "a x b"
    );
    for (rows, line, what) in [
        ("", 1, "at least one machine"),
        ("aws,m,,2,8,,0,,0.5,,r,2026", 3, "thirteen fields"),
        ("aws,,,2,8,,0,,0.5,,r,2026,s", 3, "provider and name"),
        ("aws,m,,two,8,,0,,0.5,,r,2026,s", 3, "vcpus"),
        ("aws,m,,2,-8,,0,,0.5,,r,2026,s", 3, "memory_gb"),
        ("aws,m,,2,8,,,,0.5,,r,2026,s", 3, "gpu_count"),
        ("aws,m,,2,8,,0,,$0.5,,r,2026,s", 3, "on_demand_usd_per_hour"),
        ("aws,m,,2,8,,0,,0,,r,2026,s", 3, "on_demand_usd_per_hour"),
        ("aws,m,,2,8,,0,,0.5,free,r,2026,s", 3, "spot_usd_per_hour"),
        (
            "aws,m,,2,8,,0,,0.5,,r,2026,t",
            3,
            "source that is listed above",
        ),
        ("aws,m,,2,8,,0,,0.5,,r,2026,\"s", 3, "quoted field"),
        (
            "aws,m,,2,8,,0,,1,,r,2026,s\naws,M,,2,8,,0,,1,,r,2026,s",
            4,
            "name or alias used once",
        ),
        (
            "aws,m,n,2,8,,0,,1,,r,2026,s\ngcp,o,N,2,8,,0,,1,,r,2026,s",
            4,
            "name or alias used once",
        ),
    ] {
        assert_eq!(
            list(rows),
            Err(CsvError {
                line,
                expected: what
            }),
            "{rows}"
        );
    }
    let wrong = Catalogue::parse("provider,name\naws,m\n");
    assert_eq!(
        wrong,
        Err(CsvError {
            line: 1,
            expected: "header"
        })
    );
    let error = CsvError {
        line: 3,
        expected: "vcpus",
    };
    assert_eq!(error.to_string(), "line 3: expected vcpus");
}

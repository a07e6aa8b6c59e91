use super::tree::{self, NodeRef};
use super::value::{Loader, YamlValue};

use crate::sweep::literal::Literal;
use crate::testing::test;
use serde_json::Value as Json;

/// Measured by scripts/pyyaml_table.py.
const TABLE: &str = include_str!("../../../tests/data/pyyaml.json");

fn rows(name: &str) -> Vec<Vec<Json>> {
    let mut table = TABLE.to_owned();
    // Another table of the same form can be tried natively.
    if let Ok(other) = std::env::var("PYYAML_TABLE") {
        table = std::fs::read_to_string(other).unwrap();
    }
    let table: Json = serde_json::from_str(&table).unwrap();
    assert_eq!(table["pyyaml"], "5.4.1");
    serde_json::from_value(table[name].clone()).unwrap()
}

/// The entries of the mapping that a document is.
fn entries(text: &str) -> Option<Vec<(YamlValue, YamlValue)>> {
    let (tree, root) = tree::parse(text).ok()?;
    let root: NodeRef = root?;
    match Loader::new(&tree).load(root).ok()? {
        YamlValue::Dict(entries) => Some(entries),
        _ => None,
    }
}

fn python_type(value: &YamlValue) -> &'static str {
    match value {
        YamlValue::Scalar(Literal::None) => "NoneType",
        YamlValue::Scalar(Literal::Bool(_)) => "bool",
        YamlValue::Scalar(Literal::Int(_)) => "int",
        YamlValue::Scalar(Literal::Float(_)) => "float",
        YamlValue::Scalar(_) => "str",
        YamlValue::Timestamp(timestamp) if timestamp.repr().starts_with("datetime.datetime") => {
            "datetime"
        }
        YamlValue::Timestamp(_) => "date",
        YamlValue::List(_) => "list",
        YamlValue::Dict(_) => "dict",
    }
}

#[test]
fn scalars_are_what_pyyaml_loads() {
    let mut wrong = Vec::new();
    let rows = rows("scalars");
    for row in &rows {
        let text = row[0].as_str().unwrap();
        let found = entries(&format!("k: {text}\n"));
        let found = match found.as_deref() {
            Some([(key, value)]) if key.to_str() == "k" => {
                let (text, repr) = (value.to_str(), value.repr());
                vec![
                    row[0].clone(),
                    python_type(value).into(),
                    text.into(),
                    repr.into(),
                ]
            }
            _ => vec![row[0].clone(), Json::Null],
        };
        if found != *row {
            wrong.push(format!("{row:?}\n  found {:?}", &found[1..]));
        }
    }
    assert!(rows.len() > 2000);
    assert!(
        wrong.is_empty(),
        "{} wrong\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn documents_are_what_pyyaml_loads() {
    let mut wrong = Vec::new();
    let rows = rows("documents");
    for row in &rows {
        let found = entries(row[0].as_str().unwrap()).map(|entries| {
            let word = |(key, value): &(YamlValue, YamlValue)| {
                format!(" {} {}", key.to_str(), value.to_str())
            };
            entries.iter().map(word).collect::<String>()
        });
        // A list that holds itself can be loaded, but is no argument.
        let expected = row[1].as_str().filter(|text| !text.contains("[...]"));
        if found.as_deref() != expected {
            wrong.push(format!(
                "{}\n  expected {}\n  found {found:?}",
                row[0], row[1]
            ));
        }
    }
    assert!(rows.len() > 100);
    assert!(
        wrong.is_empty(),
        "{} wrong\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// A few lines that stand for billions of values are refused at once.
#[test]
fn aliases_are_counted_as_often_as_they_stand() {
    let mut laughs = String::from("a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]\n");
    let mut merges = String::from("m0: &m0 {k: v}\n");
    let mut chain = String::from("c0: &c0 [x]\n");
    for n in 1..30 {
        let row = |name: &str| vec![format!("*{name}{}", n - 1); 10].join(", ");
        laughs.push_str(&format!("a{n}: &a{n} [{}]\n", row("a")));
        merges.push_str(&format!("m{n}: &m{n} {{<<: [{}]}}\n", row("m")));
    }
    for n in 1..10_000 {
        chain.push_str(&format!("c{n}: &c{n} [*c{}]\n", n - 1));
    }
    let deep = "[".repeat(100_000);
    let nested = (0..1000).fold(String::new(), |text, n| {
        format!("{text}{}k:\n", " ".repeat(n))
    });
    for text in [laughs, merges, chain, deep, nested] {
        let (_, diagnostics) = super::read(&text);
        let refused = |d: &crate::sweep::Diagnostic| d.severity() == crate::sweep::Severity::Error;
        assert!(diagnostics.iter().any(refused));
    }
    let (_, diagnostics) = super::read(&"x".repeat((1 << 20) + 1));
    assert_eq!(diagnostics.len(), 1);
}

/// A long list is read in time in proportion to its length.
#[test]
fn a_megabyte_is_read() {
    let items: String = (0..120_000).map(|n| format!("{n}, ")).collect();
    let (config, diagnostics) =
        super::read(&format!("hyper_params: {{params: {{--a: [{items}]}}}}"));
    assert!(diagnostics.is_empty(), "{:?}", &diagnostics[..1]);
    assert_eq!(config.parameters.len(), 2);
}

//! Every file in tests/data/cases: a command text, a line `---`, then what it stands for. Behind a line
//! `+++` the text goes on with that of the config file.
//!
//! Below the line are the plan's columns with its first trials, or nothing where there are errors,
//! then every diagnostic as a terminal shows it. With a config file also what only it can say, the first
//! trial as one command, and its own diagnostics. `BLESS=1 cargo test --test cases` writes what is
//! found; read the difference before you commit it.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![cfg(not(target_arch = "wasm32"))]

use std::fmt::Write;
use std::fs;
use std::path::PathBuf;
use sweep_planner::sweep::literal::CharacterNames;
use sweep_planner::sweep::{Diagnostic, Origin, Reading, Settings, read};

/// Trials shown of each case.
const SHOWN: u128 = 8;

/// The command text of a case and its settings.
fn parts(case: &str) -> (&str, Settings) {
    let (text, config) = match case.split_once("\n+++\n") {
        Some((text, config)) => (text, Some(format!("{config}\n").into())),
        None => (case, None),
    };
    let settings = Settings {
        drawn_seed: 1,
        config,
        names: Some(CharacterNames::embedded()),
    };
    (text, settings)
}

fn describe(case: &str) -> String {
    let (text, settings) = parts(case);
    let reading = read(text, &settings);
    let plan = &reading.plan;
    let mut out = String::new();
    if !plan.is_empty() {
        writeln!(out, "{} trials: {}", plan.len(), plan.columns().join(" ")).unwrap();
    }
    for position in 0..plan.len().min(SHOWN) {
        let trial = plan.trial(position).unwrap();
        writeln!(out, "  {}", plan.command_line(&trial)).unwrap();
    }
    if let (Some(trial), Some(_)) = (plan.trial(0), &settings.config) {
        let options = plan.parts()[0].options();
        writeln!(out, "= {}", plan.grid_run_line(&trial)).unwrap();
        if !options.environment.is_empty() {
            writeln!(out, "= environment {:?}", options.environment).unwrap();
        }
        for (name, list) in options.actions.lists() {
            if !list.is_empty() {
                writeln!(out, "= {name} {list:?}").unwrap();
            }
        }
    }
    problems(text, &reading.diagnostics, &mut out);
    if let Some(config) = &settings.config {
        problems(config, &reading.config_diagnostics, &mut out);
    }
    out
}

fn problems(text: &str, diagnostics: &[Diagnostic], out: &mut String) {
    for diagnostic in diagnostics {
        writeln!(out, "{}", diagnostic.render(text).trim_end()).unwrap();
        let Some(fix) = diagnostic.fix(text) else {
            continue;
        };
        let mended = match diagnostic.origin {
            Origin::Command => fix.apply(text),
            Origin::Config => fix.edits[0].1.clone(),
        };
        writeln!(out, "  fix: {} -> {mended:?}", fix.label).unwrap();
    }
}

#[test]
fn every_case_is_read_as_it_says() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/cases");
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let mut wrong = Vec::new();
    let mut count = 0;
    for file in &files {
        let content = fs::read_to_string(file).unwrap();
        let mut found = String::new();
        for case in content.split("\n====\n") {
            let (text, expected) = case.split_once("\n---\n").unwrap_or((case.trim_end(), ""));
            let described = describe(text);
            if described.trim_end() != expected.trim_end() {
                wrong.push(format!(
                    "{}:\n{text}\n--- expected\n{expected}\n--- found\n{described}",
                    file.display()
                ));
            }
            if count > 0 && !found.is_empty() {
                found.push_str("\n====\n");
            }
            write!(found, "{text}\n---\n{}", described.trim_end()).unwrap();
            count += 1;
        }
        if std::env::var_os("BLESS").is_some() {
            fs::write(file, found.trim_end().to_owned() + "\n").unwrap();
        }
    }
    assert!(count > 60, "only {count} cases found");
    assert!(
        wrong.is_empty(),
        "{} of {count} cases:\n{}",
        wrong.len(),
        wrong.join("\n\n")
    );
}

/// What a diagnostic points at lies in the text, on character boundaries, and its fix mends it.
#[test]
fn places_and_fixes_fit_their_text() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/cases");
    let mut fixes = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let content = fs::read_to_string(entry.unwrap().path()).unwrap();
        for case in content.split("\n====\n") {
            let (text, settings) = parts(case.split("\n---\n").next().unwrap());
            let reading = read(text, &settings);
            for diagnostic in &reading.config_diagnostics {
                fixes += u32::from(check_config_fix(text, &settings, &reading, diagnostic));
            }
            for diagnostic in &reading.diagnostics {
                let (start, end) = (diagnostic.span.start as usize, diagnostic.span.end as usize);
                assert!(text.get(start..end).is_some(), "{text}: {diagnostic:?}");
                let Some(fix) = diagnostic.fix(text) else {
                    continue;
                };
                fixes += 1;
                let mended = read(&fix.apply(text), &settings);
                let same = mended
                    .diagnostics
                    .iter()
                    .filter(|d| d.kind == diagnostic.kind)
                    .count();
                let before = reading
                    .diagnostics
                    .iter()
                    .filter(|d| d.kind == diagnostic.kind)
                    .count();
                assert!(
                    same < before,
                    "{text}\nstill has {diagnostic:?} as\n{}",
                    fix.apply(text)
                );
            }
        }
    }
    assert!(fixes > 10);
}

/// Whether a problem of a config file has a fix, which then mends it.
fn check_config_fix(
    text: &str,
    settings: &Settings,
    reading: &Reading,
    diagnostic: &Diagnostic,
) -> bool {
    let config = settings.config.as_deref().unwrap();
    let (start, end) = (diagnostic.span.start as usize, diagnostic.span.end as usize);
    assert!(config.get(start..end).is_some(), "{config}: {diagnostic:?}");
    let Some(fix) = diagnostic.fix(config) else {
        return false;
    };
    let mended = Settings {
        config: Some(fix.apply(config).into()),
        ..settings.clone()
    };
    let mended = read(text, &mended);
    let count = |reading: &Reading| {
        let all = reading.config_diagnostics.iter();
        all.filter(|d| d.kind == diagnostic.kind).count()
    };
    assert!(
        count(&mended) < count(reading),
        "{config}\nstill has {diagnostic:?}"
    );
    true
}

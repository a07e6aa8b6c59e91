//! The cases in tests/data/cases, separated by `====`: a command text, a line `---`, then what is
//! expected. The text of a config file may follow the command's, after a line `+++`.
//!
//! Expected are the plan's columns with its first trials, or nothing where there are errors, then
//! every diagnostic as a terminal shows it. A case with a config file also has the settings that
//! only such a file has, the first trial as one command, and the file's diagnostics. Of a
//! diagnostic's fixes the likeliest is `fix:`, every other one `or:`.
//!
//! `BLESS=1 cargo test --test cases` writes what is found; read the difference before committing it.
//! The same cases run natively and in WebAssembly.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write;
use sweep_planner::internals::sweep::literal::CharacterNames;
use sweep_planner::internals::sweep::{Diagnostic, Origin, Reading, Settings, read};

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

macro_rules! case_files {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_str!(concat!("data/cases/", $name, ".txt")))),+]
    };
}

/// Every file in tests/data/cases, so that WebAssembly, which has no files, reads them too.
const FILES: &[(&str, &str)] = case_files![
    "characters",
    "commands",
    "config",
    "draws",
    "fixes",
    "former_options",
    "lost_sweeps",
    "pasted",
    "refused_values",
    "run_names",
    "shell",
    "values",
    "words",
];

/// Every case with the name of its file.
fn cases() -> impl Iterator<Item = (&'static str, &'static str)> {
    let of_file = |(name, content): &(&'static str, &'static str)| {
        let name = *name;
        content.split("\n====\n").map(move |case| (name, case))
    };
    FILES.iter().flat_map(of_file)
}

/// Trials of each case that are compared.
const MAX_SHOWN: u128 = 8;

/// The command text of a case and its settings.
fn split_case(case: &str) -> (String, Settings) {
    let (text, config) = match case.split_once("\n+++\n") {
        Some((text, config)) => (text, Some(format!("{}\n", expand_escapes(config)).into())),
        None => (case, None),
    };
    let settings = Settings {
        drawn_seed: 1,
        config,
        character_names: Some(CharacterNames::embedded()),
        ..Settings::default()
    };
    (expand_escapes(text), settings)
}

/// Replaces each `<U+00AD>` of a case by the character itself.
fn expand_escapes(case: &str) -> String {
    let mut pieces = case.split("<U+");
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (code, rest) = piece.split_once('>').unwrap();
        let code = u32::from_str_radix(code, 16).unwrap();
        text.push(char::from_u32(code).unwrap());
        text.push_str(rest);
    }
    text
}

/// Writes `<U+00AD>` for each character that an editor of these files would hide.
fn escape_hidden(found: &str) -> String {
    let hidden = |c: char| {
        let looks_like_a_blank = c.is_whitespace() && !matches!(c, ' ' | '\n');
        let joins_or_directs = matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0000}'..='\u{e0fff}' | '\u{115f}' | '\u{3164}');
        looks_like_a_blank || joins_or_directs || (c.is_control() && c != '\n')
    };
    let mut out = String::with_capacity(found.len());
    for c in found.chars() {
        if hidden(c) {
            write!(out, "<U+{:04X}>", u32::from(c)).unwrap();
        } else {
            out.push(c);
        }
    }
    out
}

fn describe(case: &str) -> String {
    let (text, settings) = split_case(case);
    let text = text.as_str();
    let reading = read(text, &settings);
    let plan = &reading.plan;
    let mut out = String::new();
    if !plan.is_empty() {
        writeln!(out, "{} trials: {}", plan.len(), plan.columns().join(" ")).unwrap();
    }
    for position in 0..plan.len().min(MAX_SHOWN) {
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
    write_problems(text, &reading.diagnostics, &mut out);
    if let Some(config) = &settings.config {
        write_problems(config, &reading.config_diagnostics, &mut out);
    }
    escape_hidden(&out)
}

fn write_problems(text: &str, diagnostics: &[Diagnostic], out: &mut String) {
    for diagnostic in diagnostics {
        writeln!(out, "{}", diagnostic.render(text).trim_end()).unwrap();
        for (at, fix) in diagnostic.fixes(text).into_iter().enumerate() {
            let mended = match diagnostic.origin {
                Origin::Command => fix.apply(text),
                Origin::Config => fix.edits[0].1.clone(),
            };
            let rank = if at == 0 { "fix" } else { "or" };
            writeln!(out, "  {rank}: {} -> {mended:?}", fix.label).unwrap();
        }
    }
}

#[test]
fn every_case_is_read_as_it_says() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for (name, case) in cases() {
        let (text, expected) = case.split_once("\n---\n").unwrap_or((case.trim_end(), ""));
        let described = describe(text);
        if described.trim_end() != expected.trim_end() {
            wrong.push(format!(
                "{name}.txt:\n{text}\n--- expected\n{expected}\n--- found\n{described}"
            ));
        }
        count += 1;
    }
    #[cfg(not(target_arch = "wasm32"))]
    bless();
    assert!(count > 60, "only {count} cases found");
    assert!(
        wrong.is_empty(),
        "{} of {count} cases:\n{}",
        wrong.len(),
        wrong.join("\n\n")
    );
}

/// Checks that no file of the folder is left out, and where `BLESS` is set writes what is found.
#[cfg(not(target_arch = "wasm32"))]
fn bless() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/cases");
    let files = std::fs::read_dir(&folder).unwrap().count();
    assert_eq!(files, FILES.len(), "a file of cases is not listed here");
    if std::env::var_os("BLESS").is_none() {
        return;
    }
    for (name, content) in FILES {
        let described = content.split("\n====\n").map(|case| {
            // Blanks at the end of a text may be the point of its case.
            let (text, _) = case.split_once("\n---\n").unwrap_or((case.trim_end(), ""));
            format!("{text}\n---\n{}", describe(text).trim_end())
        });
        let described: Vec<String> = described.collect();
        let path = folder.join(name).with_extension("txt");
        std::fs::write(
            path,
            described.join("\n====\n").trim_end().to_owned() + "\n",
        )
        .unwrap();
    }
}

/// A diagnostic's span lies in the text, on character boundaries, and its fixes mend it.
#[test]
fn places_and_fixes_fit_their_text() {
    let mut fixes = 0;
    for (_, case) in cases() {
        let (text, settings) = split_case(case.split("\n---\n").next().unwrap());
        let text = text.as_str();
        let reading = read(text, &settings);
        for diagnostic in &reading.config_diagnostics {
            fixes += u32::from(check_config_fix(text, &settings, &reading, diagnostic));
        }
        for diagnostic in &reading.diagnostics {
            let (start, end) = (diagnostic.span.start as usize, diagnostic.span.end as usize);
            assert!(text.get(start..end).is_some(), "{text}: {diagnostic:?}");
            for fix in diagnostic.fixes(text) {
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

/// Checks that a fix of a config file's diagnostic mends it; returns whether it has one.
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

//! Every path that a document names exists, every link leads somewhere, and `docs/logging.md` has the server's log lines.
//!
//! What counts as the name of a path is decided by these rules, for words in backticks and in blocks of code:
//!
//! * A word that begins with a folder at the root of the repository (`src/…`, `server/…`, `tests/…`) is a path from the root.
//! * A word that is alone in its backticks and ends with a source's extension ([`SOURCES`]) or with `/` may be shortened: to
//!   a path from the document's own folder, or to the last components of any path (`part.rs`, `store/bills/`).
//! * Of a block of code that is marked `text`, the second rule holds for each word.
//! * In a row of a table whose first cell names folders, the shortened names of the other cells lie below one of them.
//! * What trials, servers and other people have ([`NOT_OURS`]) is no path of the repository, nor is anything with a `*`, `…`
//!   or another character that our names do not have.
#![cfg(not(target_arch = "wasm32"))]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

/// Folders that hold what is built or installed.
const BUILT: [&str; 8] = [
    ".git",
    ".sweep",
    ".tools",
    "artifacts",
    "corpus",
    "dist",
    "node_modules",
    "target",
];

/// Extensions that only sources of this repository have in our documents; scripts, tables and JSON may be a trial's.
const SOURCES: [&str; 8] = [".css", ".js", ".md", ".mjs", ".rs", ".sh", ".sql", ".toml"];

/// Folders and files that are made by the program, its tools or a person.
const NOT_OURS: [&str; 11] = [
    ".tools/",
    "artifacts/",
    "corpus/",
    "data/datastores/NAME/VERSION/",
    "data/trials/RUN/N-A/",
    "data/trials/RUN/N/",
    "dist/",
    "target/",
    "true.sh",
    "view/",
    "work/",
];

/// The repository: its files and folders as texts from the root, folders with `/` at the end.
struct Tree {
    root: PathBuf,
    paths: BTreeSet<String>,
}

impl Tree {
    fn read() -> Tree {
        let root = PathBuf::from(option_env!("CARGO_MANIFEST_DIR").unwrap_or("."));
        let mut paths = BTreeSet::new();
        let mut folders = vec![String::new()];
        while let Some(folder) = folders.pop() {
            let entries = fs::read_dir(root.join(&folder)).expect("a folder of the repository");
            for entry in entries.flatten() {
                let name = entry.file_name().to_string_lossy().into_owned();
                if BUILT.contains(&name.as_str()) {
                    continue;
                }
                let path = format!("{folder}{name}");
                if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                    paths.insert(format!("{path}/"));
                    folders.push(format!("{path}/"));
                } else {
                    paths.insert(path);
                }
            }
        }
        Tree { root, paths }
    }

    fn text(&self, path: &str) -> String {
        fs::read_to_string(self.root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Whether there is such a path from the root; a folder may be written without its `/`.
    fn has(&self, path: &str) -> bool {
        self.paths.contains(path) || self.paths.contains(&format!("{path}/"))
    }

    /// Whether some path ends with these components.
    fn has_tail(&self, tail: &str) -> bool {
        let longer = format!("/{tail}");
        let is_it = |path: &String| path == tail || path.ends_with(&longer);
        self.paths.iter().any(is_it)
    }

    /// Whether a word begins with a folder at the root.
    fn is_rooted(&self, word: &str) -> bool {
        word.split_once('/')
            .is_some_and(|(first, _)| self.paths.contains(&format!("{first}/")))
    }

    /// The documents. The changelog's old entries may name what is gone.
    fn documents(&self) -> Vec<&str> {
        let is_one = |path: &&str| {
            path.ends_with(".md") && *path != "CHANGELOG.md" && !path.starts_with("LICENSES/")
        };
        self.paths
            .iter()
            .map(String::as_str)
            .filter(is_one)
            .collect()
    }
}

/// A word that may name a path, and where it stands.
struct Word {
    line: usize,
    text: String,
    /// Whether it may be shortened: it is alone in its backticks, or in a block marked `text`.
    may_be_short: bool,
}

/// The words of a document's code, in the order of the text.
fn code_words(text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut fence: Option<String> = None;
    for (line, content) in (1..).zip(text.lines()) {
        let mut add = |piece: &str, may_be_short: bool| {
            let pieces = piece.split_whitespace();
            words.extend(pieces.map(|text| {
                Word {
                    line,
                    text: text
                        .trim_matches(['(', ')', ',', ';', '\'', '"'])
                        .to_owned(),
                    may_be_short,
                }
            }));
        };
        if let Some(language) = content.trim_start().strip_prefix("```") {
            fence = match fence {
                None => Some(language.to_owned()),
                Some(_) => None,
            };
        } else if let Some(language) = &fence {
            add(content, language == "text");
        } else if content.starts_with("    ") {
            add(content, false);
        } else {
            for span in code_spans(content) {
                add(span, span.split_whitespace().count() == 1);
            }
        }
    }
    words
}

/// What stands between backticks in a line; as many close as have opened.
fn code_spans(line: &str) -> Vec<&str> {
    let mut spans = Vec::new();
    let mut rest = line;
    while let Some(start) = rest.find('`') {
        let behind = &rest[start..];
        let ticks = behind.len() - behind.trim_start_matches('`').len();
        let inside = &behind[ticks..];
        let Some(end) = inside.find(&"`".repeat(ticks)) else {
            break;
        };
        spans.push(&inside[..end]);
        rest = &inside[end + ticks..];
    }
    spans
}

/// Whether a word has only characters that our names have, and is no option, address or exception.
fn may_be_path(word: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
    word.chars().all(fits)
        && !word.starts_with(['/', '-'])
        && word.chars().any(|c| c.is_ascii_alphabetic())
        && !NOT_OURS.contains(&word)
        && !SOURCES.contains(&word)
}

#[test]
fn every_path_in_a_document_exists() {
    let tree = Tree::read();
    let (mut wrong, mut found) = (Vec::new(), 0);
    for document in tree.documents() {
        let folder = document.rsplit_once('/').map_or("", |(folder, _)| folder);
        for Word {
            line,
            text,
            may_be_short,
        } in code_words(&tree.text(document))
        {
            if !may_be_path(&text) {
                continue;
            }
            let exists = if tree.is_rooted(&text) {
                tree.has(&text)
            } else if may_be_short && is_source(&text) {
                tree.has(&join(folder, &text)) || tree.has_tail(&text)
            } else {
                continue;
            };
            found += 1;
            if !exists {
                wrong.push(format!("{document}:{line}: there is no `{text}`"));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
    assert!(
        found > 200,
        "only {found} paths were found: the documents are written otherwise than this test reads them"
    );
}

#[test]
fn the_files_named_in_a_row_lie_below_the_folders_of_its_first_cell() {
    let tree = Tree::read();
    let (mut wrong, mut found) = (Vec::new(), 0);
    for document in tree.documents() {
        for (line, row) in prose(&tree.text(document)) {
            let Some((first, others)) = row.trim_start_matches('|').split_once('|') else {
                continue;
            };
            let folders: Vec<&str> = code_spans(first)
                .into_iter()
                .filter(|span| span.ends_with('/') && may_be_path(span))
                .collect();
            let is_below = |name: &str| {
                folders.iter().any(|folder| {
                    let begins_there = name.starts_with(folder) && tree.has_tail(name);
                    begins_there || tree.has_tail(&format!("{folder}{name}"))
                })
            };
            let is_name = |span: &&str| {
                may_be_path(span) && is_source(span) && !tree.is_rooted(span) && !tree.has(span)
            };
            let names: Vec<&str> = code_spans(others).into_iter().filter(is_name).collect();
            if row.starts_with('|') && !folders.is_empty() {
                found += names.len();
                let gone = names.into_iter().filter(|name| !is_below(name));
                wrong.extend(gone.map(|name| {
                    format!(
                        "{document}:{line}: no `{name}` below {}",
                        folders.join(", ")
                    )
                }));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
    assert!(found > 10, "only {found} names were found");
}

/// Whether a name is a folder's or has a source's extension.
fn is_source(name: &str) -> bool {
    name.ends_with('/') || SOURCES.iter().any(|end| name.ends_with(end))
}

/// A path from a folder as a path from the root, `..` worked out.
fn join(folder: &str, path: &str) -> String {
    let mut parts = Vec::new();
    for part in folder.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            name => parts.push(name),
        }
    }
    let end = if path.ends_with('/') { "/" } else { "" };
    format!("{}{end}", parts.join("/"))
}

#[test]
fn every_link_in_a_document_leads_somewhere() {
    let tree = Tree::read();
    let headings: BTreeMap<&str, BTreeSet<String>> = tree
        .documents()
        .into_iter()
        .map(|document| (document, anchors(&tree.text(document))))
        .collect();
    let (mut wrong, mut found) = (Vec::new(), 0);
    for document in headings.keys() {
        let folder = document.rsplit_once('/').map_or("", |(folder, _)| folder);
        for (line, target) in links(&tree.text(document)) {
            if target.contains("://") {
                continue;
            }
            found += 1;
            let (path, anchor) = target.split_once('#').unwrap_or((&target, ""));
            let path = match path {
                "" => (*document).to_owned(),
                path => join(folder, path),
            };
            let has_anchor = |known: &BTreeSet<String>| known.contains(anchor);
            if !tree.has(&path) {
                wrong.push(format!("{document}:{line}: there is no {path}"));
            } else if !anchor.is_empty() && !headings.get(&path[..]).is_some_and(has_anchor) {
                wrong.push(format!(
                    "{document}:{line}: {path} has no heading #{anchor}"
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
    assert!(found > 30, "only {found} links were found");
}

/// The lines of a document that are no code, with their numbers.
fn prose(text: &str) -> Vec<(usize, &str)> {
    let mut in_fence = false;
    let mut lines = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim_start().starts_with("```") {
            in_fence = !in_fence;
        } else if !in_fence && !line.starts_with("    ") {
            lines.push((number, line));
        }
    }
    lines
}

/// The targets of a document's links and images.
fn links(text: &str) -> Vec<(usize, String)> {
    let mut links = Vec::new();
    for (number, line) in prose(text) {
        let mut rest = line.to_owned();
        for span in code_spans(line) {
            rest = rest.replace(&format!("`{span}`"), "");
        }
        for piece in rest.split("](").skip(1) {
            if let Some((target, _)) = piece.split_once(')') {
                links.push((number, target.to_owned()));
            }
        }
    }
    links
}

/// The anchors of a document's headings, as GitHub makes them: letters, digits, `-` and `_` in lower case, blanks as `-`.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = prose(text)
        .into_iter()
        .filter(|(_, line)| line.starts_with('#'))
        .map(|(_, line)| line.trim_start_matches('#').trim());
    let anchor = |heading: &str| {
        let kept = heading
            .chars()
            .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
        kept.map(|c| if c == ' ' { '-' } else { c })
            .flat_map(char::to_lowercase)
            .collect()
    };
    headings.map(anchor).collect()
}

#[test]
fn comments_cite_what_is_here() {
    let tree = Tree::read();
    let (mut wrong, mut found) = (Vec::new(), 0);
    let sections = anchors(&tree.text("docs/cost-model.md"));
    let is_code = |path: &&String| {
        let ends = [".rs", ".js", ".mjs", ".sh", ".py", ".toml", ".css", ".sql"];
        ends.iter().any(|end| path.ends_with(end))
    };
    for path in tree.paths.iter().filter(is_code) {
        // Comments break lines where they like.
        let text = tree.text(path).replace(['\n', '/', '#', '!'], " ");
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for behind in text.split("docs ").skip(1) {
            let name = behind
                .split(|c: char| !c.is_ascii_lowercase() && c != '-')
                .next();
            let name = name.unwrap_or_default();
            if !behind[name.len()..].starts_with(".md") {
                continue;
            }
            found += 1;
            if !tree.has(&format!("docs/{name}.md")) {
                wrong.push(format!("{path}: there is no docs/{name}.md"));
            }
            let section = behind.strip_prefix("cost-model.md, section ");
            let number = section.and_then(|text| text.split(|c: char| !c.is_ascii_digit()).next());
            let begins = |number: &str| {
                sections
                    .iter()
                    .any(|s| s.starts_with(&format!("{number}-")))
            };
            if number.is_some_and(|number| !begins(number)) {
                wrong.push(format!("{path}: docs/cost-model.md has no such section"));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
    assert!(found > 10, "only {found} documents are cited");
}

#[test]
fn the_page_on_log_lines_has_those_of_the_server() {
    let tree = Tree::read();
    let is_source = |path: &&String| path.starts_with("server/src/") && path.ends_with(".rs");
    let logged: BTreeSet<(String, String)> = tree
        .paths
        .iter()
        .filter(is_source)
        .flat_map(|path| log_lines(&tree.text(path)))
        .collect();
    let described = described_log_lines(&tree.text("docs/logging.md"));
    let list = |lines: &mut dyn Iterator<Item = &(String, String)>| {
        let lines: Vec<_> = lines
            .map(|(level, text)| format!("{level}: {text}"))
            .collect();
        lines.join("\n")
    };
    let undescribed = list(&mut logged.difference(&described));
    let gone = list(&mut described.difference(&logged));
    assert!(
        undescribed.is_empty(),
        "docs/logging.md lacks\n{undescribed}"
    );
    assert!(
        gone.is_empty(),
        "docs/logging.md has what the server does not log:\n{gone}"
    );
    assert!(
        logged.len() > 30,
        "only {} log lines were found",
        logged.len()
    );
}

/// Level and message of each `tracing` macro of a source outside of its tests. A message that is made elsewhere (`"{}"`) is
/// left out.
fn log_lines(source: &str) -> Vec<(String, String)> {
    let code = source.split("mod tests {").next().unwrap_or_default();
    let mut lines = Vec::new();
    for call in code.split("tracing::").skip(1) {
        let Some((level, arguments)) = call.split_once("!(") else {
            continue;
        };
        if !["error", "warn", "info", "debug"].contains(&level) {
            continue;
        }
        let message = arguments.split('"').nth(1).unwrap_or_default();
        if message != "{}" {
            lines.push((level.to_owned(), message.to_owned()));
        }
    }
    lines
}

/// Level and message of each row of the table: `| level | `message` | …`.
fn described_log_lines(text: &str) -> BTreeSet<(String, String)> {
    let rows = text
        .split("## What each line means")
        .nth(1)
        .and_then(|behind| behind.split("\n## ").next())
        .unwrap_or_default()
        .lines();
    rows.filter_map(|row| {
        let (level, rest) = row.strip_prefix("| ")?.split_once(" | ")?;
        let message = code_spans(rest).first()?.to_owned();
        Some((level.to_owned(), message.to_owned()))
    })
    .collect()
}

#[test]
fn code_and_anchors_are_read_as_described() {
    let text = "a `src/x.rs` and ``b `c` d``\n```text\nwords/ z\n```\n    run tests/y\n# `A/b`: It's 1-2\n";
    let words: Vec<_> = code_words(text)
        .into_iter()
        .map(|word| (word.line, word.text, word.may_be_short))
        .collect();
    let expected = [
        (1, "src/x.rs", true),
        (1, "b", false),
        (1, "`c`", false),
        (1, "d", false),
        (3, "words/", true),
        (3, "z", true),
        (5, "run", false),
        (5, "tests/y", false),
        (6, "A/b", true),
    ];
    assert_eq!(
        words,
        expected.map(|(line, text, short)| (line, text.to_owned(), short))
    );
    assert_eq!(anchors(text), BTreeSet::from(["ab-its-1-2".to_owned()]));
    assert_eq!(join("a/c", "../b.md"), "a/b.md");
    assert_eq!(
        links("[a](b.md#c) ![d](e) `[f](g)`"),
        [(1, "b.md#c".to_owned()), (1, "e".to_owned())]
    );
    let source = "tracing::warn!(%a, \"x y\"); tracing::info!(\"{}\", z); tracing::Span";
    assert_eq!(log_lines(source), [("warn".to_owned(), "x y".to_owned())]);
}

//! Links. Those of Grid's "run" badges hold a command:
//!
//! ```text
//! https://platform.grid.ai/#/runs?script=https://github.com/O/R/blob/COMMIT/train.py&cloud=grid&use_spot
//!     &instance=g4dn.xlarge&accelerators=1&disk_size=200&framework=lightning
//!     &script_args=train.py%20--gpus%201
//! ```
//!
//! `script_args` is what was typed, with `grid run` or `grid train` in front or without, with options in
//! their spelling of that time or without.

use crate::sweep::command;
use crate::sweep::diagnostic::foreign::ForeignText;
use crate::sweep::diagnostic::spelling::Problem;
use crate::sweep::diagnostic::{Diagnostic, Fix, Kind};
use crate::sweep::machine_nicknames;
use crate::sweep::options::FRAMEWORKS;
use crate::sweep::shell_quote;
use crate::sweep::shell_words::{self, TextSource, is_script};
use crate::sweep::span::Span;

/// Whether a command's first word, as it stands in the text, is a link, alone or in Markdown or HTML.
pub(super) fn begins_link(word: &str) -> bool {
    let bare = word.trim_start_matches('<');
    let lower: String = bare
        .chars()
        .take(8)
        .collect::<String>()
        .to_ascii_lowercase();
    let is_address = lower.starts_with("http://") || lower.starts_with("https://");
    let is_markdown = word.starts_with("[![") || word.starts_with('[') && word.contains("](http");
    is_address || is_markdown
}

/// What the link of a line is.
pub(super) fn read(line: &str) -> ForeignText {
    let address = find_address(line);
    let is_grids = address.contains("grid.ai/");
    let query = address.split_once("runs?").map(|(_, query)| query);
    match query.filter(|query| is_grids && query.contains("script=")) {
        Some(query) => read_grid_run(&query.replace("&amp;", "&")),
        None => describe_link(address),
    }
}

/// The line's address: Grid's where one is, else the last.
fn find_address(line: &str) -> &str {
    let starts = line.match_indices("http").map(|(at, _)| at);
    let starts: Vec<usize> = starts.filter(|at| is_address(&line[*at..])).collect();
    let grids = starts.iter().find(|at| {
        let host = line[**at..].split_once("://").map_or("", |(_, rest)| rest);
        host.starts_with("platform.grid.ai")
    });
    let Some(start) = grids.or(starts.last()) else {
        return line;
    };
    let rest = &line[*start..];
    let end = rest.find([' ', '\t', '"', '<', '>']).unwrap_or(rest.len());
    let rest = &rest[..end];
    // In Markdown the address stands in parentheses, and may hold some.
    let in_parentheses = line[..*start].ends_with('(');
    match rest.rfind(')').filter(|_| in_parentheses) {
        Some(close) => &rest[..close],
        None => rest,
    }
}

fn is_address(text: &str) -> bool {
    text.starts_with("http://") || text.starts_with("https://")
}

/// A link to a run by its query.
fn read_grid_run(query: &str) -> ForeignText {
    let pairs = query
        .split('&')
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let pairs: Vec<(&str, String)> = pairs
        .map(|(key, value)| (key, decode_query(value)))
        .collect();
    let value = |key: &str| {
        let found = pairs.iter().find(|(name, _)| *name == key);
        found.map(|(_, value)| value.trim())
    };
    let (repository, path) = repository_and_path(value("script").unwrap_or(""));
    let typed = value("script_args").unwrap_or("");
    let command = rebuild_command(typed, path.as_deref()).map(|command| {
        let command = modernize_options(command);
        join_on_one_line(&with_options(&command, &options_of(&value)))
    });
    ForeignText::GridRun {
        command,
        repository,
    }
}

/// `github.com/OWNER/REPOSITORY` with its commit, and the path below it, of an address of a file.
fn repository_and_path(address: &str) -> (Option<String>, Option<String>) {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let parts: Vec<&str> = rest.split('/').collect();
    match parts.as_slice() {
        [host, owner, repository, "blob" | "tree", commit, path @ ..] if !path.is_empty() => {
            let code = format!("{host}/{owner}/{repository} at {commit}");
            (Some(code), Some(path.join("/")))
        }
        [.., file] if is_script(file) => (None, Some((*file).to_owned())),
        _ => (None, None),
    }
}

/// What was typed as a `grid run` command, its script by the path below the repository.
fn rebuild_command(typed: &str, path: Option<&str>) -> Option<String> {
    let typed = typed.trim();
    let prefixes = ["grid run ", "grid train "];
    let bare = prefixes
        .iter()
        .find_map(|prefix| typed.strip_prefix(prefix));
    let text = format!("grid run {}", bare.unwrap_or(typed).trim());
    let parsed = parse_command(&text).filter(|command| is_script(&command.script));
    let quoted = path.map(shell_quote::quote_for_shell);
    match (parsed, quoted) {
        (Some(command), Some(quoted)) => {
            let same = path.is_some_and(|path| is_below(path, &command.script));
            let edits = same.then(|| (command.script_span, quoted.into_owned()));
            Some(apply_edits(&text, edits.into_iter().collect()))
        }
        (Some(_), None) => Some(text),
        (None, Some(quoted)) => {
            let arguments = text.strip_prefix("grid run").unwrap_or("");
            Some(format!("grid run {quoted}{}", arguments.trim_end()))
        }
        (None, None) => None,
    }
}

fn is_below(path: &str, script: &str) -> bool {
    let script = script.trim_start_matches("./");
    path.strip_suffix(script)
        .is_some_and(|folder| folder.is_empty() || folder.ends_with('/'))
}

fn parse_command(text: &str) -> Option<command::Command> {
    let (commands, _) = shell_words::split(text, TextSource::Person);
    command::parse(commands.into_iter().next()?, &mut Vec::new())
}

fn apply_edits(text: &str, edits: Vec<(Span, String)>) -> String {
    let label = String::new();
    Fix { label, edits }.apply(text)
}

/// The command with what has a name today by that name, and without what has none. A boolean behind a
/// flag shows once the flag has its name.
fn modernize_options(mut text: String) -> String {
    for _ in 0..3 {
        let mut diagnostics = Vec::new();
        let (commands, _) = shell_words::split(&text, TextSource::Person);
        for words in commands {
            let _ = command::parse(words, &mut diagnostics);
        }
        let fix = |diagnostic: &Diagnostic| match &diagnostic.kind {
            Kind::Spelling(
                problem @ (Problem::Renamed { .. }
                | Problem::Gone { .. }
                | Problem::FlagValue { .. }
                | Problem::FormerBehindScript { .. }),
            ) => problem.fixes(diagnostic.span, &text).into_iter().next(),
            _ => None,
        };
        let fixes = diagnostics.iter().filter_map(fix);
        let mut edits: Vec<(Span, String)> = fixes.flat_map(|fix| fix.edits).collect();
        edits.sort_by_key(|(span, _)| *span);
        if edits.is_empty() {
            break;
        }
        text = apply_edits(&text, edits);
    }
    text
}

/// The options that the query gives. Its `accelerators` counts GPUs where the machine has some.
fn options_of<'a>(value: &impl Fn(&str) -> Option<&'a str>) -> Vec<(&'static str, String)> {
    let mut options = Vec::new();
    let instance = value("instance").filter(|name| !name.is_empty());
    options.extend(instance.map(|name| ("--instance_type", name.to_owned())));
    let units = instance.and_then(|name| {
        machine_nicknames::client_units(&machine_nicknames::resolve_nickname(name).ok()?)
    });
    let count = value("accelerators").and_then(|count| count.parse::<u32>().ok());
    if let (Some((has, true)), Some(count)) = (units, count)
        && (1..=has).contains(&count)
    {
        options.push(("--gpus", count.to_string()));
    }
    let disk = value("disk_size").and_then(|disk| disk.parse::<u32>().ok());
    let disk = disk.filter(|disk| *disk > 100);
    options.extend(disk.map(|disk| ("--memory", disk.to_string())));
    let framework = value("framework").filter(|name| FRAMEWORKS.contains(name));
    let framework = framework.filter(|name| *name != "lightning");
    options.extend(framework.map(|name| ("--framework", name.to_owned())));
    let spot = value("use_spot").filter(|value| !value.eq_ignore_ascii_case("false"));
    options.extend(spot.map(|_| ("--use_spot", String::new())));
    options
}

/// The command with each option that it does not have itself.
fn with_options(text: &str, options: &[(&'static str, String)]) -> String {
    let Some(command) = parse_command(text) else {
        return text.to_owned();
    };
    let missing = options
        .iter()
        .filter(|(name, _)| command.effective_use(name).is_none());
    let written = missing.map(|(name, value)| match value.as_str() {
        "" => format!(" {name}"),
        value => format!(" {name} {}", shell_quote::quote_for_shell(value)),
    });
    let written: String = written.collect();
    apply_edits(text, vec![(Span::at(command.options_at), written)])
}

/// The words on one line, quoted as a person would.
fn join_on_one_line(text: &str) -> String {
    let (commands, _) = shell_words::split(text, TextSource::Person);
    let words = commands.iter().flat_map(|words| &words.words);
    let quoted: Vec<_> = words
        .map(|word| shell_quote::quote_readably(&word.text))
        .collect();
    quoted.join(" ")
}

/// Any other address.
fn describe_link(address: &str) -> ForeignText {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let path = rest.split(['?', '#']).next().unwrap_or(rest);
    let (host, _) = path.split_once('/').unwrap_or((path, ""));
    let file = path.rsplit('/').next().unwrap_or("");
    let checkout = |file: &str| format!("in a checkout of its repository write `grid run {file}`");
    let command = "each line is a command of its own and begins `grid run`";
    let (what, help) = match host {
        "github.com" | "raw.githubusercontent.com" | "gitlab.com" | "bitbucket.org"
            if is_script(file) =>
        {
            (
                "a script in a repository",
                checkout(&shell_quote::quote_for_shell(file)),
            )
        }
        "github.com" | "gitlab.com" | "bitbucket.org" | "huggingface.co" => {
            ("a repository", checkout("train.py"))
        }
        "colab.research.google.com" | "www.kaggle.com" => (
            "a notebook",
            "save it as a script, and write `grid run train.py`".into(),
        ),
        _ if file.ends_with(".ipynb") => (
            "a notebook",
            "save it as a script, and write `grid run train.py`".into(),
        ),
        "platform.grid.ai" => ("a page of Grid's", command.into()),
        "wandb.ai" => ("a page of Weights & Biases", command.into()),
        _ => ("a page", command.into()),
    };
    ForeignText::Link { what, help }
}

/// Percent and `+` escapes of a query decoded; what is no UTF-8 then is replaced.
fn decode_query(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, behind @ ..] = rest {
        let hex = |digit: u8| char::from(digit).to_digit(16);
        let escaped = match (first, behind) {
            (b'%', [high, low, ..]) => hex(*high).zip(hex(*low)),
            _ => None,
        };
        match escaped {
            Some((high, low)) => {
                bytes.push(u8::try_from(high * 16 + low).unwrap_or(b'?'));
                rest = behind.get(2..).unwrap_or(&[]);
            }
            None => {
                bytes.push(if *first == b'+' { b' ' } else { *first });
                rest = behind;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

//! YAML that is no config file of Grid's, recognised by its keys at the left edge.

use crate::sweep::config::key_of;
use crate::sweep::diagnostic::foreign::Foreign;
use crate::sweep::diagnostic::{Diagnostic, Kind};
use crate::sweep::span::Span;
use crate::sweep::words;

/// A tool's file: all of the keys stand in it.
struct Tool {
    keys: &'static [&'static str],
    what: &'static str,
    help: &'static str,
}

const ARGUMENTS: &str = "write its values as arguments: `grid run train.py --lr \"[0.1, 0.2]\"`";
const SCRIPTS_OWN: &str =
    "it is the script's own: name it behind the script, as the script takes it";
const NONE: &str = "each line is a command of its own and begins `grid run`";

const fn tool(keys: &'static [&'static str], what: &'static str, help: &'static str) -> Tool {
    Tool { keys, what, help }
}

const TOOLS: &[Tool] = &[
    tool(
        &["method", "parameters"],
        "a sweep of Weights & Biases",
        ARGUMENTS,
    ),
    tool(
        &["program", "parameters"],
        "a sweep of Weights & Biases",
        ARGUMENTS,
    ),
    tool(
        &["searcher", "hyperparameters"],
        "an experiment of Determined",
        ARGUMENTS,
    ),
    tool(&["search_space"], "a sweep of Azure ML", ARGUMENTS),
    tool(&["searchSpace"], "an experiment of NNI", ARGUMENTS),
    tool(&["searchSpaceFile"], "an experiment of NNI", ARGUMENTS),
    tool(&["apiVersion", "kind"], "a file for Kubernetes", NONE),
    tool(&["version", "kind"], "a file of Polyaxon", ARGUMENTS),
    tool(&["hydra"], "a config of Hydra", SCRIPTS_OWN),
    tool(&["defaults"], "a config of Hydra", SCRIPTS_OWN),
    tool(
        &["trainer", "model"],
        "a config of Lightning's command line",
        SCRIPTS_OWN,
    ),
    tool(&["resources", "run"], "a task of SkyPilot", NONE),
    tool(&["entry_points"], "a project of MLflow", NONE),
    tool(&["stages"], "a pipeline of DVC", NONE),
    tool(&["on", "jobs"], "a workflow of GitHub", NONE),
    tool(&["services"], "a file of Docker Compose", NONE),
    tool(
        &["dependencies"],
        "an environment of conda",
        "name its file in the command: `--dependency_file environment.yml`",
    ),
];

/// Keys of Grid's config file below the top, and what they stand under.
const PARTS: &[(&str, &str)] = &[
    ("train", "compute"),
    ("provider", "compute"),
    ("settings", "hyper_params"),
    ("params", "hyper_params"),
    ("strategy_options", "hyper_params.settings"),
];

/// Lines that are read: what a file is shows at its start.
const MOST_LINES: usize = 1000;

/// The one problem of a text that begins as YAML does, at its first key. O(lines read).
pub(in crate::sweep) fn check_yaml(text: &str) -> Option<Diagnostic> {
    let is_mark =
        |line: &str| line == "---" || line.starts_with("```") || line.starts_with("%YAML");
    let mut start = 0;
    let mut first = None;
    let mut keys: Vec<&str> = Vec::new();
    let mut has_inner = false;
    let mut edge = 0;
    for line in text.split_inclusive('\n').take(MOST_LINES) {
        let at = start;
        start += line.len();
        let content = line.trim();
        if content.is_empty() || content.starts_with('#') || is_mark(content) {
            continue;
        }
        let indent = line.len() - line.trim_start().len();
        let key = key_of(content.strip_prefix("- ").unwrap_or(content));
        match (first, key) {
            // A text that begins otherwise is none.
            (None, None) => return None,
            (None, Some((key, _))) => {
                edge = indent;
                first = Some((at + indent, content));
                keys.push(key);
            }
            (Some(_), Some((key, _))) if indent == edge => keys.push(key),
            (Some(_), _) => has_inner |= indent > edge,
        }
    }
    let (at, line) = first?;
    let foreign = named(&keys).or_else(|| {
        let commands = text
            .lines()
            .any(|line| line.trim_start().starts_with("grid "));
        let certain = (keys.len() > 1 || has_inner) && !commands;
        certain.then_some(Foreign::Yaml {
            what: "YAML that Grid does not read",
            help: NONE,
        })
    })?;
    let span = Span::new(words::offset(at), words::offset(at + line.len()));
    Some(Diagnostic::new(span, Kind::Foreign(foreign)))
}

fn named(keys: &[&str]) -> Option<Foreign> {
    let first = keys.first()?;
    if let Some((key, section)) = PARTS.iter().find(|(key, _)| key == first) {
        let key = (*key).to_owned();
        return Some(Foreign::ConfigPart { key, section });
    }
    let has_all = |tool: &&Tool| tool.keys.iter().all(|key| keys.contains(key));
    let Tool { what, help, .. } = TOOLS.iter().find(has_all)?;
    Some(Foreign::Yaml { what, help })
}

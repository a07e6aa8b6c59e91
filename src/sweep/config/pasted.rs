//! A config file pasted where a command belongs, alone or beside commands.

use crate::sweep::command;
use crate::sweep::diagnostic::{Diagnostic, Fix, Kind};
use crate::sweep::options::Options;
use crate::sweep::shell_quote;
use crate::sweep::shell_words::{self, TextSource, is_script};
use crate::sweep::span::Span;
use std::ops::Range;

/// The keys at the top of a config file: no command begins with one.
const ROOT_KEYS: &[&str] = &["compute", "hyper_params"];

/// What a config file is called where no command names one.
const FILE_NAME: &str = "config.yml";

/// A text that holds a config file, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastedConfig {
    /// The commands above and below the file, each naming it by `--config`; "" where there are none.
    pub(crate) commands: String,
    /// The file's text, which ends in a line end.
    pub(crate) yaml: String,
    /// The script that the file names for itself, in a comment or a key that Grid does not read.
    pub(crate) script: Option<String>,
}

impl PastedConfig {
    /// The commands, or where there are none the shortest that runs `script` by this file.
    pub(crate) fn commands_or_default(&self, script: &str) -> String {
        if !self.commands.is_empty() {
            return self.commands.clone();
        }
        let script = self.script.as_deref().unwrap_or(script);
        format!(
            "grid run --config {FILE_NAME} {}",
            shell_quote::quote_for_shell(script)
        )
    }
}

/// Splits `text` where a config file is pasted in it: from a line outside any command that begins with a
/// key of [`ROOT_KEYS`]. `None` for a text of commands alone. O(length of the text).
pub fn split_pasted(text: &str) -> Option<PastedConfig> {
    let block = yaml_block(text)?;
    let yaml = with_line_end(&text[block.clone()]);
    let around = [&text[..block.start], &text[block.end..]];
    let commands = around.map(without_file_commands).concat();
    Some(PastedConfig {
        commands: add_config_option(commands.trim()),
        script: find_script(&yaml),
        yaml,
    })
}

/// The one problem of a text that [`split_pasted`] takes apart, at the file's first key.
pub(in crate::sweep) fn check_pasted(text: &str) -> Option<Diagnostic> {
    let block = yaml_block(text)?;
    let (start, line) = lines_with_offsets(text)
        .find(|(start, line)| *start >= block.start && root_key(line).is_some())
        .unwrap_or((block.start, ""));
    let indented = start + line.len() - line.trim_start().len();
    let span = Span::new(
        shell_words::to_offset(indented),
        shell_words::to_offset(start + line.trim_end().len()),
    );
    Some(Diagnostic::new(span, Kind::ConfigPasted))
}

/// Where the file stands: whole lines.
fn yaml_block(text: &str) -> Option<Range<usize>> {
    if !ROOT_KEYS.iter().any(|key| text.contains(key)) {
        return None;
    }
    let all: Vec<(usize, &str)> = lines_with_offsets(text).collect();
    let first = all.iter().position(|(_, line)| root_key(line).is_some())?;
    let (first_start, first_line) = all[first];
    if is_inside_command(&text[..first_start]) {
        return None;
    }
    let above = all[..first].iter().rev();
    let head = above.take_while(|(_, line)| may_precede(line)).count();
    let root_indent = indent(first_line);
    let below = all[first + 1..].iter();
    let tail = below.take_while(|(_, line)| belongs_to_file(line, root_indent));
    let last = first + tail.count();
    let end = all.get(last + 1).map_or(text.len(), |(start, _)| *start);
    Some(all[first - head].0..end)
}

/// Each line with the offset of its first byte, its end included.
fn lines_with_offsets(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut start = 0;
    text.split_inclusive('\n').map(move |line| {
        let at = start;
        start += line.len();
        (at, line)
    })
}

/// The key of the whole file's mapping that the line begins with.
fn root_key(line: &str) -> Option<&str> {
    let (key, _) = split_key(line.trim_start().trim_start_matches('{').trim_start())?;
    ROOT_KEYS.contains(&key).then_some(key)
}

/// The key and the rest of a line `key: …`.
pub(in crate::sweep) fn split_key(line: &str) -> Option<(&str, &str)> {
    let (key, rest) = line.split_once(':')?;
    let key = key.trim_end();
    let unquoted = ['"', '\''].iter().find_map(|quote| {
        let inner = key.strip_prefix(*quote)?;
        inner.strip_suffix(*quote)
    });
    let key = unquoted.unwrap_or(key);
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '$' | '/');
    let named = !key.is_empty() && key.chars().all(is_name) && !key.starts_with('-');
    let parted = rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n']);
    (named && parted).then_some((key, rest))
}

/// Whether what follows `before` is still part of its last command.
fn is_inside_command(before: &str) -> bool {
    let line = before.trim_end_matches(['\r', '\n']);
    let backslashes = line.len() - line.trim_end_matches('\\').len();
    let unclosed = |d: &Diagnostic| matches!(d.kind, Kind::UnclosedQuote { .. });
    backslashes % 2 == 1
        || shell_words::split(before, TextSource::Person)
            .1
            .iter()
            .any(unclosed)
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches([' ', '\t']).len()
}

/// Blank lines, comments, document marks, and keys beside Grid's own.
fn may_precede(line: &str) -> bool {
    let content = line.trim();
    let mark = content.is_empty() || content == "---" || content.starts_with(['#', '%']);
    let prompt = content.starts_with("% ");
    !prompt && (mark || split_key(content).is_some())
}

/// Whether a line below the first key is still the file's: nothing else can stand at the left edge
/// but keys, items, comments, marks and closing brackets.
fn belongs_to_file(line: &str, root_indent: usize) -> bool {
    let content = line.trim();
    if begins_command(content) || is_fence(content) {
        return false;
    }
    let inner = indent(line) > root_indent || content.is_empty();
    let item = content == "-" || content.starts_with("- ");
    let mark = matches!(content, "---" | "...") || content.starts_with(['#', '}', ']']);
    inner || item || mark || split_key(content).is_some()
}

fn begins_command(content: &str) -> bool {
    let prompted = ["$ ", "% "].iter().find_map(|p| content.strip_prefix(p));
    let content = prompted.unwrap_or(content).trim_start();
    let mut words = content.split_whitespace();
    words.next() == Some("grid") && matches!(words.next(), Some("run" | "train"))
}

/// The marks that a code block has in Markdown.
fn is_fence(content: &str) -> bool {
    content.starts_with("```") || content.starts_with("~~~")
}

/// The lines around a file without what only shows or writes the file.
fn without_file_commands(text: &str) -> String {
    let terminator = |content: &str| matches!(content, "EOF" | "EOT" | "END");
    let shows_file = |content: &str| {
        let content = content.trim_start_matches(['$', '%', ' ']);
        content.starts_with("cat ") || content.starts_with("tee ")
    };
    let kept = text.split_inclusive('\n').filter(|line| {
        let content = line.trim();
        !is_fence(content) && !terminator(content) && !shows_file(content)
    });
    with_line_end(&kept.collect::<String>())
}

fn with_line_end(text: &str) -> String {
    let end = if text.is_empty() || text.ends_with('\n') {
        ""
    } else {
        "\n"
    };
    format!("{text}{end}")
}

/// `commands` with `--config` in each that has none: what is pasted beside it is meant for it.
fn add_config_option(commands: &str) -> String {
    let (found, _) = shell_words::split(commands, TextSource::Person);
    let parsed = found
        .into_iter()
        .filter_map(|words| command::parse(words, &mut Vec::new()));
    let parsed: Vec<_> = parsed.collect();
    let path_of = |options: &Options| options.config.clone();
    let named = parsed.iter().find_map(|command| path_of(&command.options));
    let name = named.unwrap_or_else(|| FILE_NAME.to_owned());
    let unnamed = parsed
        .iter()
        .filter(|c| c.effective_use("--config").is_none());
    let edit = |at: u32| {
        (
            Span::at(at),
            format!(" --config {}", shell_quote::quote_for_shell(&name)),
        )
    };
    let fix = Fix {
        label: String::new(),
        edits: unnamed.map(|command| edit(command.options_at)).collect(),
    };
    fix.apply(commands)
}

/// The script of a `grid run` in a comment, or of a key of other frameworks at the left edge.
fn find_script(yaml: &str) -> Option<String> {
    let comment = |line: &str| {
        let content = line.trim().strip_prefix('#')?.trim_start();
        let mut words = content.split_whitespace();
        let found = begins_command(content).then(|| words.find(|word| is_script(word)));
        found.flatten().map(str::to_owned)
    };
    let key = |line: &str| {
        let (key, value) = split_key(line)?;
        let value = value.split(" #").next()?.trim().trim_matches(['"', '\'']);
        let names_script = matches!(key, "script" | "entrypoint" | "program");
        (names_script && is_script(value) && !value.contains(' ')).then(|| value.to_owned())
    };
    yaml.lines()
        .find_map(|line| comment(line).or_else(|| key(line)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    const YAML: &str = "compute:\n  train:\n    gpus: 1\n";

    #[test]
    fn takes_a_file_apart_from_commands() {
        let of = |text: &str| split_pasted(text).map(|found| (found.commands, found.yaml));
        let yaml = YAML.to_owned();
        assert_eq!(of(YAML), Some((String::new(), yaml.clone())));
        let named = "grid run --config config.yml f.py --x 1".to_owned();
        for text in [
            format!("grid run f.py --x 1\n{YAML}"),
            format!("{YAML}grid run f.py --x 1"),
            format!("```\n{YAML}```\n$ cat config.yml\ngrid run f.py --x 1"),
            format!("grid run f.py --x 1\ncat > config.yml <<EOF\n{YAML}EOF\n"),
        ] {
            assert_eq!(of(&text), Some((named.clone(), yaml.clone())), "{text}");
        }
        let typed = format!("grid run --config c.yml f.py\n\n{YAML}");
        let (commands, file) = of(&typed).unwrap();
        assert_eq!(commands, "grid run --config c.yml f.py");
        assert_eq!(file.trim_start(), YAML);
        assert_eq!(
            of("---\n# mine\nname: a\nhyper_params:\n  params:\n    --lr: \"[1,\n      2]\"")
                .unwrap()
                .0,
            ""
        );
    }

    #[test]
    fn takes_no_command_for_a_file() {
        for text in [
            "",
            "grid run f.py",
            "grid run f.py \\\ncompute: 1",
            "grid run f.py --text \"a\ncompute:\n  b\"",
            "grid run compute: f.py",
            "# compute:\ngrid run f.py",
            "grid run f.py --x compute: hyper_params:",
            "compute.py",
            "compute:x",
        ] {
            assert_eq!(split_pasted(text), None, "{text}");
        }
    }

    #[test]
    fn finds_the_script_that_a_file_names() {
        let script = |text: &str| split_pasted(text).and_then(|found| found.script);
        let comment = format!("# grid run --config c.yml src/train.py --x 1\n{YAML}");
        assert_eq!(script(&comment).as_deref(), Some("src/train.py"));
        let key = format!("script: 'a.py' # mine\n{YAML}");
        assert_eq!(script(&key).as_deref(), Some("a.py"));
        assert_eq!(script(YAML), None);
        let found = split_pasted(YAML).unwrap();
        assert_eq!(
            found.commands_or_default("my script.py"),
            "grid run --config config.yml 'my script.py'"
        );
    }
}

//! Reads files that are dropped on the Command box or chosen for the config file.

use leptos::ev;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen_futures::JsFuture;

use crate::page::state::Draft;
use crate::sweep;

/// What a file is read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FileRole {
    /// The text of the Command box.
    Command,
    /// The file that `--config` names.
    Config,
}

impl FileRole {
    /// By a file's name: YAML is the config file, a shell script or plain text is commands.
    fn from_file_name(name: &str) -> Option<FileRole> {
        let (_, ending) = name.rsplit_once('.')?;
        match ending.to_ascii_lowercase().as_str() {
            "yml" | "yaml" => Some(FileRole::Config),
            "sh" | "bash" | "txt" => Some(FileRole::Command),
            _ => None,
        }
    }

    fn most(self) -> usize {
        match self {
            FileRole::Command => sweep::MAX_TEXT,
            FileRole::Config => sweep::config::MAX_TEXT,
        }
    }
}

/// The handler of `drop`: takes at most one command text and one config file at once.
pub(super) fn accept_drop(draft: Draft) -> impl Fn(ev::DragEvent) + Copy {
    move |event: ev::DragEvent| {
        let files = event.data_transfer().and_then(|data| data.files());
        let Some(files) = files.filter(|files| files.length() > 0) else {
            return;
        };
        event.prevent_default();
        draft.file_error.set(None);
        let mut taken = Vec::new();
        for file in (0..files.length()).filter_map(|at| files.get(at)) {
            match FileRole::from_file_name(&file.name()) {
                Some(meant) if !taken.contains(&meant) => {
                    taken.push(meant);
                    read_into_plan(draft, file, meant);
                }
                Some(_) => report_refused_file(
                    draft,
                    &file.name(),
                    "one file of a kind is taken at a time",
                ),
                None => report_refused_file(
                    draft,
                    &file.name(),
                    "a config file ends in `.yml` or `.yaml`, a text of commands in `.sh` or `.txt`",
                ),
            }
        }
    }
}

/// The handler of `dragover`: lets files be dropped. Dragged text is left to the text box.
pub(super) fn allow_drop(event: ev::DragEvent) {
    let types = event.data_transfer().map(|data| data.types());
    if types.is_some_and(|types| types.includes(&"Files".into(), 0)) {
        event.prevent_default();
    }
}

/// Reads a file into the plan, or reports why not.
pub(super) fn read_into_plan(draft: Draft, file: web_sys::File, meant: FileRole) {
    let name = file.name();
    if file.size() > meant.most() as f64 {
        return report_refused_file(draft, &name, "it is too large");
    }
    spawn_local(async move {
        let read = JsFuture::from(file.text()).await;
        let text = read.ok().and_then(|text| text.as_string());
        match text.as_deref().and_then(normalize_text) {
            None => report_refused_file(draft, &name, "it is not a text file"),
            Some(text) if meant == FileRole::Config => draft.set_config(&name, text),
            Some(text) => {
                draft.replace_text(text);
            }
        }
    });
}

/// A file's text with the line ends of a text box; `None` if it holds characters that show that it is
/// no text, or not in UTF-8.
fn normalize_text(text: &str) -> Option<String> {
    let is_text = !text.contains(['\0', '\u{fffd}']);
    is_text.then(|| text.replace("\r\n", "\n").replace('\r', "\n"))
}

fn report_refused_file(draft: Draft, name: &str, why: &str) {
    draft
        .file_error
        .set(Some(["`", name, "` was not read: ", why, "."].concat()));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    #[test]
    fn files_are_taken_by_their_names() {
        for (name, meant) in [
            ("a.yml", Some(FileRole::Config)),
            ("A.YAML", Some(FileRole::Config)),
            ("runs.sh", Some(FileRole::Command)),
            ("train.py", None),
            ("yml", None),
        ] {
            assert_eq!(FileRole::from_file_name(name), meant, "{name}");
        }
    }

    #[test]
    fn only_text_is_read() {
        assert_eq!(normalize_text("a\r\nb\rc\n").as_deref(), Some("a\nb\nc\n"));
        assert_eq!(normalize_text("\u{89}PNG\0"), None);
        assert_eq!(normalize_text("\u{fffd}"), None);
    }
}

//! The changes that controls, fixes and files make to the plan: each is one step of its history.

use leptos::prelude::*;

use super::selection::Selection;
use super::{Caret, Draft, PlanField};
use crate::page::browser;
use crate::sweep::{self, Fix, Origin, Reading, config};

/// Stands for the script in a command that is generated for a pasted config file; the user types over it.
const SCRIPT: &str = "train.py";

impl PlanField {
    pub(crate) fn of(origin: Origin) -> PlanField {
        match origin {
            Origin::Command => PlanField::Command,
            Origin::Config => PlanField::Config,
        }
    }
}

impl Draft {
    /// Writes an option of `grid run` into every command of the text; `None` removes it.
    pub(crate) fn set_option(self, name: &str, value: Option<&str>) {
        self.note_change(PlanField::Command, None);
        self.text
            .update(|text| *text = sweep::edit::set_option(text, name, value));
    }

    /// Writes a machine into every command, at list price or interruptible. A machine that all of them
    /// name already is left as it is written.
    pub(crate) fn use_machine(self, machine: &str, spot: bool) {
        let prices = self.catalogue.get_untracked();
        let is_named = self.displayed.plan.with_untracked(|plan| {
            let mut names = plan
                .parts()
                .iter()
                .map(|part| &part.options().instance_type);
            names.all(|name| prices.resolve_name(name) == machine)
        });
        self.note_change(PlanField::Command, None);
        self.text.update(|text| {
            if !is_named {
                *text = sweep::edit::set_option(text, "--instance_type", Some(machine));
            }
            *text = sweep::edit::set_option(text, "--use_spot", spot.then_some(""));
        });
    }

    /// Replaces the whole text. Returns where the cursor belongs: at the end.
    pub(crate) fn replace_text(self, text: String) -> Caret {
        let end = utf16_length(&text);
        let caret = Caret {
            field: PlanField::Command,
            range: (end, end),
        };
        self.note_change(PlanField::Command, Some(caret));
        self.text.set(text);
        caret
    }

    /// Replaces the text by commands that hold all of the plan's options, those of a config file too. A
    /// selection made on the text before is dropped, and a notice reports that.
    pub(crate) fn replace_by_proposal(self, commands: &[String]) -> Caret {
        self.release_selection();
        let is_named = self
            .reading
            .with_untracked(|reading| reading.config_name().is_some());
        let caret = self.replace_text(commands.join("\n"));
        if is_named {
            self.config.set(None);
        }
        caret
    }

    /// Sets how many trials run at once.
    pub(crate) fn set_parallel(self, parallel: u32) {
        self.note_change(PlanField::Parallel, None);
        self.parallel.set(Some(parallel));
    }

    fn release_selection(self) {
        self.selection
            .update(|picked| *picked = picked.as_ref().and_then(Selection::to_released));
    }

    /// Replaces the text by an example. A selection made on the text before is dropped, and a notice
    /// reports that.
    pub(crate) fn start_from_example(self, example: &str) -> Caret {
        if self.text.with_untracked(|text| text != example) {
            self.release_selection();
        }
        self.replace_text(example.to_owned())
    }

    /// Sets the config file. If no command names one yet, adds `--config name` to all commands.
    pub(crate) fn set_config(self, name: &str, yaml: String) {
        self.note_change(PlanField::Config, None);
        self.config.set(Some(yaml));
        let named = |reading: &Reading| reading.config_name().is_some();
        if !self.reading.with_untracked(named) {
            self.set_option("--config", Some(name));
        }
    }

    /// Moves a config file that was pasted into the Command box to its own box. Returns where the
    /// cursor belongs: at the end of the command, or on its script if neither text names one.
    pub(crate) fn adopt_pasted_config(self) -> Option<Caret> {
        let pasted = self
            .text
            .with_untracked(|text| config::split_pasted(text))?;
        let names_script = !pasted.commands.is_empty() || pasted.script.is_some();
        let command = pasted.commands_or_default(SCRIPT);
        let caret = self.replace_text(command);
        self.config.set(Some(pasted.yaml));
        let (end, _) = caret.range;
        let start = if names_script {
            end
        } else {
            end.saturating_sub(utf16_length(SCRIPT))
        };
        let range = (start, end);
        self.note_cursor_after(Caret { range, ..caret })
    }

    /// Removes the config file, and `--config` from all commands.
    pub(crate) fn remove_config(self) {
        self.note_change(PlanField::Config, None);
        self.config.set(None);
        self.set_option("--config", None);
    }

    /// Calls `read` with the text that a problem of this origin is in.
    pub(crate) fn with_origin<R>(self, origin: Origin, read: impl FnOnce(&str) -> R) -> R {
        match origin {
            Origin::Command => self.text.with(|text| read(text)),
            Origin::Config => self
                .config
                .with(|yaml| read(yaml.as_deref().unwrap_or_default())),
        }
    }

    /// Applies a fix to the text it is for. Returns where the cursor belongs: behind the last edit.
    pub(crate) fn apply_fix(self, origin: Origin, fix: &Fix) -> Caret {
        let text = untrack(|| self.with_origin(origin, |text| fix.apply(text)));
        let place = end_of_edits(&text, fix);
        let caret = Caret {
            field: PlanField::of(origin),
            range: (place, place),
        };
        self.note_change(caret.field, Some(caret));
        match origin {
            Origin::Command => self.text.set(text),
            Origin::Config => self.config.set(Some(text)),
        }
        caret
    }

    /// Draws another seed: replaces the one typed in the text, or else the one of the settings.
    pub(crate) fn reroll(self) {
        let seed = browser::random_u32();
        if self.controls.with_untracked(|options| options.seed_drawn) {
            self.seed.set(seed);
        } else {
            self.set_option("--seed", Some(&seed.to_string()));
        }
    }

    /// Sets the seed in the text. If the config file decides about the seed, an option in the text
    /// would have no effect, so the drawn seed is replaced instead.
    pub(crate) fn set_seed(self, seed: Option<u32>) {
        let ruled = self
            .controls
            .with_untracked(|controls| controls.is_set_by_config("--seed"));
        match seed {
            Some(seed) if ruled => self.seed.set(seed),
            _ => self.set_option("--seed", seed.map(|seed| seed.to_string()).as_deref()),
        }
    }
}

fn utf16_length(text: &str) -> u32 {
    u32::try_from(text.encode_utf16().count()).unwrap_or(u32::MAX)
}

/// Where the last edit of a fix ends in `text`, which has it applied, in UTF-16 units.
fn end_of_edits(text: &str, fix: &Fix) -> u32 {
    let Some((last, _)) = fix.edits.last() else {
        return 0;
    };
    // Spans refer to the text before the fix: each edit shifts the end of the last one.
    let end = fix
        .edits
        .iter()
        .fold(i64::from(last.end), |end, (span, replacement)| {
            end + replacement.len() as i64 - i64::from(span.end - span.start)
        });
    let end = usize::try_from(end).unwrap_or(0).min(text.len());
    utf16_length(text.get(..end).unwrap_or(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::Span;
    use crate::testing::test;

    #[test]
    fn the_cursor_goes_behind_the_last_edit() {
        let fix = Fix {
            label: String::new(),
            edits: vec![
                (Span::new(0, 2), "longer".to_owned()),
                (Span::new(4, 6), "ü".to_owned()),
            ],
        };
        let text = fix.apply("ab--cd!");
        assert_eq!(text, "longer--ü!");
        assert_eq!(end_of_edits(&text, &fix), 9);
        let nothing = Fix {
            edits: Vec::new(),
            ..fix
        };
        assert_eq!(end_of_edits("abc", &nothing), 0);
    }
}

//! Warnings about plain scalars that YAML 1.1 takes for something else than they look like.

use super::schema::Reader;
use super::tree::{Child, Content};
use super::value::Value;
use crate::sweep::diagnostic::config::Problem;
use crate::sweep::literal::Literal;

impl Reader<'_> {
    /// Warns of plain scalars that YAML 1.1 takes for something else than they look like.
    pub(super) fn note_retyped(&mut self, at: Child) {
        if at.alias {
            return;
        }
        match self.loader.content(at) {
            Content::Sequence(items) => {
                for item in items {
                    self.note_date(*item);
                    self.note_retyped(*item);
                }
            }
            Content::Scalar { plain: true, .. } => {
                if let Ok(value) = self.loader.load(at) {
                    self.note_retyped_as(at, &value.to_str());
                }
            }
            _ => {}
        }
    }

    fn note_date(&mut self, at: Child) {
        if let Content::Scalar { text, .. } = self.loader.content(at)
            && let Ok(Value::Timestamp(timestamp)) = self.loader.load(at)
        {
            let (written, repr) = (text.clone(), timestamp.repr());
            self.report(at.span, Problem::DateInList { written, repr });
        }
    }

    /// The same for a scalar that is passed as `passed`.
    pub(super) fn note_retyped_as(&mut self, at: Child, passed: &str) {
        let Content::Scalar {
            text, plain: true, ..
        } = self.loader.content(at)
        else {
            return;
        };
        let surprising = |value: Value| is_surprising(text, passed, &value);
        if !at.alias && self.loader.load(at).is_ok_and(surprising) {
            let (written, read) = (text.clone(), passed.to_owned());
            self.report(at.span, Problem::Retyped { written, read });
        }
    }
}

fn is_surprising(text: &str, passed: &str, value: &Value) -> bool {
    match value {
        Value::Scalar(Literal::Bool(_)) => {
            !text.eq_ignore_ascii_case("true") && !text.eq_ignore_ascii_case("false")
        }
        Value::Scalar(Literal::Int(_)) => passed != text.strip_prefix('+').unwrap_or(text),
        Value::Scalar(Literal::Float(_)) => text.contains([':', '_']),
        Value::Timestamp(_) => passed != text,
        _ => false,
    }
}

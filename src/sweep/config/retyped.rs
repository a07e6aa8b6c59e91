//! Warnings about plain scalars that YAML 1.1 takes for something else than they look like.

use super::schema::SchemaReader;
use super::tree::{NodeContent, NodeRef};
use super::value::YamlValue;
use crate::sweep::diagnostic::config::ConfigProblem;
use crate::sweep::literal::Literal;

impl SchemaReader<'_> {
    /// Warns of plain scalars that YAML 1.1 takes for something else than they look like.
    pub(super) fn warn_retyped(&mut self, at: NodeRef) {
        if at.alias {
            return;
        }
        match self.loader.content(at) {
            NodeContent::Sequence(items) => {
                for item in items {
                    self.warn_date_in_list(*item);
                    self.warn_retyped(*item);
                }
            }
            NodeContent::Scalar { plain: true, .. } => {
                if let Ok(value) = self.loader.load(at) {
                    self.warn_retyped_as(at, &value.to_str());
                }
            }
            _ => {}
        }
    }

    fn warn_date_in_list(&mut self, at: NodeRef) {
        if let NodeContent::Scalar { text, .. } = self.loader.content(at)
            && let Ok(YamlValue::Timestamp(timestamp)) = self.loader.load(at)
        {
            let (written, repr) = (text.clone(), timestamp.repr());
            self.report(at.span, ConfigProblem::DateInList { written, repr });
        }
    }

    /// The same for a scalar that is passed as `passed`.
    pub(super) fn warn_retyped_as(&mut self, at: NodeRef, passed: &str) {
        let NodeContent::Scalar {
            text, plain: true, ..
        } = self.loader.content(at)
        else {
            return;
        };
        let surprising = |value: YamlValue| is_surprising(text, passed, &value);
        if !at.alias && self.loader.load(at).is_ok_and(surprising) {
            let (written, read) = (text.clone(), passed.to_owned());
            self.report(at.span, ConfigProblem::Retyped { written, read });
        }
    }
}

fn is_surprising(text: &str, passed: &str, value: &YamlValue) -> bool {
    match value {
        YamlValue::Scalar(Literal::Bool(_)) => {
            !text.eq_ignore_ascii_case("true") && !text.eq_ignore_ascii_case("false")
        }
        YamlValue::Scalar(Literal::Int(_)) => passed != text.strip_prefix('+').unwrap_or(text),
        YamlValue::Scalar(Literal::Float(_)) => text.contains([':', '_']),
        YamlValue::Timestamp(_) => passed != text,
        _ => false,
    }
}

//! Looks through JSON before it is read: a list of small objects takes sixty times the memory of its
//! text.

use memchr::memchr2;

use super::error::ApiError;
use sweep_planner::sweep::diagnostic::format_count;

/// How deep lists and objects may lie in each other; `serde_json` itself stops at 128.
const DEPTH_MAX: usize = 100;

/// Refuses JSON with more values than `most` (each list and object, and each item of one but its
/// first), or nested too deeply. Of what is no JSON everything up to the first error is counted.
pub(super) fn ensure_bounded(json: &[u8], most: usize) -> Result<(), ApiError> {
    let (mut values, mut depth, mut at) = (0, 0_usize, 0);
    while let Some(byte) = json.get(at) {
        at += 1;
        match byte {
            b'"' => at += string_len(json.get(at..).unwrap_or_default()),
            b'[' | b'{' => {
                (values, depth) = (values + 1, depth + 1);
                if depth > DEPTH_MAX {
                    return Err(ApiError::Invalid(format!(
                        "The lists and objects of this body lie more than {DEPTH_MAX} deep in each \
                         other."
                    )));
                }
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            b',' => values += 1,
            _ => {}
        }
        if values > most {
            return Err(ApiError::TooLarge(format!(
                "This body has more than {} values.",
                format_count(most as u128)
            )));
        }
    }
    Ok(())
}

/// The length of a string behind its first quote, with its last.
fn string_len(text: &[u8]) -> usize {
    let mut at = 0;
    while let Some(found) = memchr2(b'"', b'\\', text.get(at..).unwrap_or_default()) {
        at += found;
        if text[at] == b'"' {
            return at + 1;
        }
        // With the character that it escapes.
        at += 2;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn count(value: &Value) -> usize {
        match value {
            Value::Array(items) => {
                1 + items.len().saturating_sub(1) + items.iter().map(count).sum::<usize>()
            }
            Value::Object(items) => {
                1 + items.len().saturating_sub(1) + items.values().map(count).sum::<usize>()
            }
            _ => 0,
        }
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<i64>().prop_map(Value::from),
            "[\\[\\]{}\",\\\\a]{0,9}".prop_map(Value::from),
        ];
        leaf.prop_recursive(5, 60, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::btree_map("[\\[{\",\\\\a]{0,4}", inner, 0..6)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn values_are_counted_as_they_are_read(value in any_json()) {
            let (text, count) = (value.to_string(), count(&value));
            prop_assert!(ensure_bounded(text.as_bytes(), count).is_ok());
            if count > 0 {
                let refused = ensure_bounded(text.as_bytes(), count - 1).unwrap_err();
                prop_assert_eq!(refused.status().as_u16(), 413);
            }
        }

        #[test]
        fn no_bytes_make_it_fail(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = ensure_bounded(&bytes, 10);
        }
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |depth| "[".repeat(depth) + &"]".repeat(depth);
        assert!(ensure_bounded(nested(100).as_bytes(), 1_000).is_ok());
        let refused = ensure_bounded(nested(101).as_bytes(), 1_000).unwrap_err();
        assert_eq!(refused.status().as_u16(), 400);
        assert!(ensure_bounded(b"[],[],[],[]", 7).is_ok());
        assert!(ensure_bounded(br#"["\\", "[[[[[", "\"[[[["]"#, 3).is_ok());
        assert!(ensure_bounded(br#""\"#, 0).is_ok());
    }
}

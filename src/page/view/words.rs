//! Messages for people.

use leptos::prelude::*;

/// A message as a sentence: a capital first, and what stands in backticks as code.
pub(super) fn words(message: &str) -> AnyView {
    let mut pieces = Vec::new();
    for (at, piece) in message.split('`').enumerate() {
        if piece.is_empty() {
            continue;
        }
        pieces.push(if at % 2 == 1 {
            let code = piece.to_owned();
            view! { <code>{code}</code> }.into_any()
        } else if at == 0 {
            let mut letters = piece.chars();
            let first = letters.next().into_iter().flat_map(char::to_uppercase);
            first.chain(letters).collect::<String>().into_any()
        } else {
            piece.to_owned().into_any()
        });
    }
    pieces.into_any()
}

//! Messages with code in them.

use leptos::prelude::*;

/// Displays a message as a sentence: its first letter becomes a capital (unless the message begins
/// with code), and text in backticks becomes `<code>`.
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

//! The names of a script's arguments.

use super::{Argument, split_inline};
use crate::sweep::span::Origin;
use crate::sweep::words::{self, Word, begins_flag};
use compact_str::{CompactString, format_compact};
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// The script's words as arguments, named. O(words).
pub(super) fn arguments(words: impl Iterator<Item = Word>) -> Vec<Argument> {
    let mut uses: HashMap<CompactString, u32> = HashMap::new();
    let mut positional = 0_u32;
    let mut flag: Option<CompactString> = None;
    let name_one = |word: Word| {
        let (flag_name, inline) = split_inline(&word.text);
        let is_flag_word = begins_flag(&word.text);
        let name = if is_flag_word {
            next_name(flag_name, &mut uses)
        } else {
            flag.take().unwrap_or_else(|| {
                positional += 1;
                format_compact!("#{positional}")
            })
        };
        let value = inline.filter(|_| is_flag_word);
        let is_flag = is_flag_word && value.is_none();
        flag = is_flag.then(|| name.clone());
        Argument {
            name,
            value_at: value.map_or(0, |value| words::offset(word.text.len() - value.len())),
            is_flag,
            word,
            origin: Origin::Command,
        }
    };
    words.map(name_one).collect()
}

/// A name for the next use of a flag, which no other use has: `--x`, `--x#2`, ….
fn next_name(flag: &str, uses: &mut HashMap<CompactString, u32>) -> CompactString {
    let Some(mut count) = uses.get(flag).copied() else {
        let name = CompactString::from(flag);
        uses.insert(name.clone(), 1);
        return name;
    };
    let name = loop {
        count += 1;
        let name = format_compact!("{flag}#{count}");
        // A flag may really be called `--x#2`.
        if let Entry::Vacant(free) = uses.entry(name.clone()) {
            free.insert(1);
            break name;
        }
    };
    if let Some(used) = uses.get_mut(flag) {
        *used = count;
    }
    name
}

//! Datastores as a trial is given them.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// A datastore of a run, as its launch resolved it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mount {
    /// Its id on the wire.
    pub id: String,
    /// As configured or added, without the version.
    pub name: String,
    /// With the name it identifies the datastore.
    pub version: u32,
    /// Where its files are.
    pub folder: PathBuf,
    /// Where the trial is to see them; absolute, without `.` and `..`.
    pub at: PathBuf,
}

/// Replaces each path at or below `mount.at` in a text by the one at or below `mount.folder`. `/data/a` is no part of `/data/ab`, `/data/a.zip` or
/// `/my/data/a`.
pub fn replace_mount_path(text: &str, mount: &Mount) -> String {
    let (Some(at), Some(folder)) = (mount.at.to_str(), mount.folder.to_str()) else {
        return text.to_owned();
    };
    let of_a_name = |letter: char| letter.is_alphanumeric() || "._-".contains(letter);
    let mut done = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(at) {
        let (before, after) = (&rest[..start], &rest[start + at.len()..]);
        let previous = before.chars().next_back().or(done.chars().next_back());
        let begins = previous.is_none_or(|letter| !of_a_name(letter) && letter != '/');
        let ends = after.chars().next().is_none_or(|letter| !of_a_name(letter));
        done.push_str(before);
        done.push_str(if begins && ends { folder } else { at });
        rest = after;
    }
    done + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_paths_are_replaced() {
        let mount = Mount {
            id: "c-v1".into(),
            name: "c".into(),
            version: 1,
            folder: "/srv/c/1".into(),
            at: "/data/c".into(),
        };
        for (text, expected) in [
            ("/data/c", "/srv/c/1"),
            ("/data/c/", "/srv/c/1/"),
            ("/data/c/train/x.png", "/srv/c/1/train/x.png"),
            ("--data=/data/c", "--data=/srv/c/1"),
            ("a:/data/c:/data/c/b", "a:/srv/c/1:/srv/c/1/b"),
            ("['/data/c', 1]", "['/srv/c/1', 1]"),
            ("/data/cc", "/data/cc"),
            ("/data/c.zip", "/data/c.zip"),
            ("/data/cé", "/data/cé"),
            ("/my/data/c", "/my/data/c"),
            ("//data/c", "//data/c"),
            ("data/c", "data/c"),
            ("é/data/c", "é/data/c"),
            ("/data/c/data/c", "/srv/c/1/data/c"),
            ("", ""),
        ] {
            assert_eq!(replace_mount_path(text, &mount), expected, "{text}");
        }
    }
}

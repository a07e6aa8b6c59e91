//! Brings the tables up to date. A migration is never edited after a release.
//!
//! Written by hand, since a step may be Rust instead of SQL, and a file is checked for damage, origin
//! and version before the first write.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::bills;
use super::error::StoreError;
use super::fixed_arguments;

/// Marks the file as ours (`PRAGMA application_id`): "SWEP".
const APPLICATION_ID: i32 = 0x5357_4550;

/// One step from a version of the tables to the next.
enum Migration {
    /// SQL: what the tables are.
    Sql {
        text: &'static str,
        /// Of the text, when it was released: databases that it has made are out there.
        #[cfg_attr(not(test), expect(dead_code, reason = "a test compares it"))]
        sha256: &'static str,
    },
    /// Rust: works out stored figures and arguments by the core's code, which must not be repeated in
    /// SQL. What it does to a database is pinned by `tests/it/upgrade.rs`.
    Code(fn(&Connection) -> Result<(), StoreError>),
}

const MIGRATIONS: [Migration; 12] = [
    Migration::Sql {
        text: include_str!("../../migrations/0001_runs.sql"),
        sha256: "a7b757ba9e8f0d0bc957676de131a3f204fb0c8369c28d1d23e766a7bbab75e6",
    },
    Migration::Sql {
        text: include_str!("../../migrations/0002_control.sql"),
        sha256: "930610afa99e85f4c2f83d064f2022f5f9083671041887510d1dfcf09ff2512b",
    },
    Migration::Sql {
        text: include_str!("../../migrations/0003_data.sql"),
        sha256: "11951a36426d20b25936b4df269870dc9cb9c935e15f20a494da632e79074d5c",
    },
    Migration::Sql {
        text: include_str!("../../migrations/0004_load.sql"),
        sha256: "af452321d17cda9f0d6498d732f4b0404046b1cc46d1ac8973c80535f66caff7",
    },
    Migration::Code(bills::rebill_all),
    Migration::Code(fixed_arguments::add_fixed_arguments),
    Migration::Sql {
        text: include_str!("../../migrations/0007_steps.sql"),
        sha256: "ecbc988701d0b11a0f5f196af4a7e8ab1f844845b45752bea8d9c7a9155be779",
    },
    Migration::Sql {
        text: include_str!("../../migrations/0008_arguments.sql"),
        sha256: "24f1ae60633ef958fa6f6855fed5ec7b94c77be2dacd47afb63098ab1f733ad7",
    },
    Migration::Sql {
        text: include_str!("../../migrations/0009_accounts.sql"),
        sha256: "cb8d2e338df82bdb318dc409f0b446eea69b4cca12df332841106a891114dd75",
    },
    Migration::Sql {
        text: include_str!("../../migrations/0010_waiting_changes.sql"),
        sha256: "743594b1f2ce766c8464d43abb56fe855c43420ce46cb60f9bc3975032693a73",
    },
    Migration::Sql {
        text: include_str!("../../migrations/0011_estimates.sql"),
        sha256: "e3e683700fd12b1e1cdc9a385c287f7010a457811af5cfced5b8f266b1262cc9",
    },
    Migration::Sql {
        text: include_str!("../../migrations/0012_scripts.sql"),
        sha256: "79da620b0473813ed9bed9d1a44064610b6f45151e9466b3ab0eab69b19f8e43",
    },
];

/// The most that is read ahead, in bytes: what does not stay in memory is read for nothing.
const READ_AHEAD_MAX: u64 = 4 << 30;

/// Reads the file once from its beginning to its end, so that what [`check_file`] then reads in another
/// order is in memory: for 434 MB that were not, the check took 1.8 s instead of 7.9 s. Errors are
/// left for the check to find.
pub(super) fn read_ahead(path: &Path) {
    if let Ok(file) = File::open(path) {
        let mut file = file.take(READ_AHEAD_MAX);
        let mut chunk = vec![0; 1 << 20];
        while file.read(&mut chunk).is_ok_and(|length| length > 0) {}
    }
}

/// Refuses a file that is damaged, not ours, or newer than this version. Reads only, and all of
/// it: O(size of the file), measured at 220 to 360 MB a second, which is 3 to 5 s for a gigabyte
/// (see `docs/server.md`).
pub(super) fn check_file(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let shown = path.display();
    let damaged = |why: &dyn std::fmt::Display| {
        StoreError::Foreign(format!(
            "{shown} cannot be read as a database ({why}). Nothing was changed in it. Restore it \
             from a backup, or move it away to begin anew."
        ))
    };
    let pragma = |name: &str| -> Result<i64, StoreError> {
        let query = format!("PRAGMA {name}");
        let read = connection.query_row(&query, [], |row| row.get(0));
        read.map_err(|error| damaged(&error))
    };
    let (tables, application) = (pragma("schema_version")?, pragma("application_id")?);
    if tables != 0 && application != i64::from(APPLICATION_ID) {
        return Err(StoreError::Foreign(format!(
            "{shown} is a database of another program. Choose another folder with --data."
        )));
    }
    let version = pragma("user_version")?;
    if version > MIGRATIONS.len() as i64 {
        return Err(StoreError::Foreign(format!(
            "{shown} was written by a newer version of sweep (tables {version}, this version \
             knows {}). Nothing was changed in it. Use the newer version.",
            MIGRATIONS.len()
        )));
    }
    let found: Result<String, _> =
        connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0));
    match found {
        Ok(found) if found == "ok" => Ok(()),
        Ok(found) => Err(damaged(&found.replace('\n', " "))),
        Err(error) => Err(damaged(&error)),
    }
}

/// The version of the tables in a file that [`check_file`] would accept; 0: it has none yet. Reads a
/// few bytes.
pub(super) fn read_version(connection: &Connection) -> Result<usize, StoreError> {
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    Ok(usize::try_from(version).unwrap_or(0))
}

/// Whether a file's tables are those of this version.
pub(super) fn is_current(connection: &Connection) -> Result<bool, StoreError> {
    let application: i64 = connection.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    Ok(application == i64::from(APPLICATION_ID) && read_version(connection)? == MIGRATIONS.len())
}

/// Applies what is missing, each migration in its own transaction.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    let version = read_version(connection)?;
    for (index, migration) in MIGRATIONS.iter().enumerate().skip(version) {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        match migration {
            Migration::Sql { text, .. } => transaction.execute_batch(text)?,
            Migration::Code(step) => step(&transaction)?,
        }
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", index as i64 + 1)?;
        transaction.commit()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn released_migrations_are_what_they_were() {
        use sha2::{Digest, Sha256};
        for (version, migration) in (1..).zip(&MIGRATIONS) {
            // Which versions are steps in Rust is as fixed as the tables are.
            assert_eq!(
                matches!(migration, Migration::Code(_)),
                matches!(version, 5 | 6)
            );
            if let Migration::Sql { text, sha256 } = migration {
                let found = crate::system::random::to_hex(&Sha256::digest(text));
                assert_eq!(found, *sha256, "version {version}");
            }
        }
    }

    #[test]
    fn every_file_is_applied_as_the_version_of_its_name() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations");
        let mut files: Vec<(String, String)> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .map(|path| {
                let name = path.file_name().unwrap().to_str().unwrap();
                (
                    name[..4].to_owned(),
                    std::fs::read_to_string(&path).unwrap(),
                )
            })
            .collect();
        files.sort();
        let applied: Vec<(String, String)> = (1..)
            .zip(&MIGRATIONS)
            .filter_map(|(version, migration)| match migration {
                Migration::Sql { text, .. } => Some((format!("{version:04}"), (*text).to_owned())),
                Migration::Code(_) => None,
            })
            .collect();
        assert_eq!(files, applied);
    }

    #[test]
    fn a_second_run_changes_nothing() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection).unwrap();
        migrate(&mut connection).unwrap();
        check_file(&connection, Path::new("x")).unwrap();
    }

    #[test]
    fn a_foreign_database_is_refused() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE theirs (x)").unwrap();
        let error = check_file(&connection, Path::new("x"))
            .unwrap_err()
            .to_string();
        assert!(error.contains("another program"), "{error}");
    }

    #[test]
    fn a_newer_database_is_refused() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection).unwrap();
        connection.pragma_update(None, "user_version", 99).unwrap();
        let error = check_file(&connection, Path::new("x"))
            .unwrap_err()
            .to_string();
        assert!(error.contains("newer version"), "{error}");
    }
}

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

/// Marks the file as ours (`PRAGMA application_id`): "SWEP".
const APPLICATION_ID: i32 = 0x5357_4550;

/// One step from a version of the tables to the next.
enum Migration {
    /// SQL: what the tables are.
    Sql(&'static str),
    /// Rust: corrects stored figures whose arithmetic must not be repeated in SQL.
    Code(fn(&Connection) -> Result<(), StoreError>),
}

const MIGRATIONS: [Migration; 5] = [
    Migration::Sql(include_str!("../../migrations/0001_runs.sql")),
    Migration::Sql(include_str!("../../migrations/0002_control.sql")),
    Migration::Sql(include_str!("../../migrations/0003_data.sql")),
    Migration::Sql(include_str!("../../migrations/0004_load.sql")),
    Migration::Code(bills::rebill_all),
];

/// The most that is read ahead, in bytes: what does not stay in memory is read for nothing.
const READ_AHEAD_MAX: u64 = 4 << 30;

/// Reads the file once from its beginning to its end, so that what [`check`] then reads in another
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

/// Applies what is missing, each migration in its own transaction.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    let version: usize = connection
        .query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0))
        .map(|version| usize::try_from(version).unwrap_or(0))?;
    for (index, migration) in MIGRATIONS.iter().enumerate().skip(version) {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        match migration {
            Migration::Sql(sql) => transaction.execute_batch(sql)?,
            Migration::Code(rebill) => rebill(&transaction)?,
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

    /// Databases that they have made are out there.
    #[test]
    fn released_migrations_are_what_they_were() {
        use sha2::{Digest, Sha256};
        let recorded = [
            (
                "0001_runs.sql",
                "a7b757ba9e8f0d0bc957676de131a3f204fb0c8369c28d1d23e766a7bbab75e6",
            ),
            (
                "0002_control.sql",
                "930610afa99e85f4c2f83d064f2022f5f9083671041887510d1dfcf09ff2512b",
            ),
            (
                "0003_data.sql",
                "11951a36426d20b25936b4df269870dc9cb9c935e15f20a494da632e79074d5c",
            ),
            (
                "0004_load.sql",
                "af452321d17cda9f0d6498d732f4b0404046b1cc46d1ac8973c80535f66caff7",
            ),
        ];
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        files.sort();
        assert_eq!(files, recorded.map(|(file, _)| file), "each is recorded");
        let hash = |bytes: &[u8]| crate::system::random::to_hex(&Sha256::digest(bytes));
        let applied: Vec<String> = MIGRATIONS
            .iter()
            .filter_map(|migration| match migration {
                Migration::Sql(sql) => Some(hash(sql.as_bytes())),
                Migration::Code(_) => None,
            })
            .collect();
        assert_eq!(applied, recorded.map(|(_, hash)| hash), "each is applied");
        // Which version puts figures right is as fixed as the tables are.
        assert!(matches!(MIGRATIONS[4], Migration::Code(_)));
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

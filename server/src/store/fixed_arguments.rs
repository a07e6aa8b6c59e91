//! The fixed arguments of the runs that earlier versions have stored.

use rusqlite::{Connection, params};
use sweep_planner::api::RunSpec;
use sweep_planner::launch::recover_fixed_arguments;

use super::columns::{from_json, to_json};
use super::error::StoreError;

/// Adds the column `fixed` to the runs, and fills it from their commands. It stays NULL where the
/// core lists none. O(runs), each read again by the core once.
pub(super) fn add_fixed_arguments(connection: &Connection) -> Result<(), StoreError> {
    connection.execute_batch("ALTER TABLE run ADD COLUMN fixed TEXT")?;
    let mut runs = connection.prepare("SELECT key FROM run")?;
    let keys: Vec<i64> = runs
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let mut read = connection.prepare("SELECT spec FROM run WHERE key = ?1")?;
    let mut write = connection.prepare("UPDATE run SET fixed = ?2 WHERE key = ?1")?;
    for key in keys {
        let spec: String = read.query_row([key], |row| row.get(0))?;
        // A spec that is no JSON is reported where the run is read; it must not stop the server.
        let spec: Result<RunSpec, _> = from_json("run spec", &spec);
        if let Some(fixed) = spec.ok().as_ref().and_then(recover_fixed_arguments) {
            write.execute(params![key, to_json("fixed arguments", &fixed)?])?;
        }
    }
    Ok(())
}

//! The names of metrics of one run, while points are stored.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, params};

use super::error::StoreError;
use crate::model::metric::NAMES_PER_RUN_MAX;

/// Gives names their numbers in their run within one transaction. Each name that the run has costs
/// at most one query; all names that it has not cost one together, and one each for those that it
/// gets. So a trial that prints ever new names costs no query a point once its run has its most.
#[derive(Debug, Default)]
pub(super) struct MetricNameIds {
    known: HashMap<String, i64>,
    /// Whether `known` has all names of the run.
    all_read: bool,
}

impl MetricNameIds {
    /// The number of a name, given on first sight; `None` once there are too many.
    pub(super) fn ensure(
        &mut self,
        connection: &Connection,
        run: i64,
        name: &str,
    ) -> Result<Option<i64>, StoreError> {
        if let Some(id) = self.known.get(name) {
            return Ok(Some(*id));
        }
        if !self.all_read {
            let query = "SELECT id FROM metric_name WHERE run = ?1 AND name = ?2";
            let mut statement = connection.prepare_cached(query)?;
            let found = statement.query_row(params![run, name], |row| row.get(0));
            if let Some(id) = found.optional()? {
                self.known.insert(name.to_owned(), id);
                return Ok(Some(id));
            }
            self.read_all(connection, run)?;
        }
        if self.known.len() >= NAMES_PER_RUN_MAX {
            return Ok(None);
        }
        // They count from 0, without gaps.
        let id = i64::try_from(self.known.len()).unwrap_or(i64::MAX);
        connection
            .prepare_cached("INSERT INTO metric_name (run, id, name) VALUES (?1, ?2, ?3)")?
            .execute(params![run, id, name])?;
        self.known.insert(name.to_owned(), id);
        Ok(Some(id))
    }

    fn read_all(&mut self, connection: &Connection, run: i64) -> Result<(), StoreError> {
        let query = "SELECT name, id FROM metric_name WHERE run = ?1";
        let mut statement = connection.prepare_cached(query)?;
        let names = statement.query_map([run], |row| Ok((row.get(0)?, row.get(1)?)))?;
        self.known = names.collect::<Result<_, _>>()?;
        self.all_read = true;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        let table = "CREATE TABLE metric_name (run INTEGER NOT NULL, id INTEGER NOT NULL,
                         name TEXT NOT NULL, PRIMARY KEY (run, id), UNIQUE (run, name))";
        connection.execute_batch(table).unwrap();
        connection
    }

    #[test]
    fn names_count_from_zero_in_each_run_and_are_found_again() {
        let connection = table();
        for run in [1, 2] {
            let mut ids = MetricNameIds::default();
            for (name, id) in [("a", 0), ("b", 1), ("a", 0), ("c", 2)] {
                assert_eq!(ids.ensure(&connection, run, name).unwrap(), Some(id));
            }
        }
        let mut later = MetricNameIds::default();
        assert_eq!(later.ensure(&connection, 2, "c").unwrap(), Some(2));
        assert_eq!(later.ensure(&connection, 2, "d").unwrap(), Some(3));
    }

    #[test]
    fn a_run_with_its_most_names_is_not_asked_about_further_ones() {
        let connection = table();
        let mut ids = MetricNameIds::default();
        for number in 0..NAMES_PER_RUN_MAX {
            let id = ids.ensure(&connection, 1, &format!("n{number}")).unwrap();
            assert_eq!(id, Some(i64::try_from(number).unwrap()));
        }
        let mut later = MetricNameIds::default();
        assert_eq!(later.ensure(&connection, 1, "more").unwrap(), None);
        // Any query would fail from now on.
        connection.execute_batch("DROP TABLE metric_name").unwrap();
        for ids in [&mut ids, &mut later] {
            for number in 0..NAMES_PER_RUN_MAX {
                let further = ids.ensure(&connection, 1, &format!("further{number}"));
                assert_eq!(further.unwrap(), None);
            }
            assert_eq!(ids.ensure(&connection, 1, "n999").unwrap(), Some(999));
        }
    }
}

-- What script a run runs, by which trials of the same one are found. Runs of earlier versions have none.
CREATE TABLE run_script (
    account TEXT NOT NULL,
    -- Relative to the source, without `.` parts.
    path TEXT NOT NULL,
    run INTEGER NOT NULL REFERENCES run (key) ON DELETE CASCADE,
    -- SHA-256 of the script's content; NULL until its source is there, and where it cannot be read.
    digest TEXT,
    PRIMARY KEY (account, path, run)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX run_script_run ON run_script (run);

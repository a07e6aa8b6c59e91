-- What the trials of a run pass to their script, stored once for all of them. A trial's own values
-- and words follow from its space_index: trial.passed and trial.argv are '' then. Trials of earlier
-- versions keep theirs.

CREATE TABLE run_arguments (
    run INTEGER PRIMARY KEY REFERENCES run (key) ON DELETE CASCADE,
    -- JSON: the words, with places for what varies, and how many values each axis has.
    template TEXT NOT NULL
) STRICT;

-- The values of the axes that are lists or draws; those of a range are computed.
CREATE TABLE axis_values (
    run INTEGER NOT NULL REFERENCES run (key) ON DELETE CASCADE,
    -- From 0, in the order of run.columns.
    axis INTEGER NOT NULL,
    -- The place in the list >> 6
    block INTEGER NOT NULL,
    -- JSON array: the values of this block.
    texts TEXT NOT NULL,
    PRIMARY KEY (run, axis, block)
) STRICT, WITHOUT ROWID;

-- A run that is being created has '' for its cluster and its id for its name until its last trial is
-- stored. No query of a cluster finds it; a start removes what a killed server left half-written.

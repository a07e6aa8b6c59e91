-- A change of all trials of a large run that wait (queued or held): stopped, held, released, or failed
-- since the run has no source. The row is written first and counts at once; the trials follow in
-- transactions of their own, and the last of them deletes the row. A start finishes what a killed
-- server left.
CREATE TABLE waiting_change (
    run INTEGER PRIMARY KEY REFERENCES run (key) ON DELETE CASCADE,
    -- What the trials become: 0 queued (those that are held), 6 held (those that are queued),
    -- 4 failed or 5 cancelled (both).
    state INTEGER NOT NULL,
    at INTEGER NOT NULL,
    -- trial.message
    message TEXT NOT NULL
) STRICT;

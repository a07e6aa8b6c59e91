-- Control: runs that are stopped after failures in a row, trials tried again, GPUs, uploads.

-- After so many failures in a row the rest is held; 0: never.
ALTER TABLE run ADD COLUMN stop_after INTEGER NOT NULL DEFAULT 0;
-- How many trials have failed in a row, in the order in which they ended.
ALTER TABLE run ADD COLUMN failures INTEGER NOT NULL DEFAULT 0;
-- What one trial takes of its cluster.
ALTER TABLE run ADD COLUMN cpus INTEGER NOT NULL DEFAULT 0;
ALTER TABLE run ADD COLUMN gpus INTEGER NOT NULL DEFAULT 0;
-- NULL: no upload; '': the source is still to be uploaded; else the SHA-256 of what came.
ALTER TABLE run ADD COLUMN upload TEXT;

-- How often it was tried before.
ALTER TABLE trial ADD COLUMN attempt INTEGER NOT NULL DEFAULT 0;
-- JSON array: the numbers of the GPUs that it was given when it was claimed.
ALTER TABLE trial ADD COLUMN gpus TEXT NOT NULL DEFAULT '[]';

-- How earlier attempts ended. Their output is in their own folders.
CREATE TABLE trial_attempt (
    run INTEGER NOT NULL REFERENCES run (key) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    state INTEGER NOT NULL,
    message TEXT NOT NULL,
    started_at INTEGER,
    ended_at INTEGER,
    exit_code INTEGER,
    signal INTEGER,
    billed_seconds INTEGER,
    PRIMARY KEY (run, number, attempt)
) STRICT, WITHOUT ROWID;

-- Load: pages of one state at any offset, retention.

-- How many trials of a run are in which state, by blocks of 1024 numbers: kept by the trigger, so
-- that the place of a page among those of its state is found without counting through the run.
CREATE TABLE trial_block (
    run INTEGER NOT NULL REFERENCES run (key) ON DELETE CASCADE,
    state INTEGER NOT NULL,
    -- trial.number >> 10
    block INTEGER NOT NULL,
    trials INTEGER NOT NULL,
    PRIMARY KEY (run, state, block)
) STRICT, WITHOUT ROWID;

INSERT INTO trial_block (run, state, block, trials)
    SELECT run, state, number >> 10, count(*) FROM trial GROUP BY run, state, number >> 10;

DROP TRIGGER trial_changes_state;

CREATE TRIGGER trial_changes_state AFTER UPDATE OF state ON trial WHEN old.state <> new.state
BEGIN
    UPDATE trial_count SET trials = trials - 1 WHERE run = old.run AND state = old.state;
    INSERT INTO trial_count (run, state, trials) VALUES (new.run, new.state, 1)
        ON CONFLICT DO UPDATE SET trials = trials + 1;
    UPDATE trial_block SET trials = trials - 1
        WHERE run = old.run AND state = old.state AND block = old.number >> 10;
    INSERT INTO trial_block (run, state, block, trials) VALUES (new.run, new.state, new.number >> 10, 1)
        ON CONFLICT DO UPDATE SET trials = trials + 1;
    INSERT INTO trial_history (run, number, at, state, cause)
        VALUES (new.run, new.number, new.changed_at, new.state, new.message);
END;

-- Files of ended runs that retention has deleted; what: 0 working copies, 1 all files. Written
-- before the first file goes, done once the last has gone.
CREATE TABLE discarded (
    run INTEGER NOT NULL REFERENCES run (key) ON DELETE CASCADE,
    what INTEGER NOT NULL,
    at INTEGER NOT NULL,
    done INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (run, what)
) STRICT, WITHOUT ROWID;

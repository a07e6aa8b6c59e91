-- Accounts, page sessions, runs, trials, metrics. Times are microseconds since 1970 (UTC).

CREATE TABLE setting (
    name TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE account (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    salt BLOB NOT NULL,
    -- SHA-256 of salt and key. Keys that we make have 256 random bits, so no slow hash is needed.
    key_hash BLOB NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE page_session (
    token_hash BLOB PRIMARY KEY,
    account TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE run (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    cluster TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    account TEXT NOT NULL REFERENCES account (id),
    -- The request's spec as JSON, with what the server decided (seed, machine, …) filled in.
    spec TEXT NOT NULL,
    -- JSON array of the swept arguments, in the order of trial.passed.
    columns TEXT NOT NULL,
    -- USD per hour of one trial as a decimal, when it was launched; NULL: unknown.
    rate TEXT,
    -- What each start is billed at least, and in multiples of what, in seconds.
    bill_minimum INTEGER NOT NULL,
    bill_increment INTEGER NOT NULL CHECK (bill_increment > 0),
    -- At most so many trials at once; NULL: as many as the cluster has slots.
    parallel INTEGER,
    priority INTEGER NOT NULL DEFAULT 0,
    trials INTEGER NOT NULL,
    -- Whole billed seconds of the trials that have ended.
    billed_seconds INTEGER NOT NULL DEFAULT 0,
    stop_wanted INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    started_at INTEGER,
    ended_at INTEGER,
    deleted_at INTEGER
) STRICT;

CREATE UNIQUE INDEX run_name ON run (cluster, name) WHERE deleted_at IS NULL;

-- One idempotency key makes one run.
CREATE TABLE launch (
    account TEXT NOT NULL REFERENCES account (id),
    key TEXT NOT NULL,
    request_hash BLOB NOT NULL,
    run INTEGER NOT NULL REFERENCES run (key) ON DELETE CASCADE,
    PRIMARY KEY (account, key)
) STRICT, WITHOUT ROWID;

-- trial.state: 0 queued, 1 starting, 2 running, 3 succeeded, 4 failed, 5 cancelled, 6 held,
-- 7 deleted.
CREATE TABLE trial (
    run INTEGER NOT NULL REFERENCES run (key) ON DELETE CASCADE,
    -- Launch order, from 0.
    number INTEGER NOT NULL,
    -- Index in the space of the command: up to 128 bits, hence text.
    space_index TEXT NOT NULL,
    -- JSON array: the text passed for each of run.columns, null where it has none.
    passed TEXT NOT NULL,
    -- JSON array: script and arguments.
    argv TEXT NOT NULL,
    state INTEGER NOT NULL DEFAULT 0,
    stop_wanted INTEGER NOT NULL DEFAULT 0,
    message TEXT NOT NULL DEFAULT '',
    changed_at INTEGER NOT NULL,
    started_at INTEGER,
    ended_at INTEGER,
    exit_code INTEGER,
    signal INTEGER,
    -- Whole billed seconds, once it has ended.
    billed_seconds INTEGER,
    -- How far the metrics of its standard output have been read, in bytes.
    metrics_read INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (run, number)
) STRICT, WITHOUT ROWID;

CREATE INDEX trial_state ON trial (run, state, number);

-- How many trials of a run are in which state: kept by the trigger, so that no list counts.
CREATE TABLE trial_count (
    run INTEGER NOT NULL REFERENCES run (key) ON DELETE CASCADE,
    state INTEGER NOT NULL,
    trials INTEGER NOT NULL,
    PRIMARY KEY (run, state)
) STRICT, WITHOUT ROWID;

CREATE INDEX trial_count_state ON trial_count (state, run) WHERE trials > 0;

CREATE TRIGGER trial_changes_state AFTER UPDATE OF state ON trial WHEN old.state <> new.state
BEGIN
    UPDATE trial_count SET trials = trials - 1 WHERE run = old.run AND state = old.state;
    INSERT INTO trial_count (run, state, trials) VALUES (new.run, new.state, 1)
        ON CONFLICT DO UPDATE SET trials = trials + 1;
    INSERT INTO trial_history (run, number, at, state, cause)
        VALUES (new.run, new.number, new.changed_at, new.state, new.message);
END;

-- Every change of a trial's state, with its time and cause.
CREATE TABLE trial_history (
    key INTEGER PRIMARY KEY,
    run INTEGER NOT NULL REFERENCES run (key) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    at INTEGER NOT NULL,
    state INTEGER NOT NULL,
    cause TEXT NOT NULL
) STRICT;

CREATE INDEX trial_history_trial ON trial_history (run, number);

CREATE TABLE metric_name (
    run INTEGER NOT NULL REFERENCES run (key) ON DELETE CASCADE,
    -- Order first seen, from 0.
    id INTEGER NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (run, id),
    UNIQUE (run, name)
) STRICT, WITHOUT ROWID;

-- source: 0 standard output, 1 metrics.csv. A name that a trial has in its metrics.csv is read
-- from there alone.
CREATE TABLE metric_point (
    run INTEGER NOT NULL REFERENCES run (key) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    name INTEGER NOT NULL,
    source INTEGER NOT NULL,
    position INTEGER NOT NULL,
    step REAL NOT NULL,
    -- NULL is NaN, which SQLite cannot store.
    value REAL,
    PRIMARY KEY (run, number, name, source, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE metric_last (
    run INTEGER NOT NULL REFERENCES run (key) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    name INTEGER NOT NULL,
    source INTEGER NOT NULL,
    points INTEGER NOT NULL,
    value REAL,
    PRIMARY KEY (run, number, name, source)
) STRICT, WITHOUT ROWID;

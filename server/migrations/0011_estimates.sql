-- Estimates and budgets: what each trial was expected to take and to be billed, and what runs that were
-- launched together may cost.

-- Microseconds of the script's run time, and of the time billed for it; NULL: unknown.
ALTER TABLE trial ADD COLUMN likely_run INTEGER;
ALTER TABLE trial ADD COLUMN likely_bill INTEGER;
-- Microseconds that are billed at the 90th percentile of the run time, or where that is unknown at the time
-- limit; NULL: neither is known.
ALTER TABLE trial ADD COLUMN high_bill INTEGER;

CREATE TABLE budget (
    key INTEGER PRIMARY KEY,
    account TEXT NOT NULL REFERENCES account (id),
    -- The name that the launches share; the run's id where a launch named none.
    name TEXT NOT NULL,
    -- USD as a plain decimal.
    amount TEXT NOT NULL,
    UNIQUE (account, name)
) STRICT;

-- JSON: the estimate of the launch; NULL: it had no run time.
ALTER TABLE run ADD COLUMN estimate TEXT;
ALTER TABLE run ADD COLUMN budget INTEGER REFERENCES budget (key);
-- Whether its waiting trials are held, or are being held, for lack of budget.
ALTER TABLE run ADD COLUMN held_for_budget INTEGER NOT NULL DEFAULT 0;
CREATE INDEX run_budget ON run (budget) WHERE budget IS NOT NULL;

-- Sums over the trials in a state, in milliseconds, kept by the trigger: what was estimated, and of trials
-- with an estimate what they took and were billed.
ALTER TABLE trial_count ADD COLUMN likely_run INTEGER NOT NULL DEFAULT 0;
ALTER TABLE trial_count ADD COLUMN likely_bill INTEGER NOT NULL DEFAULT 0;
ALTER TABLE trial_count ADD COLUMN high_bill INTEGER NOT NULL DEFAULT 0;
ALTER TABLE trial_count ADD COLUMN ran INTEGER NOT NULL DEFAULT 0;
ALTER TABLE trial_count ADD COLUMN billed INTEGER NOT NULL DEFAULT 0;

DROP TRIGGER trial_changes_state;

-- 9000000000000 ms: no sum of a million trials overflows, whatever the clocks said.
CREATE TRIGGER trial_changes_state AFTER UPDATE OF state ON trial WHEN old.state <> new.state
BEGIN
    UPDATE trial_count SET trials = trials - 1,
            likely_run = likely_run - coalesce(old.likely_run / 1000, 0),
            likely_bill = likely_bill - coalesce(old.likely_bill / 1000, 0),
            high_bill = high_bill - coalesce(old.high_bill / 1000, 0),
            ran = ran - CASE WHEN old.likely_run IS NULL THEN 0 ELSE
                coalesce(min(max(old.ended_at - old.started_at, 0) / 1000, 9000000000000), 0) END,
            billed = billed - CASE WHEN old.likely_run IS NULL THEN 0 ELSE
                min(coalesce(old.billed_seconds, 0), 9000000000) * 1000 END
        WHERE run = old.run AND state = old.state;
    INSERT INTO trial_count (run, state, trials, likely_run, likely_bill, high_bill, ran, billed)
        VALUES (new.run, new.state, 1, coalesce(new.likely_run / 1000, 0),
            coalesce(new.likely_bill / 1000, 0), coalesce(new.high_bill / 1000, 0),
            CASE WHEN new.likely_run IS NULL THEN 0 ELSE
                coalesce(min(max(new.ended_at - new.started_at, 0) / 1000, 9000000000000), 0) END,
            CASE WHEN new.likely_run IS NULL THEN 0 ELSE
                min(coalesce(new.billed_seconds, 0), 9000000000) * 1000 END)
        ON CONFLICT DO UPDATE SET trials = trials + 1,
            likely_run = likely_run + excluded.likely_run,
            likely_bill = likely_bill + excluded.likely_bill,
            high_bill = high_bill + excluded.high_bill,
            ran = ran + excluded.ran, billed = billed + excluded.billed;
    UPDATE trial_block SET trials = trials - 1
        WHERE run = old.run AND state = old.state AND block = old.number >> 10;
    INSERT INTO trial_block (run, state, block, trials) VALUES (new.run, new.state, new.number >> 10, 1)
        ON CONFLICT DO UPDATE SET trials = trials + 1;
    INSERT INTO trial_history (run, number, at, state, cause)
        VALUES (new.run, new.number, new.changed_at, new.state, new.message);
END;

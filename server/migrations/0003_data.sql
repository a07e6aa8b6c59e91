-- Data: where what the trials of a run read comes from.

-- JSON array: the datastores of the run as its launch resolved them.
ALTER TABLE run ADD COLUMN mounts TEXT NOT NULL DEFAULT '[]';
-- NULL: its source is not fetched; '': it is still to be; else the commit that was.
ALTER TABLE run ADD COLUMN fetched TEXT;
-- Why it could not be fetched; then '' above stays, and nothing starts before it is tried again.
ALTER TABLE run ADD COLUMN fetch_failure TEXT NOT NULL DEFAULT '';

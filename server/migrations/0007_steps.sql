-- A point whose step the trial did not state has none. Rows of earlier versions keep the number of
-- points before them, which was stored in its place: nothing tells the two apart any more.
-- source: 0 standard output, 1 files that the trial has written.

ALTER TABLE metric_point ALTER COLUMN step DROP NOT NULL;

-- Accounts are kept apart: administrators, revoked accounts, names of runs by account, sign-ins that
-- can be listed and ended.

ALTER TABLE account ADD COLUMN admin INTEGER NOT NULL DEFAULT 0;
-- Its key no longer works; its runs stay. NULL: it may sign in.
ALTER TABLE account ADD COLUMN revoked_at INTEGER;

UPDATE account SET admin = 1
    WHERE id = (SELECT id FROM account ORDER BY created_at, id LIMIT 1);

-- Two accounts may use the same name, so that a name that is taken reveals nobody else's.
DROP INDEX run_name;
CREATE UNIQUE INDEX run_name ON run (cluster, account, name) WHERE deleted_at IS NULL;

ALTER TABLE page_session ADD COLUMN created_at INTEGER NOT NULL DEFAULT 0;
-- Within an hour: not each request writes.
ALTER TABLE page_session ADD COLUMN used_at INTEGER NOT NULL DEFAULT 0;
-- Browser and system as far as the browser names them, such as "Firefox on Linux"; '': unknown.
ALTER TABLE page_session ADD COLUMN client TEXT NOT NULL DEFAULT '';
-- Sessions last for 30 days.
UPDATE page_session SET created_at = expires_at - 2592000000000,
                        used_at = expires_at - 2592000000000;
CREATE INDEX page_session_account ON page_session (account, used_at);

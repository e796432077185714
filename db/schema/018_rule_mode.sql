-- How callers of a rule's numbers are joined; empty: as the extension or the trunk wants it.
ALTER TABLE digit_rule ADD COLUMN mode TEXT NOT NULL DEFAULT '' CHECK (mode IN ('', 'bridge', 'proxy', 'redirect'));

-- How callers are joined to the phones of an extension, and what the record routes of proxied calls are signed with.

ALTER TABLE extension ADD COLUMN mode TEXT NOT NULL DEFAULT 'bridge' CHECK (mode IN ('bridge', 'proxy', 'redirect'));

CREATE TABLE route_key (
    id  INTEGER PRIMARY KEY CHECK (id = 1),
    key BLOB NOT NULL CHECK (length(key) = 16)
) STRICT;

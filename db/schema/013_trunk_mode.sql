-- How phones in proxy mode are joined to those behind a trunk.
ALTER TABLE trunk ADD COLUMN mode TEXT NOT NULL DEFAULT 'bridge' CHECK (mode IN ('bridge', 'proxy'));

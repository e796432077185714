-- What a phone has answered to NOTIFYs that it had not subscribed to, and when; 0: it has not refused them.
ALTER TABLE binding ADD COLUMN lamps_refused INTEGER NOT NULL DEFAULT 0;
ALTER TABLE binding ADD COLUMN packages_refused INTEGER NOT NULL DEFAULT 0;
ALTER TABLE binding ADD COLUMN refused_at INTEGER NOT NULL DEFAULT 0;

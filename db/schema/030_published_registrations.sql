-- The registration of a phone that publishes about its own extension: what it has said ends with that.
ALTER TABLE publication ADD COLUMN contact TEXT NOT NULL DEFAULT '';
ALTER TABLE publication ADD COLUMN registration TEXT NOT NULL DEFAULT '';

-- The list that a SUBSCRIBE has contained (RFC 5367): an entry a line, what it is here and how the phone calls it.
ALTER TABLE subscription ADD COLUMN entries TEXT NOT NULL DEFAULT '';

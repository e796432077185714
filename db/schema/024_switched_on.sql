-- The word for a key of an extension (dnd+202, login+600) that is on.
ALTER TABLE body_profile ADD COLUMN switched_on TEXT NOT NULL DEFAULT 'confirmed';

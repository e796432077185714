-- In which targets of a dialog that may be picked up there is the code for it.
ALTER TABLE body_profile ADD COLUMN pickup_target TEXT NOT NULL DEFAULT 'none'
    CHECK (pickup_target IN ('none', 'remote', 'local', 'both'));

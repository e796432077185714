-- In which targets of a dialog that may be picked up there is the code for it.
ALTER TABLE body_profile ADD COLUMN pickup_target TEXT NOT NULL DEFAULT 'none'
    CHECK (pickup_target IN ('none', 'remote', 'local', 'both'));

-- A trunk whose number callers are told, to call it by themselves.
ALTER TABLE trunk RENAME COLUMN mode TO former_mode;
ALTER TABLE trunk ADD COLUMN mode TEXT NOT NULL DEFAULT 'bridge' CHECK (mode IN ('bridge', 'proxy', 'redirect'));
UPDATE trunk SET mode = former_mode;
ALTER TABLE trunk DROP COLUMN former_mode;

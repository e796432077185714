-- In which header a phone is told who is at the other end.
ALTER TABLE body_profile ADD COLUMN identity TEXT NOT NULL DEFAULT 'asserted'
    CHECK (identity IN ('asserted', 'remote_party_id', 'both'));

-- What the displays of a talking call follow by.
ALTER TABLE talking_call ADD COLUMN a_anonymous INTEGER NOT NULL DEFAULT 0 CHECK (a_anonymous IN (0, 1));
ALTER TABLE talking_call ADD COLUMN a_takes_update INTEGER NOT NULL DEFAULT 0 CHECK (a_takes_update IN (0, 1));
ALTER TABLE talking_call ADD COLUMN a_identity TEXT NOT NULL DEFAULT 'asserted';
ALTER TABLE talking_call ADD COLUMN b_anonymous INTEGER NOT NULL DEFAULT 0 CHECK (b_anonymous IN (0, 1));
ALTER TABLE talking_call ADD COLUMN b_takes_update INTEGER NOT NULL DEFAULT 0 CHECK (b_takes_update IN (0, 1));
ALTER TABLE talking_call ADD COLUMN b_identity TEXT NOT NULL DEFAULT 'asserted';

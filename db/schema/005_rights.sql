-- What watchers may see and do, and whole groups as watchers.

ALTER TABLE extension ADD COLUMN visibility TEXT NOT NULL DEFAULT 'open'
    CHECK (visibility IN ('open', 'anonymous', 'hidden'));

ALTER TABLE office_group ADD COLUMN rights_parties INTEGER NOT NULL DEFAULT 1 CHECK (rights_parties IN (0, 1));
ALTER TABLE office_group ADD COLUMN rights_pickup INTEGER NOT NULL DEFAULT 1 CHECK (rights_pickup IN (0, 1));

-- The members of `watching` watch `group_name`. A group that watches is not deleted before it is taken out here.
CREATE TABLE group_audience (
    group_name  TEXT NOT NULL REFERENCES office_group (name) ON DELETE CASCADE,
    position    INTEGER NOT NULL,
    watching    TEXT NOT NULL REFERENCES office_group (name) DEFERRABLE INITIALLY DEFERRED,
    unsolicited INTEGER NOT NULL CHECK (unsolicited IN (0, 1)),
    profile     TEXT NOT NULL,
    PRIMARY KEY (group_name, position),
    UNIQUE (group_name, watching)
) STRICT, WITHOUT ROWID;
CREATE INDEX group_audience_watching ON group_audience (watching);
CREATE INDEX group_audience_profile ON group_audience (profile);

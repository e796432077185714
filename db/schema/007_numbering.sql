-- Numbers behind which several extensions ring. No ON DELETE CASCADE from extension: a member is only removed when the
-- caller says so.
CREATE TABLE ring_group (
    number       TEXT PRIMARY KEY NOT NULL,
    display_name TEXT NOT NULL,
    strategy     TEXT NOT NULL CHECK (strategy IN ('all', 'linear', 'round_robin', 'longest_idle', 'random')),
    ring_time    INTEGER NOT NULL CHECK (ring_time BETWEEN 5 AND 600),
    overflow     TEXT NOT NULL,
    skip_busy    INTEGER NOT NULL CHECK (skip_busy IN (0, 1)),
    version      INTEGER NOT NULL,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE ring_group_member (
    ring_group TEXT NOT NULL REFERENCES ring_group (number) ON DELETE CASCADE,
    position   INTEGER NOT NULL,
    number     TEXT NOT NULL REFERENCES extension (number),
    delay      INTEGER NOT NULL CHECK (delay BETWEEN 0 AND 600),
    PRIMARY KEY (ring_group, position),
    UNIQUE (ring_group, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX ring_group_member_number ON ring_group_member (number);

-- Rules about dialled digits, and what extensions may dial. One row says which state of the whole it is; none: the plan
-- was never written.
CREATE TABLE digit_plan (
    only          INTEGER PRIMARY KEY CHECK (only = 1),
    default_right TEXT NOT NULL,
    version       INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL
) STRICT;

CREATE TABLE digit_rule (
    position    INTEGER PRIMARY KEY,
    name        TEXT NOT NULL,
    pattern     TEXT NOT NULL,
    priority    INTEGER NOT NULL,
    replacement TEXT NOT NULL,
    call_class  TEXT NOT NULL,
    emergency   INTEGER NOT NULL CHECK (emergency IN (0, 1)),
    status      INTEGER NOT NULL,
    phrase      TEXT NOT NULL
) STRICT;

-- A setting of the extension itself, so it goes with it.
CREATE TABLE call_right (
    number     TEXT PRIMARY KEY NOT NULL REFERENCES extension (number) ON DELETE CASCADE,
    call_class TEXT NOT NULL
) STRICT, WITHOUT ROWID;

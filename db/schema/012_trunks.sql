-- Lines to the outside. The secret is kept in clear, since a carrier's challenge is hashed with it; the file is the
-- owner's alone (mode 0600).
CREATE TABLE trunk (
    name            TEXT PRIMARY KEY NOT NULL,
    display_name    TEXT NOT NULL,
    kind            TEXT NOT NULL CHECK (kind IN ('registering', 'peer')),
    enabled         INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    domain          TEXT NOT NULL,
    username        TEXT NOT NULL,
    secret          TEXT NOT NULL,
    realm           TEXT NOT NULL,
    expires         INTEGER NOT NULL,
    qualify         INTEGER NOT NULL,
    trusted         INTEGER NOT NULL CHECK (trusted IN (0, 1)),
    main_number     TEXT NOT NULL,
    show_outside    INTEGER NOT NULL CHECK (show_outside IN (0, 1)),
    anonymous       INTEGER NOT NULL CHECK (anonymous IN (0, 1)),
    max_calls       INTEGER NOT NULL,
    max_minutes     INTEGER NOT NULL,
    max_calls_a_day INTEGER NOT NULL,
    version         INTEGER NOT NULL,
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- transport '': by DNS, else UDP.
CREATE TABLE trunk_server (
    trunk     TEXT NOT NULL REFERENCES trunk (name) ON DELETE CASCADE,
    position  INTEGER NOT NULL,
    host      TEXT NOT NULL,
    port      INTEGER NOT NULL,
    transport TEXT NOT NULL CHECK (transport IN ('', 'udp', 'tcp')),
    PRIMARY KEY (trunk, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE trunk_source (
    trunk    TEXT NOT NULL REFERENCES trunk (name) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    host     TEXT NOT NULL,
    PRIMARY KEY (trunk, position)
) STRICT, WITHOUT ROWID;

-- Numbers that are shown for extensions.
CREATE TABLE trunk_caller (
    trunk    TEXT NOT NULL REFERENCES trunk (name) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    pattern  TEXT NOT NULL,
    number   TEXT NOT NULL,
    PRIMARY KEY (trunk, position)
) STRICT, WITHOUT ROWID;

-- Who is meant by numbers that are called from outside.
CREATE TABLE trunk_inbound (
    trunk       TEXT NOT NULL REFERENCES trunk (name) ON DELETE CASCADE,
    position    INTEGER NOT NULL,
    pattern     TEXT NOT NULL,
    destination TEXT NOT NULL,
    outside     INTEGER NOT NULL CHECK (outside IN (0, 1)),
    PRIMARY KEY (trunk, position)
) STRICT, WITHOUT ROWID;

-- The digit plan: trunks of a rule, one a line, and what extensions and ring groups may do outside. '' in outside_right:
-- all others.
ALTER TABLE digit_rule ADD COLUMN trunks TEXT NOT NULL DEFAULT '';
CREATE TABLE outside_right (
    number      TEXT PRIMARY KEY NOT NULL,
    forward     INTEGER NOT NULL CHECK (forward IN (0, 1)),
    calls       INTEGER NOT NULL,
    minutes     INTEGER NOT NULL,
    calls_a_day INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TRIGGER outside_right_of_extension AFTER DELETE ON extension
BEGIN
    DELETE FROM outside_right WHERE number = OLD.number;
END;
CREATE TRIGGER outside_right_of_ring_group AFTER DELETE ON ring_group
BEGIN
    DELETE FROM outside_right WHERE number = OLD.number;
END;

-- Calls to outside of one day (days since 1970, UTC). payer '': of the trunk. Written behind the SIP thread.
CREATE TABLE outside_day (
    day   INTEGER NOT NULL,
    payer TEXT NOT NULL,
    trunk TEXT NOT NULL,
    calls INTEGER NOT NULL,
    PRIMARY KEY (day, payer, trunk)
) STRICT, WITHOUT ROWID;

-- Legs by a trunk, in calls that talk and in those that are over. Times are milliseconds since 1970; 0: no limit.
ALTER TABLE talking_call ADD COLUMN from_trunk TEXT NOT NULL DEFAULT '';
ALTER TABLE talking_call ADD COLUMN a_trunk TEXT NOT NULL DEFAULT '';
ALTER TABLE talking_call ADD COLUMN a_payer TEXT NOT NULL DEFAULT '';
ALTER TABLE talking_call ADD COLUMN a_counted INTEGER NOT NULL DEFAULT 0;
ALTER TABLE talking_call ADD COLUMN a_must_end_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE talking_call ADD COLUMN b_trunk TEXT NOT NULL DEFAULT '';
ALTER TABLE talking_call ADD COLUMN b_payer TEXT NOT NULL DEFAULT '';
ALTER TABLE talking_call ADD COLUMN b_counted INTEGER NOT NULL DEFAULT 0;
ALTER TABLE talking_call ADD COLUMN b_must_end_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE call_record ADD COLUMN caller_trunk TEXT NOT NULL DEFAULT '';
ALTER TABLE call_record ADD COLUMN answered_trunk TEXT NOT NULL DEFAULT '';
ALTER TABLE call_part ADD COLUMN trunk TEXT NOT NULL DEFAULT '';

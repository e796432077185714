-- The office: who exists, who sees whom, who may change it, and what was changed.

-- One row per setting of the whole office; `domain` is written when the file is created.
CREATE TABLE setting (
    name  TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Times are seconds since 1970 (UTC). `version` is the id of the audit row that wrote the row last.
CREATE TABLE extension (
    number       TEXT PRIMARY KEY NOT NULL,
    display_name TEXT NOT NULL,
    ha1_md5      TEXT NOT NULL,
    ha1_sha256   TEXT NOT NULL,
    version      INTEGER NOT NULL,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE office_group (
    name         TEXT PRIMARY KEY NOT NULL,
    display_name TEXT NOT NULL,
    version      INTEGER NOT NULL,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- No ON DELETE CASCADE from extension: a member is only removed when the caller says so.
CREATE TABLE group_member (
    group_name TEXT NOT NULL REFERENCES office_group (name) ON DELETE CASCADE,
    position   INTEGER NOT NULL,
    number     TEXT NOT NULL REFERENCES extension (number),
    PRIMARY KEY (group_name, position),
    UNIQUE (group_name, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX group_member_number ON group_member (number);

CREATE TABLE group_watcher (
    group_name  TEXT NOT NULL REFERENCES office_group (name) ON DELETE CASCADE,
    position    INTEGER NOT NULL,
    number      TEXT NOT NULL REFERENCES extension (number),
    unsolicited INTEGER NOT NULL CHECK (unsolicited IN (0, 1)),
    profile     TEXT NOT NULL CHECK (profile IN ('auto', 'standard', 'innovaphone')),
    PRIMARY KEY (group_name, position),
    UNIQUE (group_name, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX group_watcher_number ON group_watcher (number);

-- The token itself is never stored; it has 160 random bits, so a plain digest is enough.
CREATE TABLE token (
    sha256       TEXT PRIMARY KEY NOT NULL,
    name         TEXT NOT NULL UNIQUE,
    role         TEXT NOT NULL CHECK (role IN ('admin', 'operator', 'receptionist', 'auditor')),
    created_at   INTEGER NOT NULL,
    last_used_at INTEGER
) STRICT, WITHOUT ROWID;

-- `before` and `after` are JSON without secrets; NULL: the thing did not exist.
CREATE TABLE audit (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    at         INTEGER NOT NULL,
    actor      TEXT NOT NULL,
    address    TEXT NOT NULL,
    request_id TEXT NOT NULL,
    operation  TEXT NOT NULL,
    subject    TEXT NOT NULL,
    before     TEXT,
    after      TEXT
) STRICT;

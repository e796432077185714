-- Dialects of the office's own, and a watcher's choice among all there are.

-- Words are four of trying, proceeding, early, confirmed, hidden: one for each state before terminated.
CREATE TABLE body_profile (
    name            TEXT PRIMARY KEY NOT NULL,
    initiator_words TEXT NOT NULL,
    recipient_words TEXT NOT NULL,
    dialogs         TEXT NOT NULL CHECK (dialogs IN ('all', 'ringing_first', 'talking_first', 'newest_first')),
    dialog_id       TEXT NOT NULL,
    ended           INTEGER NOT NULL CHECK (ended IN (0, 1)),
    clearing        TEXT NOT NULL CHECK (clearing IN ('between_calls', 'before_ringing', 'always')),
    idle_dialog_id  TEXT NOT NULL,
    entity          INTEGER NOT NULL CHECK (entity IN (0, 1)),
    tags            INTEGER NOT NULL CHECK (tags IN (0, 1)),
    end_event       INTEGER NOT NULL CHECK (end_event IN (0, 1)),
    display_names   INTEGER NOT NULL CHECK (display_names IN (0, 1)),
    local_targets   INTEGER NOT NULL CHECK (local_targets IN (0, 1)),
    remote_targets  INTEGER NOT NULL CHECK (remote_targets IN (0, 1)),
    rendering       INTEGER NOT NULL CHECK (rendering IN (0, 1)),
    direction       TEXT NOT NULL CHECK (direction IN ('actual', 'initiator', 'recipient')),
    partial         INTEGER NOT NULL CHECK (partial IN (0, 1)),
    gap_ms          INTEGER NOT NULL CHECK (gap_ms BETWEEN 0 AND 10000),
    max_body        INTEGER NOT NULL CHECK (max_body >= 0),
    state_first     INTEGER NOT NULL CHECK (state_first IN (0, 1)),
    direction_first INTEGER NOT NULL CHECK (direction_first IN (0, 1)),
    final_newline   INTEGER NOT NULL CHECK (final_newline IN (0, 1)),
    version         INTEGER NOT NULL,
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The phones of a row, by how their User-Agent begins. Of two rows with one beginning neither could be told first.
CREATE TABLE body_profile_phone (
    profile   TEXT NOT NULL REFERENCES body_profile (name) ON DELETE CASCADE,
    position  INTEGER NOT NULL,
    beginning TEXT NOT NULL COLLATE NOCASE UNIQUE,
    PRIMARY KEY (profile, position)
) STRICT, WITHOUT ROWID;

-- A watcher may be told in any row: `profile` is 'auto' or a name, which the program checks, since most rows are its own.
CREATE TABLE watcher_with_profile (
    group_name  TEXT NOT NULL REFERENCES office_group (name) ON DELETE CASCADE,
    position    INTEGER NOT NULL,
    number      TEXT NOT NULL REFERENCES extension (number),
    unsolicited INTEGER NOT NULL CHECK (unsolicited IN (0, 1)),
    profile     TEXT NOT NULL,
    PRIMARY KEY (group_name, position),
    UNIQUE (group_name, number)
) STRICT, WITHOUT ROWID;
INSERT INTO watcher_with_profile SELECT group_name, position, number, unsolicited, profile FROM group_watcher;
DROP TABLE group_watcher;
ALTER TABLE watcher_with_profile RENAME TO group_watcher;
CREATE INDEX group_watcher_number ON group_watcher (number);
CREATE INDEX group_watcher_profile ON group_watcher (profile);

-- What is kept of calls that are over. Written behind the SIP thread, so it refers to no other table.

-- Times are milliseconds since 1970 (UTC). `id` holds the start: milliseconds since 1970 times 4096, and a number that
-- tells calls of the same millisecond apart. So its order is that of time.
CREATE TABLE call_record (
    id              INTEGER PRIMARY KEY,
    caller          TEXT NOT NULL,
    caller_name     TEXT NOT NULL,
    dialled         TEXT NOT NULL,
    callee          TEXT NOT NULL,
    callee_name     TEXT NOT NULL,
    answered_by     TEXT NOT NULL,
    ringing_at      INTEGER,
    answered_at     INTEGER,
    ended_at        INTEGER NOT NULL,
    result          TEXT NOT NULL,
    ended_by        TEXT NOT NULL,
    ended_extension TEXT NOT NULL,
    status          INTEGER NOT NULL,
    reason          TEXT NOT NULL,
    continued_in    INTEGER
) STRICT;

-- One phone's part in a call. `in_place_of` and `moved_by` are positions of other parts of the same call.
CREATE TABLE call_part (
    record      INTEGER NOT NULL,
    position    INTEGER NOT NULL,
    kind        TEXT NOT NULL,
    result      TEXT NOT NULL,
    missed      INTEGER NOT NULL,
    extension   TEXT NOT NULL,
    name        TEXT NOT NULL,
    sip_call_id TEXT NOT NULL,
    ending      TEXT NOT NULL,
    status      INTEGER NOT NULL,
    started_at  INTEGER NOT NULL,
    ringing_at  INTEGER,
    answered_at INTEGER,
    ended_at    INTEGER NOT NULL,
    in_place_of INTEGER,
    moved_by    INTEGER,
    came_from   INTEGER,
    PRIMARY KEY (record, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX call_part_extension ON call_part (extension, record);

-- Records of calls that are not over: a restart goes on with them, or ends them. Columns as in call_record and call_part.
CREATE TABLE open_record (
    id              INTEGER PRIMARY KEY,
    caller          TEXT NOT NULL,
    caller_trunk    TEXT NOT NULL,
    caller_name     TEXT NOT NULL,
    dialled         TEXT NOT NULL,
    callee          TEXT NOT NULL,
    callee_name     TEXT NOT NULL,
    answered_by     TEXT NOT NULL,
    answered_trunk  TEXT NOT NULL,
    ringing_at      INTEGER,
    answered_at     INTEGER,
    status          INTEGER NOT NULL,
    reason          TEXT NOT NULL,
    continued_in    INTEGER,
    clicked         INTEGER NOT NULL,
    by_exchange     INTEGER NOT NULL
) STRICT;

CREATE TABLE open_part (
    record       INTEGER NOT NULL,
    position     INTEGER NOT NULL,
    kind         TEXT NOT NULL,
    result       TEXT NOT NULL,
    extension    TEXT NOT NULL,
    trunk        TEXT NOT NULL,
    on_behalf_of TEXT NOT NULL,
    name         TEXT NOT NULL,
    sip_call_id  TEXT NOT NULL,
    phone_tag    TEXT NOT NULL,
    living       INTEGER NOT NULL,
    ending       TEXT NOT NULL,
    status       INTEGER NOT NULL,
    started_at   INTEGER NOT NULL,
    ringing_at   INTEGER,
    answered_at  INTEGER,
    ended_at     INTEGER NOT NULL,
    in_place_of  INTEGER,
    moved_by     INTEGER,
    came_from    INTEGER,
    PRIMARY KEY (record, position)
) STRICT, WITHOUT ROWID;

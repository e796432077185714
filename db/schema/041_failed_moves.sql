-- What was wanted of a call under way and came to nothing: of calls that are over, and of those that are not. `part` is a
-- position in call_part, or open_part. Times as there.
CREATE TABLE failed_move (
    record   INTEGER NOT NULL,
    position INTEGER NOT NULL,
    kind     TEXT NOT NULL,
    by_whom  TEXT NOT NULL,
    part     INTEGER,
    target   TEXT NOT NULL,
    status   INTEGER NOT NULL,
    reason   TEXT NOT NULL,
    at       INTEGER NOT NULL,
    PRIMARY KEY (record, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE open_failed_move (
    record   INTEGER NOT NULL,
    position INTEGER NOT NULL,
    kind     TEXT NOT NULL,
    by_whom  TEXT NOT NULL,
    part     INTEGER,
    target   TEXT NOT NULL,
    status   INTEGER NOT NULL,
    reason   TEXT NOT NULL,
    at       INTEGER NOT NULL,
    PRIMARY KEY (record, position)
) STRICT, WITHOUT ROWID;

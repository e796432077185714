-- What becomes of the calls to an extension. A setting of the extension itself, so it goes with it; one without a row
-- has the defaults. Numbers are dialled, not referred to: who is removed later is told at the call.
CREATE TABLE forwarding (
    number          TEXT PRIMARY KEY NOT NULL REFERENCES extension (number) ON DELETE CASCADE,
    always          TEXT NOT NULL,
    busy            TEXT NOT NULL,
    no_answer       TEXT NOT NULL,
    unregistered    TEXT NOT NULL,
    no_answer_after INTEGER NOT NULL CHECK (no_answer_after BETWEEN 5 AND 600),
    do_not_disturb  INTEGER NOT NULL CHECK (do_not_disturb IN (0, 1)),
    call_waiting    INTEGER NOT NULL CHECK (call_waiting IN (0, 1)),
    call_limit      INTEGER CHECK (call_limit BETWEEN 1 AND 1000),
    forking         TEXT NOT NULL CHECK (forking IN ('parallel', 'sequential')),
    version         INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Only codes that were changed; an empty one is out of use.
CREATE TABLE feature_code (
    feature    TEXT PRIMARY KEY NOT NULL,
    code       TEXT NOT NULL,
    version    INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

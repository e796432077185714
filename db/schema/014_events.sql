-- Settings of extensions for event packages beside `dialog`.

ALTER TABLE extension ADD COLUMN trusted INTEGER NOT NULL DEFAULT 0 CHECK (trusted IN (0, 1));
ALTER TABLE extension ADD COLUMN appearances INTEGER NOT NULL DEFAULT 0 CHECK (appearances BETWEEN 0 AND 16);

-- What waits in the mailbox of an extension, as whoever keeps it has counted; it goes with the extension.
CREATE TABLE mailbox (
    number       TEXT PRIMARY KEY NOT NULL REFERENCES extension (number) ON DELETE CASCADE,
    fresh        INTEGER NOT NULL CHECK (fresh BETWEEN 0 AND 9999),
    old          INTEGER NOT NULL CHECK (old BETWEEN 0 AND 9999),
    urgent_fresh INTEGER NOT NULL CHECK (urgent_fresh BETWEEN 0 AND 9999),
    urgent_old   INTEGER NOT NULL CHECK (urgent_old BETWEEN 0 AND 9999),
    unsolicited  INTEGER NOT NULL CHECK (unsolicited IN (0, 1)),
    version      INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

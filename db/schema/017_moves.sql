-- The park lot: one row, or none where nothing is parked.
CREATE TABLE park_lot (
    only       INTEGER PRIMARY KEY CHECK (only = 1),
    number     TEXT NOT NULL,
    first_slot TEXT NOT NULL,
    slots      INTEGER NOT NULL CHECK (slots BETWEEN 1 AND 100),
    timeout    INTEGER NOT NULL CHECK (timeout BETWEEN 10 AND 3600),
    fallback   TEXT NOT NULL,
    groups     TEXT NOT NULL,  -- names, one a line; empty: everybody
    version    INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

-- Who may become a third party of a member's calls.
ALTER TABLE office_group ADD COLUMN rights_join INTEGER NOT NULL DEFAULT 0 CHECK (rights_join IN (0, 1));

-- A parked call is one whose second phone is a slot.
ALTER TABLE talking_call ADD COLUMN parked_by TEXT NOT NULL DEFAULT '';
ALTER TABLE talking_call ADD COLUMN rings_back_at INTEGER NOT NULL DEFAULT 0;

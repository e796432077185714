-- The calling-card application. One row says which state it is in; none: it was never written. An empty number is out
-- of use.
CREATE TABLE calling_card (
    only         INTEGER PRIMARY KEY CHECK (only = 1),
    number       TEXT NOT NULL,
    display_name TEXT NOT NULL,
    everybody    INTEGER NOT NULL CHECK (everybody IN (0, 1)),
    first_digit  INTEGER NOT NULL CHECK (first_digit BETWEEN 5 AND 120),
    inter_digit  INTEGER NOT NULL CHECK (inter_digit BETWEEN 1 AND 30),
    long_pound   INTEGER NOT NULL CHECK (long_pound BETWEEN 0 AND 10000),
    back         TEXT NOT NULL,
    longest      INTEGER NOT NULL CHECK (longest BETWEEN 60 AND 86400),
    version      INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL
) STRICT;

-- Who may use it, unless everybody may. A right of the extension, so it goes with it.
CREATE TABLE calling_card_user (
    number TEXT PRIMARY KEY NOT NULL REFERENCES extension (number) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

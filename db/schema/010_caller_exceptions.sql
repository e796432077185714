-- Callers whom an extension treats unlike all others; the first that is about a caller counts. They are part of its
-- forwarding, whose row says the version.
CREATE TABLE caller_exception (
    number    TEXT NOT NULL REFERENCES forwarding (number) ON DELETE CASCADE,
    position  INTEGER NOT NULL,
    match     TEXT NOT NULL CHECK (match IN ('number', 'prefix', 'anonymous')),
    caller    TEXT NOT NULL,
    treatment TEXT NOT NULL CHECK (treatment IN ('ring', 'forward', 'refuse')),
    target    TEXT NOT NULL,
    PRIMARY KEY (number, position)
) STRICT, WITHOUT ROWID;

-- Whose turn it was in ring groups that take turns. Written behind the SIP thread, so it refers to nothing.
CREATE TABLE ring_turn (
    ring_group TEXT PRIMARY KEY NOT NULL,
    first      TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Beside INVITEs without answer: dialogs of calls in which nobody talks yet, to be hung up after a restart.
ALTER TABLE ringing_invite ADD COLUMN stage TEXT NOT NULL DEFAULT 'pending';

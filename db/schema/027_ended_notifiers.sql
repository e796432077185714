-- Dialogs of a phone that notified a watcher by itself, and may not any more: its NOTIFYs there are answered 481.
CREATE TABLE ended_notifier (
    dialog    TEXT PRIMARY KEY NOT NULL,
    last_cseq INTEGER NOT NULL,
    until     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX ended_notifier_until ON ended_notifier (until);

-- Lamps that phones were told as lit without having asked, and may show until they have answered the end. `since`: the phone is
-- told of it no more, since it is not registered; 0: it is told.
CREATE TABLE unasked_lamp (
    id      INTEGER PRIMARY KEY,
    watcher TEXT NOT NULL,
    phone   TEXT NOT NULL,
    member  TEXT NOT NULL,
    since   INTEGER NOT NULL,
    UNIQUE (watcher, phone, member)
) STRICT;

-- What must survive a restart. Written behind the SIP thread, so it refers to no other table: a row whose
-- extension is gone is dropped when it is read.

CREATE TABLE binding (
    id            INTEGER PRIMARY KEY,
    aor           TEXT NOT NULL,
    contact       TEXT NOT NULL,
    transport     TEXT NOT NULL,
    host          TEXT NOT NULL,
    port          INTEGER NOT NULL,
    listener      INTEGER NOT NULL,
    path          TEXT NOT NULL,
    call_id       TEXT NOT NULL,
    q_thousandths INTEGER NOT NULL,
    user_agent    TEXT NOT NULL,
    instance      TEXT NOT NULL,
    registered_at INTEGER NOT NULL,
    generation    INTEGER NOT NULL,
    UNIQUE (aor, contact)
) STRICT;

-- What a refresh moves, apart: narrow rows, so that a thousand refreshes touch a handful of pages.
CREATE TABLE binding_lease (
    binding_id INTEGER PRIMARY KEY REFERENCES binding (id) ON DELETE CASCADE,
    cseq       INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE TABLE subscription (
    call_id          TEXT NOT NULL,
    local_tag        TEXT NOT NULL,
    watcher          TEXT NOT NULL,
    member           TEXT NOT NULL,
    remote_tag       TEXT NOT NULL,
    local_uri        TEXT NOT NULL,
    remote_uri       TEXT NOT NULL,
    contact          TEXT NOT NULL,
    route            TEXT NOT NULL,
    transport        TEXT NOT NULL,
    host             TEXT NOT NULL,
    port             INTEGER NOT NULL,
    listener         INTEGER NOT NULL,
    event            TEXT NOT NULL,
    user_agent       TEXT NOT NULL,
    remote_cseq      INTEGER NOT NULL,
    reserved_cseq    INTEGER NOT NULL,
    reserved_version INTEGER NOT NULL,
    expires_at       INTEGER NOT NULL,
    PRIMARY KEY (call_id, local_tag)
) STRICT, WITHOUT ROWID;

-- What is published of extensions (RFC 3903). Written behind the SIP thread, so it refers to no extension.
CREATE TABLE publication (
    id         TEXT PRIMARY KEY NOT NULL,
    etag       TEXT NOT NULL,
    extension  TEXT NOT NULL,
    publisher  TEXT NOT NULL,
    event      TEXT NOT NULL,
    call_info  TEXT NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Its dialogs, as the publisher described them; `shown_id` is what watchers know one by.
CREATE TABLE published_dialog (
    publication     TEXT NOT NULL REFERENCES publication (id) ON DELETE CASCADE,
    place           INTEGER NOT NULL,
    element         TEXT NOT NULL,
    shown_id        TEXT NOT NULL,
    hidden          INTEGER NOT NULL CHECK (hidden IN (0, 1)),
    call_id         TEXT NOT NULL,
    local_tag       TEXT NOT NULL,
    remote_tag      TEXT NOT NULL,
    direction       TEXT NOT NULL,
    state           TEXT NOT NULL,
    rendered        INTEGER NOT NULL CHECK (rendered IN (0, 1)),
    local_identity  TEXT NOT NULL,
    local_display   TEXT NOT NULL,
    local_target    TEXT NOT NULL,
    remote_identity TEXT NOT NULL,
    remote_display  TEXT NOT NULL,
    remote_target   TEXT NOT NULL,
    PRIMARY KEY (publication, place)
) STRICT, WITHOUT ROWID;

-- What a list may be, said without IN: for more than two words SQLite builds a table of them anew for each row that is
-- written, which costs more than all the rest of the row.
CREATE TABLE subscription_row (
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
    list             TEXT NOT NULL DEFAULT '' CHECK (list = '' OR list = 'rlmi' OR list = 'merged'),
    forwarded        INTEGER NOT NULL DEFAULT 0 CHECK (forwarded IN (0, 1)),
    notifiers        TEXT NOT NULL DEFAULT '',
    UNIQUE (call_id, local_tag)
) STRICT;
INSERT INTO subscription_row SELECT call_id, local_tag, watcher, member, remote_tag, local_uri, remote_uri, contact,
    route, transport, host, port, listener, event, user_agent, remote_cseq, reserved_cseq, reserved_version,
    expires_at, list, forwarded, notifiers FROM subscription;
DROP TABLE subscription;
ALTER TABLE subscription_row RENAME TO subscription;

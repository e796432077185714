-- Subscriptions to groups (RFC 4662): `list` is the form in which they are told, and `member` then names the group.
ALTER TABLE subscription ADD COLUMN list TEXT NOT NULL DEFAULT '' CHECK (list IN ('', 'rlmi', 'merged'));

-- The choice for one device, which counts before that for its watcher. `device` is a MAC address or a UUID.
CREATE TABLE device_profile (
    device     TEXT PRIMARY KEY NOT NULL,
    profile    TEXT NOT NULL,
    version    INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The word for an extension without a call that is not registered, wants peace, or forwards all its calls.
ALTER TABLE body_profile ADD COLUMN unregistered TEXT NOT NULL DEFAULT 'hidden';
ALTER TABLE body_profile ADD COLUMN do_not_disturb TEXT NOT NULL DEFAULT 'hidden';
ALTER TABLE body_profile ADD COLUMN forwarded TEXT NOT NULL DEFAULT 'hidden';

-- Whether a phone that knows no lists is told of a group in one document.
ALTER TABLE body_profile ADD COLUMN merged_lists INTEGER NOT NULL DEFAULT 0 CHECK (merged_lists IN (0, 1));
